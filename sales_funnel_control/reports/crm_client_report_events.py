from odoo import fields, models
from odoo.tools import SQL

KINDS = [
    ("first", "First Purchase"),
    ("repeat", "Repeat Purchase"),
    ("refusal", "Refusal"),
]


class CrmClientReportEvents(models.AbstractModel):
    """A report on what clients did on a day: bought first, bought again, or refused.

    Clients are counted once in whatever a figure is shown for, however often they bought.
    """

    _name = "crm.client.report.events"
    _inherit = "crm.client.report.card"
    _description = "Report on What Clients Did"
    _order = "day desc, id desc"
    _rec_name = "partner_id"

    kind = fields.Selection(
        KINDS,
        "What Happened",
        readonly=True,
        help="The first purchase makes a new buyer; whoever bought before buys again.",
    )
    day = fields.Date("Date", readonly=True)
    week_start = fields.Date(
        "Week (Monday)", readonly=True, help="Monday, in the company's time zone."
    )
    buyers = fields.Integer("Clients Buying", readonly=True, aggregator="count_distinct")
    new_buyers = fields.Integer(readonly=True, aggregator="count_distinct")
    repeat_buyers = fields.Integer(readonly=True, aggregator="count_distinct")
    revenue = fields.Monetary(readonly=True)
    refusals = fields.Integer(readonly=True)

    _depends = {
        "crm.client": [
            "partner_id",
            "company_id",
            "user_id",
            "team_id",
            "sales_role",
            "first_on",
            "category",
            "rating",
        ],
        "crm.lead.refusal": ["partner_id", "company_id", "refused_at", "lost_reason_id"],
        "crm.lost.reason": ["is_spam_or_duplicate"],
        "res.company": ["funnel_tz", "client_purchases", "currency_id"],
        "res.partner": ["commercial_partner_id", "country_id", "state_id", "industry_id"],
        "sale.order": ["partner_id", "company_id", "state", "date_order", "currency_rate"],
    }

    def _event_columns(self):
        """The columns above but revenue and refusals, of the aliases ``fact`` and ``client``."""
        return SQL(
            """
            %s, fact.kind, fact.day, date_trunc('week', fact.day)::date AS week_start,
            CASE WHEN fact.kind <> 'refusal' THEN client.id END AS buyers,
            CASE fact.kind WHEN 'first' THEN client.id END AS new_buyers,
            CASE fact.kind WHEN 'repeat' THEN client.id END AS repeat_buyers
            """,
            self._client_columns(),
        )

    def _purchase_kind(self):
        """Which purchase of the alias ``buyer`` a day of the alias ``bought`` is."""
        return SQL("CASE WHEN bought.day > buyer.first_on THEN 'repeat' ELSE 'first' END")
