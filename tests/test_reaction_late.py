from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .test_reaction import WEDNESDAY, RequestCase, utc


@tagged("post_install", "-at_install")
class TestEscalation(RequestCase):
    def escalate(self, at=f"{WEDNESDAY} 07:00:00"):
        with freeze_time(at), self.enter_registry_test_mode():
            self.env.ref("sales_funnel_control.ir_cron_escalate_requests").method_direct_trigger()
        self.env.invalidate_all()

    def told(self, leads):
        return leads.activity_ids.filtered(lambda a: a.summary == "Request without a reaction")

    def test_once(self):
        lead = self.request()
        self.escalate(f"{WEDNESDAY} 06:30:00")
        self.assertFalse(self.told(lead) or lead.escalated_at)
        self.escalate(f"{WEDNESDAY} 06:30:01")
        self.assertEqual(self.told(lead).user_id, self.head)
        self.assertEqual(lead.escalated_at, utc(f"{WEDNESDAY} 06:30:01"))
        self.escalate(f"{WEDNESDAY} 09:00:00")
        self.assertEqual(len(self.told(lead)), 1)
        self.told(lead).unlink()
        self.escalate("2026-03-05 09:00:00")
        self.assertFalse(self.told(lead), "once is once, also when it was thrown away")

    def test_not_those_that_were_answered(self):
        answered, lost, won = self.request(), self.request(), self.request(type="opportunity")
        self.log(answered, f"{WEDNESDAY} 06:45:00")
        lost.action_set_lost(lost_reason_id=self.spam.id)
        won.action_set_won()
        self.escalate()
        self.assertFalse(self.told(answered | lost | won))

    def test_whom(self):
        self.website.escalation_user_id = self.sidorov
        lead = self.request()
        self.escalate()
        self.assertEqual(self.told(lead).user_id, self.sidorov)
        self.sidorov.active = False
        lead = self.request()
        self.escalate()
        self.assertEqual(self.told(lead).user_id, self.head)
        self.team.user_id = False
        lead = self.request()
        self.escalate()
        self.assertEqual(self.told(lead).user_id, self.ivanov)

    def test_reaction_closes_it(self):
        lead = self.request()
        self.escalate()
        activity = self.told(lead)
        self.log(lead, f"{WEDNESDAY} 07:30:00")
        self.assertFalse(activity.active)
        self.assertIn("Ivanenko has reacted", activity.feedback)
        self.env["crm.contact.log"].search([("lead_id", "=", lead.id)]).unlink()
        self.escalate("2026-03-05 09:00:00")
        self.assertFalse(self.told(lead))

    def test_killed_run(self):
        """A run that dies after a batch leaves that batch escalated, and the rest for the next."""
        leads = self.env["crm.lead"].concat(*(self.request() for _each in range(5)))
        Lead, Cron = type(self.env["crm.lead"]), type(self.env["ir.cron"])
        runs = []

        def die_in_the_second(cron, *args, **kwargs):
            runs.append(1)
            return 0

        path = "odoo.addons.sales_funnel_control.models.crm_lead_escalation._BATCH"
        with patch(path, 2):
            with patch.object(Cron, "_commit_progress", die_in_the_second):
                self.escalate_directly()
            self.assertEqual((len(runs), len(self.told(leads))), (1, 2))
            with (
                patch.object(Lead, "_escalate_each", side_effect=KeyboardInterrupt),
                self.assertRaises(KeyboardInterrupt),
            ):
                self.escalate_directly()
            self.assertEqual(len(self.told(leads)), 2)
            self.escalate()
        self.assertEqual(len(self.told(leads)), 5)
        self.assertEqual(len(set(self.told(leads).mapped("res_id"))), 5)

    def escalate_directly(self):
        with freeze_time(f"{WEDNESDAY} 07:00:00"):
            self.env["crm.lead"]._cron_escalate_requests()

    def test_one_that_fails(self):
        good, bad = self.request(), self.request()
        values = type(good)._escalation_values

        def refuse(lead, user):
            if lead == bad:
                raise AccessError("No")
            return values(lead, user)

        with (
            patch.object(type(good), "_escalation_values", refuse),
            mute_logger("odoo.addons.sales_funnel_control.models.crm_lead_escalation"),
        ):
            self.escalate()
        self.assertTrue(self.told(good))
        self.assertFalse(self.told(bad))
        self.escalate()
        self.assertEqual((len(self.told(good)), len(self.told(bad))), (1, 1))

    def test_cost(self):
        """A hundred requests are escalated in few queries a request."""
        self.request()
        self.escalate()
        for _each in range(100):
            self.request()
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.escalate()
        self.assertLessEqual((self.env.cr.sql_log_count - before) / 100, 14)


@tagged("post_install", "-at_install")
class TestDemo(RequestCase):
    def test_one_is_overdue_on_any_day(self):
        """Also who installs the demo on a Sunday, or in the morning, sees a request overdue."""
        demo = self.env["crm.funnel.demo"]
        for hours in range(0, 8 * 24, 5):
            now = utc(f"{WEDNESDAY} 00:30:00") + timedelta(hours=hours)
            moment = demo._overdue_moment(self.website, now)
            [minutes] = self.calendar._minutes_worked([(self.website._due_at(moment), now)])
            self.assertGreaterEqual(minutes, 20, now)
            # By the next look back, 40 minutes, it was not.
            self.assertLess(minutes, 60 + 1, now)


@tagged("post_install", "-at_install")
class TestReactionReport(RequestCase):
    def figures(self, group=(), user=None, at=f"{WEDNESDAY} 12:00:00"):
        names = (
            "requests:sum",
            "judged:sum",
            "in_time:sum",
            "in_time_rate:avg",
            "minutes:avg",
            "minutes_median:avg",
        )
        with freeze_time(at):
            report = self.env["crm.reaction.report"]
            return (report.with_user(user) if user else report)._read_group(
                [("channel_id", "in", (self.website | self.calls).ids)], group, names
            )

    def make_requests(self):
        for minute in ("05", "10", "59"):
            self.log(self.request(), f"{WEDNESDAY} 06:{minute}:00")
        theirs = self.request(user_id=self.sidorov.id)
        self.log(theirs, f"{WEDNESDAY} 06:20:00")
        self.request(user_id=self.sidorov.id)
        self.request(f"{WEDNESDAY} 11:50:00", user_id=self.sidorov.id)
        spam = self.request()
        spam.action_set_lost(lost_reason_id=self.spam.id)

    def test_figures(self):
        self.make_requests()
        [total] = self.figures()
        self.assertEqual(total[:4], (6, 5, 3, 60))
        self.assertEqual(total[4:], (23.5, 15))
        rows = self.figures(["user_id"])
        by_user = {user: (asked, judged, rate) for user, asked, judged, _in_time, rate, *_ in rows}
        self.assertAlmostEqual(by_user[self.ivanov][2], 200 / 3)
        self.assertEqual(by_user[self.sidorov], (3, 2, 50))

    def test_week(self):
        """Sunday evening in UTC is Monday in Moscow."""
        self.env.company.funnel_tz = "Europe/Moscow"
        self.request("2026-03-08 20:59:59")
        self.request("2026-03-08 21:00:00")
        rows = self.figures(["week_start:day"])
        self.assertEqual(
            [(day.strftime("%m-%d"), asked) for day, asked, *_others in rows],
            [("03-02", 1), ("03-09", 1)],
        )

    def test_who_sees_what(self):
        self.make_requests()
        [own] = self.figures(user=self.ivanov)
        self.assertEqual(own[0], 3)
        [all_of_them] = self.figures(user=self.head)
        self.assertEqual(all_of_them[0], 6)
        portal = new_test_user(self.env, "test_portal", groups="base.group_portal")
        with self.assertRaises(AccessError):
            self.figures(user=portal)
        with self.assertRaises(AccessError):
            self.env["crm.request.channel"].with_user(portal).search([])
        with self.assertRaises(AccessError):
            self.website.with_user(self.ivanov).reaction_term = 600

    def test_drill_down(self):
        lead = self.request()
        [row] = self.env["crm.reaction.report"].search([("lead_id", "=", lead.id)])
        self.assertEqual(self.env["crm.lead"].search(row.action_open_leads()["domain"]), lead)


@tagged("post_install", "-at_install")
class TestRequestTour(RequestCase, HttpCase):
    def test_tour(self):
        """From the list of requests to the one that is answered."""
        self.env.user.lang = "en_US"
        self.env.company.resource_calendar_id = self.calendar
        lead = self.env["crm.lead"].create(
            {
                "name": "Toured Request",
                "type": "lead",
                "user_id": False,
                "team_id": self.team.id,
                "medium_id": self.phone.id,
                "partner_id": self.client.id,
            }
        )
        lead.reaction_due_at = datetime.now() - timedelta(days=3)
        self.start_tour("/odoo", "sales_funnel_control.requests", login="test_sidorov")
        self.assertEqual(lead.user_id, self.sidorov)
        self.log(lead, fields.Datetime.now(), user=self.sidorov)
        self.start_tour(
            "/odoo/incoming-channels", "sales_funnel_control.request_channels", login="test_head"
        )
        channel = self.env["crm.request.channel"].search([("source_id", "=", self.fair.id)])
        self.assertEqual((channel.reaction_term, channel.user_id), (45, self.head))
