from odoo import api, fields, models
from odoo.tools import SQL, date_utils

from .crm_price_level import PRICE_LEVELS

_MONTHS = 12
_WHOLE = 100


class CrmClient(models.Model):
    """What clients consume, and our share in it."""

    _inherit = "crm.client"

    consumption_ids = fields.One2many("crm.client.consumption", "client_id")
    price_level_ids = fields.One2many("crm.price.level", "client_id")
    consumption = fields.Monetary(
        "Consumption a Year",
        compute="_compute_market",
        aggregator=None,
        help="What the client spends in a year on what we sell, with us and with others, as far "
        "as it is known.",
    )
    market_share = fields.Float(
        "Our Share, %",
        compute="_compute_market",
        digits=(16, 1),
        aggregator=None,
        help="Our revenue of the last 12 months in the consumption known.",
    )
    market_potential = fields.Monetary(
        "Potential a Year",
        compute="_compute_market",
        aggregator=None,
        help="What the client consumes a year and does not buy from us.",
    )
    is_above_consumption = fields.Boolean(
        compute="_compute_market",
        help="We sell more than the client is said to consume: ask again.",
    )
    price_level = fields.Selection(
        PRICE_LEVELS,
        "Our Price Is",
        compute="_compute_price_level",
        help="Our price for the client against the market's, by the latest finding.",
    )

    @api.depends("consumption_ids.amount", "consumption_ids.category_id", "revenue")
    def _compute_market(self):
        self.env["crm.client.consumption"]._flush_for_market()
        found = {}
        if self.ids:
            rows = self.env.execute_query(
                SQL(
                    """
                      SELECT client_id, SUM(consumption), SUM(potential), SUM(revenue),
                             SUM(consumption) FILTER (WHERE revenue IS NOT NULL)
                        FROM (%s) known
                    GROUP BY client_id
                    """,
                    self.env["crm.client.consumption"]._known_sql(
                        self.sudo().company_id, SQL("stated.client_id = ANY(%s)", self.ids)
                    ),
                )
            )
            found = {client_id: figures for client_id, *figures in rows}
        for client in self:
            total, potential, revenue, measured = found.get(client._origin.id, (0, 0, 0, 0))
            client.consumption = total
            client.market_potential = potential
            client.market_share = _WHOLE * (revenue or 0) / measured if measured else 0
            client.is_above_consumption = bool(measured and revenue > measured)

    @api.depends("price_level_ids.level", "price_level_ids.known_on")
    def _compute_price_level(self):
        for client in self:
            client.price_level = client.price_level_ids.sorted(
                lambda price: (price.known_on, price._origin.id), reverse=True
            )[:1].level

    def action_open_consumption(self):
        """Open what is known of the client's consumption, to write down more."""
        return self._open_market("sales_funnel_control.crm_client_consumption_action")

    def action_open_price_levels(self):
        """Open the findings on our price for the client, to write down more."""
        return self._open_market("sales_funnel_control.crm_price_level_action")

    def _open_market(self, xmlid):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return {
            **action,
            "domain": [("client_id", "=", self.id)],
            "context": {"default_client_id": self.id},
        }


class CrmClientConsumption(models.Model):
    """The consumption that is known, and our revenue beside it."""

    _inherit = "crm.client.consumption"

    @api.model
    def _flush_for_market(self):
        """Bring to the database what :meth:`_known_sql` reads."""
        self.env["crm.client"]._flush_for_purchases()
        self.flush_model()
        self.env["sale.order.line"].flush_model(["order_id", "product_id", "price_subtotal"])
        self.env["product.template"].flush_model(["categ_id"])

    @api.model
    def _known_sql(self, companies, condition=None):
        """The latest findings: ``id``, ``client_id``, ``category_id``, ``competitor_id``,
        ``known_on``, ``consumption``, ``revenue`` of the last 12 months, ``potential``.

        Where the consumption is known of all we sell and of some groups, the row of all holds the
        rest, so that the rows of a client add up. ``revenue`` is empty where it cannot be told by
        group: won deals have no products.

        :param SQL condition: on the alias ``stated``, a row of ``crm_client_consumption``
        """
        condition = condition or SQL("TRUE")
        return SQL(
            """
            WITH latest AS (
                SELECT DISTINCT ON (stated.client_id, COALESCE(stated.category_id, 0))
                       stated.id, stated.client_id, stated.category_id, stated.competitor_id,
                       stated.known_on, stated.amount,
                       company.client_purchases = 'orders' AS has_groups
                  FROM crm_client_consumption stated
                  JOIN res_company company ON company.id = stated.company_id
                 WHERE stated.company_id = ANY(%(companies)s)
                   AND %(condition)s
              ORDER BY stated.client_id, COALESCE(stated.category_id, 0),
                       stated.known_on DESC, stated.id DESC
            ), line AS (
                SELECT sold.client_id, sold.categ_id, SUM(sold.amount) AS amount
                  FROM (%(lines)s) sold
                  JOIN crm_client client ON client.id = sold.client_id
                  JOIN (VALUES %(years)s) AS year(company_id, ago)
                    ON year.company_id = client.company_id
                 WHERE sold.day > year.ago
              GROUP BY sold.client_id, sold.categ_id
            ), of_group AS (
                SELECT latest.id, latest.client_id, latest.category_id, latest.competitor_id,
                       latest.known_on, latest.amount,
                       CASE WHEN latest.has_groups THEN COALESCE(SUM(line.amount), 0) END
                       AS revenue
                  FROM latest
                  JOIN product_category stated_group ON stated_group.id = latest.category_id
             LEFT JOIN (
                       line
                  JOIN product_category bought_group ON bought_group.id = line.categ_id
                       ) ON line.client_id = latest.client_id
                        AND bought_group.parent_path LIKE stated_group.parent_path || '%%'
                 WHERE latest.has_groups
                    OR NOT EXISTS (
                           SELECT FROM latest whole
                            WHERE whole.client_id = latest.client_id
                              AND whole.category_id IS NULL
                       )
              GROUP BY latest.id, latest.client_id, latest.category_id, latest.competitor_id,
                       latest.known_on, latest.amount, latest.has_groups
            ), known AS (
                SELECT * FROM of_group
             UNION ALL
                SELECT whole.id, whole.client_id, NULL, whole.competitor_id, whole.known_on,
                       GREATEST(whole.amount - COALESCE(parts.amount, 0), 0),
                       client.revenue - COALESCE(parts.revenue, 0)
                  FROM latest whole
                  JOIN crm_client client ON client.id = whole.client_id
             LEFT JOIN (
                         SELECT client_id, SUM(amount) AS amount, SUM(revenue) AS revenue
                           FROM of_group
                       GROUP BY client_id
                       ) parts ON parts.client_id = whole.client_id
                 WHERE whole.category_id IS NULL
            )
            SELECT id, client_id, category_id, competitor_id, known_on, amount AS consumption,
                   revenue,
                   CASE WHEN revenue IS NOT NULL THEN GREATEST(amount - revenue, 0) END
                   AS potential
              FROM known
            """,
            companies=companies.ids,
            condition=condition,
            lines=self.env["crm.client"]._purchase_lines_sql(
                companies,
                SQL(
                    """
                    buyer.commercial_partner_id IN (
                        SELECT client.partner_id
                          FROM crm_client_consumption stated
                          JOIN crm_client client ON client.id = stated.client_id
                         WHERE stated.category_id IS NOT NULL
                           AND %s
                    )
                    """,
                    condition,
                ),
            ),
            years=SQL(", ").join(
                SQL(
                    "(%s, %s::date)",
                    company.id,
                    date_utils.subtract(company._funnel_today(), months=_MONTHS),
                )
                for company in companies.sudo()
            ),
        )
