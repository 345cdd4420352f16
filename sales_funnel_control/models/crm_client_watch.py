from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import purchases

TRENDS = [
    (purchases.FALLING, "Falling"),
    (purchases.STEADY, "Steady"),
    (purchases.GROWING, "Growing"),
]
_SPREAD_DIGITS = 3


class CrmClient(models.Model):
    """When a client should buy again, and which way its volume goes.

    Only the client's own purchases tell: see :mod:`~..tools.purchases`.
    """

    _inherit = "crm.client"

    own_gaps = fields.Integer(
        readonly=True, aggregator=None, help="Intervals between purchases that were measured."
    )
    own_spread = fields.Float(
        readonly=True,
        aggregator=None,
        digits=(16, 4),
        help="How much the client's own intervals vary, before it is compared with others.",
    )
    spread_days = fields.Float(
        "Interval Varies By, Days",
        digits=(16, 1),
        readonly=True,
        aggregator=None,
        help="Two of three intervals differ from the usual one by no more than about this.",
    )
    due_on = fields.Date(
        "Next Purchase Expected", readonly=True, help="Last purchase plus the usual interval."
    )
    overdue_on = fields.Date(
        "Overdue From",
        readonly=True,
        help="From this day on the client buys later than in 95 of 100 of its intervals.",
    )
    trend = fields.Selection(
        TRENDS,
        "Volume",
        readonly=True,
        help="Volume per day of the last third of the latest twelve intervals, against those "
        "before. Falling or growing is said only beyond chance; it takes nine purchases.",
    )
    trend_percent = fields.Float(
        "Change of Volume, %", digits=(16, 1), readonly=True, aggregator=None
    )
    trend_since = fields.Date("Volume Is So Since", readonly=True)
    is_overdue = fields.Boolean(
        "Overdue", compute="_compute_is_overdue", search="_search_is_overdue"
    )

    signal_ids = fields.One2many("crm.client.signal", "client_id", readonly=True)

    _overdue_idx = models.Index("(company_id, overdue_on) WHERE overdue_on IS NOT NULL")

    @api.depends("overdue_on", "company_id")
    def _compute_is_overdue(self):
        for client in self:
            today = client.company_id._funnel_today()
            client.is_overdue = bool(client.overdue_on and client.overdue_on <= today)

    @api.model
    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = fields.Domain("overdue_on", "<=", self.env.company._funnel_today())
        return fields.Domain.OR(domain if wanted else ~domain for wanted in value)

    # -- actions ------------------------------------------------------------------------------

    def action_open_orders(self):
        """Open the orders of the client and its contact persons."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("sale.action_orders")
        action["domain"] = [
            ("partner_id", "child_of", self.partner_id.id),
            ("company_id", "=", self.company_id.id),
            ("state", "=", "sale"),
        ]
        action["context"] = {"create": False}
        return action

    # -- nightly ------------------------------------------------------------------------------

    @api.model
    def _nightly_steps(self):
        return [*super()._nightly_steps(), "rhythm", "watch"]

    @api.model
    def _nightly_rhythm(self, company, after_id):
        """The rhythm and the trend of the next clients; at the end, what is usual."""
        clients, next_id = self._next_watched(company, after_id)
        written = self._store_rhythm(company, clients)
        if not next_id:
            self._store_usual_spread(company)
        return next_id, len(written)

    @api.model
    def _nightly_watch(self, company, after_id):
        """When the next clients should buy again."""
        clients, next_id = self._next_watched(company, after_id)
        return next_id, len(self._store_watch(company, clients))

    @api.model
    def _next_watched(self, company, after_id):
        """The next clients that a watch is kept on, or was."""
        watched = Domain("purchases", ">=", purchases.MINIMUM) | Domain("own_gaps", ">", 0)
        return self._next_clients(company, after_id, watched)

    @api.model
    def _refresh(self, partners, company):
        result = super()._refresh(partners, company)
        clients = self._of(partners, company).values()
        clients = self.sudo().union(*clients)
        self._store_rhythm(company, clients)
        self._store_watch(company, clients)
        return result

    # -- storing ------------------------------------------------------------------------------

    @api.model
    def _purchase_lists(self, company, clients, today):
        """What clients bought up to a day: ``{client id: (days, amounts)}``, in order."""
        self._flush_for_purchases()
        rows = self.env.execute_query(
            SQL(
                """
                WITH bought AS (
                      SELECT sold.partner_id, sold.day, SUM(sold.amount)::float8 AS amount
                        FROM (%(purchases)s) sold
                       WHERE sold.day <= %(today)s
                    GROUP BY sold.partner_id, sold.day
                )
                  SELECT client.id,
                         ARRAY_AGG(bought.day ORDER BY bought.day),
                         ARRAY_AGG(bought.amount ORDER BY bought.day)
                    FROM bought
                    JOIN crm_client client
                      ON client.partner_id = bought.partner_id
                     AND client.company_id = %(company)s
                GROUP BY client.id
                """,
                purchases=self._purchases_sql(
                    company,
                    SQL("buyer.commercial_partner_id = ANY(%s)", clients.partner_id.ids),
                ),
                today=today,
                company=company.id,
            )
        )
        return {client_id: (days, amounts) for client_id, days, amounts in rows}

    @api.model
    def _store_rhythm(self, company, clients):
        """Write what the clients' own purchases tell of rhythm and trend.

        :return: ids of the clients that changed
        """
        if not clients:
            return []
        today = company._funnel_today()
        bought = self._purchase_lists(company, clients, today)
        rows = []
        for client_id in clients.ids:
            days, amounts = bought.get(client_id, ([], []))
            ordinals = [day.toordinal() for day in days]
            own = purchases.rhythm(ordinals)
            trend = purchases.trend(ordinals, amounts, company.signal_trend_minimum)
            rows.append(
                SQL(
                    "(%s, %s, %s::numeric, %s::varchar, %s::numeric)",
                    client_id,
                    own.gaps if own else 0,
                    round(own.spread, _SPREAD_DIGITS) if own else 0,
                    trend.direction,
                    round(trend.percent, 1),
                )
            )
        return self._written(
            SQL(
                """
                UPDATE crm_client client
                   SET own_gaps = found.own_gaps,
                       own_spread = found.own_spread,
                       trend = found.trend,
                       trend_percent = found.trend_percent,
                       trend_since = CASE WHEN client.trend IS NOT DISTINCT FROM found.trend
                                          THEN client.trend_since
                                          WHEN found.trend IS NOT NULL THEN %(today)s
                                     END,
                       write_date = %(now)s
                  FROM (VALUES %(rows)s)
                       AS found (id, own_gaps, own_spread, trend, trend_percent)
                 WHERE client.id = found.id
                   AND (client.own_gaps, client.own_spread, client.trend, client.trend_percent)
                       IS DISTINCT FROM
                       (found.own_gaps, found.own_spread, found.trend, found.trend_percent)
             RETURNING client.id
                """,
                today=today,
                now=fields.Datetime.now(),
                rows=SQL(", ").join(rows),
            )
        )

    @api.model
    def _store_usual_spread(self, company):
        """Write how much the intervals of clients with many purchases vary in the company."""
        [(usual,)] = self.env.execute_query(
            SQL(
                """
                SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY own_spread)
                  FROM crm_client
                 WHERE company_id = %s
                   AND own_gaps >= %s
                """,
                company.id,
                purchases.TELLING_GAPS,
            )
        )
        usual = round(purchases.DEFAULT_SPREAD if usual is None else usual, _SPREAD_DIGITS)
        if abs(usual - company.usual_spread) >= 10**-_SPREAD_DIGITS / 2:
            company.sudo().usual_spread = usual

    @api.model
    def _store_watch(self, company, clients):
        """Write when the clients should buy again.

        :return: ids of the clients that changed
        """
        rows = [
            SQL("(%s, %s::numeric, %s::int, %s::int)", client.id, *self._watch_figures(client))
            for client in clients
        ]
        if not rows:
            return []
        return self._written(
            SQL(
                """
                UPDATE crm_client client
                   SET spread_days = found.spread_days,
                       due_on = client.last_on + found.due,
                       overdue_on = client.last_on + found.overdue,
                       write_date = %(now)s
                  FROM (VALUES %(rows)s) AS found (id, spread_days, due, overdue)
                 WHERE client.id = found.id
                   AND (client.spread_days, client.due_on, client.overdue_on)
                       IS DISTINCT FROM (
                           found.spread_days,
                           client.last_on + found.due,
                           client.last_on + found.overdue
                       )
             RETURNING client.id
                """,
                now=fields.Datetime.now(),
                rows=SQL(", ").join(rows),
            )
        )

    @api.model
    def _watch_figures(self, client):
        """Spread in days, and the days until a purchase is due and overdue."""
        if not client.own_gaps or not client.interval_days:
            return 0, None, None
        own = purchases.Rhythm(client.interval_days, client.own_spread, client.own_gaps)
        usual = client.company_id.usual_spread
        return (
            round(purchases.spread_days(own, usual), 1),
            round(own.interval),
            purchases.days_until_overdue(own, usual),
        )

    @api.model
    def _written(self, query):
        """Run a statement over clients; the ids it returns."""
        self.flush_model()
        rows = self.env.execute_query(query)
        self.invalidate_model(flush=False)
        return [client_id for (client_id,) in rows]
