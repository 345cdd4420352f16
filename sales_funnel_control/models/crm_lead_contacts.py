from odoo import fields, models


class CrmLead(models.Model):
    """The contacts of a deal."""

    _inherit = "crm.lead"

    contact_log_ids = fields.One2many("crm.contact.log", "lead_id", readonly=True, copy=False)
    contact_log_count = fields.Integer("Contacts", compute="_compute_contact_log_count")

    def _compute_contact_log_count(self):
        counts = dict(
            self.env["crm.contact.log"]._read_group(
                [("lead_id", "in", self.ids), ("state", "=", "done")], ["lead_id"], ["__count"]
            )
        )
        for lead in self:
            lead.contact_log_count = counts.get(lead._origin, 0)

    def action_log_contact(self):
        """Log a contact with the client of this deal.

        :return: window action on a new contact
        """
        self.ensure_one()
        return self.env["crm.contact.log"]._entry_action({"default_lead_id": self.id})

    def action_contact_batch(self):
        """Log contacts with the clients of these deals, one after another.

        :return: window action on the first one
        """
        return self.env["crm.contact.batch"]._start_with(self)

    def action_open_contact_logs(self):
        """Open the contacts of the deal."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "sales_funnel_control.crm_contact_log_action"
            ),
            "domain": [("lead_id", "=", self.id), ("state", "=", "done")],
            "context": {"default_lead_id": self.id},
        }
