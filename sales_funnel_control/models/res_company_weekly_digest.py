from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    weekly_digest = fields.Boolean(
        "Weekly Reviews by E-Mail",
        help="On Monday mornings the head of sales gets the week of the team by e-mail, and each "
        "manager their own. Everybody can switch it off in their preferences.",
        prefetch="funnel",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    weekly_digest = fields.Boolean(related="company_id.weekly_digest", readonly=False)
