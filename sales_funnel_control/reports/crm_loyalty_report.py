from odoo import fields, models
from odoo.tools import SQL, Query

# Ratios as ``(factor, numerator, denominator)``: sums are divided by sums.
_RATIOS = {
    f"{ratio}_{when}:avg": (factor, f"{above}_{when}", below.format(when=when))
    for when in ("before", "after")
    for ratio, factor, above, below in (
        ("repeat_rate", 100.0, "bought", "mature"),
        ("interval", 1.0, "days", "purchases_{when}"),
        ("average_purchase", 1.0, "revenue", "purchases_{when}"),
        ("client_revenue", 1.0, "revenue", "mature"),
    )
}
WHOSE = [("member", "Members"), ("comparable", "Comparable Clients")]


class CrmLoyaltyReport(models.Model):
    """What members of loyalty programs buy before and after joining, and comparable clients.

    A membership has a row of its own figures and, where clients were comparable on the day it
    began, a row of their average. Only memberships with the whole time after behind them have
    figures, see ``crm.loyalty.membership._figures_sql``.
    """

    _name = "crm.loyalty.report"
    _inherit = "crm.client.report.mixin"
    _description = "Purchases of Loyalty Members"
    _auto = False
    _rec_name = "partner_id"
    _order = "joined_on DESC, id DESC"

    program_id = fields.Many2one("loyalty.program", readonly=True)
    whose = fields.Selection(
        WHOSE,
        readonly=True,
        help="The member's own figures, or the average of clients that were comparable when it "
        "joined: same category, revenue in the same band, no card.",
    )
    joined_on = fields.Date("Joined", readonly=True)
    left_on = fields.Date("Left", readonly=True)
    is_matched = fields.Boolean(
        "With Comparable Clients",
        readonly=True,
        help="Only these memberships can be compared with other clients.",
    )
    members = fields.Integer(readonly=True, help="Memberships behind the figures.")
    mature = fields.Integer(
        "Members with Time Behind Them",
        readonly=True,
        help="Joined so long ago that the whole time after can be looked at. The others are in "
        "no figure.",
    )
    bought_before = fields.Float("Clients That Bought Before", readonly=True)
    bought_after = fields.Float("Clients That Bought After", readonly=True)
    purchases_before = fields.Float(readonly=True)
    purchases_after = fields.Float(readonly=True)
    revenue_before = fields.Float(readonly=True)
    revenue_after = fields.Float(readonly=True)
    days_before = fields.Integer(readonly=True)
    days_after = fields.Integer(readonly=True)
    repeat_rate_before = fields.Float(
        "Repeat Rate Before, %", readonly=True, aggregator="avg", exportable=False
    )
    repeat_rate_after = fields.Float(
        "Repeat Rate After, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Clients that bought again in the time after joining, of all that have it behind "
        "them.",
    )
    interval_before = fields.Float(
        "Days per Purchase Before", readonly=True, aggregator="avg", exportable=False
    )
    interval_after = fields.Float(
        "Days per Purchase After",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Days of all clients by purchases of all clients: those who stayed away count, too.",
    )
    average_purchase_before = fields.Float(readonly=True, aggregator="avg", exportable=False)
    average_purchase_after = fields.Float(readonly=True, aggregator="avg", exportable=False)
    client_revenue_before = fields.Float(
        "Revenue per Client Before", readonly=True, aggregator="avg", exportable=False
    )
    client_revenue_after = fields.Float(
        "Revenue per Client After", readonly=True, aggregator="avg", exportable=False
    )

    _depends = {
        "crm.loyalty.membership": ["partner_id", "program_id", "joined_on", "left_on"],
        "crm.loyalty.comparable": ["membership_id", "partner_id"],
        "sale.order": ["state", "partner_id", "date_order", "amount_untaxed", "currency_rate"],
        "res.partner": ["commercial_partner_id", "country_id", "state_id", "industry_id"],
    }

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT member.id * 2 + (figure.whose = 'comparable')::int AS id,
                   member.company_id, member.partner_id, member.user_id, member.team_id,
                   member.sales_role, client.country_id, client.state_id, client.industry_id,
                   member.category, member.rating, member.program_id, member.joined_on,
                   member.left_on, figure.whose, figure.is_matched, 1 AS members, figure.mature,
                   figure.days_before, figure.days_after,
                   figure.bought_before, figure.bought_after,
                   figure.purchases_before, figure.purchases_after,
                   figure.revenue_before, figure.revenue_after,
                   100 * figure.bought_before AS repeat_rate_before,
                   100 * figure.bought_after AS repeat_rate_after,
                   figure.days_before / NULLIF(figure.purchases_before, 0) AS interval_before,
                   figure.days_after / NULLIF(figure.purchases_after, 0) AS interval_after,
                   figure.revenue_before / NULLIF(figure.purchases_before, 0)
                   AS average_purchase_before,
                   figure.revenue_after / NULLIF(figure.purchases_after, 0)
                   AS average_purchase_after,
                   figure.revenue_before AS client_revenue_before,
                   figure.revenue_after AS client_revenue_after
              FROM (%s) figure
              JOIN crm_loyalty_membership member ON member.id = figure.membership_id
              JOIN res_partner client ON client.id = member.partner_id
            """,
            self.env["crm.loyalty.membership"]._figures_sql(self.env.companies),
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums."""
        if aggregate_spec not in _RATIOS:
            return super()._read_group_select(aggregate_spec, query)
        factor, above, below = _RATIOS[aggregate_spec]
        return SQL(
            "%s * SUM(%s) / NULLIF(SUM(%s), 0)",
            factor,
            self._field_to_sql(self._table, above, query),
            self._field_to_sql(self._table, below, query),
        )
