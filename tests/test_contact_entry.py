from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import FunnelCase

# Queries of saving a contact, and one with its activity and next step.
_SAVE = 31
_SAVE_AND_PLAN = 62


class ContactCase(FunnelCase):
    """A client with two people, and a deal."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Log = cls.env["crm.contact.log"]
        cls.call = cls.env.ref("mail.mail_activity_data_call")
        cls.meet = cls.env.ref("mail.mail_activity_data_meeting")
        cls.head = new_test_user(
            cls.env, "test_head", groups="sales_team.group_sale_manager", name="Smirnenko"
        )
        cls.client, cls.other_client = cls.env["res.partner"].create(
            [{"name": name, "is_company": True} for name in ("Romashka", "Vasilek")]
        )
        cls.buyer, cls.director = cls.env["res.partner"].create(
            [
                {
                    "name": "Anna Buyer",
                    "parent_id": cls.client.id,
                    "email": "anna@romashka.example",
                },
                {
                    "name": "Zoya Director",
                    "parent_id": cls.client.id,
                    "function": "Director",
                    "is_decision_maker": True,
                },
            ]
        )
        cls.own = cls.Log.with_user(cls.ivanov)

    def sell(self):
        """The client has bought a month ago."""
        order = self.env["sale.order"].create({"partner_id": self.client.id})
        order.action_confirm()
        order.date_order = fields.Datetime.now() - timedelta(days=30)

    def deal(self, user=None, **values):
        return self.new_lead(user=user, **{"partner_id": self.client.id, **values})

    def plan(self, record, kind=None, user=None, **values):
        return self.env["mail.activity"].create(
            {
                "res_model_id": self.env["ir.model"]._get_id(record._name),
                "res_id": record.id,
                "activity_type_id": (kind or self.call).id,
                "user_id": (user or self.ivanov).id,
                "date_deadline": fields.Date.today(),
                **values,
            }
        )

    def event(self, *partners, user=None, hours_ago=2, **values):
        """A meeting of one hour that began so long ago."""
        user = user or self.ivanov
        start = fields.Datetime.now() - timedelta(hours=hours_ago)
        people = user.partner_id
        for partner in partners:
            people |= partner
        return (
            self.env["calendar.event"]
            .with_context(no_mail_to_attendees=True, dont_notify=True)
            .create(
                {
                    "name": "Meeting",
                    "start": start,
                    "stop": start + timedelta(hours=1),
                    "user_id": user.id,
                    "partner_ids": people.ids,
                    **values,
                }
            )
        )

    def gather(self):
        with self.enter_registry_test_mode():
            self.env.ref("sales_funnel_control.ir_cron_gather_meetings").method_direct_trigger()

    def logs(self, **equal):
        return self.Log.search([(name, "=", getattr(v, "id", v)) for name, v in equal.items()])

    def dialog(self, action, user=None):
        """The form that an action opens, as the user sees it."""
        self.assertEqual((action["res_model"], action["target"]), (self.Log._name, "new"))
        log = self.Log.with_user(user or self.ivanov).with_context(**action["context"])
        if action["res_id"]:
            log = log.browse(action["res_id"])
        return Form(log, view=action["views"][0][0])


@tagged("post_install", "-at_install")
class TestContactDialog(ContactCase):
    """What stands in the dialog, from wherever it is opened."""

    def test_from_deal(self):
        deal = self.deal()
        form = self.dialog(deal.with_user(self.ivanov).action_log_contact())
        self.assertEqual(form.partner_id, self.client)
        self.assertEqual(form.contact_id, self.director, "The only one who decides")
        self.assertEqual(form.contact_function, "Director")
        self.assertTrue(form.contact_is_decision_maker)
        form.result = "Wants an offer"
        log = form.save()
        self.assertEqual(
            (log.user_id, log.lead_id, log.kind, log.state, log.company_id),
            (self.ivanov, deal, "outgoing_call", "done", self.env.company),
        )
        self.assertEqual(deal.contact_log_count, 1)
        self.assertEqual(self.director.contact_log_count, 1)
        self.assertEqual(self.client.contact_log_count, 1)
        self.assertEqual(self.buyer.contact_log_count, 0)
        logs = self.Log.search(deal.action_open_contact_logs()["domain"])
        self.assertEqual(logs, log)
        self.assertEqual(self.Log.search(self.client.action_open_contact_logs()["domain"]), log)

    def test_person_of_last_time_comes_first(self):
        deal = self.deal()
        self.own.create({"lead_id": deal.id, "contact_id": self.buyer.id})
        form = self.dialog(deal.with_user(self.ivanov).action_log_contact())
        self.assertEqual(form.contact_id, self.buyer)

    def test_nobody_is_guessed(self):
        self.director.is_decision_maker = False
        form = self.dialog(self.deal().with_user(self.ivanov).action_log_contact())
        self.assertFalse(form.contact_id)

    def test_another_client(self):
        other = self.new_lead(partner_id=self.other_client.id)
        form = self.dialog(self.deal().with_user(self.ivanov).action_log_contact())
        form.lead_id = other
        self.assertEqual(form.partner_id, self.other_client)
        self.assertFalse(form.contact_id)

    def test_decision_makers_are_offered_first(self):
        people = self.env["res.partner"].with_context(decision_makers_first=True)
        domain = [("commercial_partner_id", "=", self.client.id), ("is_company", "=", False)]
        found = [partner_id for partner_id, _name in people.name_search("", domain)]
        self.assertEqual(found, [self.director.id, self.buyer.id])
        found = [id_ for id_, _n in self.env["res.partner"].name_search("", domain)]
        self.assertEqual(found, [self.buyer.id, self.director.id])

    def test_from_company(self):
        form = self.dialog(self.client.with_user(self.ivanov).action_log_contact())
        self.assertEqual((form.partner_id, form.contact_id), (self.client, self.director))

    def test_due_call_is_closed_unless_the_manager_objects(self):
        deal = self.deal()
        self.plan(deal, date_deadline=fields.Date.today() + timedelta(days=1))
        form = self.dialog(deal.with_user(self.ivanov).action_log_contact())
        self.assertFalse(form.activity_id, "Not due yet")
        self.plan(deal, user=self.sidorov)
        due = self.plan(deal)
        form = self.dialog(deal.with_user(self.ivanov).action_log_contact())
        self.assertEqual(form.activity_id, due)
        form.kind = "meeting"
        self.assertFalse(form.activity_id, "A call is not done by a meeting")
        form.kind = "incoming_call"
        form.save()
        self.assertFalse(due.active)
        self.assertEqual(len(self.logs(lead_id=deal)), 1)

    def test_from_activity(self):
        deal = self.deal()
        activity = self.plan(deal, self.meet)
        form = self.dialog(activity.with_user(self.ivanov).action_log_contact())
        self.assertEqual(
            (form.kind, form.lead_id, form.contact_id), ("meeting", deal, self.director)
        )
        form.result = "Showed the samples"
        log = form.save()
        self.assertFalse(activity.active)
        self.assertEqual(activity.feedback, "Showed the samples")
        self.assertEqual(self.logs(lead_id=deal), log, "No second one waits to be confirmed")
        action = activity.with_user(self.ivanov).action_log_contact()
        self.assertEqual(action["res_id"], log.id, "Logged once")

    def test_from_meeting(self):
        deal = self.deal()
        event = self.event(self.buyer, opportunity_id=deal.id)
        form = self.dialog(event.with_user(self.ivanov).action_log_contact())
        self.assertEqual(
            (form.kind, form.lead_id, form.contact_id, form.date),
            ("meeting", deal, self.buyer, event.start),
        )
        log = form.save()
        self.assertEqual(log.event_id, event)
        self.gather()
        self.assertEqual(self.logs(event_id=event), log)
        future = self.event(self.buyer, hours_ago=-3)
        with self.assertRaisesRegex(UserError, "not begun yet"):
            future.action_log_contact()

    def test_meeting_closes_its_activity(self):
        deal = self.deal()
        event = self.event(
            self.buyer, res_model_id=self.env["ir.model"]._get_id("crm.lead"), res_id=deal.id
        )
        activity = event.activity_ids
        self.assertTrue(activity.active)
        self.own.create({"event_id": event.id, "result": "Agreed"})
        self.assertFalse(activity.active)
        self.assertEqual(len(self.logs(lead_id=deal)), 1)

    def test_save_and_new(self):
        deal = self.deal()
        log = self.own.create({"lead_id": deal.id, "contact_id": self.buyer.id, "result": "Yes"})
        form = self.dialog(log.action_save_new())
        self.assertEqual((form.lead_id, form.result), (deal, False))


@tagged("post_install", "-at_install")
class TestContactSave(ContactCase):
    """What follows from saving a contact, whichever way."""

    def test_next_step(self):
        deal = self.deal()
        log = self.own.create(
            {
                "lead_id": deal.id,
                "next_step_type_id": self.call.id,
                "next_step_summary": "Ask about the sample",
                "next_step_date": "2030-01-15",
            }
        )
        activity = log.next_activity_id
        self.assertEqual(
            (activity.res_model, activity.res_id, activity.user_id, activity.activity_type_id),
            ("crm.lead", deal.id, self.ivanov, self.call),
        )
        self.assertEqual(
            (activity.summary, activity.date_deadline), ("Ask about the sample", date(2030, 1, 15))
        )
        log.write({"result": "Will see", "next_step_summary": "Ask again"})
        self.assertEqual(len(deal.activity_ids), 1, "Planned once")
        activity.unlink()
        log.result = "Said no after all"
        self.assertFalse(deal.activity_ids, "Not planned anew by another correction")

    def test_next_step_by_its_kind_only(self):
        log = self.own.create({"contact_id": self.buyer.id, "next_step_type_id": self.call.id})
        self.assertEqual(log.next_step_date, self.call._get_date_deadline())
        activity = log.next_activity_id
        self.assertEqual((activity.res_model, activity.res_id), ("res.partner", self.client.id))

    def test_next_step_added_later(self):
        log = self.own.create({"contact_id": self.buyer.id})
        self.assertFalse(log.next_activity_id)
        log.next_step_summary = "Send the catalogue"
        self.assertEqual(log.next_activity_id.summary, "Send the catalogue")
        to_do = self.env.ref("mail.mail_activity_data_todo")
        self.assertEqual(log.next_activity_id.date_deadline, to_do._get_date_deadline())

    def test_activity_says_the_rest(self):
        """A program gives the activity and the result, and nothing else."""
        deal = self.deal()
        activity = self.plan(deal, self.meet)
        log = self.own.create({"activity_id": activity.id, "result": "Done"})
        self.assertEqual((log.lead_id, log.kind), (deal, "meeting"))
        self.assertFalse(log.contact_id, "Nobody is guessed but in the dialog")
        self.assertEqual(activity.feedback, "Done")

    def test_chatter_is_quiet_and_escaped(self):
        deal = self.deal()
        loud = self.own.with_context(tracking_disable=False)
        self.buyer.name = "<b>Anna</b>"
        before = deal.message_ids
        loud.create(
            {
                "lead_id": deal.id,
                "contact_id": self.buyer.id,
                "result": "<script>alert(1)</script>",
                "progress": "Survey",
                "progress_date": "2026-03-04",
            }
        )
        note = deal.message_ids - before
        self.assertEqual(len(note), 1)
        self.assertFalse(note.notified_partner_ids)
        self.assertEqual(note.author_id, self.ivanov.partner_id)
        self.assertNotIn("<script>", note.body)
        self.assertIn("&lt;script&gt;", note.body)
        self.assertIn("Agreed: Survey, 03/04/2026", note.body)
        before = deal.message_ids
        loud.create({"activity_id": self.plan(deal).id, "result": "Done"})
        self.assertEqual(len(deal.message_ids - before), 1, "The activity that was done, only")

    def test_one_contact_per_source(self):
        deal = self.deal()
        activity = self.plan(deal)
        event = self.event(self.buyer)
        mail = deal.message_post(body="Hello", author_id=self.buyer.id)
        for source in (
            {"activity_id": activity.id},
            {"event_id": event.id},
            {"message_id": mail.id},
        ):
            with self.subTest(source=source):
                self.own.create({"lead_id": deal.id, **source})
                with (
                    self.assertRaises(Exception) as caught,
                    mute_logger("odoo.sql_db"),
                    self.cr.savepoint(),
                ):
                    self.own.create({"lead_id": deal.id, **source})
                self.assertEqual(caught.exception.pgcode, "23505")
        self.Log.with_user(self.head).create({"lead_id": deal.id, "event_id": event.id})
        self.assertEqual(len(self.logs(event_id=event)), 2, "One for each manager")

    def test_nonsense(self):
        cases = (
            ({}, "Say whom the contact was with"),
            (
                {"contact_id": self.buyer.id, "date": fields.Datetime.now() + timedelta(hours=1)},
                "when it has happened",
            ),
        )
        for values, words in cases:
            with (
                self.subTest(values=values),
                self.assertRaisesRegex(ValidationError, words),
                self.cr.savepoint(),
            ):
                self.own.create(values)

    def test_import(self):
        deal = self.deal()
        columns = ["lead_id/.id", "contact_id/.id", "kind", "date", "result", "is_in_person"]
        rows = [
            [str(deal.id), str(self.buyer.id), kind, "2026-03-04 08:00:00", kind, "1"]
            for kind in ("Outgoing Call", "Meeting", "Material Sent")
        ]
        result = self.own.load(columns, rows)
        self.assertFalse(result["messages"])
        logs = self.Log.browse(result["ids"])
        self.assertEqual(logs.mapped("kind"), ["outgoing_call", "meeting", "material"])
        self.assertEqual(logs.user_id, self.ivanov)
        self.assertEqual(logs.partner_id, self.client)
        result = self.own.load(columns, [["", "", "Meeting", "2026-03-04 08:00:00", "x", "1"]])
        self.assertIn("Say whom the contact was with", result["messages"][0]["message"])

    def test_queries(self):
        deal = self.deal()
        due = self.plan(deal)
        values = {
            "lead_id": deal.id,
            "contact_id": self.director.id,
            "result": "Wants an offer",
            "contact_is_decision_maker": True,
            "contact_function": "Director",
        }
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(_SAVE):
            self.own.create(values)
            self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(_SAVE_AND_PLAN):
            self.own.create({**values, "activity_id": due.id, "next_step_type_id": self.call.id})
            self.env.flush_all()
