from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    distribution_by_role = fields.Boolean(related="company_id.distribution_by_role", readonly=False)
    handover_to_farmer = fields.Boolean(related="company_id.handover_to_farmer", readonly=False)
    handover_keeps_hunter = fields.Boolean(
        related="company_id.handover_keeps_hunter", readonly=False
    )
