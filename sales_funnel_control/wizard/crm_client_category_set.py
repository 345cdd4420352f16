from odoo import fields, models

from ..models.crm_client_category_manual import MANUAL_CATEGORIES


class CrmClientCategorySet(models.TransientModel):
    """Set the category of clients by hand, and say why."""

    _name = "crm.client.category.set"
    _description = "Set the Category by Hand"

    client_ids = fields.Many2many("crm.client", string="Clients", required=True)
    category = fields.Selection(MANUAL_CATEGORIES, required=True)
    reason = fields.Char(
        "Why", required=True, help="Why the rules of the settings are wrong for these clients."
    )
    until = fields.Date(
        help="The last day it holds; then the rules decide again. Empty: until it is taken back."
    )

    def action_set(self):
        """Set the category, as the present user may."""
        self.ensure_one()
        self.client_ids.action_set_category(self.category, self.reason, self.until)
        return {"type": "ir.actions.act_window_close"}
