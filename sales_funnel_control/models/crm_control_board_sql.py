from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, date_utils, ormcache

from ..tools import weeks

STAY = "crm_lead_stage_history"
_HORIZON_SHARE = 0.9
_HORIZON_SAMPLE = 20
DEFAULT_NORMAL_DAYS = 14


class Count(NamedTuple):
    """Entries of one manager at one transition, of one stratum and age."""

    user_id: int | None
    sales_role: str | None
    next_stage_id: int
    stratum: tuple
    is_mature: bool
    is_previous: bool
    entered: int
    advanced: int
    targets: float
    targeted: int


class CrmControlBoard(models.AbstractModel):
    """What the board reads from the ledger, each with one statement under the reader's rules."""

    _inherit = "crm.control.board"

    # -- entries ------------------------------------------------------------------------------

    def _counts(self, request, ledger, domain=Domain.TRUE):
        """Entries of the period, counted.

        :param ledger: the ledger in the name of whom the record rules apply
        :param Domain domain: only of rows under it
        :return: list of :class:`Count`
        """
        first_day = request.previous[0] if request.compare else request.date_from
        domain &= self._period_domain(request, "entered_at", first_day, request.date_to)
        domain &= Domain("next_stage_id", "!=", False)
        query = ledger._search(domain, active_test=False)
        strata = [SQL.identifier(STAY, name) for name in request.adjust_for]
        is_previous = SQL("FALSE")
        if request.compare:
            begin = self._midnight(request, request.date_from)
            is_previous = SQL("%s.entered_at < %s", SQL.identifier(STAY), begin)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT %(stay)s.user_id, %(stay)s.sales_role, %(stay)s.next_stage_id,
                       %(strata)s
                       %(is_mature)s,
                       %(is_previous)s,
                       COUNT(*),
                       COUNT(*) FILTER (WHERE %(stay)s.reached_next),
                       COALESCE(SUM(%(stay)s.target_rate), 0),
                       COUNT(%(stay)s.target_rate)
                  FROM %(from)s
                 WHERE %(where)s
                   AND %(stay)s.is_cohort IS TRUE
                   AND %(counts)s
              GROUP BY %(groups)s
                """,
                stay=SQL.identifier(STAY),
                strata=SQL("").join(SQL("%s,", stratum) for stratum in strata),
                is_mature=self._is_mature_sql(SQL.identifier(STAY), request.team),
                is_previous=is_previous,
                **self._parts(query),
                counts=self.env["crm.lead.stage.history"]._counts_sql(SQL.identifier(STAY)),
                groups=SQL(", ").join(SQL(str(place + 1)) for place in range(5 + len(strata))),
            )
        )
        size = len(strata)
        return [Count(*row[:3], tuple(row[3 : 3 + size]), *row[3 + size :]) for row in rows]

    def _period_domain(self, request, field, first_day, last_day):
        domain = Domain("team_id", "=", request.team.id)
        domain &= Domain(field, ">=", self._midnight(request, first_day))
        domain &= Domain(field, "<", self._midnight(request, last_day + timedelta(days=1)))
        if request.role:
            domain &= Domain("sales_role", "=", request.role)
        return domain

    def _parts(self, query):
        return {"from": query.from_clause, "where": query.where_clause or SQL("TRUE")}

    def _midnight(self, request, day):
        """The beginning of a day in the company's sales time zone, as naive UTC."""
        return weeks.midnight(day, (request.team.company_id or self.env.company).funnel_tz)

    # -- maturity -----------------------------------------------------------------------------

    @api.model
    def _is_mature_sql(self, stay, team=None):
        """Whether the entry ``stay`` has had the time to advance: most have, whatever the stage.

        :param SQL stay: alias of a row with ``entered_at``, ``team_id`` and ``stage_id``
        :param team: the team that all rows are of, where they are of one
        """
        now = fields.Datetime.now()
        normal = {stage: now - timedelta(days=d) for stage, d in self._normal_days().items()}
        otherwise = now - timedelta(days=self._default_normal_days())
        observed = {
            team_id: {stage: now - timedelta(days=days) for stage, days in horizons.items()}
            for team_id, horizons in self._observed_horizons(fields.Date.today()).items()
            if team is None or team_id == team.id
        }
        earliest = min(
            (moment for moments in (normal, *observed.values()) for moment in moments.values()),
            default=otherwise,
        )
        return SQL(
            "(%(stay)s.entered_at < %(earliest)s"
            " OR %(stay)s.entered_at < COALESCE(%(observed)s, %(normal)s, %(otherwise)s))",
            stay=stay,
            earliest=min(earliest, otherwise),
            observed=self._case_sql(
                SQL("%s.team_id", stay),
                {
                    team_id: self._case_sql(SQL("%s.stage_id", stay), moments)
                    for team_id, moments in observed.items()
                },
            ),
            normal=self._case_sql(SQL("%s.stage_id", stay), normal),
            otherwise=otherwise,
        )

    @staticmethod
    def _case_sql(value, results):
        if not results:
            return SQL("NULL::timestamp")
        cases = SQL(" ").join(SQL("WHEN %s THEN %s", key, found) for key, found in results.items())
        return SQL("CASE %s %s END", value, cases)

    def _horizons(self, team):
        """Days after which an entry counts as mature, by stage: determined once a day."""
        observed = self._observed_horizons(fields.Date.today())
        return self._normal_days() | observed.get(team.id, {})

    @api.model
    @ormcache("today")
    def _observed_horizons(self, today):
        """Days within which 90 % of the clients that advanced did so, over the last 12 months.

        Only clients that entered the stage at least its normal time ago are asked: the others'
        slow ones are still to come. Where fewer than 20 advanced, the normal time itself counts.

        :return: days by stage id, by team id
        """
        normal_days = self._normal_days()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT stay.team_id, stay.stage_id,
                       PERCENTILE_CONT(%(share)s) WITHIN GROUP (ORDER BY stay.days)
                  FROM crm_lead_stage_history stay
                  JOIN unnest(%(stages)s::int[], %(normal)s::int[]) AS normal(stage_id, days)
                    ON normal.stage_id = stay.stage_id
                 WHERE stay.exit = 'advanced'
                   AND stay.left_at >= %(since)s
                   AND stay.entered_at < %(today)s::date - normal.days
                   AND stay.is_skipped IS NOT TRUE
              GROUP BY stay.team_id, stay.stage_id
                HAVING COUNT(*) >= %(sample)s
                """,
                share=_HORIZON_SHARE,
                sample=_HORIZON_SAMPLE,
                stages=list(normal_days),
                normal=list(normal_days.values()),
                since=date_utils.subtract(today, years=1),
                today=today,
            )
        )
        horizons = defaultdict(dict)
        for team_id, stage_id, days in rows:
            horizons[team_id][stage_id] = days
        return dict(horizons)

    @api.model
    @ormcache()
    def _normal_days(self):
        """Normal days by stage id; remembered until a stage or a setting is changed."""
        default = self._default_normal_days()
        # The funnel of leads without a team knows every stage.
        stages = self.env["crm.stage"].sudo().browse(self.env["crm.stage"]._funnel(False).steps)
        return {stage.id: stage.normal_days or default for stage in stages}

    @api.model
    def _default_normal_days(self):
        parameter = self.env["ir.config_parameter"].sudo().get_param
        return int(parameter("sales_funnel_control.normal_days") or DEFAULT_NORMAL_DAYS)
