from odoo import fields, models


class ResCompany(models.Model):
    """How the figures of members are compared."""

    _inherit = "res.company"

    loyalty_months = fields.Integer(
        "Months Compared",
        default=6,
        required=True,
        help="Purchases of so many months after a client joined a loyalty program are compared "
        "with those of as many months before.",
        prefetch="funnel",
    )

    _loyalty_months_positive = models.Constraint(
        "CHECK (loyalty_months > 0)", "Compare one month at least."
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    loyalty_months = fields.Integer(related="company_id.loyalty_months", readonly=False)
