from odoo import fields, models
from odoo.tools import SQL, Query

from ..models.crm_price_level import PRICE_LEVELS


class CrmMarketReport(models.Model):
    """Our share in what clients consume: one row for each client and product group known of.

    Clients whose consumption is not known are in no figure of it.
    """

    _name = "crm.market.report"
    _inherit = "crm.client.report.card"
    _description = "Share in Clients' Consumption"
    _auto = False
    _order = "potential desc, id desc"
    _rec_name = "partner_id"

    product_category_id = fields.Many2one(
        "product.category",
        "Product Group",
        readonly=True,
        help="Empty: all that we sell; where some groups are known by themselves, the rest of it.",
    )
    competitor_id = fields.Many2one("crm.competitor", "Buys Mostly from", readonly=True)
    known_on = fields.Date(readonly=True)
    price_level = fields.Selection(
        PRICE_LEVELS,
        "Our Price Is",
        readonly=True,
        help="By the latest finding for the client and the group, else for the client, else for "
        "the group.",
    )
    is_above_consumption = fields.Boolean(
        "Above Consumption",
        readonly=True,
        help="We sell more than the client is said to consume: ask again.",
    )

    clients = fields.Integer(
        "Clients Known of",
        readonly=True,
        aggregator="count_distinct",
        help="Clients whose consumption is known, each once.",
    )
    consumption = fields.Monetary("Consumption a Year", readonly=True)
    revenue = fields.Monetary(
        "Our Revenue There",
        readonly=True,
        help="Of the last 12 months, from the clients whose consumption is known.",
    )
    share = fields.Float(
        "Our Share, %",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Our revenue in the consumption known; in every total the sums are divided.",
    )
    potential = fields.Monetary(
        "Potential a Year",
        readonly=True,
        help="What the clients consume a year and do not buy from us.",
    )

    _depends = {
        "crm.client": [
            "partner_id",
            "company_id",
            "user_id",
            "team_id",
            "sales_role",
            "revenue",
            "category",
            "rating",
        ],
        "crm.client.consumption": [
            "client_id",
            "company_id",
            "category_id",
            "amount",
            "known_on",
            "competitor_id",
        ],
        "crm.price.level": ["client_id", "company_id", "category_id", "level", "known_on"],
        "product.category": ["parent_path"],
        "product.template": ["categ_id"],
        "res.company": ["funnel_tz", "client_purchases", "currency_id"],
        "res.partner": ["commercial_partner_id", "country_id", "state_id", "industry_id"],
        "sale.order": ["partner_id", "company_id", "state", "date_order", "currency_rate"],
        "sale.order.line": ["order_id", "product_id", "display_type", "price_subtotal"],
    }

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT known.id, %(client)s,
                   known.category_id AS product_category_id, known.competitor_id, known.known_on,
                   price.level AS price_level,
                   COALESCE(known.revenue > known.consumption, FALSE) AS is_above_consumption,
                   client.id AS clients,
                   known.consumption, known.revenue, known.potential,
                   100.0 * known.revenue / NULLIF(known.consumption, 0) AS share
              FROM (%(known)s) known
            %(joins)s
         LEFT JOIN LATERAL (
                     SELECT found.level
                       FROM crm_price_level found
                      WHERE found.company_id = client.company_id
                        AND COALESCE(found.client_id, client.id) = client.id
                        AND (found.category_id IS NULL OR found.category_id = known.category_id)
                   ORDER BY found.client_id IS NULL, found.category_id IS NULL,
                            found.known_on DESC, found.id DESC
                      LIMIT 1
                   ) price ON TRUE
            """,
            client=self._client_columns(),
            joins=self._client_joins("known"),
            known=self.env["crm.client.consumption"]._known_sql(self.env.companies),
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums, of rows where both are known."""
        if aggregate_spec != "share:avg":
            return super()._read_group_select(aggregate_spec, query)
        revenue = self._field_to_sql(self._table, "revenue", query)
        return SQL(
            "100.0 * SUM(%s) / NULLIF(SUM(%s) FILTER (WHERE %s IS NOT NULL), 0)",
            revenue,
            self._field_to_sql(self._table, "consumption", query),
            revenue,
        )
