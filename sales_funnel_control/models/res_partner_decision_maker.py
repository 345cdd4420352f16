from odoo import fields, models


class ResPartner(models.Model):
    """Who decides in an organisation."""

    _inherit = "res.partner"

    is_decision_maker = fields.Boolean(
        "Decision Maker",
        tracking=True,
        help="This person decides on the purchase. Calls count with decision makers only, whose "
        "full name and position are known.",
    )
