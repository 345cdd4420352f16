from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import NamedTuple

import pytz

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, date_utils, ormcache

_STAY = "crm_lead_stage_history"
_HORIZON_SHARE = 0.9
_HORIZON_SAMPLE = 20
_DEFAULT_NORMAL_DAYS = 14
_FLOW_WEEKS = 8
_REASONS = 8


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

    def _counts(self, request, ledger):
        """Entries of the period, counted.

        :param ledger: the ledger in the name of whom the record rules apply
        :return: list of :class:`Count`
        """
        first_day = request.previous[0] if request.compare else request.date_from
        domain = self._period_domain(request, "entered_at", first_day, request.date_to)
        domain &= Domain("next_stage_id", "!=", False)
        query = ledger._search(domain, active_test=False)
        strata = [SQL.identifier(_STAY, name) for name in request.adjust_for]
        is_previous = SQL("FALSE")
        if request.compare:
            begin = self._midnight(request, request.date_from)
            is_previous = SQL("%s.entered_at < %s", SQL.identifier(_STAY), begin)
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
                   AND %(stay)s.is_cohort
                   AND %(counts)s
              GROUP BY %(groups)s
                """,
                stay=SQL.identifier(_STAY),
                strata=SQL("").join(SQL("%s,", stratum) for stratum in strata),
                is_mature=self._is_mature_entry_sql(request.team),
                is_previous=is_previous,
                **self._parts(query),
                counts=self.env["crm.lead.stage.history"]._counts_sql(SQL.identifier(_STAY)),
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
        zone = pytz.timezone((request.team.company_id or self.env.company).funnel_tz)
        return (
            zone.localize(datetime.combine(day, time.min)).astimezone(pytz.utc).replace(tzinfo=None)
        )

    # -- maturity -----------------------------------------------------------------------------

    def _mature_before(self, team):
        """Moments before which an entry into a stage has had the time to advance."""
        now = fields.Datetime.now()
        horizons = self._horizons(team)
        return {
            "stages": list(horizons),
            "mature_before": [now - timedelta(days=days) for days in horizons.values()],
            "otherwise": now - timedelta(days=self._default_normal_days()),
        }

    def _is_mature_entry_sql(self, team):
        """Whether a row of the ledger has had the time to advance: most have, whatever the stage."""
        mature = self._mature_before(team)
        moments = [*mature["mature_before"], mature["otherwise"]]
        stay = SQL.identifier(_STAY)
        return SQL(
            "(%(stay)s.entered_at < %(earliest)s"
            " OR %(stay)s.entered_at < CASE %(stay)s.stage_id %(cases)s ELSE %(otherwise)s END)",
            stay=stay,
            earliest=min(moments),
            cases=SQL(" ").join(
                SQL("WHEN %s THEN %s", stage_id, moment)
                for stage_id, moment in zip(mature["stages"], mature["mature_before"], strict=True)
            ),
            otherwise=mature["otherwise"],
        )

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
                   AND NOT stay.is_skipped
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

    def _normal_days(self):
        default = self._default_normal_days()
        stages = self.env["crm.stage"].sudo().search_fetch([("id", "!=", 0)], ["normal_days"])
        return {stage.id: stage.normal_days or default for stage in stages}

    @api.model
    def _default_normal_days(self):
        parameter = self.env["ir.config_parameter"].sudo().get_param
        return int(parameter("sales_funnel_control.normal_days") or _DEFAULT_NORMAL_DAYS)

    # -- the present --------------------------------------------------------------------------

    def _present(self, request):
        """Where clients stand at this moment, by stage and altogether.

        :return: ``now``: list of stages in the order of the funnel: ``id``, ``name``, ``count``,
            ``without_next_step`` (nothing planned: no activity, no meeting to come),
            ``over_normal_time``, ``normal_days``, and ``managers``: the same by manager;
            ``standing``: the sums of all stages
        """
        by_stage = self._standing_by_stage(request)
        normal_days = self._normal_days()
        funnel = self.env["crm.stage"]._funnel(request.team.id)
        stages = self.env["crm.stage"].browse(
            [
                step.stage_id
                for step in funnel.steps.values()
                if not step.is_won and (step.is_member or step.stage_id in by_stage)
            ]
        )
        names = {
            user.id: user.name
            for user in self.env["res.users"]
            .sudo()
            .browse({row[0] for rows in by_stage.values() for row in rows if row[0]})
        }
        now = [
            {
                "id": stage.id,
                "name": stage.name,
                "normal_days": normal_days[stage.id],
                **self._standing_sums(by_stage[stage.id]),
                "managers": [
                    {
                        "manager": self._manager_key(*row[:2]),
                        "name": names.get(row[0]) or self.env._("Unassigned"),
                        **self._standing_sums([row]),
                    }
                    for row in sorted(by_stage[stage.id], key=lambda row: -row[2])
                ],
            }
            for stage in stages
        ]
        everywhere = [row for stage in stages for row in by_stage[stage.id]]
        return {"now": now, "standing": self._standing_sums(everywhere)}

    @staticmethod
    def _standing_sums(rows):
        return {
            name: sum(row[place] for row in rows)
            for place, name in enumerate(("count", "without_next_step", "over_normal_time"), 2)
        }

    def _standing_by_stage(self, request):
        """``(user, role, clients, without a next step, over normal time)`` by stage."""
        self.env["mail.activity"].flush_model()
        self.env["calendar.event"].flush_model(["opportunity_id", "start", "active"])
        ledger = self.env["crm.lead.stage.history"]
        normal_days = self._normal_days()
        domain = Domain("team_id", "=", request.team.id) & Domain("left_at", "=", False)
        domain &= Domain("stage_id", "in", self._open_stages(request).ids)
        if request.role:
            domain &= Domain("sales_role", "=", request.role)
        query = ledger._search(domain, active_test=False)
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT %(stay)s.stage_id, %(stay)s.user_id, %(stay)s.sales_role,
                       COUNT(*),
                       COUNT(*) FILTER (WHERE NOT %(has_step)s),
                       COUNT(*) FILTER (
                           WHERE %(stay)s.entered_at < %(now)s - normal.days * INTERVAL '1 day'
                       )
                  FROM %(from)s
                  JOIN unnest(%(stages)s::int[], %(normal)s::int[]) AS normal(stage_id, days)
                    ON normal.stage_id = %(stay)s.stage_id
                 WHERE %(where)s
              GROUP BY 1, 2, 3
                """,
                stay=SQL.identifier(_STAY),
                has_step=self._has_next_step_sql(now),
                now=now,
                stages=list(normal_days),
                normal=list(normal_days.values()),
                **self._parts(query),
            )
        )
        by_stage = defaultdict(list)
        for stage_id, *row in rows:
            by_stage[stage_id].append(row)
        return by_stage

    def _has_next_step_sql(self, now):
        """Whether something is planned with the client of the stay."""
        return SQL(
            """
            (
                EXISTS (
                    SELECT FROM mail_activity activity
                     WHERE activity.res_model = 'crm.lead'
                       AND activity.res_id = %(stay)s.lead_id
                       AND activity.active
                )
                OR EXISTS (
                    SELECT FROM calendar_event meeting
                     WHERE meeting.opportunity_id = %(stay)s.lead_id
                       AND meeting.active
                       AND meeting.start >= %(now)s
                )
            )
            """,
            stay=SQL.identifier(_STAY),
            now=now,
        )

    # -- the last weeks -----------------------------------------------------------------------

    def _flow(self, request):
        """Of the clients that left a stage in a week, how many advanced: the last eight weeks.

        Secondary to the conversion: a week's exits are not its entries.

        :return: list of transitions: ``transition``, ``weeks`` (``week_start``, ``exits``,
            ``advanced``, ``rate``), oldest week first
        """
        last_week = date_utils.start_of(request.date_to, "week")
        weeks = [last_week - timedelta(weeks=back) for back in reversed(range(_FLOW_WEEKS))]
        ledger = self.env["crm.lead.stage.history"]
        domain = self._period_domain(request, "left_at", weeks[0], request.date_to)
        query = ledger._search(domain & Domain("next_stage_id", "!=", False), active_test=False)
        ends = [*weeks[1:], request.date_to + timedelta(days=1)]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT flow.next_stage_id, week.day, flow.exits, flow.advanced
                  FROM unnest(%(days)s::date[], %(begins)s::timestamp[], %(ends)s::timestamp[])
                       AS week(day, begins_at, ends_at)
            CROSS JOIN LATERAL (
                        SELECT %(stay)s.next_stage_id,
                               COUNT(*) AS exits,
                               COUNT(*) FILTER (WHERE %(stay)s.exit = 'advanced') AS advanced
                          FROM %(from)s
                         WHERE %(where)s
                           AND %(counts)s
                           AND %(stay)s.left_at >= week.begins_at
                           AND %(stay)s.left_at < week.ends_at
                      GROUP BY 1
                       ) flow
                """,
                stay=SQL.identifier(_STAY),
                days=weeks,
                begins=[self._midnight(request, week) for week in weeks],
                ends=[self._midnight(request, end) for end in ends],
                counts=ledger._counts_sql(SQL.identifier(_STAY)),
                **self._parts(query),
            )
        )
        by_transition = defaultdict(dict)
        for stage_id, week, exits, advanced in rows:
            by_transition[stage_id][week] = (exits, advanced)
        return [
            {
                "transition": stage_id,
                "weeks": [
                    {
                        "week_start": fields.Date.to_string(week),
                        "exits": exits,
                        "advanced": advanced,
                        "rate": 100 * advanced / exits if exits else False,
                    }
                    for week in weeks
                    for exits, advanced in [by_week.get(week, (0, 0))]
                ],
            }
            for stage_id, by_week in by_transition.items()
        ]

    def _refusals(self, request):
        """Why clients refused in the period.

        :return: ``total`` and ``reasons``: ``id``, ``name``, ``count``, ``share`` and ``running``
            (per cent of the total, alone and with those before it), the commonest first
        """
        ledger = self.env["crm.lead.stage.history"]
        domain = self._period_domain(request, "left_at", request.date_from, request.date_to)
        groups = ledger._read_group(
            domain & Domain("exit", "=", "refused"),
            ["lost_reason_id"],
            ["__count"],
            order="__count DESC, lost_reason_id",
        )
        total = sum(count for _reason, count in groups)
        reasons, running = [], 0
        for reason, count in groups[:_REASONS]:
            running += count
            reasons.append(
                {
                    "id": reason.id,
                    "name": reason.display_name or self.env._("No reason given"),
                    "count": count,
                    "share": 100 * count / total,
                    "running": 100 * running / total,
                }
            )
        return {"total": total, "reasons": reasons}
