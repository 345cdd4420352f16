from odoo import fields, models


class ResCompany(models.Model):
    """What each role is there for: the company's own words, shown to its people."""

    _inherit = "res.company"

    purpose_hunter = fields.Html("Purpose of Hunters", translate=True, prefetch="funnel")
    purpose_farmer = fields.Html("Purpose of Farmers", translate=True, prefetch="funnel")
    purpose_trainee = fields.Html("Purpose of Trainees", translate=True, prefetch="funnel")


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    purpose_hunter = fields.Html(related="company_id.purpose_hunter", readonly=False)
    purpose_farmer = fields.Html(related="company_id.purpose_farmer", readonly=False)
    purpose_trainee = fields.Html(related="company_id.purpose_trainee", readonly=False)
