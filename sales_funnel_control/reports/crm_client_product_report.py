from odoo import fields, models
from odoo.tools import SQL

from .crm_client_report import KINDS


class CrmClientProductReport(models.Model):
    """What clients buy: one row for each client, day and product group it bought or refused.

    Revenue is that of the order lines. A refusal stands under the group that weighs most in the
    deal's quotations.
    """

    _name = "crm.client.product.report"
    _inherit = "crm.client.report.card"
    _description = "Clients by Product Group"
    _auto = False
    _order = "day desc, id desc"
    _rec_name = "partner_id"

    product_category_id = fields.Many2one("product.category", "Product Group", readonly=True)
    kind = fields.Selection(KINDS, "What Happened", readonly=True)
    day = fields.Date("Date", readonly=True)
    week_start = fields.Date(
        "Week (Monday)", readonly=True, help="Monday, in the company's time zone."
    )

    buyers = fields.Integer(
        "Clients Buying",
        readonly=True,
        aggregator="count_distinct",
        help="Clients that bought of the group, each once.",
    )
    new_buyers = fields.Integer(
        readonly=True,
        aggregator="count_distinct",
        help="Clients that bought of the group on the day of their very first purchase from us.",
    )
    repeat_buyers = fields.Integer(
        readonly=True,
        aggregator="count_distinct",
        help="Clients that bought of the group and had bought from us before, each once.",
    )
    revenue = fields.Monetary(
        readonly=True, help="Untaxed order lines of the group, in the company's currency."
    )
    refusals = fields.Integer(
        readonly=True,
        help="Refusals of deals whose quotations are mostly about the group, spam and duplicates "
        "left out.",
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
        "crm.lead.refusal": [
            "lead_id",
            "partner_id",
            "company_id",
            "refused_at",
            "lost_reason_id",
        ],
        "crm.lost.reason": ["is_spam_or_duplicate"],
        "product.template": ["categ_id"],
        "res.company": ["funnel_tz", "client_purchases", "currency_id"],
        "res.partner": ["commercial_partner_id", "country_id", "state_id", "industry_id"],
        "sale.order": [
            "partner_id",
            "opportunity_id",
            "company_id",
            "state",
            "date_order",
            "currency_rate",
        ],
        "sale.order.line": ["order_id", "product_id", "display_type", "price_subtotal"],
    }

    @property
    def _table_query(self):
        Client = self.env["crm.client"]
        return SQL(
            """
            SELECT fact.id, %(client)s, fact.product_category_id, fact.kind,
                   fact.day, date_trunc('week', fact.day)::date AS week_start,
                   CASE WHEN fact.kind <> 'refusal' THEN client.id END AS buyers,
                   CASE fact.kind WHEN 'first' THEN client.id END AS new_buyers,
                   CASE fact.kind WHEN 'repeat' THEN client.id END AS repeat_buyers,
                   fact.revenue, fact.refusals
              FROM (
                   SELECT MIN(bought.line_id)::bigint * 2 AS id, bought.client_id, bought.day,
                          bought.categ_id AS product_category_id, SUM(bought.amount) AS revenue,
                          0 AS refusals,
                          CASE WHEN bought.day > buyer.first_on THEN 'repeat' ELSE 'first' END
                          AS kind
                     FROM (%(bought)s) bought
                     JOIN crm_client buyer ON buyer.id = bought.client_id
                 GROUP BY bought.client_id, bought.day, bought.categ_id, buyer.first_on
                UNION ALL
                   SELECT refused.refusal_id::bigint * 2 + 1, refused.client_id, refused.day,
                          (%(product_group)s), NULL, 1, 'refusal'
                     FROM (%(refused)s) refused
                   ) fact
            %(joins)s
            """,
            client=self._client_columns(),
            joins=self._client_joins("fact"),
            bought=Client._purchase_lines_sql(self.env.companies),
            refused=Client._refused_sql(self.env.companies),
            product_group=self.env["crm.lead"]._product_group_sql(SQL("refused.lead_id")),
        )
