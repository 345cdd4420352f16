from datetime import date, datetime, timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .test_sales_plan import PlanCase

TODAY = date(2026, 3, 4)
NEXT_MONDAY = date(2026, 3, 9)
DAY = timedelta(days=1)


class ContactPlanCase(PlanCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Day = cls.env["crm.contact.plan"]
        cls.Client = cls.env["crm.contact.plan.client"]

    def accept(self, **values):
        plan = self.make_plan(**values)
        plan.action_accept()
        return plan

    def _cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("sales_funnel_control.ir_cron_choose_plan_clients").method_direct_trigger()

    def norms(self, plan):
        norms = plan.norm_ids.filtered(lambda norm: norm.valid_from <= plan.date_to)
        return {norm.kind: norm.weekly_norm for norm in norms}

    def meetings_owed(self, week):
        members = self.ivanov.crm_team_member_ids
        norm, _member = self.Norm._in_force()._of_week(members, self.company, "meeting", week)
        return norm.weekly_norm

    def norms_after(self, plan):
        norms = plan.norm_ids.filtered(lambda norm: norm.valid_from > plan.date_to)
        return {(norm.kind, norm.valid_from): norm.weekly_norm for norm in norms}

    def state_of(self, plan):
        """Everything an accepted plan has brought about."""
        days = self.Day.search([("plan_id", "=", plan.id)])
        return (
            [(norm.id, norm.weekly_norm, norm.write_date) for norm in plan.norm_ids],
            [(row.id, row.clients, row.chosen_on) for row in days],
            days.client_ids.ids,
            plan.accepted_on,
        )


@tagged("post_install", "-at_install")
class TestAccept(ContactPlanCase):
    def test_norms(self):
        """The work of two managers in four weeks, per week and manager."""
        plan = self.accept()
        meetings, calls = plan.meetings, plan.calls
        self.assertEqual(
            self.norms(plan),
            {"meeting": round(meetings / 8), "effective_call": round(calls / 8)},
        )
        norm = plan.norm_ids.sorted("valid_from")[0]
        self.assertEqual((norm.team_id, norm.sales_role), (self.team, "hunter"))
        self.assertEqual(norm.valid_from, NEXT_MONDAY, "The running week stays as agreed.")
        self.assertEqual(self.owed(week=NEXT_MONDAY), round(meetings / 8))
        self.assertEqual(self.owed(), 12)

    def test_norms_end_with_the_plan(self):
        plan = self.accept()
        after = date(2026, 4, 6)
        self.assertEqual(
            self.norms_after(plan), {("meeting", after): 12, ("effective_call", after): 0}
        )
        self.assertNotEqual(self.meetings_owed(after - 7 * DAY), 12, "Two days of it are planned.")
        self.assertEqual(self.meetings_owed(after), 12)

    def test_own_norm_after_the_plan_stays(self):
        after = date(2026, 4, 6)
        own = self._norm(team_id=self.team.id, weekly_norm=9, valid_from=after)
        plan = self.accept()
        self.assertEqual(self.norms_after(plan), {("effective_call", after): 0})
        self.assertEqual(own.weekly_norm, 9)

    def test_plans_that_follow_each_other(self):
        march, april = self.accept(), self.make_plan(date_from="2026-04-01", date_to="2026-04-30")
        after_march, after_april = date(2026, 4, 6), date(2026, 5, 4)
        april.action_accept()
        self.assertFalse(self.norms_after(march))
        self.assertEqual(self.meetings_owed(after_march), self.norms(april)["meeting"])
        self.assertEqual(self.meetings_owed(after_april), 12)
        april.action_withdraw()
        self.assertEqual(self.norms_after(march)["meeting", after_march], 12)
        self.assertEqual(self.meetings_owed(after_march), 12)
        april.action_draft()
        april.action_accept()
        march.action_withdraw()
        self.assertEqual(self.meetings_owed(after_march), self.norms(april)["meeting"])
        april.action_withdraw()
        self.assertFalse(self.Norm.search([("team_id", "=", self.team.id)]))

    def test_a_plan_within_the_running_week_sets_no_norm(self):
        self.assertFalse(self.accept(date_to="2026-03-08").norm_ids)
        self.assertTrue(self.accept(date_from="2026-03-09", date_to="2026-03-15").norm_ids)

    def test_who_left_makes_the_norm_no_smaller(self):
        self.env["crm.team.member"].create({"crm_team_id": self.team.id, "user_id": self.head.id})
        self.head.active = False
        plan = self.accept(user=self.env.user)
        self.assertEqual(self.norms(plan)["meeting"], round(plan.meetings / 8))

    def test_absence_makes_the_norm_no_smaller(self):
        whole = self.norms(self.accept(date_from="2026-04-06", date_to="2026-04-26"))
        self.rest(date(2026, 5, 4), date(2026, 5, 10), user=self.ivanov)
        away = self.norms(self.accept(date_from="2026-05-04", date_to="2026-05-24"))
        self.assertGreater(away["meeting"], whole["meeting"])

    def test_accepting_twice_changes_nothing(self):
        for _each in range(3):
            self.new_lead(self.list)
        plan = self.accept()
        before = self.state_of(plan)
        plan.action_accept()
        self.assertEqual(self.state_of(plan), before)

    def test_withdraw(self):
        own = self._norm(
            team_id=self.team.id, kind="meeting", weekly_norm=7, valid_from=NEXT_MONDAY
        )
        plan = self.accept()
        self.assertNotEqual(own.weekly_norm, 7)
        self.assertEqual(own.sales_plan_id, plan)
        norms = plan.norm_ids
        with self.assertRaisesRegex(UserError, "Withdraw"):
            plan.unlink()
        plan.action_withdraw()
        self.assertEqual(norms.exists(), own)
        self.assertEqual(own.weekly_norm, 7)
        self.assertFalse(self.Day.search([("plan_id", "=", plan.id)]))
        self.assertEqual(self.owed(week=NEXT_MONDAY, kind="meeting"), 7)
        plan.action_draft()
        plan.action_accept()
        self.assertTrue(plan.norm_ids)

    def test_days_gone_by_stay(self):
        plan = self.accept()
        with self.at("2026-03-11 09:00:00"):
            plan.action_withdraw()
        days = self.Day.search([("plan_id", "=", plan.id)]).mapped("day")
        self.assertEqual((min(days), max(days)), (TODAY, date(2026, 3, 10)))

    def test_an_accepted_plan_stands_still(self):
        plan = self.accept()
        for values in (
            {"target_number": 3},
            {"what_if": {}},
            {"share_ids": [(1, plan.share_ids[0].id, {"share": 1})]},
        ):
            with self.assertRaisesRegex(UserError, "stands still"):
                plan.write(values)
        with self.assertRaisesRegex(UserError, "stands still"):
            plan.action_refresh()
        with self.assertRaisesRegex(UserError, "stands still"):
            plan.share_ids.with_user(self.head)[0].share = 1

    def test_only_the_system_writes_figures(self):
        plan = self.make_plan()
        for values in ({"state": "accepted"}, {"deals": 1}, {"accepted_by_id": self.ivanov.id}):
            with self.assertRaisesRegex(AccessError, "computed by the system"):
                plan.write(values)
            with self.assertRaisesRegex(AccessError, "computed by the system"):
                self.make_plan(**values)
        plan.action_accept()
        self.assertEqual((plan.state, plan.accepted_by_id), ("accepted", self.head))
        plan.action_withdraw()
        with self.assertRaises(AccessError):
            plan.with_user(self.ivanov).action_draft()
        plan.action_draft()
        self.assertEqual((plan.state, plan.accepted_by_id.id), ("draft", False))
        with self.assertRaises(AccessError):
            plan.with_user(self.ivanov).action_refresh()

    def test_a_stage_that_is_planned_stays(self):
        plan = self.accept()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.list.unlink()
        self.assertTrue(plan.exists().contact_plan_ids)

    def test_one_plan_for_a_day(self):
        self.accept(date_to="2026-03-20")
        with self.assertRaisesRegex(UserError, "accepted for some of these days"):
            self.accept(date_from="2026-03-20")
        self.accept(date_from="2026-03-21")

    def test_plans_of_two_managers_live_together(self):
        for user in (self.ivanov, self.sidorov):
            plan = self.accept(user_id=user.id, target_number=20)
            self.assertFalse(plan.norm_ids, "Norms bind the whole role.")
            self.assertEqual(plan.contact_plan_ids.user_id, user)
        with self.assertRaisesRegex(UserError, "accepted for some of these days"):
            self.accept()

    def test_nothing_to_do_is_no_plan(self):
        with self.assertRaisesRegex(UserError, "no work to plan"):
            self.accept(date_from="2026-02-01", date_to="2026-02-28")

    def test_head_only(self):
        plan = self.accept()
        for method in ("action_accept", "action_withdraw"):
            with self.assertRaises(AccessError):
                getattr(plan.with_user(self.ivanov), method)()
        with self.assertRaises(AccessError):
            plan.with_user(self.ivanov).write({"target_number": 1})


@tagged("post_install", "-at_install")
class TestContactPlan(ContactPlanCase):
    def rows(self, plan, **terms):
        return self.Day.search(
            [("plan_id", "=", plan.id), *((name, "=", value) for name, value in terms.items())]
        )

    def test_working_days_only(self):
        self.rest(date(2026, 3, 9), user=False)
        self.rest(date(2026, 3, 10), user=self.ivanov)
        plan = self.accept()
        days = set(self.rows(plan).mapped("day"))
        self.assertIn(TODAY, days)
        self.assertFalse([day for day in days if day.weekday() > 4 or day < TODAY])
        self.assertNotIn(date(2026, 3, 9), days)
        own = set(self.rows(plan, user_id=self.ivanov.id).mapped("day"))
        self.assertNotIn(date(2026, 3, 10), own)
        self.assertIn(date(2026, 3, 11), own)

    def test_contacts_of_the_days_are_those_of_the_plan(self):
        plan = self.accept()
        for user in (self.ivanov, self.sidorov):
            for into, stage in zip(self.stages[1:], self.stages, strict=False):
                lines = plan.line_ids.filtered(
                    lambda line, i=into, u=user: line.stage_id == i and line.user_id == u
                )
                planned = sum(line.meetings + line.calls for line in lines)
                rows = self.rows(plan, user_id=user.id, stage_id=stage.id)
                self.assertAlmostEqual(sum(rows.mapped("clients")), planned, delta=1)
        self.assertFalse(self.rows(plan, stage_id=self.payment.id), "Who has paid is won.")

    def test_oldest_next_step_first(self):
        steps = {}
        for number, days in enumerate((5, None, -3, -1)):
            lead = self.new_lead(self.list, name=f"Lead {number}")
            if days is not None:
                lead.activity_schedule(
                    "mail.mail_activity_data_call", date_deadline=TODAY + days * DAY
                )
            steps[days] = lead
        other = self.new_lead(self.list, user=self.sidorov)
        lost = self.new_lead(self.list)
        lost.action_set_lost(lost_reason_id=self.reason.id)
        plan = self.accept(target_number=80)
        row = self.rows(plan, user_id=self.ivanov.id, stage_id=self.list.id, day=TODAY)
        self.assertGreaterEqual(row.clients, 4)
        self.assertEqual(
            row.client_ids.sorted("sequence").lead_id.ids,
            [steps[days].id for days in (-3, -1, None, 5)],
        )
        self.assertEqual(
            self.rows(plan, user_id=self.sidorov.id, day=TODAY).client_ids.lead_id, other
        )

    def test_no_more_clients_than_planned(self):
        for _each in range(9):
            self.new_lead(self.contract)
        plan = self.accept(target_number=20)
        row = self.rows(plan, user_id=self.ivanov.id, stage_id=self.contract.id, day=TODAY)
        self.assertEqual(len(row.client_ids), row.clients)
        self.assertLess(row.clients, 9)

    def test_done(self):
        lead, other = self.new_lead(self.list), self.new_lead(self.list)
        plan = self.accept()
        row = self.rows(plan, user_id=self.ivanov.id, stage_id=self.list.id, day=TODAY)
        self.assertEqual((row.chosen, row.done), (2, 0))
        self.contact(None, day=TODAY - DAY, lead_id=lead.id)
        self.contact(None, day=TODAY, lead_id=lead.id, user=self.sidorov)
        self.assertEqual(row.done, 0, "Neither another day nor another manager counts.")
        self.contact(None, day=TODAY, lead_id=lead.id)
        self.contact(None, day=TODAY, lead_id=lead.id)
        self.env.invalidate_all()
        self.assertEqual((row.done, row.done_text), (1, f"1 of {row.clients}"))
        clients = self.Client.search([("contact_plan_id", "=", row.id), ("is_done", "=", True)])
        self.assertEqual(clients.lead_id, lead)
        clients = self.Client.search([("contact_plan_id", "=", row.id), ("is_done", "=", False)])
        self.assertEqual(clients.lead_id, other)

    def test_clients_are_chosen_on_the_day(self):
        lead = self.new_lead(self.list)
        plan = self.accept()
        tomorrow = self.rows(plan, user_id=self.ivanov.id, stage_id=self.list.id, day=TODAY + DAY)
        self.assertFalse(tomorrow.client_ids)
        lead.stage_id = self.acquaintance
        with self.at("2026-03-04 21:30:00"):
            self._cron()
        self.assertTrue(tomorrow.chosen_on, "In Moscow the day has begun.")
        self.assertFalse(tomorrow.client_ids, "The client has moved on.")
        row = self.rows(
            plan, user_id=self.ivanov.id, stage_id=self.acquaintance.id, day=TODAY + DAY
        )
        self.assertEqual(row.client_ids.lead_id, lead)
        before = self.state_of(plan)
        with self.at("2026-03-04 21:30:00"):
            self._cron()
        self.assertEqual(self.state_of(plan), before)

    def test_who_comes_second_chooses_nothing(self):
        """The cron and a manager may find the same rows without clients."""
        self.new_lead(self.list)
        plan = self.accept()
        before = self.state_of(plan)
        self.rows(plan, day=TODAY)._choose()
        self.assertEqual(self.state_of(plan), before)

    def test_work_list_of_a_deal_that_was_handed_over(self):
        """Who has given the client away learns nothing more of it."""
        self.accept()
        with self.at("2026-03-05 06:00:00"):
            lead = self.new_lead(self.list, phone="+7 495 000-00-01")
            action = self.Day.with_user(self.ivanov).action_open_today()
            client = self.Client.with_user(self.ivanov).search(action["domain"])
            self.assertEqual((client.lead_id, client.phone), (lead, "+7 495 000-00-01"))
            lead.user_id = self.sidorov
            lead.activity_schedule(
                "mail.mail_activity_data_todo", summary="Secret", user_id=self.sidorov.id
            )
            self.env.flush_all()
            self.env.invalidate_all()
            [shown] = client.read(["phone", "next_step", "next_step_date", "partner_id"])
        self.assertEqual(
            (shown["phone"], shown["next_step"], shown["next_step_date"], shown["partner_id"]),
            (False, False, False, False),
        )
        self.assertEqual(client.sudo().with_user(self.head).next_step, "Secret")

    def test_work_list_of_today(self):
        self.accept()
        with self.at("2026-03-05 06:00:00"):
            self.new_lead(self.list)
            action = self.Day.with_user(self.ivanov).action_open_today()
        clients = self.Client.with_user(self.ivanov).search(action["domain"])
        self.assertEqual(clients.user_id, self.ivanov)
        self.assertEqual(len(clients), 1)
        self.assertEqual(clients.action_open_lead()["res_id"], clients.lead_id.id)
        self.assertEqual(
            clients.action_log_contact()["context"]["default_lead_id"], clients.lead_id.id
        )

    def test_who_sees_what(self):
        self.new_lead(self.list)
        self.new_lead(self.list, user=self.sidorov)
        plan = self.accept()
        draft = self.make_plan(date_from="2026-05-01", date_to="2026-05-31")
        for model in ("crm.sales.plan.line", "crm.contact.plan", "crm.contact.plan.client"):
            rows = self.env[model].with_user(self.ivanov).search([("team_id", "=", self.team.id)])
            self.assertEqual(rows.user_id, self.ivanov, model)
            rows = self.env[model].with_user(self.head).search([("team_id", "=", self.team.id)])
            self.assertEqual(rows.user_id, self.ivanov | self.sidorov, model)
        lines = self.env["crm.sales.plan.line"].with_user(self.ivanov).search([])
        self.assertNotIn(draft, lines.sudo().plan_id)
        self.assertFalse(self.Plan.with_user(self.ivanov).search([("id", "=", plan.id)]))
        shares = self.env["crm.sales.plan.share"].with_user(self.ivanov)
        self.assertEqual(shares.search([("plan_id", "=", plan.id)]).user_id, self.ivanov)
        with self.assertRaises(AccessError):
            shares.search([("plan_id", "=", plan.id)]).write({"share": 1})
        with self.assertRaises(AccessError):
            self.Day.with_user(self.head).create(
                {"plan_id": plan.id, "user_id": self.ivanov.id, "day": TODAY, "stage_id": 1}
            )
        portal = new_test_user(self.env, "test_portal_plan", groups="base.group_portal")
        for model in ("crm.sales.plan", "crm.contact.plan", "crm.capacity"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(portal).search([])

    def test_queries_do_not_grow(self):
        def accept(month):
            plan = self.make_plan(date_from=f"2026-{month}-01", date_to=f"2026-{month}-28")
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            plan.action_accept()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        accept("06")
        few = accept("07")
        for number in range(3):
            user = new_test_user(
                self.env, f"test_planned_{number}", groups="sales_team.group_sale_salesman"
            )
            self.env["crm.team.member"].create({"crm_team_id": self.team.id, "user_id": user.id})
        self.assertLessEqual(accept("08"), few + 15)


@tagged("post_install", "-at_install")
class TestCapacity(ContactPlanCase):
    def capacity(self, user=None, as_user=None):
        return (
            self.env["crm.capacity"]
            .with_user(as_user or self.head)
            .search([("team_id", "=", self.team.id), ("user_id", "=", user.id if user else False)])
        )

    def test_load(self):
        for _each in range(12):
            self.new_lead(self.list)
        row = self.capacity(self.ivanov)
        self.assertEqual((row.clients, row.contacts_needed, row.capacity), (12, 6, 12))
        self.assertEqual((row.load, row.load_state), (50, "free"))
        self.assertEqual(row.people_needed, 0.5)
        self.assertEqual(self.capacity(self.sidorov).load, 0)

    def test_borders_of_the_status(self):
        self.company.capacity_contacts_per_client = 1
        for count, state in ((9, "free"), (1, "full"), (2, "full"), (1, "over")):
            for _each in range(count):
                self.new_lead(self.list)
            self.env.invalidate_all()
            self.assertEqual(self.capacity(self.ivanov).load_state, state)

    def test_holidays_and_ramp(self):
        self.rest(date(2026, 3, 5), date(2026, 3, 6), user=self.ivanov)
        row = self.capacity(self.ivanov)
        self.assertAlmostEqual(row.capacity, 12 * 3 / 5)
        self.assertEqual(row.days_text, "3 of 5 days")
        self._norm(sales_role="trainee", weekly_norm=8)
        member = self.sidorov.crm_team_member_ids
        member.sales_role = "trainee"
        self.company.capacity_ramp_weeks = 8
        for joined, expected in (("2026-03-02", 1), ("2026-02-16", 3), ("2025-01-01", 8)):
            self._joined_long_ago(self.team, joined)
            self.env.invalidate_all()
            self.assertEqual(self.capacity(self.sidorov).capacity, expected)

    def test_without_norms_the_setting_counts(self):
        self.norm.unlink()
        self.assertEqual(self.capacity(self.ivanov).capacity, 30)

    def test_norms_of_a_plan_are_no_capacity(self):
        plan = self.accept()
        self.assertTrue(plan.norm_ids)
        with self.at("2026-03-10 09:00:00"):
            row = self.capacity(self.ivanov)
            self.assertEqual((row.capacity, row.load_state), (12, "over"))
        lines = plan.line_ids.filtered(
            lambda line: line.user_id == self.ivanov and line.week_start == NEXT_MONDAY
        )
        planned = sum(line.meetings + line.calls for line in lines)
        self.assertAlmostEqual(row.contacts_planned, planned, places=1)

    def test_clients_nobody_works(self):
        alone = self.new_lead(self.list, user_id=False)
        lead, talked, planned, new = (self.new_lead(self.list) for _each in range(4))
        (lead | talked | planned).date_open = datetime(2026, 1, 1)
        self.contact(None, day=date(2026, 2, 2), lead_id=lead.id)
        self.contact(None, day=date(2026, 2, 3), lead_id=talked.id)
        planned.activity_schedule("mail.mail_activity_data_call", date_deadline=TODAY)
        self.company.capacity_neglected_days = 29
        self.env.invalidate_all()
        own, nobody = self.capacity(self.ivanov), self.capacity()
        self.assertEqual((own.neglected, nobody.neglected), (1, 1))
        leads = self.env["crm.lead"]
        self.assertEqual(leads.search(own.action_open_neglected()["domain"]), lead)
        self.assertEqual(leads.search(nobody.action_open_neglected()["domain"]), alone)
        self.assertEqual(
            leads.search(own.action_open_clients()["domain"]), lead | talked | planned | new
        )

    def test_own_row_only(self):
        self.assertTrue(self.capacity(self.ivanov, as_user=self.ivanov))
        self.assertFalse(self.capacity(self.sidorov, as_user=self.ivanov))
