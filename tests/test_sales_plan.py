from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..tools.chances import Chance
from .test_norms import NormCase

DAYS = {"date_from": "2026-03-01", "date_to": "2026-03-31"}


class PlanCase(NormCase):
    """March 2026, seen from Wednesday the 4th: 20 working days are left, 4 weeks of work."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Plan = cls.env["crm.sales.plan"]
        cls.Planner = cls.env["crm.sales.planner"]
        cls.company.write(
            {
                "plan_meetings_per_move": 0.5,
                "plan_calls_per_move": 1.0,
                "capacity_contacts_per_client": 0.5,
                "capacity_contacts_per_week": 30,
            }
        )
        cls.chances = {}
        cls.startClassPatcher(
            patch.object(
                cls.registry["crm.sales.planner"],
                "_chances",
                lambda planner, leads: {
                    lead.id: cls.chances.get(lead.stage_id.id, Chance()) for lead in leads
                },
            )
        )

    def setUp(self):
        super().setUp()
        self.chances.clear()

    def get_plan(self, user=None, **options):
        options = {"target_kind": "number", "target": 61, **DAYS, **options}
        return self.Planner.with_user(user or self.head).get_plan(team_id=self.team.id, **options)

    def make_plan(self, user=None, **values):
        return self.Plan.with_user(user or self.head).create(
            {
                "team_id": self.team.id,
                "target_kind": "number",
                "target_number": 61,
                **DAYS,
                **values,
            }
        )

    def win(self, amount, user=None, moment="2026-03-03 09:00:00"):
        """A deal that was won at a moment."""
        lead = self.new_lead(self.contract, user=user, expected_revenue=amount)
        lead.stage_id = self.payment
        self.env.cr.flush()
        self.back_in_time(moment, moment, lead)
        return lead

    def back_in_time(self, entered_at, left_at, leads):
        """Let the stays of leads begin and end no later than that."""
        self.env.cr.execute(
            "UPDATE crm_lead_stage_history SET entered_at = LEAST(entered_at, %s),"
            " left_at = CASE WHEN left_at IS NOT NULL THEN LEAST(left_at, %s::timestamp) END"
            " WHERE lead_id = ANY(%s)",
            (entered_at, left_at, leads.ids),
        )
        self.env.invalidate_all()

    def figures(self, plan, name):
        return [stage[name] for stage in plan["stages"]]


@tagged("post_install", "-at_install")
class TestSalesPlanner(PlanCase):
    # -- the chain ----------------------------------------------------------------------------

    def test_reference_funnel(self):
        plan = self.get_plan()
        self.assertEqual(self.figures(plan, "needed"), [101, 101, 81, 65, 61])
        self.assertEqual(self.figures(plan, "to_bring"), [101, 101, 81, 65, 61])
        self.assertEqual(self.figures(plan, "rate"), [False, 100, 80, 80, 95])
        self.assertAlmostEqual(plan["path"], 60.8)
        self.assertEqual(plan["missing"], {"number": 61, "amount": 0, "covered": 0})
        self.assertEqual(plan["totals"]["new_clients"], 101)

    def test_amount(self):
        plan = self.get_plan(target_kind="amount", target=60_800, average_deal=1000)
        self.assertEqual(plan["target"]["number"], 61)
        plan = self.get_plan(target_kind="amount", target=61_000, average_deal=1000)
        self.assertEqual(plan["target"]["number"], 61)
        self.assertEqual(self.figures(plan, "needed")[0], 101)

    def test_without_an_average_there_is_nothing_to_plan(self):
        plan = self.get_plan(target_kind="amount", target=1000)
        self.assertIs(plan["target"]["number"], False)
        self.assertIs(plan["missing"]["number"], False)
        self.assertIn("give the average deal", plan["remarks"][0])

    def test_invoicing_target_is_the_default(self):
        self.team.invoiced_target = 5000
        plan = self.Planner.with_user(self.head).get_plan(team_id=self.team.id, average_deal=1000)
        self.assertEqual(plan["target"]["number"], 5)
        self.assertEqual(plan["period"], DAYS)
        form = Form(self.Plan.with_user(self.head))
        form.team_id = self.team
        self.assertEqual(form.target_amount, 5000)

    def test_invoicing_target_of_the_days(self):
        other = self.team.copy({"name": "Other", "invoiced_target": 900})
        self.team.invoiced_target = 3100
        form = Form(self.Plan.with_user(self.head))
        form.team_id = self.team
        for first, last, amount in (
            ("2026-03-02", "2026-03-08", 700),
            ("2026-11-15", "2026-12-14", round(3100 * (16 / 30 + 14 / 31), 2)),
        ):
            form.date_from, form.date_to = first, last
            self.assertEqual(form.target_amount, amount)
            plan = self.Planner.with_user(self.head).get_plan(
                self.team.id, date_from=first, date_to=last
            )
            self.assertEqual(plan["target"]["amount"], amount)
        form.date_from, form.date_to = "2026-03-01", "2026-03-31"
        form.team_id = other
        self.assertEqual(form.target_amount, 900)
        form.target_amount = 4000
        form.team_id = self.team
        self.assertEqual(form.target_amount, 4000, "What is typed stays.")

    def test_what_if(self):
        plan = self.get_plan(what_if={str(self.presentation.id): 100})
        self.assertEqual(self.figures(plan, "needed"), [81, 81, 81, 65, 61])
        self.assertEqual(self.figures(plan, "what_if"), [False, False, 100, False, False])
        self.assertAlmostEqual(plan["path"], 76)

    def test_actual_rates_are_the_board_s(self):
        self.env["ir.config_parameter"].set_param("sales_funnel_control.minimum_entries", 4)
        leads = [self.new_lead() for _each in range(4)]
        for lead in leads[:2]:
            lead.stage_id = self.acquaintance
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead_stage_history SET entered_at = entered_at - INTERVAL '40 days',"
            " left_at = left_at - INTERVAL '40 days' WHERE team_id = %s",
            [self.team.id],
        )
        self.env.invalidate_all()
        board = self.env["crm.control.board"].with_user(self.head).get_board(self.team.id)
        plan = self.get_plan(basis="actual")
        self.assertEqual(
            self.figures(plan, "actual_rate")[1:],
            [each["entered"] and each["rate"] or False for each in board["transitions"]],
        )
        self.assertEqual(plan["stages"][1]["rate"], 50)
        self.assertEqual(plan["stages"][3]["rate"], 80, "Nobody knows better than the target.")

    def test_unknown_rate_is_said(self):
        self.contract.target_rate = 0
        plan = self.get_plan()
        self.assertEqual(self.figures(plan, "needed"), [False, False, False, 65, 61])
        self.assertIs(plan["path"], False)
        self.assertIn(self.contract.name, plan["remarks"][0])

    # -- the present pipeline -----------------------------------------------------------------

    def test_pipeline_and_what_is_missing(self):
        self.chances[self.contract.id] = Chance(90, 100)
        for _each in range(10):
            self.new_lead(self.contract, expected_revenue=100)
        self.new_lead(self.list, expected_revenue=100)
        plan = self.get_plan(target=20, average_deal=100)
        number = plan["pipeline"]["number"]
        self.assertAlmostEqual(number["expected"], 10 * 90.5 / 101)
        self.assertLess(number["low"], number["expected"])
        self.assertLessEqual(number["high"], 10)
        self.assertAlmostEqual(plan["pipeline"]["amount"]["expected"], 1000 * 90.5 / 101)
        self.assertEqual(plan["pipeline"]["clients"], 11)
        self.assertEqual(plan["pipeline"]["unknown"], 1)
        self.assertEqual(plan["missing"]["number"], 12)
        self.assertEqual(self.figures(plan, "standing"), [1, 0, 0, 10, 0])
        self.assertEqual(self.figures(plan, "to_bring")[-1], 12)
        self.assertAlmostEqual(plan["stages"][-1]["clients"], 12 + 9.5 + 0.608, places=3)

    def test_only_what_is_won_in_the_period_counts(self):
        """Of the deals won from the contract, half took 10 days, half 60."""
        self.chances[self.contract.id] = Chance(50, 50)
        for number in range(10):
            lead = self.win(100, moment="2026-02-20 09:00:00")
            began = "2026-02-10 09:00:00" if number % 2 else "2025-12-22 09:00:00"
            self.env.cr.execute(
                "UPDATE crm_lead_stage_history SET entered_at = %s"
                " WHERE lead_id = %s AND left_at IS NOT NULL",
                (began, lead.id),
            )
        self.env.invalidate_all()
        for _each in range(4):
            self.new_lead(self.contract)
        share = 50.5 / 51
        for options, expected in (
            ({}, 4 * 25.5 / 51),
            ({"date_to": "2026-06-30"}, 4 * share),
            ({"date_from": "2026-04-01", "date_to": "2026-04-20"}, 4 * 0.5 / 51),
            ({"date_from": "2026-04-01", "date_to": "2026-06-30"}, 4 * 25.5 / 51),
            ({"date_from": "2026-02-01", "date_to": "2026-02-28"}, 4 * 0.5 / 51),
        ):
            plan = self.get_plan(**options)
            self.assertAlmostEqual(plan["pipeline"]["number"]["expected"], expected, msg=options)

    def test_won_so_far(self):
        self.win(300)
        self.win(0)
        self.win(500, moment="2026-02-27 09:00:00")
        self.win(900, user=self.sidorov)
        target = self.get_plan()["target"]
        self.assertEqual((target["won_number"], target["won_amount"]), (3, 1200))
        self.assertAlmostEqual(target["own_average"], 566.67, places=2)
        plan = self.get_plan(user_id=self.ivanov.id, target=5)
        self.assertEqual(plan["target"]["won_number"], 2)
        self.assertEqual(plan["missing"]["number"], 3)

    def test_won_so_far_is_what_it_was_worth_when_won(self):
        """As the day at a glance and the weekly review say."""
        self.win(300).expected_revenue = 700
        target = self.get_plan()["target"]
        self.assertEqual((target["won_amount"], target["own_average"]), (300, 300))

    def test_the_past_is_asked_once_a_day(self):
        """A slider changes nothing of it, and history is long."""
        self.assertIs(self.get_plan()["target"]["own_average"], False)
        self.win(300)
        self.assertEqual(self.get_plan()["target"]["own_average"], 300, "The first counts at once.")
        self.env.registry.clear_cache()
        self.get_plan()
        planner = self.registry["crm.sales.planner"]
        real = planner._deals_won
        with patch.object(planner, "_deals_won", autospec=True, side_effect=real) as asked:
            self.get_plan(what_if={str(self.presentation.id): 70})
        self.assertEqual(asked.call_count, 1, "What is won in the period is asked anew.")
        self.win(500)
        target = self.get_plan()["target"]
        self.assertEqual((target["won_number"], target["own_average"]), (2, 300))
        self.env.registry.clear_cache()
        self.assertEqual(self.get_plan()["target"]["own_average"], 400)

    # -- work ---------------------------------------------------------------------------------

    def test_effort_of_the_settings_and_of_the_history(self):
        plan = self.get_plan()
        self.assertEqual(plan["effort"]["moves"], 0)
        self.assertEqual(self.figures(plan, "meetings")[0], 0, "Nobody comes from nowhere.")
        self.assertAlmostEqual(plan["stages"][1]["meetings"], plan["stages"][1]["clients"] / 2)
        day = date(2026, 2, 25)
        for _each in range(20):
            lead = self.new_lead(self.list)
            lead.stage_id = self.acquaintance
            self.env.cr.flush()
            self.back_in_time("2026-02-25 09:00:00", "2026-02-25 09:00:00", lead)
        self.contact("held_meeting", day=day)
        for _each in range(9):
            self.contact("visit", day=day)
        for _each in range(40):
            self.contact("effective_call", day=day, kind="outgoing_call")
        self.env.registry.clear_cache()  # The contacts of the last weeks are counted once a day.
        effort = self.get_plan()["effort"]
        self.assertEqual(
            effort, {"meetings": 0.5, "calls": 2, "moves": 20, "call_kind": "effective_call"}
        )

    def test_work_adds_up(self):
        plan = self.get_plan()
        for name in ("meetings", "calls"):
            total = plan["totals"][name]
            self.assertTrue(total)
            self.assertAlmostEqual(sum(line[name] for line in plan["lines"]), total)
            self.assertAlmostEqual(sum(week[name] for week in plan["weeks"]), total)
        self.assertEqual(
            [week["week_start"] for week in plan["weeks"]],
            ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30"],
        )
        new = [week["new_clients"] for week in plan["weeks"]]
        self.assertAlmostEqual(new[0] / new[1], 3 / 5, msg="Three of five days are left.")
        self.assertAlmostEqual(new[4] / new[1], 2 / 5)

    def test_shares(self):
        shares = {m["id"]: m["share"] for m in self.get_plan()["managers"]}
        self.assertEqual(shares, {self.ivanov.id: 50, self.sidorov.id: 50})
        # 12 meetings a week for 4 weeks are 48 contacts; 12 clients ask for 0.5 × 5 weeks each.
        for _each in range(12):
            self.new_lead(self.list, user=self.ivanov)
        managers = {m["id"]: m for m in self.get_plan()["managers"]}
        self.assertAlmostEqual(managers[self.ivanov.id]["capacity"], 48)
        self.assertAlmostEqual(managers[self.ivanov.id]["share"], 100 * 18 / (18 + 48))
        given = self.get_plan(shares={self.ivanov.id: 30, self.sidorov.id: 30})["managers"]
        self.assertEqual([each["share"] for each in given], [50, 50])

    def test_who_is_away_does_nothing(self):
        self.rest(date(2026, 3, 9), date(2026, 3, 31), user=self.ivanov)
        plan = self.get_plan()
        ivanov = {m["id"]: m for m in plan["managers"]}[self.ivanov.id]
        self.assertAlmostEqual(ivanov["capacity"], 12 * 3 / 5)
        weeks = {line["week_start"] for line in plan["lines"] if line["user_id"] == self.ivanov.id}
        self.assertEqual(weeks, {"2026-03-02"})

    def test_people_needed(self):
        plan = self.get_plan()
        work = plan["totals"]["meetings"] + plan["totals"]["calls"]
        self.assertGreater(work, 48 * 9)
        self.assertEqual(plan["totals"]["people_needed"], -(-work // 48))

    # -- access and input ---------------------------------------------------------------------

    def test_only_heads_plan(self):
        with self.assertRaises(AccessError):
            self.get_plan(user=self.ivanov)
        with self.assertRaises(AccessError):
            self.make_plan(user=self.ivanov)
        self.team.user_id = self.ivanov
        self.new_lead(self.contract, user=self.sidorov)
        self.assertEqual(self.get_plan(user=self.ivanov)["pipeline"]["clients"], 1)
        self.assertEqual(self.make_plan(user=self.ivanov).deals, 61)

    def test_what_makes_no_sense_is_said(self):
        for options, words in (
            ({"date_from": "2026-03-31", "date_to": "2026-03-01"}, "ends before"),
            ({"date_from": "yesterday"}, "year-month-day"),
            ({"date_to": "2028-01-01"}, "a year at most"),
            ({"target": -1}, "negative"),
            ({"target": "much"}, "as a number"),
            ({"target": float("inf")}, "negative"),
            ({"target_kind": "love"}, "amount"),
            ({"basis": "hope"}, "actual"),
            ({"what_if": {"x": 1}}, "per cents by id"),
            ({"what_if": [1]}, "per cents by id"),
            ({"shares": {"1": 101}}, "between 0 and 100"),
            ({"user_id": self.head.id}, "no member"),
        ):
            with self.assertRaisesRegex(UserError, words, msg=options):
                self.get_plan(**options)

    def test_reads_only(self):
        with self.enter_registry_test_mode(), self.registry.cursor(readonly=True) as cr:
            planner = self.env(cr=cr, user=self.head.id)["crm.sales.planner"]
            self.assertTrue(planner.get_plan(team_id=self.team.id, target=5, target_kind="number"))

    def test_queries_do_not_grow(self):
        def count(expected=None):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.get_plan()
            return self.env.cr.sql_log_count - before

        self.new_lead(self.contract)
        count()
        few = count()
        for user in (self.ivanov, self.sidorov):
            for stage in self.stages[:-1]:
                for _each in range(5):
                    self.new_lead(stage, user=user)
        self.assertLessEqual(count(), few + 2)


@tagged("post_install", "-at_install")
class TestSalesPlan(PlanCase):
    """The stored plan."""

    def test_stored_as_the_payload_says(self):
        self.chances[self.contract.id] = Chance(50, 100)
        for _each in range(10):
            self.new_lead(self.contract, expected_revenue=100)
        plan = self.make_plan(what_if={str(self.presentation.id): 90}, average_deal=100)
        payload = plan.get_plan()
        self.assertEqual(plan.deals, payload["target"]["number"])
        self.assertEqual(plan.missing_number, payload["missing"]["number"])
        self.assertEqual(plan.forecast_number, round(payload["pipeline"]["number"]["expected"], 1))
        self.assertEqual(plan.forecast_number_high, payload["pipeline"]["number"]["high"])
        self.assertEqual(plan.stage_ids.mapped("needed"), self.figures(payload, "needed"))
        self.assertEqual(plan.stage_ids.mapped("rate"), [0, 100, 90, 80, 95])
        self.assertEqual(len(plan.line_ids), len(payload["lines"]))
        self.assertAlmostEqual(
            sum(plan.line_ids.mapped("meetings")), payload["totals"]["meetings"], places=1
        )
        self.assertEqual(
            {share.user_id.id: share.share for share in plan.share_ids},
            {each["id"]: round(each["share"], 1) for each in payload["managers"]},
        )

    def test_a_change_is_computed_at_once(self):
        plan = self.make_plan()
        stages = plan.stage_ids
        plan.target_number = 60
        self.assertEqual(plan.stage_ids[0].needed, 99)
        self.assertFalse(stages.exists() & plan.stage_ids)

    def test_shares_by_hand(self):
        plan = self.make_plan()
        first, second = plan.share_ids
        with Form(plan) as form:
            with form.share_ids.edit(0) as row:
                row.share = 90
            with form.share_ids.edit(1) as row:
                row.share = 10
        self.assertTrue(plan.divides_by_hand)
        self.assertEqual((first.share, second.share), (90, 10))
        contacts = first.contacts, second.contacts
        self.assertAlmostEqual(contacts[0], 9 * contacts[1], delta=1)
        plan.divides_by_hand = False
        self.assertEqual((first.share, second.share), (50, 50))

    def test_new_member_gets_a_share(self):
        plan = self.make_plan()
        self.env["crm.team.member"].create({"crm_team_id": self.team.id, "user_id": self.head.id})
        plan.action_refresh()
        self.assertEqual(len(plan.share_ids), 3)

    def test_form(self):
        form = Form(self.Plan.with_user(self.head))
        form.team_id = self.team
        form.target_kind = "number"
        form.target_number = 61
        plan = form.save()
        self.assertEqual((plan.date_from, plan.date_to), (date(2026, 3, 1), date(2026, 3, 31)))
        self.assertEqual(plan.stage_ids[0].needed, 101)

    def test_copy(self):
        copy = self.make_plan().copy()
        self.assertEqual(copy.state, "draft")
        self.assertEqual(copy.stage_ids[0].needed, 101)
