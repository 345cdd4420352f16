from odoo import models
from odoo.tools import SQL


class CrmLeadStageHistory(models.Model):
    """Turns what the chatter tells into stays, for leads whose story is unbroken."""

    _inherit = "crm.lead.stage.history"

    def _insert_stays(self, lead_ids):
        """Insert the stays of leads whose tracking is one unbroken story.

        What follows from the stays stands in the rows from the beginning: to update rows that
        were inserted in the same transaction checks all their references once more. The leads
        are read apart: joined directly, PostgreSQL would go through all up to the batch.

        :return: ids of the others, the merged leads; and of those, among the leads inserted, of
            which the ledger has recorded something itself
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH %(steps)s,
                %(event)s,
                %(merged)s,
                %(story)s,
                %(state)s,
                %(stay)s,
                entry AS (
                    SELECT stay.lead_id, stay.company_id, stay.team_id, stay.user_id, stay.stage_id,
                           stay.entered_at, stay.left_at, stay.origin, stay.exit,
                           stay.lost_reason_id, COALESCE(stay.rank, 0) AS rank,
                           stay.transition_id
                      FROM stay
                     UNION ALL
                    SELECT stay.lead_id, stay.company_id, stay.team_id, stay.user_id,
                           jumped.stage_id,
                           stay.skipped_at, stay.skipped_at, 'skipped', 'advanced',
                           NULL, jumped.rank, jumped.next_stage_id
                      FROM stay
                      JOIN step jumped
                        ON jumped.team_id = COALESCE(stay.team_id, 0)
                       AND jumped.on_way
                       AND jumped.rank > stay.rank_before
                       AND jumped.rank < stay.rank
                     WHERE NOT stay.first_visit_only
                        OR NOT EXISTS (
                            SELECT FROM stay visit
                             WHERE visit.lead_id = stay.lead_id
                               AND visit.team_id IS NOT DISTINCT FROM stay.team_id
                               AND visit.stage_id = jumped.stage_id
                               AND visit.entered_at <= stay.entered_at
                        )
                ),
                lead AS MATERIALIZED (
                    SELECT * FROM crm_lead WHERE id = ANY(%(leads)s)
                ),
                around AS MATERIALIZED (
                    SELECT lead.*, member.sales_role, member.grade,
                           company.id AS its_company_id, company.currency_id
                      FROM (SELECT DISTINCT team_id, user_id, company_id FROM entry) lead
                           %(snapshot_joins)s
                ),
                rebuilt(
                    %(snapshot_columns)s, stage_id, next_stage_id, entered_at, left_at, origin,
                    exit, lost_reason_id, rank, id
                ) AS (
                    SELECT lead.id, entry.team_id, entry.user_id, around.sales_role, around.grade,
                           around.its_company_id, around.currency_id, %(lead_snapshot)s,
                           entry.stage_id, entry.transition_id, entry.entered_at, entry.left_at,
                           entry.origin, entry.exit, entry.lost_reason_id, entry.rank,
                           ROW_NUMBER() OVER (
                               ORDER BY entry.lead_id, entry.entered_at, entry.rank
                           )
                      FROM entry
                      JOIN lead ON lead.id = entry.lead_id
                      JOIN around
                        ON COALESCE(around.team_id, 0) = COALESCE(entry.team_id, 0)
                       AND COALESCE(around.user_id, 0) = COALESCE(entry.user_id, 0)
                       AND COALESCE(around.company_id, 0) = COALESCE(entry.company_id, 0)
                ),
                inserted AS (
                    INSERT INTO crm_lead_stage_history (
                        %(snapshot_columns)s, stage_id, next_stage_id, entered_at, left_at, origin,
                        exit, lost_reason_id, %(derived_columns)s, is_skipped, is_reconstructed
                    )
                    SELECT %(snapshot_columns)s, stage_id, next_stage_id, entered_at, left_at,
                           origin, exit, lost_reason_id, %(derived_columns)s, origin = 'skipped',
                           TRUE
                      FROM (%(derived)s) AS derived
                  ORDER BY id
                )
                SELECT lead_id, TRUE FROM merged
                 UNION ALL
                SELECT lead_id, FALSE FROM story WHERE live_at IS NOT NULL
                """,
                leads=lead_ids,
                steps=self._steps_cte(),
                event=self._event_cte(lead_ids),
                merged=self._merged_cte(),
                story=self._story_cte(lead_ids),
                state=self._state_cte(),
                stay=self._stay_cte(),
                snapshot_columns=self._snapshot_columns(),
                snapshot_joins=self._snapshot_joins(SQL("lead.team_id"), SQL("lead.user_id")),
                lead_snapshot=self._lead_snapshot_sql(),
                derived_columns=self._derived_columns(),
                derived=self._derived_sql(SQL("rebuilt stay"), SQL("stay.*")),
            )
        )
        merged = [lead_id for lead_id, is_merged in rows if is_merged]
        return merged, [lead_id for lead_id, is_merged in rows if not is_merged]

    def _state_cte(self):
        """CTE ``state``: one row per lead and moment at which its stay begins or ends.

        Values are carried forward from the last change, the one of the greatest moment; time spent
        outside the funnel is one state, whatever else changed then.
        """
        return SQL(
            """
            carried AS (
                SELECT point.lead_id, point.at, point.is_judged, point.lost_reason_id,
                       %(changes)s,
                       COUNT(*) FILTER (WHERE point.is_converted) OVER (
                           PARTITION BY point.lead_id ORDER BY point.at
                           ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
                       ) %% 2 = 1 AS is_lead
                  FROM point
                WINDOW onward AS (PARTITION BY point.lead_id ORDER BY point.at)
            ),
            known AS (
                SELECT carried.lead_id, carried.at, carried.is_judged, carried.lost_reason_id,
                       carried.is_lead, story,
                       %(values)s,
                       CASE WHEN carried.active IS NULL THEN story.began_active
                            ELSE carried.active[2] IS NOT NULL
                       END AS active
                  FROM carried
                  JOIN story ON story.lead_id = carried.lead_id
            ),
            placed AS (
                SELECT lead_id, at, is_judged, lost_reason_id, story,
                       active AND NOT is_lead AND stage_id IS NOT NULL AS in_funnel,
                       stage_id, team_id, user_id
                  FROM known
            ),
            compared AS (
                SELECT placed.*,
                       SUM((in_funnel IS DISTINCT FROM was_in_funnel)::int) OVER (
                           PARTITION BY lead_id ORDER BY at
                       ) AS run,
                       CASE WHEN in_funnel
                            THEN was_in_funnel IS NOT TRUE
                                 OR (stage_id, team_id, user_id)
                                    IS DISTINCT FROM (old_stage_id, old_team_id, old_user_id)
                            ELSE was_in_funnel IS TRUE
                       END AS is_turn
                  FROM (
                        SELECT placed.*,
                               LAG(in_funnel) OVER onward AS was_in_funnel,
                               LAG(stage_id) OVER onward AS old_stage_id,
                               LAG(team_id) OVER onward AS old_team_id,
                               LAG(user_id) OVER onward AS old_user_id
                          FROM placed
                        WINDOW onward AS (PARTITION BY lead_id ORDER BY at)
                       ) placed
            ),
            judged AS (
                SELECT compared.*,
                       BOOL_OR(is_judged) OVER run AS run_is_judged,
                       MAX(lost_reason_id) OVER run AS run_lost_reason_id,
                       run = MAX(run) OVER (PARTITION BY lead_id) AS is_last_run
                  FROM compared
                WINDOW run AS (PARTITION BY lead_id, run)
            ),
            state AS (
                SELECT judged.lead_id, judged.at, judged.in_funnel, judged.story,
                       stage.id AS stage_id, team.id AS team_id, manager.id AS user_id,
                       COALESCE(judged.run_is_judged, FALSE)
                       OR judged.run_lost_reason_id IS NOT NULL
                       OR judged.is_last_run
                          AND (judged.story).live_at IS NULL
                          AND (judged.story).is_lost
                           AS is_lost,
                       CASE WHEN judged.is_last_run AND (judged.story).live_at IS NULL
                             AND (judged.story).is_lost
                            THEN (judged.story).lost_reason_id
                            ELSE reason.id
                       END AS lost_reason_id
                  FROM judged
             LEFT JOIN crm_stage stage ON stage.id = judged.stage_id
             LEFT JOIN crm_team team ON team.id = judged.team_id
             LEFT JOIN res_users manager ON manager.id = judged.user_id
             LEFT JOIN crm_lost_reason reason ON reason.id = judged.run_lost_reason_id
                 WHERE judged.is_turn
                   AND NOT (
                        judged.in_funnel
                        AND judged.is_last_run
                        AND (judged.story).live_origin IN (
                            'advanced', 'moved_back', 'handed_over', 'transferred'
                        )
                        AND (judged.stage_id, judged.team_id, judged.user_id)
                            IS NOT DISTINCT FROM (
                                (judged.story).live_stage_id, (judged.story).live_team_id,
                                (judged.story).live_user_id
                            )
                   )
            )
            """,
            changes=SQL(", ").join(
                SQL(
                    "MAX(ARRAY[%(moment)s, %(change)s[2]]) FILTER (WHERE %(change)s IS NOT NULL)"
                    " OVER onward AS %(name)s",
                    moment=SQL("(date_part('epoch', point.at) * 1000000)::bigint"),
                    change=SQL.identifier("point", name),
                    name=SQL.identifier(name),
                )
                for name in ("stage_id", "team_id", "user_id", "active")
            ),
            values=SQL(", ").join(
                SQL(
                    "CASE WHEN %(change)s IS NULL THEN %(before)s ELSE %(change)s[2]::int END"
                    " AS %(name)s",
                    change=SQL.identifier("carried", name),
                    before=SQL.identifier("story", name),
                    name=SQL.identifier(name),
                )
                for name in ("stage_id", "team_id", "user_id")
            ),
        )

    def _stay_cte(self):
        """CTE ``stay``: the states inside the funnel, with how they began and ended."""
        return SQL(
            """
            turned AS (
                SELECT state.*,
                       step.rank,
                       step.next_stage_id AS transition_id,
                       LAG(state.in_funnel) OVER onward AS was_in_funnel,
                       LEAD(state.at) OVER onward AS next_at,
                       LEAD(state.in_funnel) OVER onward AS next_in_funnel,
                       LEAD(state.stage_id) OVER onward AS next_stage_id,
                       LEAD(state.team_id) OVER onward AS next_team_id,
                       LEAD(step.rank) OVER onward AS next_rank,
                       LEAD(state.is_lost) OVER onward AS next_is_lost,
                       LEAD(state.lost_reason_id) OVER onward AS next_lost_reason_id
                  FROM state
             LEFT JOIN step
                    ON step.stage_id = state.stage_id
                   AND step.team_id = COALESCE(state.team_id, 0)
                WINDOW onward AS (PARTITION BY state.lead_id ORDER BY state.at)
            ),
            inside AS (
                SELECT turned.*,
                       LAG(lead_id) OVER onward IS NULL AS is_first,
                       LAG(stage_id) OVER onward AS old_stage_id,
                       LAG(team_id) OVER onward AS old_team_id,
                       LAG(rank) OVER onward AS old_rank,
                       MAX(rank) OVER (
                           PARTITION BY lead_id, team_id ORDER BY at
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                       ) AS rank_reached,
                       (story).is_tracked, (story).staged_at, (story).live_at,
                       (story).live_origin, (story).company_id
                  FROM turned
                 WHERE in_funnel
                WINDOW onward AS (PARTITION BY lead_id ORDER BY at)
            ),
            begun AS (
                SELECT inside.*,
                       CASE WHEN is_first AND NOT is_tracked AND staged_at > at
                            THEN 'reconstructed'
                            WHEN is_first THEN 'created'
                            WHEN NOT was_in_funnel THEN 'reopened'
                            ELSE %(move_here)s
                       END AS origin,
                       CASE WHEN next_at IS NULL AND live_at IS NULL THEN 'still_there'
                            WHEN next_at IS NULL AND live_origin = 'skipped' THEN 'advanced'
                            WHEN next_at IS NULL AND live_origin IN (
                                'advanced', 'moved_back', 'handed_over', 'transferred'
                            ) THEN live_origin
                            WHEN next_at IS NULL THEN 'withdrawn'
                            WHEN NOT next_in_funnel AND next_is_lost THEN 'refused'
                            WHEN NOT next_in_funnel THEN 'withdrawn'
                            ELSE %(move_on)s
                       END AS exit,
                       date_trunc('second', COALESCE(next_at, live_at)) AS left_at
                  FROM inside
            ),
            stay AS (
                SELECT lead_id, company_id, stage_id, team_id, user_id, rank, transition_id,
                       origin, exit,
                       CASE WHEN is_tracked THEN at
                            ELSE LEAST(GREATEST(at, staged_at), left_at)
                       END AS entered_at,
                       at AS skipped_at,
                       left_at,
                       CASE WHEN exit = 'refused' THEN next_lost_reason_id END AS lost_reason_id,
                       CASE WHEN origin IN ('created', 'reconstructed', 'transferred') THEN 0
                            WHEN origin = 'reopened' AND team_id IS DISTINCT FROM old_team_id
                            THEN 0
                            -- Who comes back from a stage off the way was on the way before.
                            WHEN origin IN ('advanced', 'reopened') AND old_rank = 0
                            THEN COALESCE(rank_reached, 0)
                            WHEN origin IN ('advanced', 'reopened') THEN old_rank
                       END AS rank_before,
                       origin = 'transferred'
                       OR origin = 'reopened' AND team_id IS DISTINCT FROM old_team_id
                           AS first_visit_only
                  FROM begun
            )
            """,
            move_on=self._move_sql("inside", after="next_"),
            move_here=self._move_sql("inside", before="old_"),
        )
