from odoo import fields, models
from odoo.tools import SQL

# Columns that collapsing gives new values, or leaves to be derived. Rows are written anew, in the
# order of the way, because their ids break ties between stays entered at one moment.
_REMADE = {
    "id",
    "entered_at",
    "left_at",
    "exit",
    "origin",
    "is_skipped",
    "lost_reason_id",
}


class CrmLeadStageHistory(models.Model):
    """Merging opportunities: the survivor keeps the earliest entries of the union."""

    _inherit = "crm.lead.stage.history"

    def _merge(self, survivor, tails):
        """Carry the stays of ``tails`` over to ``survivor``, before they are deleted."""
        leads = survivor | tails
        if "opportunity" not in leads.mapped("type"):
            return  # Leads that are merged unqualified are not in the funnel yet.
        self._catch_up()
        self.env["crm.lead.refusal"]._merge(survivor, tails)
        leads.flush_recordset()
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_lead_stage_history
                   SET lead_id = %(survivor)s,
                       left_at = COALESCE(left_at, GREATEST(entered_at, %(now)s)),
                       exit = CASE WHEN left_at IS NULL THEN 'withdrawn' ELSE exit END
                 WHERE lead_id = ANY(%(leads)s)
                """,
                survivor=survivor.id,
                leads=leads.ids,
                now=fields.Datetime.now(),
            )
        )
        self._collapse([survivor.id])
        self._sync(survivor)
        self.env["crm.lead.refusal"]._merged(survivor)

    def _collapse(self, lead_ids):
        """Turn overlapping stays of several merged leads into one way through the funnel.

        Of every stage of the lead's present team the earliest entry that counts stays, and lasts
        until the earliest entry into a later one; the last is left open for ``_sync`` to judge.
        Stays in other teams are kept as far as they ended before.
        """
        if not lead_ids:
            return
        self._flush_for_sql()
        copied = sorted(
            name for name, field in self._fields.items() if field.store and name not in _REMADE
        )
        self.env.cr.execute(
            SQL(
                """
                WITH %(steps)s,
                first_entry AS (
                    SELECT DISTINCT ON (stay.lead_id, stay.stage_id)
                           stay.id, stay.lead_id, stay.entered_at,
                           COALESCE(step.rank, 0) AS rank
                      FROM crm_lead_stage_history stay
                      JOIN crm_lead lead ON lead.id = stay.lead_id
                 LEFT JOIN step
                        ON step.stage_id = stay.stage_id
                       AND step.team_id = COALESCE(stay.team_id, 0)
                     WHERE stay.lead_id = ANY(%(leads)s)
                       AND stay.team_id IS NOT DISTINCT FROM lead.team_id
                  ORDER BY stay.lead_id, stay.stage_id, stay.is_cohort IS NOT TRUE,
                           stay.entered_at, stay.left_at, stay.id
                ),
                monotone AS (
                    SELECT id, lead_id, rank,
                           MIN(entered_at) OVER (
                               PARTITION BY lead_id ORDER BY rank DESC, id DESC
                           ) AS entered_at
                      FROM first_entry
                ),
                way AS (
                    SELECT id, lead_id, rank, entered_at,
                           LEAD(entered_at) OVER along AS left_at,
                           COALESCE(
                               entered_at = LEAD(entered_at) OVER along, FALSE
                           ) AS is_skipped
                      FROM monotone
                    WINDOW along AS (PARTITION BY lead_id ORDER BY rank, id)
                ),
                taken AS (
                    DELETE FROM crm_lead_stage_history AS stay
                     USING (
                            SELECT lead_id, MIN(entered_at) AS began_at FROM way GROUP BY lead_id
                           ) union_way, crm_lead lead
                     WHERE stay.lead_id = union_way.lead_id
                       AND lead.id = stay.lead_id
                       AND (
                            stay.left_at > union_way.began_at
                            OR stay.team_id IS NOT DISTINCT FROM lead.team_id
                       )
                 RETURNING stay.*
                )
                INSERT INTO crm_lead_stage_history (
                    %(copied)s, entered_at, left_at, exit, origin, is_skipped
                )
                SELECT %(copied_from)s, way.entered_at, way.left_at,
                       CASE WHEN way.left_at IS NULL THEN 'still_there' ELSE 'advanced' END,
                       CASE
                           WHEN way.is_skipped THEN 'skipped'
                           WHEN COUNT(*) FILTER (WHERE NOT way.is_skipped) OVER (
                               PARTITION BY way.lead_id ORDER BY way.rank, way.id
                           ) = 1 THEN 'created'
                           ELSE 'advanced'
                       END,
                       way.is_skipped
                  FROM way
                  JOIN taken ON taken.id = way.id
              ORDER BY way.lead_id, way.rank, way.id
                """,
                copied=SQL(", ").join(map(SQL.identifier, copied)),
                copied_from=SQL(", ").join(SQL.identifier("taken", name) for name in copied),
                steps=self._steps_cte(),
                leads=list(lead_ids),
            )
        )
        self._derive(lead_ids)
