from odoo import fields, models


class CrmCompetitor(models.Model):
    """A supplier to whom clients go instead."""

    _name = "crm.competitor"
    _description = "Competitor"
    _order = "name"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)

    refusal_count = fields.Integer(
        "Refusals",
        compute="_compute_refusal_count",
        help="Clients who refused and named this supplier, of those you may see.",
    )

    _name_uniq = models.UniqueIndex("(lower(name))", "This competitor is on the list already.")

    def _compute_refusal_count(self):
        counts = dict(
            self.env["crm.lead.refusal"]._read_group(
                [("competitor_id", "in", self.ids)], ["competitor_id"], ["__count"]
            )
        )
        for competitor in self:
            competitor.refusal_count = counts.get(competitor._origin, 0)

    def action_open_refusals(self):
        """Open the refusals in which the competitor was named."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_funnel_control.crm_lead_refusal_action"
        )
        return {**action, "domain": [("competitor_id", "=", self.id)], "context": {}}
