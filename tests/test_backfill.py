"""The ledger rebuilt from the chatter has the stays that were recorded live."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from .test_invariants import MINUTES, OPERATIONS, PHASES, InvariantCase, Player

COMPARED = (
    "stage_id",
    "next_stage_id",
    "team_id",
    "user_id",
    "entered_at",
    "left_at",
    "origin",
    "exit",
    "is_cohort",
    "reached_next",
    "week_start",
    "target_rate",
)


class TrackingPlayer(Player):
    """Plays one operation a transaction, as far as the chatter is concerned."""

    def play(self, operations):
        cr = self.env.cr
        for (name, *arguments), minutes in operations:
            self.now += timedelta(minutes=minutes)
            with freeze_time(self.now), patch.object(cr, "now", lambda: self.now):
                self.do(name, *arguments)
                self.env.flush_all()
                cr.precommit.run()
                self.env.flush_all()

    def do_win(self, number):
        """Winning an archived lead reopens and moves it; the chatter keeps the net change only."""
        if self.lead(number).active:
            super().do_win(number)

    def do_probability(self, number, probability):
        """Of a lead imported lost, and given a chance while archived, nothing tells the refusal."""
        if self.lead(number).active:
            super().do_probability(number, probability)


class BackfillCase(InvariantCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": False})
        for name in ("History", "team", "other", "stages", "other_stages", "reason"):
            setattr(cls, name, getattr(cls, name).with_env(cls.env))
        cls.set_grace(0)

    def rebuild(self, leads):
        """Rebuild leads as if the ledger had never seen them."""
        self.env.cr.execute(
            "UPDATE crm_lead_stage_history SET is_reconstructed = TRUE WHERE lead_id = ANY(%s)",
            [leads.ids],
        )
        self.History._backfill(leads.ids)

    def comparable(self, leads):
        """The rows of each lead, a line each, so that a difference can be read."""
        rows = {lead.id: [] for lead in leads}
        for row in self.rows(leads):
            stage = self.env["crm.stage"].browse(row["stage_id"])
            rows[row["lead_id"]].append(
                f"{stage.name} " + " ".join(f"{key}={row[key]}" for key in COMPARED)
            )
        return rows

    def assertSameStays(self, live, rebuilt, message=None):
        for lead_id, rows in live.items():
            self.assertEqual("\n".join(rows), "\n".join(rebuilt[lead_id]), message)


@tagged("post_install", "-at_install")
class TestBackfill(BackfillCase):
    def test_random_operations(self):
        @settings(
            max_examples=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            phases=PHASES,
        )
        @given(st.lists(st.tuples(OPERATIONS, MINUTES), min_size=25, max_size=40))
        def play(operations):
            with self.env.cr.savepoint() as savepoint:
                player = TrackingPlayer(self)
                player.play(operations)
                leads = player.leads.exists()
                merged = leads.filtered(lambda lead: lead.id in player.merged)
                unmerged = (leads - merged).filtered(lambda lead: lead.type == "opportunity")
                live = self.comparable(unmerged)
                self.rebuild(unmerged)
                self.assertSameStays(live, self.comparable(unmerged))
                self.rebuild(unmerged)
                self.assertSameStays(live, self.comparable(unmerged), "rebuilding is idempotent")
                self.rebuild(merged)
                self.check_all(leads, player.merged)
                savepoint.rollback()
            self.env.invalidate_all()

        play()
