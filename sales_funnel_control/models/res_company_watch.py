from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.purchases import DEFAULT_SPREAD

SIGNAL_ACTIONS = [
    ("none", "Is Listed Only"),
    ("activity", "Opens an Activity"),
    ("opportunity", "Opens an Opportunity"),
]


class ResCompany(models.Model):
    """What happens when a client buys later, less, more or something else than it did."""

    _inherit = "res.company"

    # Read with each other, and not with what Odoo reads ahead of a company with every request.
    signal_overdue = fields.Selection(
        SIGNAL_ACTIONS,
        "Overdue Purchase",
        required=True,
        default="opportunity",
        help="When a client is overdue. An opportunity is opened in the proactive funnel of the "
        "manager in charge, with the next step; a client that has one in work gets no second.",
        prefetch="funnel",
    )
    signal_falling = fields.Selection(
        SIGNAL_ACTIONS,
        "Falling Volume",
        required=True,
        default="activity",
        prefetch="funnel",
    )
    signal_growing = fields.Selection(
        SIGNAL_ACTIONS,
        "Growing Volume",
        required=True,
        default="activity",
        prefetch="funnel",
    )
    signal_new_need = fields.Selection(
        SIGNAL_ACTIONS,
        "New Need",
        required=True,
        default="opportunity",
        help="When a client that bought three times or more buys, or asks a quotation for, a "
        "product group it never bought from.",
        prefetch="funnel",
    )
    signal_term_days = fields.Integer(
        "Term for a Signal, Days",
        default=3,
        help="Within so many days the manager in charge works on a signal.",
        prefetch="funnel",
    )
    signal_trend_minimum = fields.Float(
        "Least Change of Volume, %",
        default=25.0,
        help="Volume that differs by less is steady, even where it is beyond chance.",
        prefetch="funnel",
    )
    usual_spread = fields.Float(
        readonly=True,
        default=DEFAULT_SPREAD,
        digits=(16, 3),
        help="How much the intervals of this company's clients usually vary; clients with few "
        "purchases are judged by it.",
        prefetch="funnel",
    )

    @api.constrains("signal_term_days", "signal_trend_minimum")
    def _check_signal_settings(self):
        for company in self:
            if company.signal_term_days < 0 or not 0 < company.signal_trend_minimum <= 100:
                raise ValidationError(
                    self.env._(
                        "The term for a signal cannot be negative, and the least change of volume "
                        "is a percentage over 0 and up to 100."
                    )
                )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    signal_overdue = fields.Selection(
        related="company_id.signal_overdue", readonly=False, required=True
    )
    signal_falling = fields.Selection(
        related="company_id.signal_falling", readonly=False, required=True
    )
    signal_growing = fields.Selection(
        related="company_id.signal_growing", readonly=False, required=True
    )
    signal_new_need = fields.Selection(
        related="company_id.signal_new_need", readonly=False, required=True
    )
    signal_term_days = fields.Integer(related="company_id.signal_term_days", readonly=False)
    signal_trend_minimum = fields.Float(related="company_id.signal_trend_minimum", readonly=False)
