from odoo import api, fields, models


class ResPartner(models.Model):
    """The contacts with a person or a client."""

    _inherit = "res.partner"

    contact_log_count = fields.Integer(
        "Contacts", compute="_compute_contact_log_count", groups="sales_team.group_sale_salesman"
    )

    def _compute_contact_log_count(self):
        self.contact_log_count = 0
        by_people = self.env["crm.contact.log"]._read_group(
            ["|", ("contact_id", "in", self.ids), ("partner_id", "in", self.ids)]
            + [("state", "=", "done")],
            ["contact_id", "partner_id"],
            ["__count"],
        )
        for person, client, count in by_people:
            for partner in self & (person | client):
                partner.contact_log_count += count

    @api.model
    @api.private
    @api.readonly
    def search_fetch(self, domain, field_names=None, offset=0, limit=None, order=None):
        if order is None and self.env.context.get("decision_makers_first"):
            order = f"is_decision_maker DESC, {self._order}"
        return super().search_fetch(domain, field_names, offset, limit, order)

    def action_log_contact(self):
        """Log a contact with this person, or with a person of this client.

        :return: window action on a new contact
        """
        self.ensure_one()
        return self.env["crm.contact.log"]._entry_action(
            {"default_partner_id" if self.is_company else "default_contact_id": self.id}
        )

    def action_open_contact_logs(self):
        """Open the contacts with this person or client."""
        self.ensure_one()
        name = "partner_id" if self.is_company else "contact_id"
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "sales_funnel_control.crm_contact_log_action"
            ),
            "domain": [
                "|",
                ("partner_id", "=", self.id),
                ("contact_id", "=", self.id),
                ("state", "=", "done"),
            ],
            "context": {f"default_{name}": self.id},
        }
