from datetime import date, datetime, time, timedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.query import Query

from ..models.crm_lead_stage_history import EXITS, ORIGINS
from ..models.crm_weekly_review_rows import VERDICTS
from ..tools import outside

# A week is the company's own: by UTC it may begin, and end, so much sooner or later.
_ZONES = timedelta(days=1)
_WEEK = timedelta(days=7)


class CrmFunnelReport(models.Model):
    """Conversion per transition: one row per cohort row that counts.

    A cohort row is the first entry of an opportunity into a stage that has a next one. Refusals
    as spam or duplicate and rows transferred to another team do not count. Ratios are summed
    numerators over summed denominators on every level.
    """

    _name = "crm.funnel.report"
    _inherit = "crm.lead.report.mixin"
    _description = "Funnel Conversion"
    _auto = False
    _order = "entered_at desc, id desc"
    _rec_name = "lead_id"

    stage_id = fields.Many2one(string="From Stage")
    next_stage_id = fields.Many2one(
        "crm.stage",
        "Transition into",
        readonly=True,
        help="A transition is named by the stage it leads into; its target is that stage's.",
    )
    state_id = fields.Many2one("res.country.state", readonly=True)
    # Joined only where they are asked for: else the entries are read from the index alone.
    partner_id = fields.Many2one(string="Client", related="lead_id.partner_id")
    industry_id = fields.Many2one(
        string="Client's Industry", related="lead_id.partner_id.industry_id"
    )
    product_category_id = fields.Many2one(
        "product.category",
        "Product Group",
        readonly=True,
        help="The category that weighs most in the opportunity's quotations.",
    )
    week_start = fields.Date(
        "Week (Monday)", readonly=True, help="Monday, in the company's time zone."
    )
    entered_at = fields.Datetime("Entered on", readonly=True)
    left_at = fields.Datetime("Left on", readonly=True)
    origin = fields.Selection(ORIGINS, readonly=True)
    exit = fields.Selection(EXITS, readonly=True)
    is_skipped = fields.Boolean("Skipped", readonly=True)
    is_reconstructed = fields.Boolean("Reconstructed", readonly=True)

    is_mature = fields.Boolean(
        "Mature",
        readonly=True,
        prefetch=False,
        help="The entry has had the time in which 90 % of the clients that advance do so.",
    )
    verdict = fields.Selection(
        VERDICTS,
        "Verdict of the Manager",
        readonly=True,
        prefetch=False,
        help="What the control board says of the manager at this transition over the last "
        "thirteen weeks, determined once a day. Empty where no target is set.",
    )

    entered = fields.Integer(readonly=True, help="Opportunities that entered the stage before.")
    advanced = fields.Integer(readonly=True, help="Of them, those that came further.")
    conversion_rate = fields.Float(
        "Conversion, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Advanced ÷ entered, times 100; in every total the sums are divided.",
    )
    target_rate = fields.Float(
        "Target, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Average target of the entries that have one.",
    )
    gap = fields.Float(
        "Gap, points",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Conversion minus target, in percentage points.",
    )
    days = fields.Float(
        "Average Days",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Days on the stage before, of clients that have left it and did not skip it.",
    )
    days_median = fields.Float(
        "Median Days",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Half of the clients were faster, half slower.",
    )

    _depends = {
        "crm.lead.stage.history": [
            "lead_id",
            "stage_id",
            "next_stage_id",
            "user_id",
            "team_id",
            "is_cohort",
            "reached_next",
            "exit",
        ],
        "crm.lost.reason": ["is_spam_or_duplicate"],
        "sale.order": ["opportunity_id", "state"],
        "sale.order.line": ["order_id", "product_id", "price_subtotal"],
    }

    @property
    def _table_query(self):
        return SQL(
            "SELECT %s FROM crm_lead_stage_history stay WHERE %s", self._select(), self._where()
        )

    def _select(self):
        return SQL(
            """
            stay.id, stay.lead_id, stay.stage_id, stay.next_stage_id, stay.user_id, stay.team_id,
            stay.sales_role, stay.grade, stay.company_id, stay.lead_class, stay.source_id,
            stay.campaign_id, stay.country_id, stay.state_id, stay.week_start, stay.entered_at,
            stay.left_at, stay.origin, stay.exit, stay.is_skipped, stay.is_reconstructed,
            (%s) AS product_category_id,
            1 AS entered,
            stay.reached_next::int AS advanced,
            100.0 * stay.reached_next::int AS conversion_rate,
            stay.target_rate,
            100.0 * stay.reached_next::int - stay.target_rate AS gap,
            CASE WHEN stay.origin <> 'skipped' THEN stay.days END AS days,
            CASE WHEN stay.origin <> 'skipped' THEN stay.days END AS days_median
            """,
            self.env["crm.lead"]._product_group_sql(SQL("stay.lead_id")),
        )

    def _where(self):
        return SQL(
            "stay.is_cohort IS TRUE AND stay.next_stage_id IS NOT NULL AND %s",
            self.env["crm.lead.stage.history"]._counts_sql(SQL.identifier("stay")),
        )

    def _search(self, domain, *args, **kwargs):
        """Bound the moments of the weeks asked for, too: by them the ledger has its index."""
        domain = Domain(domain).optimize_full(self).map_conditions(self._within_weeks)
        return super()._search(domain, *args, **kwargs)

    @staticmethod
    def _within_weeks(condition):
        week = condition.value
        if (
            condition.field_expr != "week_start"
            or not isinstance(week, date)
            or not outside.within_calendar(week)
        ):
            return condition
        # A moment: a day would be taken as one of the reader's time zone.
        begin = datetime.combine(week, time.min)
        if condition.operator in (">", ">="):
            return condition & Domain("entered_at", ">=", begin - _ZONES)
        if condition.operator in ("<", "<="):
            return condition & Domain("entered_at", "<", begin + _WEEK + _ZONES)
        return condition

    def _field_to_sql(self, alias, field_expr, query=None):
        """Only a query that shows maturity or verdict pays for them."""
        board = self.env["crm.control.board"]
        if field_expr == "is_mature":
            return board._is_mature_sql(SQL.identifier(alias))
        if field_expr == "verdict":
            return board._verdict_sql(SQL.identifier(alias))
        return super()._field_to_sql(alias, field_expr, query)

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums; averages of row values would do for neither gap nor target."""
        if aggregate_spec not in ("conversion_rate:avg", "gap:avg", "days_median:avg"):
            return super()._read_group_select(aggregate_spec, query)
        conversion = SQL(
            "100.0 * SUM(%s) / NULLIF(SUM(%s), 0)",
            self._field_to_sql(self._table, "advanced", query),
            self._field_to_sql(self._table, "entered", query),
        )
        if aggregate_spec == "conversion_rate:avg":
            return conversion
        if aggregate_spec == "gap:avg":
            target = self._field_to_sql(self._table, "target_rate", query)
            return SQL("%s - AVG(%s)", conversion, target)
        return SQL(
            "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY %s)",
            self._field_to_sql(self._table, "days_median", query),
        )

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        """Name the opportunity in an export also to a reader who may not open it any more."""
        if _is_toplevel_call and all(path[1:] in ([], [".id"]) for path in fields):
            self.check_access("read")
            return super(CrmFunnelReport, self.sudo())._export_rows(fields)
        return super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)
