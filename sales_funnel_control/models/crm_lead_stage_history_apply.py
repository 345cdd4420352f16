from odoo import models
from odoo.tools import SQL

from ..tools import stays, working_time
from .crm_lead_stage_history_snapshot import local_date


class CrmLeadStageHistory(models.Model):
    """Writes into the ledger what follows from the differences that ``_sync`` found."""

    _inherit = "crm.lead.stage.history"

    def _apply(self, differences, reconstructed=False):
        """Bring the ledger in step.

        :return: what was changed: ``(difference, change, funnel)``
        """
        undone = [diff for diff in differences if diff.undone_stay_id]
        changes = [
            (diff, diff.change, self.env["crm.stage"]._funnel(diff.lead.team_id))
            for diff in differences
            if not diff.undone_stay_id
        ]
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
        """Close, mark and open stays, in this order: one message to the database for all leads.

        Each of its statements is a plain one, and there only where there is something to do:
        planning is most of what a single move costs.
        """
        closing, uncounted, passed, opening = self._change_rows(changes)
        statements = []
        if closing:
            statements.append(self._close_sql(closing))
        if uncounted:
            statements.append(
                SQL(
                    "UPDATE crm_lead_stage_history SET is_cohort = FALSE, reached_next = FALSE"
                    " WHERE id = ANY(%s)",
                    uncounted,
                )
            )
        if passed:
            statements.append(
                SQL(
                    "UPDATE crm_lead_stage_history SET reached_next = TRUE WHERE id = ANY(%s)",
                    passed,
                )
            )
        if opening:
            statements.append(
                SQL(
                    """
                    INSERT INTO crm_lead_stage_history (
                        %s, stage_id, next_stage_id, entered_at, left_at, days,
                        week_start, origin, exit, lost_reason_id, is_cohort, reached_next,
                        target_rate, is_skipped, is_reconstructed
                    )
                    VALUES %s
                    """,
                    self._snapshot_columns(),
                    self._rows_sql([(*row, reconstructed) for row in opening]),
                )
            )
        if statements:
            self.env.cr.execute(SQL("; ").join(statements))

    def _close_sql(self, closing):
        return SQL(
            """
            UPDATE crm_lead_stage_history AS stay
               SET left_at = COALESCE(stay.left_at, closing.at),
                   days = COALESCE(stay.days, %(days)s),
                   exit = closing.exit,
                   lost_reason_id = closing.lost_reason_id::int,
                   reached_next = stay.is_cohort
                       AND closing.exit <> 'handed_over'
                       AND (stay.reached_next OR closing.arrives),
                   is_cohort = stay.is_cohort AND closing.exit <> 'handed_over'
              FROM (VALUES %(closing)s) AS closing(stay_id, at, exit, lost_reason_id, arrives)
             WHERE stay.id = closing.stay_id
            """,
            days=self._days_sql(SQL("stay.entered_at"), SQL("closing.at")),
            closing=self._rows_sql(closing),
        )

    @staticmethod
    def _rows_sql(rows):
        return SQL(", ".join(["%s"] * len(rows)), *rows)

    def _change_rows(self, changes):
        """Rows to close, ids of stays that no longer count, of those passed, and rows to open."""
        closing, uncounted, passed, opening = [], [], [], []
        for (diff, change, funnel), snapshots in zip(
            changes, self._entry_snapshots(changes), strict=True
        ):
            closed_id = diff.stay_id if change.exit else None
            found = stays.consequences(
                change, self._rank_left(diff, funnel), closed_id, diff.visits, funnel
            )
            if closed_id:
                closing.append(
                    (closed_id, diff.at, change.exit, change.lost_reason_id, found.arrives)
                )
            uncounted += found.uncounted
            passed += found.passed
            opening += (
                self._opening_row(diff, funnel, entry, counts, snapshots[entry.stage_id])
                for entry, counts in found.entries
            )
        return closing, uncounted, passed, opening

    @staticmethod
    def _opening_row(diff, funnel, entry, counts, snapshot):
        """The columns of a stay to be opened, but for the last one."""
        circumstances, day, target_rate = snapshot
        is_over = entry.exit != "still_there"
        return (
            diff.lead_id,
            diff.lead.team_id,
            diff.lead.user_id,
            circumstances.sales_role,
            circumstances.grade,
            circumstances.company_id,
            circumstances.currency_id,
            *diff.snapshot,
            entry.stage_id,
            funnel.next_stage(entry.stage_id),
            diff.at,
            diff.at if is_over else None,
            0 if is_over else None,
            working_time.monday(day),
            entry.origin,
            entry.exit,
            entry.lost_reason_id,
            counts,
            counts and entry.exit == "advanced",
            target_rate,
            entry.origin == "skipped",
        )

    def _entry_snapshots(self, changes):
        """What the entries of each change keep: circumstances, day, and target in force, by stage.

        :rtype: list[dict]
        """
        people = [
            (diff.lead.team_id, diff.lead.user_id, diff.company_id) for diff, *_rest in changes
        ]
        circumstances = self._circumstances(people)
        entered = [
            {
                entry.stage_id: (
                    funnel.next_stage(entry.stage_id),
                    diff.lead.team_id,
                    circumstances[who].sales_role,
                    diff.lead.user_id,
                    local_date(diff.at, circumstances[who].funnel_tz),
                )
                for entry in change.entries
            }
            for (diff, change, funnel), who in zip(changes, people, strict=True)
        ]
        targets = self._targets_in_force([key for keys in entered for key in keys.values()])
        return [
            {
                stage_id: (circumstances[who], key[-1], targets[key])
                for stage_id, key in keys.items()
            }
            for who, keys in zip(people, entered, strict=True)
        ]

    @staticmethod
    def _rank_left(diff, funnel):
        """Rank of the stage the lead comes from, None where it comes from outside the funnel."""
        if not diff.stay or diff.stay.team_id != diff.lead.team_id:
            return None
        return funnel.rank(diff.stay.stage_id)
