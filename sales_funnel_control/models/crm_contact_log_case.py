from odoo import models

# By what kind of contact a complaint was told; all others are calls.
_SOURCES = {"meeting": "meeting", "visit": "meeting", "material": "mail"}


class CrmContactLog(models.Model):
    """Complaints that come up in a contact."""

    _inherit = "crm.contact.log"

    def action_new_case(self):
        """Enter a complaint the client made in this contact."""
        self.ensure_one()
        return self.env["crm.client.case"]._new_action(
            self.contact_id or self.partner_id,
            default_contact_log_id=self.id,
            default_lead_id=self.lead_id.id,
            default_words=self.result,
            default_source=_SOURCES.get(self.kind, "call"),
        )
