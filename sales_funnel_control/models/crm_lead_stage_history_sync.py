from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import stays

_STAGE_MOVES = ("advanced", "skipped", "moved_back")
_MEND_BATCH = 2000
_MIRRORED = (
    "type",
    "active",
    "stage_id",
    "team_id",
    "user_id",
    "company_id",
    "probability",
    "lost_reason_id",
    "country_id",
    "state_id",
)


class _Difference(NamedTuple):
    """A lead whose latest stay does not mirror it, as the database tells it."""

    lead_id: int
    lead: stays.Lead
    stay_id: int | None
    stay: stays.Stay | None
    undone_stay_id: int | None
    at: object


class CrmLeadStageHistory(models.Model):
    """Keeps the ledger in step with the leads.

    ``_sync`` is idempotent and asks only how the leads are now: it does not matter through which
    writes they came there. One query finds the leads whose latest stay does not mirror them,
    one statement writes what :mod:`~..tools.stays` says.
    """

    _inherit = "crm.lead.stage.history"

    def _sync(self, leads):
        """Bring the stays of ``leads`` in step with them, as of now."""
        if not leads:
            return
        self._flush_leads(leads)
        now = fields.Datetime.now()
        self._apply(self._differences(SQL("lead.id = ANY(%s)", leads.ids), SQL("%s", now), now))

    def _mend(self, condition, limit=None):
        """Bring leads in step that changed behind the ledger's back.

        What happened and when is not known, so the moment is the best the lead itself tells and
        the rows are marked as reconstructed.

        :param SQL condition: on the alias ``lead``
        :return: how many leads were mended
        """
        differences = self._differences(condition, self._known_moment_sql(), None, limit)
        self._apply([diff for diff in differences if diff.stay], reconstructed=True)
        self._backfill([diff.lead_id for diff in differences if not diff.stay])
        return len(differences)

    def _known_moment_sql(self):
        """When a change nobody saw came about, as far as the lead tells."""
        return SQL(
            """
            date_trunc('second', LEAST(
                CASE WHEN lead.active
                     THEN COALESCE(lead.date_last_stage_update, lead.create_date)
                     ELSE COALESCE(lead.date_closed, lead.write_date)
                 END,
                %s
            ))
            """,
            fields.Datetime.now(),
        )

    @api.model
    def _cron_mend(self):
        """Nightly: find leads whose stays no longer mirror them, and mend them."""
        cron = self.env["ir.cron"]
        self.env["crm.lead"].flush_model()
        while mended := self._mend(SQL("TRUE"), limit=_MEND_BATCH):
            if not cron._commit_progress(mended, remaining=mended == _MEND_BATCH):
                break
            if mended < _MEND_BATCH:
                break

    # -- what differs -------------------------------------------------------------------------

    def _flush_leads(self, leads):
        leads.flush_recordset(_MIRRORED)
        self.env["crm.team.member"].flush_model(["sales_role", "grade", "active"])
        self.env["crm.stage.target"].flush_model()

    def _differences(self, condition, moment, now, limit=None):
        """Leads under ``condition`` whose latest stay does not mirror them.

        :param SQL moment: when the difference came about, clamped to the stay's beginning
        :param now: present moment, for the undo grace; None where nothing can be an undo
        """
        undone = self._undone_sql(now)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT lead.id,
                       lead.stage_id, lead.team_id, lead.user_id,
                       lead.in_funnel, lead.is_lost, lead.lost_reason_id,
                       stay.id,
                       stay.stage_id, stay.team_id, stay.user_id, stay.exit, stay.lost_reason_id,
                       %(undone)s,
                       GREATEST(%(moment)s, stay.entered_at)
                  FROM (
                        SELECT lead.*,
                               lead.active AND lead.type = 'opportunity'
                               AND lead.stage_id IS NOT NULL AS in_funnel,
                               NOT lead.active
                               AND COALESCE(lead.probability, 0) = 0 AS is_lost
                          FROM crm_lead lead
                         WHERE %(condition)s
                       ) lead
             LEFT JOIN LATERAL (
                        SELECT *
                          FROM crm_lead_stage_history latest
                         WHERE latest.lead_id = lead.id
                      ORDER BY latest.entered_at DESC, latest.left_at DESC, latest.id DESC
                         LIMIT 1
                       ) stay ON TRUE
                 WHERE CASE
                       WHEN lead.in_funnel
                       THEN stay.left_at IS NOT NULL OR stay.id IS NULL
                            OR (lead.stage_id, lead.team_id, lead.user_id)
                               IS DISTINCT FROM (stay.stage_id, stay.team_id, stay.user_id)
                       WHEN stay.id IS NULL
                       THEN lead.is_lost AND lead.type = 'opportunity'
                            AND lead.stage_id IS NOT NULL
                       ELSE stay.exit = 'still_there'
                            OR lead.is_lost
                            AND stay.exit IN ('refused', 'withdrawn')
                            AND (stay.exit, stay.lost_reason_id)
                                IS DISTINCT FROM ('refused', lead.lost_reason_id)
                       END
              ORDER BY lead.id
                 LIMIT %(limit)s
                """,
                undone=undone,
                moment=moment,
                condition=condition,
                limit=limit,
            )
        )
        return [
            _Difference(
                row[0],
                stays.Lead(*row[1:7]),
                row[7],
                stays.Stay(*row[8:13]) if row[7] else None,
                row[13],
                row[14],
            )
            for row in rows
        ]

    def _undone_sql(self, now):
        """The stay to which a drag within the grace time leads back, NULL where there is none."""
        grace = self._undo_grace()
        if now is None or not grace:
            return SQL("NULL::int")
        return SQL(
            """
            CASE WHEN lead.in_funnel AND stay.left_at IS NULL THEN (
                SELECT former.id
                  FROM crm_lead_stage_history former
                 WHERE former.lead_id = lead.id
                   AND former.left_at >= %(since)s
                   AND former.origin <> 'skipped'
                   AND former.exit IN ('advanced', 'moved_back')
                   AND (former.stage_id, former.team_id, former.user_id)
                       IS NOT DISTINCT FROM (lead.stage_id, lead.team_id, lead.user_id)
                   AND NOT EXISTS (
                        SELECT FROM crm_lead_stage_history later
                         WHERE later.lead_id = former.lead_id
                           AND %(is_later)s
                           AND later.origin NOT IN %(moves)s
                   )
              ORDER BY former.entered_at, former.left_at, former.id
                 LIMIT 1
            ) END
            """,
            is_later=self._is_later_sql(),
            since=now - timedelta(minutes=grace),
            moves=_STAGE_MOVES,
        )

    def _is_later_sql(self):
        """Whether the stay ``later`` comes after ``former``, in the order of the model."""
        return SQL(
            "(later.entered_at, COALESCE(later.left_at, 'infinity'), later.id)"
            " > (former.entered_at, COALESCE(former.left_at, 'infinity'), former.id)"
        )

    @api.model
    def _undo_grace(self):
        """Minutes within which a drag that is undone leaves no trace."""
        value = (
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("sales_funnel_control.undo_grace_minutes", "5")
        )
        return int(value or 0)

    # -- writing ------------------------------------------------------------------------------

    def _apply(self, differences, reconstructed=False):
        undone = [diff for diff in differences if diff.undone_stay_id]
        changes = []
        for diff in differences:
            if not diff.undone_stay_id:
                funnel = self.env["crm.stage"]._funnel(diff.lead.team_id)
                change = stays.changes(diff.lead, diff.stay, funnel)
                if change:
                    changes.append((diff, change, funnel))
        if undone:
            self._undo(undone)
        if changes:
            self._write_changes(changes, reconstructed)
        if undone or changes:
            self._forget_rows()

    def _undo(self, differences):
        """Delete what a drag and its undoing left in the ledger, and reopen the stay before."""
        stay_ids = [diff.undone_stay_id for diff in differences]
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_lead_stage_history AS later
                 USING crm_lead_stage_history former
                 WHERE former.id = ANY(%(stays)s)
                   AND later.lead_id = former.lead_id
                   AND %(is_later)s
                """,
                stays=stay_ids,
                is_later=self._is_later_sql(),
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_lead_stage_history
                   SET left_at = NULL, days = NULL, exit = 'still_there'
                 WHERE id = ANY(%s)
                """,
                stay_ids,
            )
        )
        self._derive([diff.lead_id for diff in differences])

    def _write_changes(self, changes, reconstructed):
        """Close, open and mark stays: one statement for all leads.

        The order of its parts is laid down by what they read: rows are opened only after the
        open row of the lead was closed, as ``opened`` reads what ``closed`` returns.
        """
        closing, opening, arrivals = self._change_rows(changes)
        self.env.cr.execute(
            SQL(
                """
                WITH closing(stay_id, at, exit, lost_reason_id, arrives) AS (
                    SELECT * FROM unnest(
                        %(closing_stays)s::int[], %(closing_at)s::timestamp[],
                        %(closing_exit)s::varchar[], %(closing_reason)s::int[],
                        %(closing_arrives)s::bool[]
                    )
                ),
                opening(
                    lead_id, stage_id, next_stage_id, origin, exit, lost_reason_id, at,
                    first_visit_only, closed_id, place
                ) AS (
                    SELECT * FROM unnest(
                        %(opening_lead)s::int[], %(opening_stage)s::int[],
                        %(opening_next)s::int[], %(opening_origin)s::varchar[],
                        %(opening_exit)s::varchar[], %(opening_reason)s::int[],
                        %(opening_at)s::timestamp[], %(opening_first)s::bool[],
                        %(opening_closed)s::int[]
                    ) WITH ORDINALITY
                ),
                arrival(lead_id, team_id, stage_id) AS (
                    SELECT * FROM unnest(
                        %(arrival_lead)s::int[], %(arrival_team)s::int[], %(arrival_stage)s::int[]
                    )
                ),
                closed AS (
                    UPDATE crm_lead_stage_history AS stay
                       SET left_at = COALESCE(stay.left_at, closing.at),
                           days = COALESCE(
                               stay.days,
                               EXTRACT(EPOCH FROM closing.at - stay.entered_at) / 86400
                           ),
                           exit = closing.exit,
                           lost_reason_id = closing.lost_reason_id,
                           reached_next = stay.is_cohort
                               AND (stay.reached_next OR closing.arrives),
                           is_cohort = stay.is_cohort AND closing.exit <> 'handed_over'
                      FROM closing
                     WHERE stay.id = closing.stay_id
                 RETURNING stay.id, stay.stage_id, stay.team_id, stay.is_cohort
                ),
                taken_back AS (
                    UPDATE crm_lead_stage_history AS stay
                       SET is_cohort = FALSE, reached_next = FALSE
                      FROM opening
                      JOIN crm_lead lead ON lead.id = opening.lead_id
                     WHERE NOT (opening.first_visit_only AND opening.origin = 'skipped')
                       AND stay.lead_id = opening.lead_id
                       AND stay.stage_id = opening.stage_id
                       AND stay.team_id IS NOT DISTINCT FROM lead.team_id
                       AND stay.is_cohort
                       AND stay.exit = 'transferred'
                 RETURNING stay.id
                ),
                passed AS (
                    UPDATE crm_lead_stage_history AS stay
                       SET reached_next = TRUE
                      FROM arrival
                     WHERE stay.lead_id = arrival.lead_id
                       AND stay.team_id IS NOT DISTINCT FROM arrival.team_id
                       AND stay.stage_id = arrival.stage_id
                       AND stay.is_cohort
                       AND NOT stay.reached_next
                       AND stay.id NOT IN (SELECT stay_id FROM closing)
                       AND stay.id NOT IN (SELECT id FROM taken_back)
                )
                INSERT INTO crm_lead_stage_history (
                    %(snapshot_columns)s, stage_id, next_stage_id, entered_at, left_at, days,
                    week_start, origin, exit, lost_reason_id, is_cohort, reached_next,
                    target_rate, is_skipped, is_reconstructed
                )
                SELECT %(snapshot)s, opening.stage_id, opening.next_stage_id, opening.at, CASE WHEN opening.exit <> 'still_there' THEN opening.at END,
                       CASE WHEN opening.exit <> 'still_there' THEN 0 END,
                       %(week)s,
                       opening.origin, opening.exit, opening.lost_reason_id,
                       first.counts, first.counts AND opening.exit = 'advanced', %(target)s,
                       opening.origin = 'skipped', %(reconstructed)s
                  FROM opening
             LEFT JOIN closed ON closed.id = opening.closed_id
                  JOIN crm_lead lead ON lead.id = opening.lead_id
             %(snapshot_joins)s
            CROSS JOIN LATERAL (
                        SELECT NOT EXISTS (
                            SELECT FROM crm_lead_stage_history cohort
                             WHERE cohort.lead_id = lead.id
                               AND cohort.stage_id = opening.stage_id
                               AND cohort.team_id IS NOT DISTINCT FROM lead.team_id
                               AND cohort.is_cohort
                               AND cohort.id NOT IN (SELECT id FROM closed WHERE NOT is_cohort)
                               AND cohort.id NOT IN (SELECT id FROM taken_back)
                        ) AS counts
                       ) first
                 WHERE NOT opening.first_visit_only
                    OR opening.origin <> 'skipped'
                    OR NOT EXISTS (
                           SELECT FROM crm_lead_stage_history visit
                            WHERE visit.lead_id = lead.id
                              AND visit.stage_id = opening.stage_id
                              AND visit.team_id IS NOT DISTINCT FROM lead.team_id
                       )
              ORDER BY opening.place
                """,
                **self._columns("closing", ("stays", "at", "exit", "reason", "arrives"), closing),
                **self._columns(
                    "opening",
                    (
                        "lead",
                        "stage",
                        "next",
                        "origin",
                        "exit",
                        "reason",
                        "at",
                        "first",
                        "closed",
                    ),
                    opening,
                ),
                **self._columns("arrival", ("lead", "team", "stage"), arrivals),
                week=self._week_sql(SQL("opening.at"), SQL("company.funnel_tz")),
                target=self._target_sql(
                    stage=SQL("opening.next_stage_id"),
                    team=SQL("lead.team_id"),
                    role=SQL("member.sales_role"),
                    user=SQL("lead.user_id"),
                    date=self._local_date_sql(SQL("opening.at"), SQL("company.funnel_tz")),
                ),
                reconstructed=reconstructed,
                snapshot_columns=self._snapshot_columns(),
                snapshot=self._snapshot_sql(SQL("lead.team_id"), SQL("lead.user_id")),
                snapshot_joins=self._snapshot_joins(SQL("lead.team_id"), SQL("lead.user_id")),
            )
        )

    @staticmethod
    def _columns(prefix, names, rows):
        columns = zip(*rows, strict=True) if rows else ((),) * len(names)
        return {
            f"{prefix}_{name}": list(column) for name, column in zip(names, columns, strict=True)
        }

    def _change_rows(self, changes):
        """Flatten the changes into rows to close, rows to open and stages left behind."""
        closing, opening, arrivals = [], [], []
        for diff, change, funnel in changes:
            arrived = max((funnel.rank(entry.stage_id) for entry in change.entries), default=-1)
            left = self._rank_left(diff, funnel)
            if change.exit:
                closing.append(
                    (
                        diff.stay_id,
                        diff.at,
                        change.exit,
                        change.lost_reason_id,
                        left is not None and arrived > left,
                    )
                )
            opening.extend(
                (
                    diff.lead_id,
                    entry.stage_id,
                    funnel.next_stage(entry.stage_id),
                    entry.origin,
                    entry.exit,
                    entry.lost_reason_id,
                    diff.at,
                    change.first_visit_only,
                    diff.stay_id,
                )
                for entry in change.entries
            )
            if diff.stay:
                arrivals.extend(
                    (diff.lead_id, diff.lead.team_id, step.stage_id)
                    for step in funnel.steps.values()
                    if (-1 if left is None else left) <= step.rank < arrived
                )
        return closing, opening, arrivals

    @staticmethod
    def _rank_left(diff, funnel):
        """Rank of the stage the lead comes from, None where it comes from outside the funnel."""
        if not diff.stay or diff.stay.team_id != diff.lead.team_id:
            return None
        return funnel.rank(diff.stay.stage_id)
