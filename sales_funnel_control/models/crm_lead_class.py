from odoo import api, fields, models

_PROPOSING = "proposing_lead_class"


class CrmLead(models.Model):
    """The class of a lead follows the rules until somebody chooses it by hand."""

    _inherit = "crm.lead"

    lead_class_is_manual = fields.Boolean(
        "Class Set by Hand",
        help="Somebody chose the class: the rules leave it alone.",
        prefetch="funnel",
    )

    @api.model_create_multi
    def create(self, vals_list):
        leads = super().create(
            [
                {"lead_class_is_manual": True, **vals} if vals.get("lead_class") else vals
                for vals in vals_list
            ]
        )
        if self.env["crm.lead.class.rule"]._rules():
            leads._propose_class()
        return leads

    def write(self, vals):
        if "lead_class" in vals and not self.env.context.get(_PROPOSING):
            vals = {"lead_class_is_manual": bool(vals["lead_class"]), **vals}
        result = super().write(vals)
        asked = self.env["crm.lead.class.rule"]._asked_fields()
        if asked and not (asked | {"lead_class_is_manual"}).isdisjoint(vals):
            self._propose_class()
        return result

    def action_propose_class(self):
        """Give the class back to the rules."""
        self.write({"lead_class_is_manual": False})
        return True

    def _propose_class(self):
        """Follow the rules, but for classes set by hand.

        :return: how many leads got another class
        """
        changed = 0
        free = self.sudo().filtered(lambda lead: not lead.lead_class_is_manual)
        for lead_class, leads in self.env["crm.lead.class.rule"]._propose(free).items():
            others = leads.filtered(lambda lead, cls=lead_class: lead.lead_class != cls)
            if others:
                others.with_context(**{_PROPOSING: True}).write({"lead_class": lead_class})
                changed += len(others)
        return changed
