from odoo import fields, models


class CrmLead(models.Model):
    """The cards of the client, where the deal is worked."""

    _inherit = "crm.lead"

    loyalty_summary = fields.Text(related="partner_id.loyalty_summary")
