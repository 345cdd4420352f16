from odoo import models
from odoo.tools import SQL

_DERIVED = ("is_cohort", "reached_next", "days", "week_start", "target_rate")


class CrmLeadStageHistory(models.Model):
    """What follows from the stays alone: cohort, passage, days, week and target."""

    _inherit = "crm.lead.stage.history"

    def _derive(self, lead_ids):
        """Derive anew every derived column of the stays of these leads.

        Writes only rows whose values differ, so that it may be run at any time.

        :param list lead_ids: ids of ``crm.lead``
        """
        if not lead_ids:
            return
        self._flush_for_sql()
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_lead_stage_history AS stay
                   SET %(assignments)s
                  FROM (%(derived)s) AS derived
                 WHERE stay.id = derived.id
                   AND (%(old)s) IS DISTINCT FROM (%(new)s)
                """,
                assignments=SQL(", ").join(
                    SQL("%s = derived.%s", SQL.identifier(name), SQL.identifier(name))
                    for name in _DERIVED
                ),
                derived=self._derived_sql(
                    SQL(
                        """
                        (
                            WITH %s
                            SELECT past.*, COALESCE(step.rank, 0) AS rank
                              FROM crm_lead_stage_history past
                         LEFT JOIN step
                                ON step.stage_id = past.stage_id
                               AND step.team_id = COALESCE(past.team_id, 0)
                             WHERE past.lead_id = ANY(%s)
                        ) stay
                        """,
                        self._steps_cte(),
                        list(lead_ids),
                    ),
                    SQL("stay.id"),
                ),
                old=SQL(", ").join(SQL.identifier("stay", name) for name in _DERIVED),
                new=SQL(", ").join(SQL.identifier("derived", name) for name in _DERIVED),
            )
        )
        self._forget_rows()

    def _derived_columns(self):
        return SQL(", ").join(map(SQL.identifier, _DERIVED))

    def _derived_sql(self, stays, kept):
        """Rows ``(kept, *derived columns)`` that follow from all stays of some leads.

        :param SQL stays: what stands behind FROM, with the alias ``stay``: columns of the ledger,
            and the ``rank`` of the stage
        :param SQL kept: columns of ``stay``
        """
        return SQL(
            """
            WITH ordered AS (
                SELECT stay.*,
                       %(passes_on)s AS passes_on,
                       LEAD(stay.id) OVER same_stage IS NULL AS is_last_here,
                       BOOL_AND(%(passes_on)s) OVER (
                           PARTITION BY stay.lead_id, stay.team_id, stay.stage_id
                               ORDER BY stay.entered_at, stay.left_at, stay.id
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                       ) AS was_passed_on,
                       MAX(stay.rank) OVER (
                           PARTITION BY stay.lead_id, stay.team_id
                               ORDER BY stay.entered_at, stay.left_at, stay.id
                           ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
                       ) AS rank_reached
                  FROM %(stays)s
                WINDOW same_stage AS (
                    PARTITION BY stay.lead_id, stay.team_id, stay.stage_id
                        ORDER BY stay.entered_at, stay.left_at, stay.id
                )
            ),
            cohort AS (
                SELECT ordered.*,
                       stage_id IS NOT NULL
                       AND COALESCE(was_passed_on, TRUE)
                       AND (NOT passes_on OR is_last_here) AS counts
                  FROM ordered
            )
            SELECT %(kept)s,
                   stay.counts AS is_cohort,
                   stay.counts AND COALESCE(stay.rank_reached > stay.rank, FALSE) AS reached_next,
                   %(days)s AS days,
                   %(week)s AS week_start,
                   %(target)s AS target_rate
              FROM cohort stay
              JOIN res_company company ON company.id = stay.company_id
            """,
            stays=stays,
            kept=kept,
            # A client that was taken for spam enters anew, as one that comes back from a team.
            passes_on=SQL(
                "(stay.exit IN ('handed_over', 'transferred')"
                " OR COALESCE(stay.lost_reason_id = ANY(%s), FALSE))",
                list(self.env["crm.lost.reason"]._spam_ids()),
            ),
            days=self._days_sql(SQL("stay.entered_at"), SQL("stay.left_at")),
            week=self._week_sql(SQL("stay.entered_at"), SQL("company.funnel_tz")),
            target=self._stay_target_sql(),
        )

    def _refresh_targets(self, stages):
        """Set the target of every stay whose transition leads into one of ``stages``."""
        if not stages:
            return
        self._forget_circumstances()
        self._flush_for_sql()
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_lead_stage_history AS stay
                   SET target_rate = fresh.target_rate
                  FROM (
                        SELECT stay.id, %(target)s AS target_rate
                          FROM crm_lead_stage_history stay
                          JOIN res_company company ON company.id = stay.company_id
                         WHERE stay.next_stage_id = ANY(%(stages)s)
                       ) fresh
                 WHERE stay.id = fresh.id
                   AND stay.target_rate IS DISTINCT FROM fresh.target_rate
                """,
                target=self._stay_target_sql(),
                stages=stages.ids,
            )
        )
        self._forget_rows()

    def _refresh_weeks(self, companies):
        """Move the stays of companies whose time zone changed into the right weeks."""
        self._forget_circumstances()
        self._flush_for_sql()
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_lead_stage_history AS stay
                   SET week_start = %(week)s
                  FROM res_company company
                 WHERE company.id = stay.company_id
                   AND company.id = ANY(%(companies)s)
                   AND stay.week_start IS DISTINCT FROM %(week)s
                """,
                week=self._week_sql(SQL("stay.entered_at"), SQL("company.funnel_tz")),
                companies=companies.ids,
            )
        )
        self._forget_rows()

    def _spam_changed(self, reasons):
        """Count anew the clients that came back after they were refused for one of ``reasons``."""
        self._catch_up()
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT refused.lead_id
                  FROM crm_lead_stage_history refused
                  JOIN crm_lead_stage_history later
                    ON later.lead_id = refused.lead_id
                   AND later.entered_at >= refused.left_at
                   AND later.id <> refused.id
                 WHERE refused.lost_reason_id = ANY(%s)
                """,
                reasons.ids,
            )
        )
        self._derive([lead_id for (lead_id,) in rows])

    def _refresh_next_stages(self, stages):
        """Let stays that are still open look ahead to the funnel as it is now.

        Closed stays keep the next stage of their time. A stage that became won, or is no longer,
        changes for good whether its stays have a next stage at all: these are set anew.

        :param stages: stages whose ``is_won`` changed
        """
        self._flush_for_sql()
        self.env.cr.execute(
            SQL(
                """
                WITH %(steps)s
                UPDATE crm_lead_stage_history AS stay
                   SET next_stage_id = step.next_stage_id
                  FROM step
                 WHERE step.stage_id = stay.stage_id
                   AND step.team_id = COALESCE(stay.team_id, 0)
                   AND (stay.left_at IS NULL OR stay.stage_id = ANY(%(stages)s))
                   AND stay.next_stage_id IS DISTINCT FROM step.next_stage_id
             RETURNING stay.lead_id
                """,
                steps=self._steps_cte(),
                stages=stages.ids,
            )
        )
        lead_ids = {lead_id for (lead_id,) in self.env.cr.fetchall()}
        lead_ids.update(self._lead_ids_of(SQL("stage_id"), stages))
        self._derive(sorted(lead_ids))
        self._forget_rows()

    def _bypass_stages(self, stages):
        """Let stays before ``stages``, which are about to be deleted, lead past them.

        :return: ids of the leads whose stays have to be derived anew afterwards
        """
        gone = set(stages.ids)
        pairs = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT team_id, stage_id
                  FROM crm_lead_stage_history
                 WHERE next_stage_id = ANY(%s)
                """,
                stages.ids,
            )
        )
        lead_ids = set(self._lead_ids_of(SQL("stage_id"), stages))
        # Their stays lead into another stage from now on, whose target is another one.
        lead_ids.update(self._lead_ids_of(SQL("next_stage_id"), stages))
        for team_id, stage_id in pairs:
            funnel = self.env["crm.stage"]._funnel(team_id)
            following = (
                step.stage_id
                for step in funnel.way
                if step.rank > funnel.rank(stage_id) and step.stage_id not in gone
            )
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE crm_lead_stage_history
                       SET next_stage_id = %(next)s
                     WHERE team_id IS NOT DISTINCT FROM %(team)s
                       AND stage_id = %(stage)s
                       AND next_stage_id = ANY(%(gone)s)
                    """,
                    next=next(following, None),
                    team=team_id,
                    stage=stage_id,
                    gone=stages.ids,
                )
            )
        return sorted(lead_ids)

    def _lead_ids_of(self, column, records):
        """Ids of the leads that have a stay in one of ``records``."""
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT lead_id FROM crm_lead_stage_history WHERE %s = ANY(%s)",
                column,
                records.ids,
            )
        )
        return [lead_id for (lead_id,) in rows]
