from odoo import models
from odoo.exceptions import UserError


class MailMessage(models.Model):
    """A client's call or mail in the chatter can be kept as a contact."""

    _inherit = "mail.message"

    def action_log_contact(self):
        """Log the call or mail of a client as a contact.

        :return: window action on the contact
        :raise UserError: where the message does not come from a client
        """
        self.ensure_one()
        self.check_access("read")
        if not self._is_from_client():
            raise UserError(
                self.env._(
                    "Only what a client wrote or said on a deal or a contact is logged this way."
                )
            )
        logs = self.env["crm.contact.log"]
        log = logs.search([("message_id", "=", self.id)])
        if log:
            return log.action_open_entry()
        return logs._entry_action({"default_message_id": self.id})

    def _is_from_client(self):
        """Whether a client wrote or said this. A mail to a deal may come from an unknown sender."""
        if not self.author_id:
            return self.model == "crm.lead" and self.message_type == "email"
        return self.model in ("crm.lead", "res.partner") and self.author_id.partner_share
