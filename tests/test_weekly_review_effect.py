import doctest
import random
from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, Form, new_test_user, tagged

from ..tools import effects, weeks
from .test_weekly_review import ReviewCase

DECIDED = date(2026, 4, 6)
SEEN = datetime(2026, 6, 8, 9)


class EffectCase(ReviewCase):
    """Decisions of Monday, 6 April 2026, looked at two months later."""

    def decide(self, user=None, stage=None, **values):
        review = self.make(date(2026, 3, 30), datetime(2026, 4, 6, 9))
        with freeze_time(datetime(2026, 4, 6, 9)):
            return self.Decision.with_user(self.leader).create(
                {
                    "review_id": review.id,
                    "user_id": user and user.id,
                    "stage_id": (stage or self.acquaintance).id,
                    "date_due": "2026-04-20",
                    **values,
                }
            )

    def effects(self, decisions):
        self.env.registry.clear_cache()
        decisions.invalidate_recordset()
        with freeze_time(SEEN):
            return decisions.mapped("effect")

    def play(self, before, after, user=None):
        """Clients on the list, of whom so many came further, before and after the decision."""
        self.enter(user or self.ivanov, before, datetime(2026, 3, 16, 9))
        self.enter(user or self.ivanov, after, datetime(2026, 4, 6, 9))


@tagged("post_install", "-at_install")
class TestEffect(EffectCase):
    def test_worked(self):
        self.play((60, 36), (40, 35))
        decision = self.decide(self.ivanov)
        self.assertEqual(self.effects(decision), ["worked"])
        self.assertEqual((decision.before_entered, decision.after_entered), (60, 40))
        self.assertAlmostEqual(decision.before_rate, 60)
        self.assertAlmostEqual(decision.after_rate, 87.5)
        self.assertEqual(
            decision.effect_text,
            "Before: 36 of 60, 60 %; since: 35 of 40, 87.5 %. Better, beyond chance.",
        )
        follow_up = decision._payload()["follow_up"]
        self.assertEqual((follow_up["effect"], follow_up["after_rate"]), ("worked", 87.5))

    def test_did_not(self):
        self.play((60, 36), (40, 26))
        decision = self.decide(self.ivanov)
        self.assertEqual(self.effects(decision), ["did_not"])
        self.assertIn("may be chance", decision.effect_text)

    def test_worse(self):
        self.play((60, 36), (40, 10))
        decision = self.decide(self.ivanov)
        self.assertEqual(self.effects(decision), ["did_not"])
        self.assertIn("Not better", decision.effect_text)

    def test_minimum_on_both_sides(self):
        self.play((20, 4), (19, 19))
        decision = self.decide(self.ivanov)
        self.assertEqual(self.effects(decision), ["too_early"])
        self.enter(self.ivanov, (1, 1), datetime(2026, 4, 7, 9))
        self.assertEqual(self.effects(decision), ["worked"])
        self.history_of_before_gone()
        self.assertEqual(self.effects(decision), ["too_early"])

    def history_of_before_gone(self):
        stays = self.History.search(
            [("team_id", "=", self.team.id), ("entered_at", "<", "2026-04-01")], limit=1
        )
        stays.lead_id.action_set_lost(lost_reason_id=self.spam.id)
        self.env.cr.flush()

    def test_young_clients_do_not_count(self):
        self.play((60, 36), (40, 40))
        decision = self.decide(self.ivanov)
        self.env.registry.clear_cache()
        with freeze_time(datetime(2026, 4, 7, 5)):
            self.assertEqual(decision.effect, "too_early")
            self.assertEqual(decision.after_entered, 0)

    def test_borders_of_the_periods(self):
        """Eight weeks before the decision's week; since its day."""
        for moment in (
            datetime(2026, 2, 8, 23),  # before the eight weeks
            datetime(2026, 2, 9, 0),  # before
            datetime(2026, 4, 5, 23),  # before
            datetime(2026, 4, 6, 0),  # since
        ):
            self.enter(self.ivanov, (1, 1), moment)
        decision = self.decide(self.ivanov)
        self.effects(decision)
        self.assertEqual((decision.before_entered, decision.after_entered), (2, 1))
        decision.sudo().decided_on = date(2026, 4, 8)
        self.effects(decision)
        self.assertEqual((decision.before_entered, decision.after_entered), (2, 0))

    def test_of_the_manager_and_of_the_team(self):
        self.play((30, 10), (30, 28))
        self.play((30, 30), (30, 30), self.sidorov)
        mine, of_team = self.decide(self.ivanov), self.decide()
        self.assertEqual(self.effects(mine | of_team), ["worked", "worked"])
        self.assertEqual((mine.before_entered, of_team.before_entered), (30, 60))
        self.assertEqual(of_team.about, "The whole team")

    def test_without_a_transition_there_is_no_effect(self):
        self.play((30, 10), (30, 28))
        decision = self.decide(self.ivanov, stage_id=False)
        self.assertEqual(self.effects(decision), [False])
        with self.assertRaisesRegex(UserError, "no transition"):
            decision.action_open_after()

    def test_search_and_groups(self):
        self.play((60, 36), (40, 35))
        good, early, none = (
            self.decide(self.ivanov),
            self.decide(self.ivanov, self.payment),
            self.decide(self.ivanov, stage_id=False),
        )
        decisions = good | early | none
        self.env.registry.clear_cache()
        with freeze_time(SEEN):
            for value, found in (("worked", good), ("too_early", early), (False, none)):
                domain = [("id", "in", decisions.ids), ("effect", "=", value)]
                self.assertEqual(self.Decision.search(domain), found)
            groups = self.Decision.formatted_read_group(
                [("id", "in", decisions.ids)], ["effect"], ["__count"]
            )
        self.assertEqual(
            {group["effect"]: group["__count"] for group in groups},
            {"worked": 1, "too_early": 1, False: 1},
        )

    def test_only_what_is_asked_for_is_measured(self):
        asked, _other = self.decide(self.ivanov), self.decide(self.sidorov)
        self.decide(self.ivanov, stage_id=False)
        measured = self.Decision.browse()
        shares = type(self.Decision)._shares

        def measure(decisions):
            nonlocal measured
            measured |= decisions.sudo(False)
            return shares(decisions)

        self.patch(type(self.Decision), "_shares", measure)
        self.env.flush_all()
        self.env.invalidate_all()
        self.Decision.search([("effect", "=", False)])
        self.assertFalse(measured)
        self.Decision.formatted_read_group([("id", "=", asked.id)], ["effect"], ["__count"])
        self.assertEqual(measured, asked)

    def test_effect_of_what_is_chosen_in_the_form(self):
        self.play((60, 36), (40, 35))
        decision = self.decide(self.ivanov, self.payment)
        self.env.registry.clear_cache()
        with freeze_time(SEEN), Form(decision.with_user(self.leader)) as form:
            self.assertEqual(form.effect, "too_early")
            form.stage_id = self.acquaintance
            self.assertEqual(form.effect, "worked")

    def test_clients_behind(self):
        self.play((30, 10), (25, 20))
        decision = self.decide(self.ivanov)
        self.env.registry.clear_cache()
        with freeze_time(SEEN):
            for action, count in (
                (decision.action_open_before(), 30),
                (decision.action_open_after(), 25),
            ):
                leads = self.env["crm.lead"].with_context(**action["context"])
                self.assertEqual(leads.search_count(action["domain"]), count)

    def test_queries_do_not_grow_with_decisions(self):
        self.play((30, 10), (25, 20))
        decisions = self.decide(self.ivanov)
        self.effects(decisions)
        counts = []
        for number in (1, 20):
            while len(decisions) < number:
                decisions |= self.decide(self.ivanov)
            self.env.flush_all()
            decisions.invalidate_recordset()
            decisions.mapped("stage_id.name"), decisions.mapped("company_id.funnel_tz")
            with freeze_time(SEEN):
                before = self.env.cr.sql_log_count
                decisions.mapped("effect")
                counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 3)

    def test_day_of_the_decision_is_the_systems(self):
        decision = self.decide(self.ivanov)
        self.assertEqual(decision.decided_on, DECIDED)
        with self.assertRaises(AccessError):
            self.decide(self.ivanov, decided_on="2026-01-01")

    def test_who_is_responsible(self):
        with self.assertRaises(Exception) as caught, self.env.cr.savepoint():
            self.decide(self.ivanov, responsible_id=False)
        self.assertIn("who is responsible", str(caught.exception))

    def test_outsider_does_not_decide(self):
        outsider = new_test_user(self.env, "test_out", groups="sales_team.group_sale_salesman")
        decision = self.decide(self.ivanov)
        for user in (self.ivanov, outsider):
            with self.assertRaises(AccessError):
                self.Decision.with_user(user).create(
                    {"review_id": decision.review_id.id, "date_due": DECIDED + timedelta(days=7)}
                )


@tagged("post_install", "-at_install")
class TestEffectTools(BaseCase):
    def test_examples(self):
        for module in (effects, weeks):
            failed, tried = doctest.testmod(module)
            self.assertTrue(tried, module.__name__)
            self.assertFalse(failed, module.__name__)

    def test_where_nothing_changed_hardly_anything_worked(self):
        """At most one decision in twenty, give or take what 3,000 draws leave open."""
        chance = random.Random(6)

        def share(entered, rate):
            return effects.Share(entered, sum(chance.random() < rate for _each in range(entered)))

        for rate in (0.5, 0.7, 0.9):
            found = [effects.judge(share(150, rate), share(50, rate)) for _each in range(3000)]
            self.assertLess(found.count("worked"), 3000 * 0.065)
        found = [effects.judge(share(150, 0.6), share(50, 0.85)) for _each in range(500)]
        self.assertGreater(found.count("worked"), 500 * 0.9)
