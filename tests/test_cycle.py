import random
from datetime import datetime, timedelta

from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import BaseCase, Form, tagged

from ..hooks import post_init_hook
from ..tools.chances import Chance, Past
from .common import FunnelCase

NOW = datetime(2026, 6, 10, 12)


class CycleCase(FunnelCase):
    """Deals of a team that took known times."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Cycle = cls.env["crm.deal.cycle"]
        cls.set_parameter("cycle_minimum", 4)
        cls.set_parameter("normal_cycle", 50)
        clock = freeze_time(NOW)
        clock.start()
        cls.addClassCleanup(clock.stop)

    @classmethod
    def set_parameter(cls, name, value):
        cls.env["ir.config_parameter"].set_param(f"sales_funnel_control.{name}", str(value))

    @classmethod
    def enter(cls, days_ago, stage=None, **values):
        with freeze_time(NOW - timedelta(days=days_ago)):
            lead = cls.new_lead(cls, stage, **values)
        return lead

    @classmethod
    def at(cls, days_ago, change, *args, **kwargs):
        with freeze_time(NOW - timedelta(days=days_ago)):
            change(*args, **kwargs)
            cls.env.cr.flush()

    @classmethod
    def win(cls, days, ended=1, **values):
        lead = cls.enter(ended + days, **values)
        cls.at(ended, lead.action_set_won)
        return lead

    def cycles(self):
        """``{class: (deals, median, normal, is sufficient)}`` of the team."""
        return {
            cycle.lead_class: (
                cycle.deals,
                cycle.median_days,
                cycle.normal_days,
                cycle.is_sufficient,
            )
            for cycle in self.Cycle.search([("team_id", "=", self.team.id)])
        }

    def compute(self):
        self.env.flush_all()
        self.env.registry.clear_cache()
        return self.Cycle._cron_compute()


@tagged("post_install", "-at_install")
class TestCycle(CycleCase):
    def test_median_and_ninetieth_percentile(self):
        for days in range(1, 12):
            self.win(days, lead_class="a")
        self.win(30, lead_class="b")
        self.win(40)
        self.compute()
        cycles = self.cycles()
        self.assertEqual(cycles["a"], (11, 6, 10, True))
        self.assertEqual(cycles["b"], (1, 30, 30, False))
        self.assertEqual(cycles[False][0], 13)
        self.assertNotIn("c", cycles)

    def test_known_once_the_addon_is_installed(self):
        for days in range(1, 5):
            self.win(days)
        self.assertEqual(self.cycles(), {})
        post_init_hook(self.env)
        self.assertEqual(self.cycles()[False][0], 4)

    def test_what_does_not_count(self):
        self.win(5, ended=740)
        self.win(5, ended=700)
        self.win(0)
        self.enter(30)
        self.at(3, self.enter(30).action_set_lost, lost_reason_id=self.reason.id)
        undone = self.win(4, ended=20)
        self.at(10, undone.write, {"stage_id": self.contract.id, "probability": 50})
        self.compute()
        self.assertEqual(self.cycles(), {False: (1, 5, 5, False)}, "won in the last 24 months")
        self.at(2, undone.action_set_won)
        self.compute()
        # Four days until the first win and eight after it was moved back.
        self.assertEqual(self.cycles()[False][:3], (2, 9, 12))

    def test_time_refused_does_not_count(self):
        lead = self.enter(100)
        self.at(90, lead.action_set_lost, lost_reason_id=self.reason.id)
        self.at(5, lead.action_unarchive)
        self.assertEqual(lead.days_in_work, 15)
        self.at(1, lead.action_set_won)
        self.compute()
        self.assertEqual(self.cycles()[False][1], 14)

    def test_second_run_writes_nothing(self):
        for days in (3, 4, 5, 6):
            self.win(days)
        self.assertGreater(self.compute(), 0)
        cycle = self.Cycle.search([("team_id", "=", self.team.id)])
        cycle.invalidate_recordset()
        self.patch(self.env.registry["crm.deal.cycle"], "write", self.fail)
        with freeze_time(NOW + timedelta(days=1)):
            self.assertEqual(self.compute(), 0)
        self.assertEqual(cycle.computed_on, NOW.date())

    def test_follows_what_changed(self):
        leads = [self.win(days) for days in (3, 4, 5, 6)]
        self.compute()
        leads[0].unlink()
        self.compute()
        self.assertEqual(self.cycles(), {False: (3, 5, 6, False)})
        for lead in leads[1:]:
            lead.unlink()
        self.compute()
        self.assertEqual(self.cycles(), {})

    def test_class_then_team_then_setting(self):
        for days in (10, 10, 10, 10):
            self.win(days, lead_class="a")
        leads = {letter: self.enter(1, lead_class=letter) for letter in ("a", "b", False)}
        self.assertEqual({lead.normal_cycle_days for lead in leads.values()}, {50})
        self.win(20, lead_class="b")
        self.compute()
        self.env.invalidate_all()
        # Of 10, 10, 10, 10 and 20 the 90th percentile is 16.
        self.assertEqual(
            {letter: lead.normal_cycle_days for letter, lead in leads.items()},
            {"a": 10, "b": 16, False: 16},
        )

    def test_past_the_cycle_by_how_much(self):
        for days in (10, 10, 10, 10):
            self.win(days)
        self.compute()
        # Ten days and a half are ten days; eleven are one too many.
        leads = self.enter(10.9) | self.enter(11) | self.enter(25) | self.enter(2)
        self.assertEqual(leads.mapped("days_in_work"), [10, 11, 25, 2])
        self.assertEqual(leads.mapped("days_over_cycle"), [0, 1, 15, 0])
        self.assertEqual(leads.mapped("is_over_cycle"), [False, True, True, False])
        self.assertEqual(leads[2].cycle_text, "15 days past the normal cycle")
        self.assertFalse(leads[0].cycle_text)
        for leaf, expected in (
            (("is_over_cycle", "=", True), leads[1:3]),
            (("is_over_cycle", "!=", True), leads[0] | leads[3]),
            (("days_over_cycle", ">", 1), leads[2]),
            (("days_over_cycle", ">=", 1), leads[1:3]),
            (("days_over_cycle", "<", 1), leads[0] | leads[3]),
            (("days_over_cycle", "=", 0), leads[0] | leads[3]),
            (("days_in_work", "<=", 10), leads[0] | leads[3]),
            (("days_in_work", "=", 25), leads[2]),
            (("normal_cycle_days", "=", 10), leads),
        ):
            found = self.env["crm.lead"].search([("id", "in", leads.ids), leaf])
            self.assertEqual(found, expected.sorted(), leaf)

    def test_closed_deals_are_not_flagged(self):
        won = self.win(200)
        lost = self.enter(200)
        self.at(1, lost.action_set_lost, lost_reason_id=self.reason.id)
        for lead in won | lost:
            self.assertEqual((lead.days_in_work, lead.days_over_cycle), (0, 0))
            self.assertFalse(lead.is_over_cycle)
        both = (won | lost).with_context(active_test=False)
        domain = [("id", "in", both.ids)]
        self.assertFalse(both.search([*domain, ("is_over_cycle", "=", True)]))
        self.assertEqual(both.search([*domain, ("days_over_cycle", "<", 1)]), both.sorted())

    def test_board(self):
        self.enter(60)
        self.enter(60, stage=self.contract, user=self.sidorov)
        self.enter(40)
        board = self.env["crm.control.board"].get_board(self.team.id)
        self.assertEqual(board["standing"]["over_cycle"], 2)
        over = {stage["name"]: stage["over_cycle"] for stage in board["now"]}
        self.assertEqual((over["Client List"], over["Contract"]), (1, 1))
        [line] = board["now"][0]["managers"]
        self.assertEqual((line["count"], line["over_cycle"]), (2, 1))
        for stage, expected in ((self.list, 1), (None, 2)):
            action = self.env["crm.control.board"].get_standing_action(
                stage and stage.id, self.team.id, lacking="cycle"
            )
            self.assertEqual(self.env["crm.lead"].search_count(action["domain"]), expected)

    def test_a_page_costs_as_much_as_a_card(self):
        leads = self.env["crm.lead"].union(*(self.enter(number) for number in range(40, 80)))
        leads[:1].mapped("cycle_text")
        self.env.flush_all()
        self.env.invalidate_all()
        leads.fetch(["active", "lead_class", "stage_id", "team_id", "won_status"])
        with self.assertQueryCount(1):
            leads.mapped("cycle_text")
        with self.assertQueryCount(1):
            leads.mapped(lambda lead: (lead.days_over_cycle, lead.is_over_cycle))
        leads._chances()
        with self.assertQueryCount(1):
            leads._chances()

    def test_settings(self):
        for days in (3, 4, 5, 6):
            self.win(days)
        self.compute()
        self.assertTrue(self.cycles()[False][3])
        with Form(self.env["res.config.settings"]) as form:
            self.assertEqual((form.funnel_cycle_minimum, form.funnel_normal_cycle), (4, 50))
            form.funnel_cycle_minimum = 5
            form.funnel_normal_cycle = 33
        form.record.execute()
        self.assertFalse(self.cycles()[False][3])
        self.assertEqual(self.enter(1).normal_cycle_days, 33)
        with self.assertRaises(ValidationError):
            self.env["res.config.settings"].create({"funnel_cycle_minimum": 0})

    def test_access(self):
        self.win(5)
        self.compute()
        own = self.Cycle.with_user(self.ivanov)
        cycle = own.search([("team_id", "=", self.team.id)])
        self.assertEqual(cycle.deals, 1)
        with self.assertRaises(AccessError):
            cycle.write({"normal_days": 1})


class TestPast(BaseCase):
    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=40),
        st.integers(0, 35),
    )
    def test_against_counting_one_by_one(self, deals, age):
        counts = {}
        for until, is_won in deals:
            won, total = counts.get(until, (0, 0))
            counts[until] = (won + is_won, total + 1)
        telling = [is_won for until, is_won in deals if until >= age]
        self.assertEqual(Past.build(counts).at(age), Chance(sum(telling), len(telling)))


@tagged("post_install", "-at_install")
class TestChances(CycleCase):
    def chance(self, lead):
        self.env.flush_all()
        self.env.registry.clear_cache()
        return lead._chances()[lead.id]

    def test_deals_that_stood_as_long(self):
        self.set_parameter("normal_cycle", 30)
        for days, is_won in ((2, True), (10, True), (10, False), (20, True), (20, False)):
            lead = self.enter(100)
            if is_won:
                self.at(100 - days, lead.action_set_won)
            else:
                self.at(100 - days, lead.action_set_lost, lost_reason_id=self.reason.id)
        self.enter(100)
        for age, expected in ((1, (3, 5)), (2, (3, 5)), (3, (2, 4)), (11, (1, 2)), (21, (0, 0))):
            self.assertEqual(self.chance(self.enter(age)), Chance(*expected), age)
        other_stage = self.enter(1, self.contract)
        self.assertEqual(self.chance(other_stage), Chance(0, 0))

    def test_what_does_not_tell(self):
        self.set_parameter("normal_cycle", 30)
        spam, archived, other, young, old = (self.enter(days) for days in (100, 100, 100, 33, 800))
        self.at(90, spam.action_set_lost, lost_reason_id=self.spam.id)
        self.at(90, archived.action_archive)
        self.at(90, other.write, {"team_id": self._make_team("Others").id})
        self.at(89, other.action_set_lost, lost_reason_id=self.reason.id)
        self.at(13, young.action_set_lost, lost_reason_id=self.reason.id)
        self.at(790, old.action_set_won)
        # Archived is not won. The young one came to three days a normal cycle ago, not to four.
        self.assertEqual(self.chance(self.enter(3)), Chance(0, 2))
        self.assertEqual(self.chance(self.enter(4)), Chance(0, 1))

    def test_against_brute_force(self):
        ripe = 25
        self.set_parameter("normal_cycle", ripe)
        chance = random.Random(5)
        deals = []
        for _each in range(30):
            began = chance.randint(5, 80)
            stood = chance.randint(1, began)
            fate = chance.choice(("won", "lost", "open"))
            lead = self.enter(began)
            if fate == "won":
                self.at(began - stood, lead.action_set_won)
            elif fate == "lost":
                self.at(began - stood, lead.action_set_lost, lost_reason_id=self.reason.id)
            deals.append((began, stood, fate))
        for age in (0, 1, 5, 12, 30, 55):
            telling = [
                fate
                for began, stood, fate in deals
                if fate != "open" and stood >= age and began - age >= ripe
            ]
            self.assertEqual(
                self.chance(self.enter(age)), Chance(telling.count("won"), len(telling)), age
            )

    def test_said_with_a_minimum_sample(self):
        self.set_parameter("normal_cycle", 30)
        for is_won in (True, False, False):
            lead = self.enter(100)
            if is_won:
                self.at(90, lead.action_set_won)
            else:
                self.at(90, lead.action_set_lost, lost_reason_id=self.reason.id)
        lead = self.enter(5)
        self.chance(lead)
        self.assertFalse(lead.chance_text)
        self.set_parameter("cycle_minimum", 3)
        lead.invalidate_recordset()
        self.assertEqual(lead.chance_text, "1 of 3 deals that stood here this long were won")
        lead.action_set_won()
        self.assertFalse(lead.chance_text)
        self.assertEqual(lead._chances()[lead.id], Chance(0, 0))

    def test_report(self):
        self.set_parameter("normal_cycle", 30)
        for days, is_won in ((3, True), (8, False), (15, True)):
            lead = self.enter(100)
            if is_won:
                self.at(100 - days, lead.action_set_won)
            else:
                self.at(100 - days, lead.action_set_lost, lost_reason_id=self.reason.id)
        self.env.flush_all()
        domain = [("team_id", "=", self.team.id), ("stage_id", "=", self.list.id)]
        rows = self.env["crm.chance.report"]._read_group(
            domain, ["age"], ["decided:sum", "won:sum", "chance:avg"]
        )
        self.assertEqual([row[:3] for row in rows], [(0, 3, 2), (7, 2, 1), (14, 1, 1)])
        self.assertAlmostEqual(rows[0][3], 200 / 3)
        [(total,)] = self.env["crm.chance.report"]._read_group(domain, [], ["chance:avg"])
        self.assertAlmostEqual(total, 400 / 6)
