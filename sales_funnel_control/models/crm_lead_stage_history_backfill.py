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
        self._flush_for_sql()
        for name in ("crm.lead", "mail.message", "mail.tracking.value"):
            self.env[name].flush_model()
        self.env.cr.execute(
            SQL(
                "DELETE FROM crm_lead_stage_history WHERE is_reconstructed AND lead_id = ANY(%s)",
                lead_ids,
            )
        )
        merged = self._merged_leads(lead_ids)
        self._insert_entries_of_merged(merged)
        self._insert_stays(sorted(set(lead_ids) - set(merged)))
        self._collapse(merged)
        self._derive(lead_ids)
        self._apply(
            [
                difference
                for difference in self._differences(
                    SQL("lead.id = ANY(%s)", lead_ids), self._known_moment_sql(), None
                )
                if difference.stay
            ],
            reconstructed=True,
        )
        self._forget_rows()

    # -- what the chatter knows ---------------------------------------------------------------

    def _event_cte(self, lead_ids):
        """CTE ``event``: one row per tracked change, empty values as NULL, times in seconds."""
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
                  JOIN mail_tracking_value value ON value.mail_message_id = message.id
             LEFT JOIN ir_model_fields field ON field.id = value.field_id
                 WHERE message.model = 'crm.lead'
                   AND message.res_id = ANY(%(leads)s)
                   AND COALESCE(field.name, value.field_info->>'name') IN %(tracked)s
            )
            """,
            leads=lead_ids,
            tracked=_TRACKED,
        )

    def _merged_leads(self, lead_ids):
        """Leads whose stage changes do not follow from one another.

        Merging moves the messages of one lead to another, so that two ways are interleaved.
        Leads that the ledger has seen itself since are not among them.
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH %(event)s,
                link AS (
                    SELECT lead_id, old,
                           LAG(new) OVER chain AS previous,
                           LAG(id) OVER chain IS NOT NULL AS has_previous
                      FROM event
                     WHERE field = 'stage_id'
                    WINDOW chain AS (PARTITION BY lead_id ORDER BY at, id)
                )
                SELECT DISTINCT lead_id
                  FROM link
                 WHERE has_previous
                   AND previous IS DISTINCT FROM old
                   AND NOT EXISTS (
                        SELECT FROM crm_lead_stage_history stay WHERE stay.lead_id = link.lead_id
                   )
                """,
                event=self._event_cte(lead_ids),
            )
        )
        return [lead_id for (lead_id,) in rows]

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

    # -- all others ---------------------------------------------------------------------------

    def _insert_stays(self, lead_ids):
        """Insert the stays of leads whose tracking is one unbroken story."""
        if not lead_ids:
            return
        self.env.cr.execute(
            SQL(
                """
                WITH %(steps)s,
                %(event)s,
                %(story)s,
                %(state)s,
                %(stay)s,
                entry AS (
                    SELECT stay.lead_id, stay.team_id, stay.user_id, stay.stage_id,
                           stay.entered_at, stay.left_at, stay.origin, stay.exit,
                           stay.lost_reason_id, COALESCE(stay.rank, 0) AS place
                      FROM stay
                     UNION ALL
                    SELECT stay.lead_id, stay.team_id, stay.user_id, jumped.stage_id,
                           stay.skipped_at, stay.skipped_at, 'skipped', 'advanced',
                           NULL, jumped.rank
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
                )
                INSERT INTO crm_lead_stage_history (
                    %(snapshot_columns)s, stage_id, next_stage_id, entered_at, left_at, days,
                    week_start, origin, exit, lost_reason_id, is_skipped, is_reconstructed
                )
                SELECT %(snapshot)s, entry.stage_id, step.next_stage_id, entry.entered_at,
                       entry.left_at, %(days)s, %(week)s, entry.origin, entry.exit,
                       entry.lost_reason_id, entry.origin = 'skipped', TRUE
                  FROM entry
                  JOIN crm_lead lead ON lead.id = entry.lead_id
             LEFT JOIN step
                    ON step.stage_id = entry.stage_id
                   AND step.team_id = COALESCE(entry.team_id, 0)
                       %(snapshot_joins)s
              ORDER BY entry.lead_id, entry.entered_at, entry.place
                """,
                steps=self._steps_cte(),
                event=self._event_cte(lead_ids),
                story=self._story_cte(lead_ids),
                state=self._state_cte(),
                stay=self._stay_cte(),
                snapshot_columns=self._snapshot_columns(),
                snapshot=self._snapshot_sql(SQL("entry.team_id"), SQL("entry.user_id")),
                snapshot_joins=self._snapshot_joins(SQL("entry.team_id"), SQL("entry.user_id")),
                days=self._days_sql(SQL("entry.entered_at"), SQL("entry.left_at")),
                week=self._week_sql(SQL("entry.entered_at"), SQL("company.funnel_tz")),
            )
        )

    def _story_cte(self, lead_ids):
        """CTEs ``story``, ``point``: what was known of each lead before, at and after each change.

        ``story`` is one row per lead: its values before the first tracked change of each field
        (else the present ones), the beginning and the end of what is to be rebuilt.
        ``point`` is one row per lead and moment at which something changed. A lead that was born
        lost (an import of old leads, say) was in the funnel for no time at all.
        """
        return SQL(
            """
            told AS (
                SELECT lead.id AS lead_id, lead.lost_reason_id,
                       NOT lead.active AND COALESCE(lead.probability, 0) = 0 AS is_lost,
                       %(stage)s AS stage_id,
                       %(team)s AS team_id,
                       %(user)s AS user_id,
                       %(active)s AS active,
                       BOOL_OR(event.field IN ('stage_id', 'user_id', 'team_id', 'active')) IS TRUE
                           AS is_tracked,
                       LEAST(
                           date_trunc('second', CASE
                               WHEN COUNT(*) FILTER (WHERE event.field = 'type') = 0
                               THEN COALESCE(lead.date_conversion, lead.create_date)
                               ELSE lead.create_date
                           END),
                           MIN(event.at) FILTER (WHERE event.field <> 'lost_reason_id')
                       ) AS began_at,
                       date_trunc('second', COALESCE(
                           lead.date_last_stage_update, lead.create_date
                       )) AS staged_at,
                       CASE WHEN NOT lead.active AND COUNT(event.id) = 0
                            THEN date_trunc('second', COALESCE(
                                lead.date_closed, lead.date_last_stage_update, lead.write_date
                            ))
                       END AS archived_at,
                       MIN(event.at) FILTER (WHERE event.field = 'active') AS toggled_at,
                       live.entered_at AS live_at,
                       live.origin AS live_origin,
                       live.stage_id AS live_stage_id,
                       live.team_id AS live_team_id,
                       live.user_id AS live_user_id
                  FROM crm_lead lead
             LEFT JOIN event ON event.lead_id = lead.id
             LEFT JOIN LATERAL (
                        SELECT *
                          FROM crm_lead_stage_history stay
                         WHERE stay.lead_id = lead.id
                      ORDER BY stay.entered_at, stay.left_at, stay.id
                         LIMIT 1
                       ) live ON TRUE
                 WHERE lead.id = ANY(%(leads)s)
                   AND lead.type = 'opportunity'
                   AND lead.stage_id IS NOT NULL
              GROUP BY lead.id, live.entered_at, live.origin, live.stage_id, live.team_id,
                       live.user_id
            ),
            story AS (
                SELECT told.*,
                       told.active OR told.is_born_lost AS began_active
                  FROM (
                        SELECT told.*,
                               NOT told.active AND (
                                   told.is_lost AND told.toggled_at IS NULL
                                   OR EXISTS (
                                       SELECT FROM event
                                        WHERE event.lead_id = told.lead_id
                                          AND event.at <= told.toggled_at
                                          AND event.field = 'won_status'
                                   )
                               ) AS is_born_lost
                          FROM told
                       ) told
            ),
            point AS (
                SELECT event.lead_id, event.at,
                       %(changes)s,
                       BOOL_OR(event.field = 'type') AS is_converted,
                       BOOL_OR(event.field = 'won_status') AS is_judged,
                       %(reason)s AS lost_reason_id
                  FROM event
                  JOIN story ON story.lead_id = event.lead_id
                 WHERE event.at < COALESCE(story.live_at, 'infinity')
              GROUP BY event.lead_id, event.at
                 UNION ALL
                SELECT story.lead_id, story.began_at, %(nothing)s
                  FROM story
                 WHERE story.began_at < COALESCE(story.live_at, 'infinity')
                   AND NOT EXISTS (
                        SELECT FROM event
                         WHERE event.lead_id = story.lead_id AND event.at = story.began_at
                   )
                 UNION ALL
                SELECT story.lead_id,
                       GREATEST(story.archived_at, story.began_at + INTERVAL '1 microsecond'),
                       %(archived)s
                  FROM story
                 WHERE story.archived_at < COALESCE(story.live_at, 'infinity')
                 UNION ALL
                SELECT story.lead_id, story.began_at + INTERVAL '1 microsecond', %(born_lost)s
                  FROM story
                 WHERE story.is_born_lost
                   AND story.began_at < COALESCE(story.live_at, 'infinity')
            )
            """,
            leads=lead_ids,
            stage=self._before_sql("stage_id"),
            team=self._before_sql("team_id"),
            user=self._before_sql("user_id"),
            active=self._before_active_sql(),
            changes=SQL(", ").join(
                SQL(
                    "BOOL_OR(event.field = %(name)s) AS %(has)s,"
                    " (ARRAY_AGG(event.new ORDER BY event.id DESC)"
                    " FILTER (WHERE event.field = %(name)s))[1] AS %(alias)s",
                    name=name,
                    has=SQL.identifier(f"has_{name}"),
                    alias=SQL.identifier(name),
                )
                for name in ("stage_id", "team_id", "user_id", "active")
            ),
            reason=SQL(
                "(ARRAY_AGG(event.new ORDER BY event.id DESC)"
                " FILTER (WHERE event.field = 'lost_reason_id'))[1]"
            ),
            nothing=SQL(
                "FALSE, NULL::int, FALSE, NULL::int, FALSE, NULL::int, FALSE, NULL::int,"
                " FALSE, FALSE, NULL::int"
            ),
            archived=SQL(
                "FALSE, NULL::int, FALSE, NULL::int, FALSE, NULL::int, TRUE, NULL::int,"
                " FALSE, FALSE, NULL::int"
            ),
            born_lost=SQL(
                "FALSE, NULL::int, FALSE, NULL::int, FALSE, NULL::int, TRUE, NULL::int,"
                " FALSE, TRUE, NULL::int"
            ),
        )

    def _before_sql(self, name):
        """The value of a field before its first tracked change, else the present one."""
        return SQL(
            "CASE WHEN COUNT(*) FILTER (WHERE event.field = %(name)s) > 0"
            " THEN (ARRAY_AGG(event.old ORDER BY event.at, event.id)"
            " FILTER (WHERE event.field = %(name)s))[1]"
            " ELSE %(present)s END",
            name=name,
            present=SQL.identifier("lead", name),
        )

    def _before_active_sql(self):
        """Whether the lead began active; one that the chatter says nothing of is taken to."""
        return SQL(
            "CASE WHEN COUNT(event.id) = 0 THEN TRUE"
            " WHEN COUNT(*) FILTER (WHERE event.field = 'active') = 0 THEN lead.active"
            " ELSE (ARRAY_AGG(event.old ORDER BY event.at, event.id)"
            " FILTER (WHERE event.field = 'active'))[1] IS NOT NULL END"
        )

    def _state_cte(self):
        """CTE ``state``: one row per lead and moment at which its stay begins or ends.

        Values are carried forward from the last change; time spent outside the funnel is one
        state, whatever else changed then.
        """
        return SQL(
            """
            carried AS (
                SELECT point.*,
                       COUNT(*) FILTER (WHERE has_stage_id) OVER onward AS stage_changes,
                       COUNT(*) FILTER (WHERE has_team_id) OVER onward AS team_changes,
                       COUNT(*) FILTER (WHERE has_user_id) OVER onward AS user_changes,
                       COUNT(*) FILTER (WHERE has_active) OVER onward AS active_changes,
                       COUNT(*) FILTER (WHERE is_converted) OVER (
                           PARTITION BY lead_id ORDER BY at
                           ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
                       ) %% 2 = 1 AS is_lead
                  FROM point
                WINDOW onward AS (PARTITION BY lead_id ORDER BY at)
            ),
            known AS (
                SELECT carried.lead_id, carried.at, carried.is_judged, carried.lost_reason_id,
                       carried.is_lead,
                       %(stage)s AS stage_id, %(team)s AS team_id, %(user)s AS user_id,
                       CASE WHEN carried.active_changes = 0 THEN story.began_active
                            ELSE FIRST_VALUE(carried.active) OVER (
                                PARTITION BY carried.lead_id, carried.active_changes
                                    ORDER BY carried.at
                            ) IS NOT NULL
                       END AS active
                  FROM carried
                  JOIN story ON story.lead_id = carried.lead_id
            ),
            placed AS (
                SELECT lead_id, at, is_judged, lost_reason_id,
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
                SELECT judged.lead_id, judged.at, judged.in_funnel,
                       stage.id AS stage_id, team.id AS team_id, manager.id AS user_id,
                       COALESCE(judged.run_is_judged, FALSE)
                       OR judged.run_lost_reason_id IS NOT NULL
                       OR judged.is_last_run AND story.live_at IS NULL AND story.is_lost
                           AS is_lost,
                       CASE WHEN judged.is_last_run AND story.live_at IS NULL
                             AND story.is_lost
                            THEN story.lost_reason_id
                            ELSE reason.id
                       END AS lost_reason_id
                  FROM judged
                  JOIN story ON story.lead_id = judged.lead_id
             LEFT JOIN crm_stage stage ON stage.id = judged.stage_id
             LEFT JOIN crm_team team ON team.id = judged.team_id
             LEFT JOIN res_users manager ON manager.id = judged.user_id
             LEFT JOIN crm_lost_reason reason ON reason.id = judged.run_lost_reason_id
                 WHERE judged.is_turn
                   AND NOT (
                        judged.in_funnel
                        AND judged.is_last_run
                        AND story.live_origin IN (
                            'advanced', 'moved_back', 'handed_over', 'transferred'
                        )
                        AND (judged.stage_id, judged.team_id, judged.user_id)
                            IS NOT DISTINCT FROM (
                                story.live_stage_id, story.live_team_id, story.live_user_id
                            )
                   )
            )
            """,
            **{
                alias: SQL(
                    "CASE WHEN %(count)s = 0 THEN %(before)s"
                    " ELSE FIRST_VALUE(%(value)s) OVER ("
                    "PARTITION BY carried.lead_id, %(count)s ORDER BY carried.at) END",
                    count=SQL.identifier("carried", f"{alias}_changes"),
                    before=SQL.identifier("story", name),
                    value=SQL.identifier("carried", name),
                )
                for alias, name in (
                    ("stage", "stage_id"),
                    ("team", "team_id"),
                    ("user", "user_id"),
                )
            },
        )

    def _stay_cte(self):
        """CTE ``stay``: the states inside the funnel, with how they began and ended."""
        return SQL(
            """
            turned AS (
                SELECT state.*,
                       step.rank,
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
                       story.is_tracked, story.staged_at, story.live_at, story.live_origin
                  FROM turned
                  JOIN (
                        SELECT lead_id AS told_id, is_tracked, staged_at, live_at, live_origin
                          FROM story
                       ) story ON story.told_id = turned.lead_id
                 WHERE in_funnel
                WINDOW onward AS (PARTITION BY lead_id ORDER BY at)
            ),
            begun AS (
                SELECT inside.*,
                       CASE WHEN is_first AND NOT is_tracked AND staged_at > at
                            THEN 'reconstructed'
                            WHEN is_first THEN 'created'
                            WHEN NOT was_in_funnel THEN 'reopened'
                            WHEN team_id IS DISTINCT FROM old_team_id THEN 'transferred'
                            WHEN stage_id IS NOT DISTINCT FROM old_stage_id THEN 'handed_over'
                            WHEN COALESCE(rank > old_rank, TRUE) THEN 'advanced'
                            ELSE 'moved_back'
                       END AS origin,
                       CASE WHEN next_at IS NULL AND live_at IS NULL THEN 'still_there'
                            WHEN next_at IS NULL AND live_origin = 'skipped' THEN 'advanced'
                            WHEN next_at IS NULL AND live_origin IN (
                                'advanced', 'moved_back', 'handed_over', 'transferred'
                            ) THEN live_origin
                            WHEN next_at IS NULL THEN 'withdrawn'
                            WHEN NOT next_in_funnel AND next_is_lost THEN 'refused'
                            WHEN NOT next_in_funnel THEN 'withdrawn'
                            WHEN team_id IS DISTINCT FROM next_team_id THEN 'transferred'
                            WHEN stage_id IS NOT DISTINCT FROM next_stage_id THEN 'handed_over'
                            WHEN COALESCE(next_rank > rank, TRUE) THEN 'advanced'
                            ELSE 'moved_back'
                       END AS exit,
                       date_trunc('second', COALESCE(next_at, live_at)) AS left_at
                  FROM inside
            ),
            stay AS (
                SELECT lead_id, stage_id, team_id, user_id, rank, origin, exit,
                       CASE WHEN is_tracked THEN at
                            ELSE LEAST(GREATEST(at, staged_at), left_at)
                       END AS entered_at,
                       at AS skipped_at,
                       left_at,
                       CASE WHEN exit = 'refused' THEN next_lost_reason_id END AS lost_reason_id,
                       CASE WHEN origin IN ('created', 'reconstructed', 'transferred') THEN 0
                            WHEN origin = 'reopened' AND team_id IS DISTINCT FROM old_team_id
                            THEN 0
                            WHEN origin IN ('advanced', 'reopened') THEN old_rank
                       END AS rank_before,
                       origin = 'transferred'
                       OR origin = 'reopened' AND team_id IS DISTINCT FROM old_team_id
                           AS first_visit_only
                  FROM begun
            )
            """
        )
