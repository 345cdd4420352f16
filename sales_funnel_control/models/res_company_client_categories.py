from odoo import api, fields, models
from odoo.exceptions import ValidationError

_RULES = (
    "client_regular_purchases",
    "client_regular_months",
    "client_key_share",
    "client_key_by_rating",
    "client_lost_intervals",
    "client_lost_days",
    "client_lost_single_days",
    "client_rating_by",
    "client_share_a",
    "client_share_b",
    "client_score_a",
    "client_score_b",
)


class ResCompany(models.Model):
    """When a client is what: the rules of categories and ratings."""

    _inherit = "res.company"

    client_regular_purchases = fields.Integer(
        "Regular: Purchases",
        default=4,
        help="A client is a regular buyer with at least so many purchases in the months beside.",
        prefetch="funnel",
    )
    client_regular_months = fields.Integer("Regular: Months", default=12, prefetch="funnel")
    client_key_share = fields.Float(
        "Key: Share of Revenue, %",
        default=5,
        digits=(16, 1),
        help="A regular buyer is a key client with at least this share of the company's revenue "
        "of the last 12 months.",
        prefetch="funnel",
    )
    client_key_by_rating = fields.Boolean(
        "Key: Rating A",
        help="Regular buyers with rating A are key clients, too, whatever their share.",
        prefetch="funnel",
    )
    client_lost_intervals = fields.Float(
        "Lost: Usual Intervals",
        default=3,
        digits=(16, 1),
        help="A client is lost that did not buy within so many of its own usual intervals, and "
        "not within the minimum of days.",
        prefetch="funnel",
    )
    client_lost_days = fields.Integer("Lost: at Least, Days", default=180, prefetch="funnel")
    client_lost_single_days = fields.Integer(
        "Lost After One Purchase, Days",
        default=365,
        help="A client that bought once has no interval; it is lost after so many days.",
        prefetch="funnel",
    )
    client_rating_by = fields.Selection(
        [
            ("revenue", "Revenue Share"),
            ("score", "Score Rules"),
            ("better", "The Better of Both"),
        ],
        "Rating by",
        required=True,
        default="revenue",
        help="Revenue share: clients in the order of their revenue of 12 months. Score rules: "
        "points for what is known of a client.",
        prefetch="funnel",
    )
    client_share_a = fields.Float(
        "A up to, % of Revenue",
        default=80,
        digits=(16, 1),
        help="Clients that bring the first part of the revenue are A.",
        prefetch="funnel",
    )
    client_share_b = fields.Float(
        "B up to, % of Revenue", default=95, digits=(16, 1), prefetch="funnel"
    )
    client_score_a = fields.Integer("A from, Points", default=50, prefetch="funnel")
    client_score_b = fields.Integer("B from, Points", default=20, prefetch="funnel")
    client_base_since = fields.Date(
        readonly=True,
        help="Since when transitions between categories are recorded: the base was gone over for "
        "the first time.",
        prefetch="funnel",
    )

    @api.constrains(*_RULES)
    def _check_client_rules(self):
        for company in self:
            if (
                min(
                    company.client_regular_purchases,
                    company.client_regular_months,
                    company.client_lost_days,
                    company.client_lost_single_days,
                    company.client_score_b,
                )
                < 1
                or min(company.client_key_share, company.client_lost_intervals) <= 0
            ):
                raise ValidationError(
                    self.env._("Purchases, months, days, points and shares are more than zero.")
                )
            if not 0 < company.client_share_a <= company.client_share_b <= 100:
                raise ValidationError(
                    self.env._("The share of A is at most that of B, and both at most 100 %.")
                )
            if company.client_score_a < company.client_score_b:
                raise ValidationError(self.env._("A client needs more points for A than for B."))


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    client_regular_purchases = fields.Integer(
        related="company_id.client_regular_purchases", readonly=False
    )
    client_regular_months = fields.Integer(
        related="company_id.client_regular_months", readonly=False
    )
    client_key_share = fields.Float(related="company_id.client_key_share", readonly=False)
    client_key_by_rating = fields.Boolean(related="company_id.client_key_by_rating", readonly=False)
    client_lost_intervals = fields.Float(related="company_id.client_lost_intervals", readonly=False)
    client_lost_days = fields.Integer(related="company_id.client_lost_days", readonly=False)
    client_lost_single_days = fields.Integer(
        related="company_id.client_lost_single_days", readonly=False
    )
    client_rating_by = fields.Selection(
        related="company_id.client_rating_by", readonly=False, required=True
    )
    client_share_a = fields.Float(related="company_id.client_share_a", readonly=False)
    client_share_b = fields.Float(related="company_id.client_share_b", readonly=False)
    client_score_a = fields.Integer(related="company_id.client_score_a", readonly=False)
    client_score_b = fields.Integer(related="company_id.client_score_b", readonly=False)
