from odoo import api, models
from odoo.tools import SQL

_TRACKED = ("stage_id", "user_id", "team_id", "active", "type", "won_status", "lost_reason_id")


class CrmLeadStageHistory(models.Model):
    """Rebuilds the past of leads from the chatter's tracking values, in SQL.

    What the ledger recorded itself is never replaced: only the time before is rebuilt. Of leads
    that the chatter says nothing about, there is what the lead tells: when it was created, when
    it came to its stage, whether it was lost.
    """

    _inherit = "crm.lead.stage.history"

    _BACKFILL_BATCH = 10_000

    @api.model
    def _leads_to_rebuild(self, teams=None):
        """Ids of opportunities whose past is not, or not only, recorded by the ledger itself.

        :param teams: only leads of these teams; None for all
        """
        self.env["crm.lead"].flush_model(["type", "team_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT lead.id
                  FROM crm_lead lead
             LEFT JOIN (
                        SELECT lead_id, BOOL_OR(is_reconstructed) AS is_reconstructed
                          FROM crm_lead_stage_history
                      GROUP BY lead_id
                       ) ledger
                    ON ledger.lead_id = lead.id
                 WHERE lead.type = 'opportunity'
                   AND COALESCE(ledger.is_reconstructed, TRUE)
                   AND %s
              ORDER BY lead.id
                """,
                SQL("TRUE") if teams is None else SQL("lead.team_id = ANY(%s)", teams.ids),
            )
        )
        return [lead_id for (lead_id,) in rows]

    def _backfill(self, lead_ids):
        """Rebuild the past of these leads. Idempotent.

        :param list lead_ids: ids of ``crm.lead``, a batch that fits into memory
        """
        if not lead_ids:
            return
        lead_ids = list(lead_ids)
        self._interpret()
        self._flush_for_sql()
        for name in ("crm.lead", "mail.message", "mail.tracking.value"):
            self.env[name].flush_model()
        self.env.cr.execute(
            SQL(
                "DELETE FROM crm_lead_stage_history WHERE is_reconstructed AND lead_id = ANY(%s)",
                lead_ids,
            )
        )
        merged, recorded = self._insert_stays(lead_ids)
        self._insert_entries_of_merged(merged)
        self._collapse(merged)
        self._derive(merged + recorded)
        self._apply(
            [
                difference
                for difference in self._differences(
                    self._differing(SQL("lead.id = ANY(%s)", lead_ids))
                )
                if difference.stay
            ],
            reconstructed=True,
        )
        self._forget_rows()
        self.env["crm.lead.refusal"]._rebuilt(lead_ids, from_chatter=True)

    # -- what the chatter knows ---------------------------------------------------------------

    def _event_cte(self, lead_ids):
        """CTE ``event``: one row per tracked change, empty values as NULL, times in seconds.

        The changes of each message are looked up by the index, which ``OFFSET 0`` sees to: for a
        batch of leads PostgreSQL would otherwise read the changes of a whole company.
        """
        return SQL(
            """
            event AS (
                SELECT message.res_id AS lead_id,
                       date_trunc('second', value.create_date) AS at,
                       value.id,
                       COALESCE(field.name, value.field_info->>'name') AS field,
                       NULLIF(value.old_value_integer, 0) AS old,
                       NULLIF(value.new_value_integer, 0) AS new
                  FROM mail_message message
            CROSS JOIN LATERAL (
                        SELECT *
                          FROM mail_tracking_value
                         WHERE mail_message_id = message.id
                        OFFSET 0
                       ) value
             LEFT JOIN ir_model_fields field ON field.id = value.field_id
                 WHERE message.model = 'crm.lead'
                   AND message.res_id = ANY(%(leads)s)
                   AND COALESCE(field.name, value.field_info->>'name') IN %(tracked)s
            )
            """,
            leads=lead_ids,
            tracked=_TRACKED,
        )

    def _merged_cte(self):
        """CTE ``merged``: leads whose stage changes do not follow from one another.

        Merging moves the messages of one lead to another, so that two ways are interleaved.
        Leads that the ledger has seen itself since are not among them.
        """
        return SQL(
            """
            merged AS (
                SELECT DISTINCT lead_id
                  FROM (
                        SELECT lead_id, old,
                               LAG(new) OVER chain AS previous,
                               LAG(id) OVER chain IS NOT NULL AS has_previous
                          FROM event
                         WHERE field = 'stage_id'
                        WINDOW chain AS (PARTITION BY lead_id ORDER BY at, id)
                       ) link
                 WHERE has_previous
                   AND previous IS DISTINCT FROM old
                   AND NOT EXISTS (
                        SELECT FROM crm_lead_stage_history stay WHERE stay.lead_id = link.lead_id
                   )
            )
            """
        )

    # -- merged leads -------------------------------------------------------------------------

    def _insert_entries_of_merged(self, lead_ids):
        """Insert every entry into a stage that the chatter tells of, left at once.

        ``_collapse`` makes one way through the funnel of them.
        """
        if not lead_ids:
            return
        self.env.cr.execute(
            SQL(
                """
                WITH %(steps)s,
                %(event)s,
                beginning AS (
                    SELECT lead.id AS lead_id,
                           LEAST(
                               date_trunc('second', lead.create_date),
                               MIN(event.at),
                               (
                                   SELECT date_trunc('second', MIN(message.create_date))
                                     FROM mail_message message
                                    WHERE message.model = 'crm.lead'
                                      AND message.res_id = lead.id
                                      AND message.subtype_id = %(creation)s
                               )
                           ) AS at
                      FROM crm_lead lead
                      JOIN event ON event.lead_id = lead.id
                     WHERE lead.id = ANY(%(leads)s)
                  GROUP BY lead.id
                ),
                entry AS (
                    SELECT lead_id, new AS stage_id, at FROM event WHERE field = 'stage_id'
                     UNION ALL
                    SELECT first.lead_id, first.old, beginning.at
                      FROM (
                            SELECT DISTINCT ON (lead_id) lead_id, old
                              FROM event
                             WHERE field = 'stage_id'
                          ORDER BY lead_id, at, id
                           ) first
                      JOIN beginning ON beginning.lead_id = first.lead_id
                ),
                reached AS (
                    SELECT entry.lead_id, step.stage_id, step.rank, entry.at
                      FROM entry
                      JOIN crm_lead lead ON lead.id = entry.lead_id
                      JOIN crm_stage stage ON stage.id = entry.stage_id
                      JOIN step arrived
                        ON arrived.stage_id = stage.id
                       AND arrived.team_id = COALESCE(lead.team_id, 0)
                      JOIN step
                        ON step.team_id = arrived.team_id
                       AND (
                            step.stage_id = arrived.stage_id
                            OR step.on_way AND step.rank < arrived.rank
                       )
                )
                INSERT INTO crm_lead_stage_history (
                    %(snapshot_columns)s, stage_id, next_stage_id, entered_at, left_at, days,
                    week_start, origin, exit, is_reconstructed
                )
                SELECT %(snapshot)s, stay.stage_id, step.next_stage_id, stay.at, stay.at, 0,
                       %(week)s, 'created', 'withdrawn', TRUE
                  FROM (
                        SELECT lead_id, stage_id, MIN(rank) AS rank, MIN(at) AS at
                          FROM reached
                      GROUP BY lead_id, stage_id
                       ) stay
                  JOIN crm_lead lead ON lead.id = stay.lead_id
                  JOIN step
                    ON step.stage_id = stay.stage_id
                   AND step.team_id = COALESCE(lead.team_id, 0)
                       %(snapshot_joins)s
              ORDER BY stay.lead_id, stay.rank
                """,
                steps=self._steps_cte(),
                event=self._event_cte(lead_ids),
                creation=self.env.ref("crm.mt_lead_create").id,
                leads=lead_ids,
                snapshot_columns=self._snapshot_columns(),
                snapshot=self._snapshot_sql(SQL("lead.team_id"), SQL("lead.user_id")),
                snapshot_joins=self._snapshot_joins(SQL("lead.team_id"), SQL("lead.user_id")),
                week=self._week_sql(SQL("stay.at"), SQL("company.funnel_tz")),
            )
        )
