from collections import defaultdict
from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL, date_utils

from ..tools import causes
from .crm_control_board_sql import STAY

_FLOW_WEEKS = 8
_REASONS = 8


class CrmControlBoard(models.AbstractModel):
    """Where clients stand now, how they moved in the last weeks, why they refused."""

    _inherit = "crm.control.board"

    def _present(self, request):
        """Where clients stand at this moment, by stage and altogether.

        :return: ``now``: list of stages in the order of the funnel: ``id``, ``name``, ``count``,
            ``without_next_step`` (nothing planned: no activity, no meeting to come),
            ``over_normal_time``, ``normal_days``, ``over_cycle`` (older than deals that are won
            usually get), and ``managers``: the same by manager;
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
            for place, name in enumerate(
                ("count", "without_next_step", "over_normal_time", "over_cycle"), 2
            )
        }

    def _standing_by_stage(self, request, domain=Domain.TRUE):
        """``(user, role, clients, without a next step, over normal time, over the normal cycle)``
        by stage.

        :param Domain domain: only of rows of the ledger under it
        """
        cycle = self.env["crm.deal.cycle"]
        cycle._flush_for_cycles()
        self.env["crm.lead"]._flush_for_steps()
        ledger = self.env["crm.lead.stage.history"]
        normal_days = self._normal_days()
        domain &= Domain("team_id", "=", request.team.id) & Domain("left_at", "=", False)
        domain &= Domain("stage_id", "in", self._open_stages(request).ids)
        if request.role:
            domain &= Domain("sales_role", "=", request.role)
        query = ledger._search(domain, active_test=False)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT %(stay)s.stage_id, %(stay)s.user_id, %(stay)s.sales_role,
                       COUNT(*),
                       COUNT(*) FILTER (WHERE NOT %(has_step)s),
                       COUNT(*) FILTER (
                           WHERE %(stay)s.entered_at < %(now)s - normal.days * INTERVAL '1 day'
                       ),
                       COUNT(*) FILTER (WHERE %(days_over_cycle)s > 0)
                  FROM %(from)s
                  JOIN unnest(%(stages)s::int[], %(normal)s::int[]) AS normal(stage_id, days)
                    ON normal.stage_id = %(stay)s.stage_id
                 WHERE %(where)s
              GROUP BY 1, 2, 3
                """,
                stay=SQL.identifier(STAY),
                has_step=self.env["crm.lead"]._has_next_step_sql(SQL.identifier(STAY, "lead_id")),
                days_over_cycle=cycle._days_over_sql(SQL.identifier(STAY)),
                now=fields.Datetime.now(),
                stages=list(normal_days),
                normal=list(normal_days.values()),
                **self._parts(query),
            )
        )
        by_stage = defaultdict(list)
        for stage_id, *row in rows:
            by_stage[stage_id].append(row)
        return by_stage

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
                stay=SQL.identifier(STAY),
                days=weeks,
                begins=[self._midnight(request, week) for week in weeks],
                ends=[self._midnight(request, end) for end in ends],
                counts=ledger._counts_sql(SQL.identifier(STAY)),
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
        """Why clients refused in the period; spam and duplicates are counted apart.

        :return: ``total``, ``spam``, ``unreviewed`` (waiting for a ruling) and ``reasons``:
            ``id``, ``name``, ``count``, ``share`` and ``running`` (per cent of the total, alone
            and with those before it), the commonest first
        """
        Refusal = self.env["crm.lead.refusal"]
        domain = self._refusals_domain(request)
        groups = Refusal._read_group(
            domain, ["lost_reason_id"], ["__count"], order="lost_reason_id"
        )
        counted = {
            reason: count for reason, count in groups if not reason.sudo().is_spam_or_duplicate
        }
        shares = causes.pareto(counted)
        return {
            "total": sum(counted.values()),
            "spam": sum(count for _reason, count in groups) - sum(counted.values()),
            "unreviewed": Refusal.search_count(domain & Refusal._unreviewed_domain()),
            "reasons": [
                {
                    "id": share.cause.id,
                    "name": share.cause.display_name or self.env._("No reason given"),
                    "count": share.count,
                    "share": share.share,
                    "running": share.running,
                }
                for share in shares[:_REASONS]
            ],
        }

    def _refusals_domain(self, request):
        """Domain on the register: the refusals of the period."""
        return self._period_domain(request, "refused_at", request.date_from, request.date_to)
