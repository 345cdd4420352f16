"""Weekly reviews under random operations: the ledger closes, and closed weeks stand still."""

from datetime import timedelta

from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from ..tools import working_time
from .test_invariants import OPERATIONS, PHASES, InvariantCase, Player

# Whole days, so that a sequence goes through weeks.
MINUTES = st.sampled_from([7, 600, 1440, 2880, 5000])
CHANGES = st.lists(
    st.sampled_from(["target", "rename", "archive_user", "reason", "spam", "drop_stage", "team"]),
    min_size=2,
    max_size=4,
)


@tagged("post_install", "-at_install")
class TestReviewProperties(InvariantCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.funnel_tz = "Europe/Moscow"
        cls.teams = cls.team | cls.other

    def test_random_weeks(self):
        @settings(
            max_examples=12,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            phases=PHASES,
        )
        @given(
            st.lists(st.tuples(OPERATIONS, MINUTES), min_size=8, max_size=16),
            st.lists(st.tuples(OPERATIONS, MINUTES), min_size=4, max_size=8),
            CHANGES,
        )
        def play(before, after, changes):
            with self.env.cr.savepoint() as savepoint:
                player = Player(self)
                player.play(before)
                reviews = self.review(player)
                self.check_closes(reviews)
                self.check_weeks_join(reviews)
                stored = self.close(reviews)
                player.play(after)
                self.change(changes)
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertEqual(self.payloads(reviews), stored)
                later = self.review(player) - reviews
                self.check_closes(later)
                for review in reviews:
                    review.get_restatement()
                self.assertEqual(self.payloads(reviews), stored)
                savepoint.rollback()
            self.env.invalidate_all()
            self.env.registry.clear_cache()

        play()

    def review(self, player):
        """The reviews of all weeks that are over when the player has played."""
        Review = self.env["crm.weekly.review"]
        company = self.env.company
        reviews = Review.browse()
        with freeze_time(player.now):
            this_week = working_time.monday(company._funnel_today())
            for team in self.teams:
                weeks = [this_week - timedelta(weeks=back) for back in (3, 2, 1)]
                due = [(team, company, week) for week in weeks]
                for each in Review._with_anything(due):
                    reviews |= Review._make(*each)
        return reviews

    def check_closes(self, reviews):
        for line in reviews.line_ids:
            self.assertEqual(line.opening + line.entered - line.exited, line.closing)
            for name in ("opening", "closing"):
                self.assertEqual(line[name], sum(line.stage_ids.mapped(name)))
            self.assertEqual(line.refused, sum(line.refusal_ids.mapped("number")))
            for row in line.stage_ids:
                went = (
                    row.advanced
                    + row.refused
                    + row.moved_back
                    + row.handed_over
                    + row.withdrawn
                    + row.transferred
                )
                self.assertEqual(row.opening + row.entered - went, row.closing)
            for row in line.transition_ids:
                self.assertLessEqual(row.flow_advanced, row.exits)

    def check_weeks_join(self, reviews):
        by_week = {(review.team_id, review.week_start): review for review in reviews}
        for (team, week), review in by_week.items():
            following = by_week.get((team, week + timedelta(days=7)))
            if following:
                self.assertEqual(self.stock(review, "closing"), self.stock(following, "opening"))

    def stock(self, review, name):
        return {
            (line.user_key, row.stage_key): row[name]
            for line in review.line_ids
            for row in line.stage_ids
            if row[name]
        }

    def close(self, reviews):
        for review in reviews:
            review.head_word = "So it was"
            review.action_close()
        return self.payloads(reviews)

    def payloads(self, reviews):
        return [review.get_review() for review in reviews]

    def change(self, changes):
        for name in changes:
            with self.env.cr.savepoint():
                getattr(self, f"change_{name}")()

    def change_target(self):
        self.presentation.target_rate = 33

    def change_rename(self):
        self.stages[1].name = "Renamed"
        self.ivanov.name = "Renamed"
        self.team.name = "Renamed"

    def change_archive_user(self):
        self.sidorov.active = False

    def change_reason(self):
        self.reason.name = "Renamed"
        self.reason.active = False

    def change_spam(self):
        self.reason.is_spam_or_duplicate = True

    def change_drop_stage(self):
        if (
            not self.env["crm.lead"]
            .with_context(active_test=False)
            .search_count([("stage_id", "=", self.contract.id)])
        ):
            self.contract.exists().unlink()

    def change_team(self):
        self.other.user_id = self.ivanov
