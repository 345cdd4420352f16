from odoo import fields, models
from odoo.exceptions import UserError


class CrmClientSignalDismiss(models.TransientModel):
    """Close signals about which nothing is to be done, and say why."""

    _name = "crm.client.signal.dismiss"
    _description = "Dismiss Signals"

    signal_ids = fields.Many2many("crm.client.signal", string="Signals", required=True)
    reason = fields.Char("Why", required=True, help="What the client said, or what you know.")

    def action_dismiss(self):
        """Dismiss the signals."""
        self.ensure_one()
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say in a few words why nothing is to be done."))
        self.signal_ids._dismiss(self.reason.strip())
        return {"type": "ir.actions.act_window_close"}
