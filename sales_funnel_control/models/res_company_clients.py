from odoo import fields, models


class ResCompany(models.Model):
    """Rules of the client base."""

    _inherit = "res.company"

    client_purchases = fields.Selection(
        [("orders", "Confirmed Sales Orders"), ("deals", "Won Opportunities")],
        "Purchases Are",
        required=True,
        default="orders",
        help="What counts as a purchase of a client. Choose won opportunities where orders are "
        "kept in another system: their expected revenue is the amount.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    client_purchases = fields.Selection(
        related="company_id.client_purchases", readonly=False, required=True
    )
