from odoo import models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, format_datetime


class CrmLeadStageHistory(models.Model):
    """Joins imported stays to what the ledger recorded itself."""

    _inherit = "crm.lead.stage.history"

    def _join_imported(self, stay_ids):
        """Join imported stays to what the ledger recorded, and derive what follows from both.

        :raise ValidationError: where stays of an opportunity overlap
        """
        self.flush_model()
        imported = self.browse(stay_ids)
        lead_ids = imported.lead_id.ids
        self._extend_recorded(stay_ids, lead_ids)
        self._check_no_overlap(lead_ids)
        self._classify(lead_ids)
        self._insert_jumped(lead_ids)
        self._forget_rows()
        self._derive(lead_ids)
        self._sync(self.env["crm.lead"].browse(lead_ids))
        self.env["crm.lead.refusal"].sudo()._rebuilt(lead_ids)

    def _extend_recorded(self, stay_ids, lead_ids):
        """Let the first recorded stay begin where the imported ones end.

        Stages the ledger took for jumped over are forgotten: the file knows better. Where the
        last imported stay and the first recorded one are the same, they become one.
        """
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_lead_stage_history AS jumped
                 USING (
                        SELECT lead_id, MIN(entered_at) AS began_at
                          FROM crm_lead_stage_history
                         WHERE lead_id = ANY(%(leads)s) AND NOT id = ANY(%(imported)s)
                      GROUP BY lead_id
                       ) recorded
                 WHERE jumped.lead_id = recorded.lead_id
                   AND jumped.entered_at = recorded.began_at
                   AND jumped.origin = 'skipped'
                   AND NOT jumped.id = ANY(%(imported)s)
                """,
                leads=lead_ids,
                imported=stay_ids,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                WITH first AS (
                    SELECT DISTINCT ON (lead_id) *
                      FROM crm_lead_stage_history
                     WHERE lead_id = ANY(%(leads)s) AND NOT id = ANY(%(imported)s)
                  ORDER BY lead_id, entered_at, left_at, id
                ),
                last AS (
                    SELECT DISTINCT ON (lead_id) *
                      FROM crm_lead_stage_history
                     WHERE id = ANY(%(imported)s)
                  ORDER BY lead_id, entered_at DESC, left_at DESC, id DESC
                ),
                same AS (
                    SELECT last.id, first.id AS first_id, last.entered_at,
                           CASE WHEN first.left_at = first.entered_at
                                THEN last.left_at ELSE first.left_at
                           END AS left_at
                      FROM first
                      JOIN last ON last.lead_id = first.lead_id
                     WHERE (first.stage_id, first.user_id, first.team_id)
                           IS NOT DISTINCT FROM (last.stage_id, last.user_id, last.team_id)
                ),
                joined AS (
                    DELETE FROM crm_lead_stage_history AS stay
                     USING same WHERE stay.id = same.id
                 RETURNING stay.lead_id
                )
                UPDATE crm_lead_stage_history AS stay
                   SET entered_at = COALESCE(same.entered_at, last.left_at),
                       left_at = CASE WHEN same.id IS NULL THEN stay.left_at ELSE same.left_at END
                  FROM first
                  JOIN last ON last.lead_id = first.lead_id
             LEFT JOIN same ON same.first_id = first.id
                 WHERE stay.id = first.id
                """,
                leads=lead_ids,
                imported=stay_ids,
            )
        )

    def _check_no_overlap(self, lead_ids):
        overlap = self.env.execute_query(
            SQL(
                """
                SELECT lead_id, entered_at, left_at, next_entered_at
                  FROM (
                        SELECT lead_id, entered_at, left_at,
                               LEAD(entered_at) OVER (
                                   PARTITION BY lead_id ORDER BY entered_at, left_at, id
                               ) AS next_entered_at
                          FROM crm_lead_stage_history
                         WHERE lead_id = ANY(%s)
                       ) stay
                 WHERE COALESCE(left_at, 'infinity') > next_entered_at
                 LIMIT 1
                """,
                lead_ids,
            )
        )
        for lead_id, entered_at, left_at, next_entered_at in overlap:
            raise ValidationError(
                self.env._(
                    "Stays of “%(lead)s” overlap: one lasts from %(entered)s to %(left)s, "
                    "but the next begins on %(next)s already.",
                    lead=self.env["crm.lead"].browse(lead_id).display_name,
                    entered=format_datetime(self.env, entered_at),
                    left=format_datetime(self.env, left_at) if left_at else "…",
                    next=format_datetime(self.env, next_entered_at),
                )
            )

    def _classify(self, lead_ids):
        """Tell from its neighbours how each stay began and ended."""
        self.env.cr.execute(
            SQL(
                """
                WITH %(steps)s,
                beside AS (
                    SELECT stay.id, stay.left_at, stay.exit, stay.origin,
                           stay.team_id, stay.stage_id, step.rank,
                           LAG(stay.id) OVER onward AS old_id,
                           LAG(stay.exit) OVER onward AS old_exit,
                           LAG(stay.team_id) OVER onward AS old_team_id,
                           LAG(stay.stage_id) OVER onward AS old_stage_id,
                           LAG(step.rank) OVER onward AS old_rank,
                           LEAD(stay.id) OVER onward AS next_id,
                           LEAD(stay.origin) OVER onward AS next_origin,
                           LEAD(stay.team_id) OVER onward AS next_team_id,
                           LEAD(stay.stage_id) OVER onward AS next_stage_id,
                           LEAD(step.rank) OVER onward AS next_rank
                      FROM crm_lead_stage_history stay
                 LEFT JOIN step
                        ON step.stage_id = stay.stage_id
                       AND step.team_id = COALESCE(stay.team_id, 0)
                     WHERE stay.lead_id = ANY(%(leads)s)
                    WINDOW onward AS (
                        PARTITION BY stay.lead_id
                            ORDER BY stay.entered_at, stay.left_at, stay.id
                    )
                )
                UPDATE crm_lead_stage_history AS stay
                   SET exit = CASE
                           WHEN beside.left_at IS NULL THEN 'still_there'
                           WHEN beside.next_id IS NULL OR beside.next_origin = 'reopened'
                           THEN stay.exit
                           ELSE %(move_on)s
                       END,
                       origin = CASE
                           WHEN beside.origin IN ('skipped', 'reopened') THEN stay.origin
                           WHEN beside.old_id IS NULL THEN 'created'
                           ELSE %(move_here)s
                       END
                  FROM beside
                 WHERE stay.id = beside.id
                """,
                steps=self._steps_cte(),
                move_on=self._move_sql("beside", after="next_"),
                move_here=self._move_sql("beside", before="old_"),
                leads=lead_ids,
            )
        )

    def _insert_jumped(self, lead_ids):
        """Insert the stages that imported stays jumped over."""
        self.env.cr.execute(
            SQL(
                """
                WITH %(steps)s,
                arrival AS (
                    SELECT stay.id, stay.lead_id, stay.team_id, stay.user_id, stay.entered_at,
                           stay.origin, step.rank,
                           CASE WHEN stay.origin = 'advanced' THEN LAG(step.rank) OVER onward
                                ELSE 0
                           END AS rank_before
                      FROM crm_lead_stage_history stay
                      JOIN step
                        ON step.stage_id = stay.stage_id
                       AND step.team_id = COALESCE(stay.team_id, 0)
                     WHERE stay.lead_id = ANY(%(leads)s)
                    WINDOW onward AS (
                        PARTITION BY stay.lead_id
                            ORDER BY stay.entered_at, stay.left_at, stay.id
                    )
                )
                INSERT INTO crm_lead_stage_history (
                    %(snapshot_columns)s, stage_id, next_stage_id, entered_at, left_at, days,
                    week_start, origin, exit, is_skipped
                )
                SELECT %(snapshot)s, jumped.stage_id, jumped.next_stage_id, arrival.entered_at,
                       arrival.entered_at, 0, %(week)s, 'skipped', 'advanced', TRUE
                  FROM arrival
                  JOIN step jumped
                    ON jumped.team_id = COALESCE(arrival.team_id, 0)
                   AND jumped.on_way
                   AND jumped.rank > arrival.rank_before
                   AND jumped.rank < arrival.rank
                  JOIN crm_lead lead ON lead.id = arrival.lead_id
                       %(snapshot_joins)s
                 WHERE arrival.origin IN ('created', 'advanced', 'transferred')
                   AND NOT EXISTS (
                        SELECT FROM crm_lead_stage_history visit
                         WHERE visit.lead_id = arrival.lead_id
                           AND visit.team_id IS NOT DISTINCT FROM arrival.team_id
                           AND visit.stage_id = jumped.stage_id
                           AND visit.entered_at <= arrival.entered_at
                           AND (arrival.origin <> 'advanced'
                                OR visit.entered_at = arrival.entered_at)
                   )
              ORDER BY arrival.lead_id, arrival.entered_at, jumped.rank
                """,
                steps=self._steps_cte(),
                leads=lead_ids,
                snapshot_columns=self._snapshot_columns(),
                snapshot=self._snapshot_sql(SQL("arrival.team_id"), SQL("arrival.user_id")),
                snapshot_joins=self._snapshot_joins(SQL("arrival.team_id"), SQL("arrival.user_id")),
                week=self._week_sql(SQL("arrival.entered_at"), SQL("company.funnel_tz")),
            )
        )
