from odoo import models
from odoo.tools import SQL

from ..tools import stays
from .crm_lead_stage_history_snapshot import local_date


class CrmLeadStageHistory(models.Model):
    """Writes into the ledger what follows from the differences that ``_sync`` found."""

    _inherit = "crm.lead.stage.history"

    def _apply(self, differences, reconstructed=False):
        """Bring the ledger in step.

        :return: what was changed: ``(difference, change, funnel)``
        """
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
        return changes

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
        open row of the lead was closed, as ``opened`` reads what ``closed`` returns. Parts that
        these changes have no use for are left out: planning them takes longer than running them.
        """
        closing, opening, arrivals = self._change_rows(changes)
        takes_back = any(diff.was_transferred for diff, _change, _funnel in changes)
        taken_back_ids = SQL("SELECT id FROM taken_back") if takes_back else SQL("0")
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
                    first_visit_only, closed_id, sales_role, grade, company_id, currency_id,
                    funnel_tz, target_rate, place
                ) AS (
                    SELECT * FROM unnest(
                        %(opening_lead)s::int[], %(opening_stage)s::int[],
                        %(opening_next)s::int[], %(opening_origin)s::varchar[],
                        %(opening_exit)s::varchar[], %(opening_reason)s::int[],
                        %(opening_at)s::timestamp[], %(opening_first)s::bool[],
                        %(opening_closed)s::int[], %(opening_role)s::varchar[],
                        %(opening_grade)s::varchar[], %(opening_company)s::int[],
                        %(opening_currency)s::int[], %(opening_zone)s::varchar[],
                        %(opening_target)s::float[]
                    ) WITH ORDINALITY
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
                               AND closing.exit <> 'handed_over'
                               AND (stay.reached_next OR closing.arrives),
                           is_cohort = stay.is_cohort AND closing.exit <> 'handed_over'
                      FROM closing
                     WHERE stay.id = closing.stay_id
                 RETURNING stay.id, stay.stage_id, stay.team_id, stay.is_cohort
                )
                %(taken_back)s
                %(passed)s
                INSERT INTO crm_lead_stage_history (
                    %(snapshot_columns)s, stage_id, next_stage_id, entered_at, left_at, days,
                    week_start, origin, exit, lost_reason_id, is_cohort, reached_next,
                    target_rate, is_skipped, is_reconstructed
                )
                SELECT lead.id, lead.team_id, lead.user_id, opening.sales_role, opening.grade,
                       opening.company_id, opening.currency_id, %(lead_snapshot)s,
                       opening.stage_id, opening.next_stage_id, opening.at,
                       CASE WHEN opening.exit <> 'still_there' THEN opening.at END,
                       CASE WHEN opening.exit <> 'still_there' THEN 0 END,
                       %(week)s,
                       opening.origin, opening.exit, opening.lost_reason_id,
                       first.counts, first.counts AND opening.exit = 'advanced',
                       opening.target_rate,
                       opening.origin = 'skipped', %(reconstructed)s
                  FROM opening
             LEFT JOIN closed ON closed.id = opening.closed_id
                  JOIN crm_lead lead ON lead.id = opening.lead_id
            CROSS JOIN LATERAL (
                        SELECT NOT EXISTS (
                            SELECT FROM crm_lead_stage_history cohort
                             WHERE cohort.lead_id = lead.id
                               AND cohort.stage_id = opening.stage_id
                               AND cohort.team_id IS NOT DISTINCT FROM lead.team_id
                               AND cohort.is_cohort
                               AND cohort.id NOT IN (SELECT id FROM closed WHERE NOT is_cohort)
                               AND cohort.id NOT IN (%(taken_back_ids)s)
                        ) AS counts
                        OFFSET 0
                       ) first
                 %(only_first_visits)s
              ORDER BY opening.place
                """,
                taken_back=self._taken_back_cte() if takes_back else SQL(),
                taken_back_ids=taken_back_ids,
                only_first_visits=self._only_first_visits_sql(changes),
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
                        "role",
                        "grade",
                        "company",
                        "currency",
                        "zone",
                        "target",
                    ),
                    opening,
                ),
                passed=self._passed_cte(arrivals, taken_back_ids) if arrivals else SQL(),
                week=self._week_sql(SQL("opening.at"), SQL("opening.funnel_tz")),
                reconstructed=reconstructed,
                snapshot_columns=self._snapshot_columns(),
                lead_snapshot=self._lead_snapshot_sql(),
            )
        )

    def _taken_back_cte(self):
        """CTE of the stays that stop counting, as their lead comes back from another team."""
        return SQL(
            """
            , taken_back AS (
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
            )
            """
        )

    def _passed_cte(self, arrivals, taken_back_ids):
        """CTE that marks the entries into earlier stages as passed, but for the closed stays'."""
        return SQL(
            """
            , arrival(lead_id, team_id, stage_id) AS (
                SELECT * FROM unnest(%(leads)s::int[], %(teams)s::int[], %(stages)s::int[])
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
                   AND stay.id NOT IN (%(taken_back_ids)s)
            )
            """,
            **dict(
                zip(
                    ("leads", "teams", "stages"),
                    map(list, zip(*arrivals, strict=True)),
                    strict=True,
                )
            ),
            taken_back_ids=taken_back_ids,
        )

    def _only_first_visits_sql(self, changes):
        """Condition that leaves out jumped-over stages where the lead has been before."""
        if not any(change.first_visit_only for _diff, change, _funnel in changes):
            return SQL()
        return SQL(
            """
            WHERE NOT opening.first_visit_only
               OR opening.origin <> 'skipped'
               OR NOT EXISTS (
                      SELECT FROM crm_lead_stage_history visit
                       WHERE visit.lead_id = lead.id
                         AND visit.stage_id = opening.stage_id
                         AND visit.team_id IS NOT DISTINCT FROM lead.team_id
                  )
            """
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
        snapshots = iter(self._entry_snapshots(changes))
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
                    *snapshot,
                )
                for entry, snapshot in zip(change.entries, next(snapshots), strict=True)
            )
            if diff.stay:
                # The stay being closed is marked as it is closed.
                marked = diff.stay.stage_id if change.exit and diff.is_cohort else None
                arrivals.extend(
                    (diff.lead_id, diff.lead.team_id, step.stage_id)
                    for step in funnel.steps.values()
                    if (-1 if left is None else left) <= step.rank < arrived
                    and step.stage_id != marked
                )
        return closing, opening, arrivals

    def _entry_snapshots(self, changes):
        """What each entry of each change keeps: the circumstances and the target in force."""
        people = [
            (diff.lead.team_id, diff.lead.user_id, diff.company_id) for diff, *_rest in changes
        ]
        circumstances = self._circumstances(people)
        entered = [
            [
                (
                    funnel.next_stage(entry.stage_id),
                    diff.lead.team_id,
                    circumstances[who].sales_role,
                    diff.lead.user_id,
                    local_date(diff.at, circumstances[who].funnel_tz),
                )
                for entry in change.entries
            ]
            for (diff, change, funnel), who in zip(changes, people, strict=True)
        ]
        targets = self._targets_in_force([key for keys in entered for key in keys])
        return [
            [(*circumstances[who], targets[key]) for key in keys]
            for who, keys in zip(people, entered, strict=True)
        ]

    @staticmethod
    def _rank_left(diff, funnel):
        """Rank of the stage the lead comes from, None where it comes from outside the funnel."""
        if not diff.stay or diff.stay.team_id != diff.lead.team_id:
            return None
        return funnel.rank(diff.stay.stage_id)
