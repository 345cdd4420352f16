from datetime import date, datetime, timedelta
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from ..tools import weeks as calendar
from .crm_weekly_review_rows import STAGE_EXITS

WEEK = timedelta(days=7)


class Week(NamedTuple):
    """A week of a team, and of a company where companies share the team."""

    key: int
    team_id: int
    company_id: int
    week_start: date
    begins_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, key, team, company, monday):
        """The week that begins on a Monday, 0:00 in the company's sales time zone."""
        begin, end = (calendar.midnight(day, company.funnel_tz) for day in (monday, monday + WEEK))
        return cls(key, team.id, company.id, monday, begin, end)


class CrmWeeklyReview(models.Model):
    """What a review reads, for many weeks and teams at once: a statement for each kind of figure.

    All of it is as it stood when the week ended, whenever it is asked.
    """

    _inherit = "crm.weekly.review"

    @api.model
    def _flush_for_figures(self):
        ledger = self.env["crm.lead.stage.history"].sudo()
        ledger._flush_for_sql()
        ledger._interpret()
        for name in ("crm.contact.log", "crm.contact.norm.week", "crm.lead.refusal"):
            self.env[name].flush_model()
        self.env["crm.lost.reason"].flush_model(["is_spam_or_duplicate"])

    @api.model
    def _weeks_sql(self, weeks):
        """The weeks as a table ``week(key, team_id, company_id, day, begins_at, ends_at)``."""
        return SQL(
            """
            unnest(
                %s::int[], %s::int[], %s::int[], %s::date[], %s::timestamp[], %s::timestamp[]
            ) AS week(key, team_id, company_id, day, begins_at, ends_at)
            """,
            *([list(column) for column in zip(*weeks, strict=True)] or [[]] * 6),
        )

    @api.model
    def _stays_sql(self, weeks):
        """The weeks, each joined with every ``stay`` of its team and company."""
        return SQL(
            """
            %s
            JOIN crm_lead_stage_history stay
              ON stay.team_id = week.team_id
             AND stay.company_id = week.company_id
            """,
            self._weeks_sql(weeks),
        )

    @api.model
    def _within_sql(self, moment, weeks):
        """Whether a moment lies in the week.

        :param SQL moment: of a fact
        :param list weeks: all the weeks that are asked for
        """
        # What all the weeks have in common is constant: that alone finds its way to an index.
        return SQL(
            """
            (
                %(moment)s >= week.begins_at AND %(moment)s < week.ends_at
                AND %(moment)s >= %(first)s AND %(moment)s < %(last)s
            )
            """,
            moment=moment,
            **self._span(weeks),
        )

    @api.model
    def _span(self, weeks):
        """When the first of the weeks begins and the last one ends."""
        return {
            "first": min((week.begins_at for week in weeks), default=datetime.max),
            "last": max((week.ends_at for week in weeks), default=datetime.min),
        }

    @api.model
    def _ledger_rows(self, weeks):
        """Clients in work by week, manager and stage; and by week and manager, each once.

        A stay entered before a week and left after it is still there; one that was skipped comes
        and goes at once. A manager's clients who came are those worked in the week and not there
        on Monday, those who went are those worked and not there on Sunday: so both sums close.

        :return: ``(key, user, is by stage, stage, opening, entered, exits …, closing, clients on
            Monday, clients worked, clients on Sunday, role, grade)``
        """
        return self.env.execute_query(
            SQL(
                """
                SELECT week.key, stay.user_id,
                       GROUPING(stay.stage_id) = 0,
                       stay.stage_id,
                       COUNT(*) FILTER (WHERE stay.entered_at < week.begins_at),
                       COUNT(*) FILTER (WHERE stay.entered_at >= week.begins_at),
                       %(exits)s,
                       COUNT(*) FILTER (WHERE stands.on_sunday),
                       COUNT(DISTINCT stay.lead_id)
                       FILTER (WHERE stay.entered_at < week.begins_at),
                       COUNT(DISTINCT stay.lead_id),
                       COUNT(DISTINCT stay.lead_id) FILTER (WHERE stands.on_sunday),
                       (ARRAY_AGG(stay.sales_role ORDER BY stay.entered_at DESC, stay.id))[1],
                       (ARRAY_AGG(stay.grade ORDER BY stay.entered_at DESC, stay.id))[1]
                  FROM %(stays)s
                   AND stay.entered_at < week.ends_at
                   AND (stay.left_at IS NULL OR stay.left_at >= week.begins_at)
                   AND stay.entered_at < %(last)s
                   AND (stay.left_at IS NULL OR stay.left_at >= %(first)s)
            CROSS JOIN LATERAL (
                        SELECT stay.left_at IS NULL OR stay.left_at >= week.ends_at AS on_sunday
                       ) stands
                 WHERE stay.stage_id IS NULL OR stay.stage_id <> ALL(%(won)s)
              GROUP BY GROUPING SETS (
                           (week.key, stay.user_id, stay.stage_id), (week.key, stay.user_id)
                       )
                """,
                exits=SQL(", ").join(
                    SQL(
                        "COUNT(*) FILTER (WHERE stay.left_at < week.ends_at AND stay.exit = %s)",
                        name,
                    )
                    for name in STAGE_EXITS
                ),
                stays=self._stays_sql(weeks),
                won=list(self.env["crm.stage"]._won_stage_ids()),
                **self._span(weeks),
            )
        )

    @api.model
    def _flow_rows(self, weeks):
        """Of the clients that left a stage in a week, how many advanced, as the board has it.

        :return: ``(key, user, stage it leads into, exits, advanced)``
        """
        return self.env.execute_query(
            SQL(
                """
                SELECT week.key, stay.user_id, stay.next_stage_id,
                       COUNT(*),
                       COUNT(*) FILTER (WHERE stay.exit = 'advanced')
                  FROM %(stays)s
                   AND %(within)s
                 WHERE stay.next_stage_id IS NOT NULL
                   AND %(counts)s
              GROUP BY week.key, stay.user_id, stay.next_stage_id
                """,
                stays=self._stays_sql(weeks),
                within=self._within_sql(SQL("stay.left_at"), weeks),
                counts=self.env["crm.lead.stage.history"]._counts_sql(SQL("stay")),
            )
        )

    @api.model
    def _new_rows(self, weeks):
        """Opportunities that began in a week: ``(key, user, how many)``."""
        return self.env.execute_query(
            SQL(
                """
                SELECT week.key, stay.user_id, COUNT(DISTINCT stay.lead_id)
                  FROM %(stays)s
                   AND %(within)s
                 WHERE NOT EXISTS (
                        SELECT FROM crm_lead_stage_history earlier
                         WHERE earlier.lead_id = stay.lead_id
                           AND earlier.entered_at < stay.entered_at
                     )
              GROUP BY week.key, stay.user_id
                """,
                stays=self._stays_sql(weeks),
                within=self._within_sql(SQL("stay.entered_at"), weeks),
            )
        )

    @api.model
    def _won_rows(self, weeks):
        """Deals won in a week and still won when it ended: ``(key, user, how many, amount)``.

        They count for who won them, as in the win rates: who takes over a client that is won has
        not won it.
        """
        return self.env.execute_query(
            SQL(
                """
                SELECT week.key, stay.user_id, COUNT(*), COALESCE(SUM(stay.amount), 0)
                  FROM %(stays)s
                   AND %(within)s
                 WHERE %(is_win)s
              GROUP BY week.key, stay.user_id
                """,
                stays=self._stays_sql(weeks),
                within=self._within_sql(SQL("stay.entered_at"), weeks),
                is_win=self.env["crm.lead.stage.history"]._is_win_sql(
                    SQL("stay"), until=SQL("week.ends_at")
                ),
            )
        )

    @api.model
    def _refusal_rows(self, weeks):
        """Refusals by reason, without spam and duplicates: ``(key, user, reason, how many)``."""
        return self.env.execute_query(
            SQL(
                """
                SELECT week.key, refusal.user_id, refusal.lost_reason_id, COUNT(*)
                  FROM %(weeks)s
                  JOIN crm_lead_refusal refusal
                    ON refusal.team_id = week.team_id
                   AND refusal.company_id = week.company_id
                   AND %(within)s
             LEFT JOIN crm_lost_reason reason ON reason.id = refusal.lost_reason_id
                 WHERE reason.is_spam_or_duplicate IS NOT TRUE
              GROUP BY week.key, refusal.user_id, refusal.lost_reason_id
                """,
                weeks=self._weeks_sql(weeks),
                within=self._within_sql(SQL("refusal.refused_at"), weeks),
            )
        )

    @api.model
    def _contact_rows(self, weeks):
        """What managers did and owed; all contacts of a manager's week stand in one team's review.

        It is the team that the norm of the week is owed in; without a norm, that of the contacts.

        :return: ``(key, user, what it counts as, contacts, kind of norm, norm, role, grade)``
        """
        return self.env.execute_query(
            SQL(
                """
                WITH fact AS (
                    SELECT norm.company_id, norm.user_id, norm.week_start,
                           norm.team_id AS norm_team_id, NULL::int AS log_team_id,
                           norm.sales_role, norm.grade,
                           NULL::varchar AS counts_as, 0 AS contacts, norm.kind, norm.norm
                      FROM crm_contact_norm_week norm
                     WHERE norm.week_start = ANY(%(days)s)
                 UNION ALL
                    SELECT log.company_id, log.user_id, log.week_start,
                           NULL, MAX(log.team_id), MAX(log.sales_role), MAX(log.grade),
                           log.counts_as, COUNT(*), NULL, NULL
                      FROM crm_contact_log log
                     WHERE log.week_start = ANY(%(days)s)
                       AND log.state = 'done'
                  GROUP BY log.company_id, log.user_id, log.week_start, log.counts_as
                ), person AS (
                    SELECT fact.*,
                           COALESCE(
                               MAX(fact.norm_team_id) OVER everything,
                               MAX(fact.log_team_id) OVER everything
                           ) AS team_id
                      FROM fact
                    WINDOW everything AS (
                               PARTITION BY fact.company_id, fact.user_id, fact.week_start
                           )
                )
                SELECT week.key, person.user_id, person.counts_as, person.contacts,
                       person.kind, person.norm, person.sales_role, person.grade
                  FROM %(weeks)s
                  JOIN person
                    ON person.team_id = week.team_id
                   AND person.company_id = week.company_id
                   AND person.week_start = week.day
              ORDER BY week.key, person.user_id, person.norm DESC NULLS LAST
                """,
                days=list({week.week_start for week in weeks}),
                weeks=self._weeks_sql(weeks),
            )
        )
