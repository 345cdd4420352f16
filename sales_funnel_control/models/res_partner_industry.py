from odoo import fields, models


class ResPartnerIndustry(models.Model):
    """Segments: which kinds of organisations we serve, and what they have of it."""

    _inherit = "res.partner.industry"

    is_target_segment = fields.Boolean(
        "Target Segment", help="We look for clients of this kind. Lists can be filtered by it."
    )
    segment_benefit = fields.Text(
        "Benefit to Them",
        translate=True,
        help="What organisations of this kind have of buying from us: what managers say first.",
    )
