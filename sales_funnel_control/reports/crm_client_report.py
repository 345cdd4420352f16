from odoo import fields, models
from odoo.tools import SQL, Query

KINDS = [
    ("first", "First Purchase"),
    ("repeat", "Repeat Purchase"),
    ("refusal", "Refusal"),
]


class CrmClientReport(models.Model):
    """Dynamics of the client base: one row for each client and day it bought or refused on.

    Clients are counted once in whatever a figure is shown for, however often they bought.
    """

    _name = "crm.client.report"
    _inherit = "crm.client.report.card"
    _description = "Dynamics of Clients"
    _auto = False
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

    clients = fields.Integer(
        readonly=True,
        aggregator="count_distinct",
        help="Clients that did what is shown, each once.",
    )
    buyers = fields.Integer(
        "Clients Buying",
        readonly=True,
        aggregator="count_distinct",
        help="Clients that bought, each once.",
    )
    new_buyers = fields.Integer(
        readonly=True,
        aggregator="count_distinct",
        help="Clients whose very first purchase it was.",
    )
    repeat_buyers = fields.Integer(
        readonly=True,
        aggregator="count_distinct",
        help="Clients that bought and had bought before, each once. A client that bought for the "
        "first time and again in the same period is among the new and the repeat buyers.",
    )
    purchases = fields.Integer(
        readonly=True, help="Days on which clients bought; several orders of a day are one."
    )
    revenue = fields.Monetary(readonly=True, help="Untaxed purchases, in the company's currency.")
    average_purchase = fields.Monetary(
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Revenue by purchases; in every total the sums are divided.",
    )
    refusals = fields.Integer(
        readonly=True, help="Refusals of the clients, spam and duplicates left out."
    )
    refused_clients = fields.Integer(
        "Clients Refusing",
        readonly=True,
        aggregator="count_distinct",
        help="Clients that refused, each once.",
    )

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
        "crm.lead.stage.history": ["lead_id", "stage_id", "left_at", "amount"],
        "crm.lost.reason": ["is_spam_or_duplicate"],
        "res.company": ["funnel_tz", "client_purchases", "currency_id"],
        "res.partner": ["commercial_partner_id", "country_id", "state_id", "industry_id"],
        "sale.order": [
            "partner_id",
            "company_id",
            "state",
            "date_order",
            "amount_untaxed",
            "currency_rate",
        ],
    }

    @property
    def _table_query(self):
        Client = self.env["crm.client"]
        return SQL(
            """
            SELECT (fact.client_id::bigint * 65536 + (fact.day - DATE '1970-01-01')) * 2
                       + (fact.kind = 'refusal')::int AS id,
                   %(client)s,
                   fact.kind, fact.day,
                   date_trunc('week', fact.day)::date AS week_start,
                   client.id AS clients,
                   CASE WHEN fact.kind <> 'refusal' THEN client.id END AS buyers,
                   CASE fact.kind WHEN 'first' THEN client.id END AS new_buyers,
                   CASE fact.kind WHEN 'repeat' THEN client.id END AS repeat_buyers,
                   (fact.kind <> 'refusal')::int AS purchases,
                   fact.revenue,
                   fact.revenue AS average_purchase,
                   fact.refusals,
                   CASE fact.kind WHEN 'refusal' THEN client.id END AS refused_clients
              FROM (
                   SELECT bought.client_id, bought.day, bought.amount AS revenue, 0 AS refusals,
                          CASE WHEN bought.day > buyer.first_on THEN 'repeat' ELSE 'first' END
                          AS kind
                     FROM (%(bought)s) bought
                     JOIN crm_client buyer ON buyer.id = bought.client_id
                UNION ALL
                   SELECT refused.client_id, refused.day, NULL, COUNT(*), 'refusal'
                     FROM (%(refused)s) refused
                 GROUP BY refused.client_id, refused.day
                   ) fact
            %(joins)s
            """,
            client=self._client_columns(),
            joins=self._client_joins("fact"),
            bought=Client._purchase_days_sql(self.env.companies),
            refused=Client._refused_sql(self.env.companies),
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums."""
        if aggregate_spec != "average_purchase:avg":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "SUM(%s) / NULLIF(SUM(%s), 0)",
            self._field_to_sql(self._table, "revenue", query),
            self._field_to_sql(self._table, "purchases", query),
        )
