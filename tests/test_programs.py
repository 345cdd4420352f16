from datetime import date, timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tests.common import HttpCase
from odoo.tools import mute_logger

from ..models import crm_program_launch
from .common import BLACKLISTED
from .programs import TODAY, ClientBaseCase


class ProgramCase(ClientBaseCase):
    def program(self, partners=None, user=None, **values):
        return (
            self.env["utm.campaign"]
            .with_user(user or self.head)
            .create(
                {
                    "title": "Seminar",
                    "is_special_program": True,
                    "program_kind": "seminar",
                    "program_team_id": self.farmers.id,
                    "company_id": self.env.company.id,
                    "client_domain": repr([("partner_id", "in", partners.ids)])
                    if partners
                    else "[]",
                    **values,
                }
            )
        )

    def members(self, program):
        return program.with_env(self.env).program_member_ids.sorted("id")

    def run_cron(self):
        with (
            self.enter_registry_test_mode(),
            patch.object(
                type(self.env["ir.cron"]), "_commit_progress", lambda *args, **kwargs: True
            ),
        ):
            self.env["crm.program.launch"]._cron_launch()


@tagged("post_install", "-at_install")
class TestPrograms(ProgramCase):
    def test_each_client_gets_an_opportunity_once(self):
        partners = self.clients(3) + self.clients(1, self.orlova, "Lilia")
        program = self.program(partners, goal="Come and see:\n<b>1 < 2")
        self.assertEqual(program.with_user(self.admin).chosen_count, 4)
        program.action_launch()
        self.assertEqual(program.program_state, "done")
        leads = self.env["crm.lead"].search([("campaign_id", "=", program.id)])
        self.assertEqual(leads.partner_id, partners)
        for lead in leads:
            self.assertEqual(lead.user_id, lead.partner_id.farmer_id)
            self.assertEqual(lead.team_id, self.farmers)
            self.assertEqual(lead.stage_id, self.stages_of_farmers[0])
            self.assertIn("Come and see:<br", lead.description)
            self.assertIn("&lt;b&gt;1 &lt; 2", lead.description)
        self.assertEqual(
            {(member.state, member.invited_on) for member in self.members(program)},
            {("sent", TODAY)},
        )
        with self.assertRaisesRegex(UserError, "Nobody is left"):
            program.action_launch()

    def test_later_additions_get_only_the_new_ones(self):
        first, later = self.clients(2), self.clients(2, name="Later")
        program = self.program(first)
        program.action_launch()
        person = self.env["res.partner"].create({"name": "Anna", "parent_id": later[0].id})
        stranger = self.env["res.partner"].create({"name": "Nobody's"})
        refused = program._add_clients(person + later[1] + first[0] + stranger)
        self.assertEqual(set(refused), {first[0], stranger})
        self.assertIn("already", refused[first[0]])
        self.assertIn("no client", refused[stranger])
        self.assertEqual(program.planned_count, 2)
        program.action_launch()
        self.assertEqual(self.env["crm.lead"].search_count([("campaign_id", "=", program.id)]), 4)
        self.assertEqual(program.planned_count, 0)

    def test_two_people_plan_the_same(self):
        partners = self.clients(3)
        program = self.program(partners)
        clients = self.env["crm.client"]._of(partners, self.env.company)
        ids = [client.id for client in clients.values()]
        self.assertEqual(len(program._plan(ids)), 3)
        self.assertFalse(program._plan(ids))
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.members(program)[0].copy()

    def test_activity_for_the_manager(self):
        [partner] = self.clients(1)
        program = self.program(
            partner, program_action="activity", goal="<b>Soon</b>", date_from="2026-03-10"
        )
        program.action_launch()
        activity = self.members(program).program_activity_id
        self.assertEqual(
            (activity.res_model, activity.res_id, activity.user_id, activity.summary),
            ("res.partner", partner.id, self.petrova, "Seminar"),
        )
        self.assertEqual(activity.date_deadline, date(2026, 3, 10))
        self.assertIn("&lt;b&gt;Soon", activity.note)
        self.assertFalse(self.members(program).lead_id)

    def test_who_is_left_out_is_said_and_tried_again(self):
        good, bad, nobodys = self.clients(3)
        program = self.program(good + bad + nobodys).with_user(self.admin)
        bad.write(BLACKLISTED)
        nobodys.farmer_id = False
        self.env["crm.client"]._refresh(nobodys, self.env.company)
        self.assertEqual(program._add_clients(bad), {bad: "Is blacklisted."})
        program.action_launch()
        by_client = {member.partner_id: member for member in self.members(program)}
        self.assertEqual(by_client[good].state, "sent")
        self.assertEqual(by_client[bad].skip_reason, "blacklisted")
        self.assertEqual(by_client[nobodys].skip_reason, "no_manager")
        self.assertEqual(program.skipped_count, 2)
        self.assertFalse(self.env["crm.lead"].search([("partner_id", "in", (bad + nobodys).ids)]))
        bad.is_sales_blacklisted = False
        program.action_launch()
        self.assertEqual((by_client[bad].state, by_client[bad].skip_reason), ("sent", False))
        self.assertEqual(by_client[nobodys].state, "skipped")

    def test_going_on_with_ones_own_eyes(self):
        """Who goes on with a launch gives the program to the clients whom they may see."""
        partners = self.clients(3)
        program = self.program(partners)
        with patch.object(crm_program_launch, "_BATCH", 1):
            program.action_launch()
            program.action_stop_launch()
            program.sudo().user_id = self.petrova
            program.with_user(self.petrova).action_resume_launch()
        self.assertEqual(program.sudo().program_launch_id.user_id, self.petrova)

    def test_stop_and_go_on(self):
        partners = self.clients(7)
        program = self.program(partners)
        with patch.object(crm_program_launch, "_BATCH", 2):
            program.action_launch()
            self.assertEqual(program.program_state, "running")
            with self.assertRaisesRegex(UserError, "already"):
                program.action_launch()
            launch = program.sudo().program_launch_id
            next(launch._batches())
            program.action_stop_launch()
            self.assertEqual((launch.state, launch.done, launch.total), ("cancelled", 2, 7))
            self.run_cron()
            self.assertEqual(launch.done, 2)
            program.action_resume_launch()
            self.run_cron()
        self.assertEqual((launch.state, launch.done, launch.progress), ("done", 7, 100))
        leads = self.env["crm.lead"].search([("campaign_id", "=", program.id)])
        self.assertEqual(sorted(leads.partner_id.ids), sorted(partners.ids))
        self.assertEqual(len(leads), 7)

    def test_filters(self):
        partners = self.clients(4)
        person = self.env["res.partner"].create({"name": "Zoya", "parent_id": partners[0].id})
        on_clients = self.env["ir.filters"].create(
            {
                "name": "Two",
                "model_id": "crm.client",
                "domain": repr([("partner_id", "in", partners[:2].ids)]),
            }
        )
        on_contacts = self.env["ir.filters"].create(
            {
                "name": "Zoya",
                "model_id": "res.partner",
                "domain": repr([("id", "=", person.id)]),
            }
        )
        program = self.program(client_filter_id=on_clients.id, user=self.admin)
        self.assertEqual(program.chosen_count, 2)
        program.client_domain = repr([("partner_id", "in", partners[1:].ids)])
        self.assertEqual(program.chosen_count, 1)
        program.write({"client_filter_id": on_contacts.id, "client_domain": "[]"})
        self.assertEqual(
            self.env["crm.client"].search(program._chosen_domain()).partner_id, partners[0]
        )
        program.client_filter_id = False
        self.assertEqual(program.chosen_count, 0)
        with self.assertRaisesRegex(UserError, "Choose the clients"):
            program.action_preview_clients()
        with self.assertRaises(ValidationError):
            program.client_domain = "[('no_such_field', '=', 1)]"
        with self.assertRaises(ValidationError):
            program.client_domain = "__import__('os')"

    def test_figures_against_plain_python(self):
        """Costs, sales and ratios, against sums made by hand."""
        here, there = self.clients(4), self.clients(2, self.orlova, "Lilia")
        program = self.program(here + there, cost=600, effect_days=10)
        other = self.program(here[:1], title="Offer", program_kind="offer", cost=100)
        program.action_launch()
        other.action_launch()
        by_client = {member.partner_id: member for member in self.members(program)}
        by_client[here[0]].with_user(self.petrova).action_came()
        by_client[here[1]].with_user(self.petrova).action_declined()
        by_client[there[0]].with_user(self.orlova).action_interested()
        person = self.env["res.partner"].create({"name": "Anna", "parent_id": here[0].id})
        # By the campaign, by the opportunity, twice on one day; then what is not the program's.
        self.order(person, 100, campaign_id=program.id)
        self.order(here[0], 50, campaign_id=program.id)
        self.order(
            there[0], 400, "2026-03-20 09:00:00", opportunity_id=by_client[there[0]].lead_id.id
        )
        self.order(here[0], 7, opportunity_id=by_client[here[0]].lead_id.id, campaign_id=other.id)
        self.order(here[1], 1000, "2026-03-14 20:59:00")
        self.order(here[1], 3000, "2026-03-14 21:00:00")
        self.order(here[2], 5, campaign_id=program.id).state = "cancel"
        seen = program.with_user(self.admin)
        seen.invalidate_recordset()
        self.assertEqual(
            (
                seen.program_invited,
                seen.program_answered,
                seen.program_interested,
                seen.program_came,
                seen.program_bought,
                seen.program_sales,
            ),
            (6, 3, 2, 1, 2, 2),
        )
        self.assertAlmostEqual(seen.program_revenue, 550)
        self.assertAlmostEqual(seen.program_revenue_after, 100 + 50 + 7 + 1000)
        self.assertAlmostEqual(seen.program_return, 550 / 600, 2)
        self.assertAlmostEqual(seen.cost_per_answer, 200)
        self.assertAlmostEqual(seen.cost_per_sale, 300)
        rows = (
            self.env["crm.program.report"]
            .with_user(self.admin)
            ._read_group(
                [("campaign_id", "in", (program + other).ids)],
                ["user_id"],
                [
                    "cost:sum",
                    "revenue:sum",
                    "return_rate:avg",
                    "cost_per_answer:avg",
                    "answer_rate:avg",
                ],
            )
        )
        figures = {row[0]: row[1:] for row in rows}
        cost, revenue, rate, per_answer, answers = figures[self.petrova]
        self.assertAlmostEqual(cost, 4 * 100 + 100)
        self.assertAlmostEqual(revenue, 150 + 7)
        self.assertAlmostEqual(rate, 157 / 500)
        self.assertAlmostEqual(per_answer, 500 / 2)
        self.assertAlmostEqual(answers, 100 * 2 / 5)
        self.assertAlmostEqual(figures[self.orlova][1], 400)

    def test_deals_are_purchases(self):
        self.env.company.client_purchases = "deals"
        [partner] = self.clients(1)
        program = self.program(partner, cost=100)
        program.action_launch()
        lead = self.members(program).lead_id
        lead.expected_revenue = 250
        lead.action_set_won()
        self.env.cr.flush()
        program.invalidate_recordset()
        self.assertAlmostEqual(program.program_return, 2.5)

    def test_answers(self):
        [partner] = self.clients(1)
        program = self.program(partner)
        refused = program._add_clients(partner)
        self.assertFalse(refused)
        member = self.members(program).with_user(self.petrova)
        with self.assertRaisesRegex(UserError, "who were invited"):
            member.action_came()
        program.action_launch()
        with self.assertRaises(AccessError):
            member.lead_id = False
        with self.assertRaises(UserError):
            member.state = "skipped"
        member.action_declined()
        self.assertEqual(member.answered_on, TODAY)
        member.write({"state": "sent"})
        self.assertFalse(member.answered_on)
        with self.assertRaises(UserError):
            member.sudo().unlink()

    def test_who_may(self):
        mine, theirs = self.clients(2), self.clients(1, self.orlova, "Lilia")
        program = self.program(mine + theirs)
        with self.assertRaises(AccessError):
            program.with_user(self.petrova).action_launch()
        with self.assertRaises(AccessError):
            program.with_user(self.petrova)._add_clients(mine)
        with self.assertRaises(AccessError):
            program.with_user(self.petrova).cost = 5
        program.action_launch()
        Member = self.env["crm.program.member"]
        domain = [("campaign_id", "=", program.id)]
        Report = self.env["crm.program.report"]
        for user, count in ((self.petrova, 2), (self.orlova, 1), (self.head, 3), (self.admin, 3)):
            self.assertEqual(Member.with_user(user).search_count(domain), count)
            self.assertEqual(Report.with_user(user).search_count(domain), count)
            self.assertEqual(program.with_user(user).program_invited, count)
        own = self.program(mine + theirs, user=self.petrova, title="My own", program_team_id=False)
        own.action_launch()
        self.assertEqual(self.members(own).partner_id, mine)
        portal = self.env["res.users"].create(
            {
                "name": "Portal",
                "login": "test_program_portal",
                "group_ids": [(6, 0, self.env.ref("base.group_portal").ids)],
            }
        )
        with self.assertRaises(AccessError):
            Member.with_user(portal).search_count(domain)

    def test_many(self):
        """2,000 clients: in batches, and no query more for each client in them."""
        partners = self.clients(2000)
        program = self.program(partners, program_action="activity")
        program.action_launch()
        launch = program.sudo().program_launch_id
        self.assertEqual((launch.state, launch.total), ("running", 2000))
        batches = launch._batches()
        next(batches)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        next(batches)
        self.env.flush_all()
        self.assertLess(self.env.cr.sql_log_count - before, 150)
        for _batch in batches:
            continue
        self.assertEqual(launch.done, 2000)
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        self.assertEqual(program.program_invited, 2000)
        self.assertLess(self.env.cr.sql_log_count - before, 30)

    def test_settings_are_checked(self):
        with self.assertRaises(ValidationError):
            self.program(program_kind=False)
        with self.assertRaises(ValidationError):
            self.program(date_from=TODAY, date_to=TODAY - timedelta(days=1))
        self.program(date_from=TODAY, date_to=TODAY)


@tagged("post_install", "-at_install")
class TestProgramTour(ProgramCase, HttpCase):
    frozen_at = None

    def test_launch(self):
        partners = self.clients(2, name="Tourclient")
        self.program(partners, title="Tour Seminar", user=self.head, cost=100)
        self.start_tour(
            "/odoo/special-programs", "sales_funnel_control.program", login="test_headenko"
        )
        self.assertEqual(self.env["crm.lead"].search_count([("partner_id", "in", partners.ids)]), 2)
        states = self.env["crm.program.member"].search([("partner_id", "in", partners.ids)])
        self.assertEqual(sorted(states.mapped("state")), ["came", "sent"])
