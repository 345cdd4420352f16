from datetime import date, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import date_utils

# Months of the period over which a norm goes.
_PERIODS = {"year": 12, "quarter": 3}


class FreshnessRules(NamedTuple):
    """What makes a client of a company fresh or stale, today.

    A client verified after ``since`` counts towards the norm; one not verified since
    ``stale_on`` or longer is stale.
    """

    since: date
    stale_on: date
    norm: float
    with_lost: bool


class ResCompany(models.Model):
    """How much of the client base is to be verified, and how often."""

    _inherit = "res.company"

    client_freshness_period = fields.Selection(
        [("year", "A Year"), ("quarter", "A Quarter, in a Crisis")],
        "Verification Norm Is for",
        required=True,
        default="year",
        help="In a crisis contact data age faster: the norm then is for the last three months "
        "instead of the last twelve.",
        prefetch="funnel",
    )
    client_freshness_norm = fields.Float(
        "Norm a Year, %",
        default=20,
        help="Share of the client base whose contact data are to be verified in twelve months.",
        prefetch="funnel",
    )
    client_freshness_quarter_norm = fields.Float(
        "Norm a Quarter, %",
        default=25,
        help="Share of the client base whose contact data are to be verified in three months.",
        prefetch="funnel",
    )
    client_stale_days = fields.Integer(
        "Stale After Days",
        default=365,
        help="A client whose contact data nobody verified for so many days is to be verified. "
        "Who was never verified counts from the day the contact was created.",
        prefetch="funnel",
    )
    client_freshness_with_lost = fields.Boolean(
        "With Lost Clients",
        help="Lost clients are to be verified as well. Blacklisted ones never are.",
        prefetch="funnel",
    )

    @api.constrains("client_freshness_norm", "client_freshness_quarter_norm", "client_stale_days")
    def _check_freshness(self):
        for company in self:
            norms = (company.client_freshness_norm, company.client_freshness_quarter_norm)
            if not all(0 <= norm <= 100 for norm in norms):
                raise ValidationError(
                    self.env._("The norm of verified clients is a share between 0 and 100 %.")
                )
            if company.client_stale_days < 1:
                raise ValidationError(
                    self.env._("A client becomes stale after one day at the earliest.")
                )

    def _freshness_rules(self):
        """The rules of this company as of today, in its time zone.

        :rtype: FreshnessRules
        """
        self.ensure_one()
        today = self._funnel_today()
        is_year = self.client_freshness_period == "year"
        return FreshnessRules(
            since=date_utils.subtract(today, months=_PERIODS[self.client_freshness_period]),
            stale_on=today - timedelta(days=self.client_stale_days),
            norm=self.client_freshness_norm if is_year else self.client_freshness_quarter_norm,
            with_lost=self.client_freshness_with_lost,
        )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    client_freshness_period = fields.Selection(
        related="company_id.client_freshness_period", readonly=False, required=True
    )
    client_freshness_norm = fields.Float(related="company_id.client_freshness_norm", readonly=False)
    client_freshness_quarter_norm = fields.Float(
        related="company_id.client_freshness_quarter_norm", readonly=False
    )
    client_stale_days = fields.Integer(related="company_id.client_stale_days", readonly=False)
    client_freshness_with_lost = fields.Boolean(
        related="company_id.client_freshness_with_lost", readonly=False
    )
