from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
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

    def test_role_is_kept_on_the_person(self):
        form = self.dialog(self.buyer.with_user(self.ivanov).action_log_contact())
        self.assertEqual((form.contact_id, form.partner_id), (self.buyer, self.client))
        form.contact_function = "Head of Purchasing"
        form.contact_is_decision_maker = True
        form.save()
        self.assertEqual(self.buyer.function, "Head of Purchasing")
        self.assertTrue(self.buyer.is_decision_maker)

    def test_position_is_never_emptied(self):
        self.own.create({"contact_id": self.director.id, "contact_function": False})
        self.assertEqual(self.director.function, "Director")

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

    def test_message_of_a_client(self):
        deal = self.deal()
        mail = deal.message_post(
            body="Please call me", subject="Our order", author_id=self.buyer.id,
            message_type="email", subtype_xmlid="mail.mt_comment",
        )  # fmt: skip
        mail.date = datetime(2026, 3, 4, 5, 6)
        form = self.dialog(mail.with_user(self.ivanov).action_log_contact())
        self.assertEqual(
            (form.kind, form.lead_id, form.contact_id, form.date, form.result),
            ("incoming_call", deal, self.buyer, mail.date, "Our order"),
        )
        log = form.save()
        self.assertEqual(log.message_id, mail)
        self.assertEqual(mail.with_user(self.ivanov).action_log_contact()["res_id"], log.id)
        deal.team_id.funnel_kind = "proactive"
        mail = mail.copy()
        form = self.dialog(mail.with_user(self.ivanov).action_log_contact())
        self.assertEqual(form.kind, "warm_contact", "An existing client wrote")
        note = deal.message_post(body="They called", author_id=self.buyer.id)
        form = self.dialog(note.with_user(self.ivanov).action_log_contact())
        self.assertEqual((form.kind, form.result), ("incoming_call", "They called"))

    def test_message_of_a_colleague(self):
        note = self.deal().message_post(body="Remember", author_id=self.sidorov.partner_id.id)
        with self.assertRaisesRegex(UserError, "Only what a client"):
            note.with_user(self.ivanov).action_log_contact()


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


@tagged("post_install", "-at_install")
class TestContactAccess(ContactCase):
    def test_own_only(self):
        log = self.own.create({"contact_id": self.buyer.id})
        self.assertFalse(self.Log.with_user(self.sidorov).search([("id", "=", log.id)]))
        with self.assertRaises(AccessError):
            self.Log.with_user(self.sidorov).create(
                {"contact_id": self.buyer.id, "user_id": self.ivanov.id}
            )
        with self.assertRaises(AccessError):
            log.with_user(self.sidorov).write({"result": "Mine"})

    def test_head_logs_for_others(self):
        deal = self.deal()
        log = self.Log.with_user(self.head).create(
            {"lead_id": deal.id, "user_id": self.ivanov.id, "next_step_type_id": self.call.id}
        )
        self.assertEqual(log.next_activity_id.user_id, self.ivanov)

    def test_deals_of_others_stay_closed(self):
        deal = self.deal(self.sidorov)
        activity = self.plan(deal, user=self.sidorov)
        mail = deal.message_post(body="Hello", author_id=self.buyer.id)
        for values in (
            {"lead_id": deal.id},
            {"contact_id": self.buyer.id, "activity_id": activity.id},
            {"activity_id": activity.id},
            {"message_id": mail.id},
            {"contact_id": self.buyer.id, "message_id": mail.id},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError), self.cr.savepoint():
                self.own.create(values)
        log = self.own.create({"contact_id": self.buyer.id})
        with self.assertRaises(AccessError):
            log.lead_id = deal
        self.assertTrue(activity.active)

    def test_portal_and_accountants(self):
        portal = new_test_user(self.env, "test_portal", groups="base.group_portal")
        clerk = new_test_user(self.env, "test_clerk", groups="base.group_user")
        log = self.own.create({"contact_id": self.buyer.id})
        for user in (portal, clerk):
            with self.assertRaises(AccessError):
                log.with_user(user).read(["result"])
            with self.assertRaises(AccessError):
                self.env["crm.contact.batch"].with_user(user).create({})
            with self.assertRaises(AccessError):
                self.Log.with_user(user).create({"contact_id": self.buyer.id})


@tagged("post_install", "-at_install")
class TestToConfirm(ContactCase):
    """What Odoo knows of waits to be confirmed. Once."""

    def test_done_call(self):
        deal = self.deal()
        activity = self.plan(deal)
        activity.with_user(self.ivanov).action_feedback(feedback="Will\nthink")
        log = self.logs(activity_id=activity)
        self.assertEqual(
            (log.state, log.kind, log.user_id, log.lead_id, log.contact_id, log.result),
            ("to_confirm", "outgoing_call", self.ivanov, deal, self.director, "Will think"),
        )
        form = self.dialog(log.with_user(self.ivanov).action_open_entry())
        form.contact_id = self.buyer
        form.next_step_type_id = self.call
        form.save()
        self.assertFalse(log.next_activity_id, "Not before it is confirmed")
        log.with_user(self.ivanov).action_confirm()
        self.assertEqual(log.state, "done")
        self.assertTrue(log.next_activity_id.active)
        self.assertEqual(self.logs(lead_id=deal), log)

    def test_which_activities(self):
        deal = self.deal()
        to_do = self.env.ref("mail.mail_activity_data_todo")
        email = self.env.ref("mail.mail_activity_data_email")
        clerk = new_test_user(self.env, "test_clerk", groups="base.group_user")
        cases = (
            (deal, self.call, self.ivanov, "outgoing_call"),
            (deal, self.meet, self.ivanov, "meeting"),
            (deal, email, self.ivanov, "material"),
            (self.buyer, self.call, self.ivanov, "outgoing_call"),
            (deal, to_do, self.ivanov, False),
            (self.buyer, self.call, clerk, False),
            (self.team, self.call, self.ivanov, False),
        )
        for record, kind, user, expected in cases:
            if not hasattr(record, "activity_ids"):
                continue
            with self.subTest(record=record._name, kind=kind.name, user=user.name):
                activity = self.plan(record, kind, user)
                activity.action_done()
                self.assertEqual(self.logs(activity_id=activity).kind, expected)
        cancelled = self.plan(deal)
        cancelled.unlink()
        self.assertEqual(len(self.logs(lead_id=deal)), 3)

    def test_kind_of_activity_types(self):
        kinds = self.env["mail.activity.type"].create(
            [{"name": "Skype", "category": "phonecall"}, {"name": "Think"}]
        )
        self.assertEqual(kinds.mapped("contact_kind"), ["outgoing_call", False])
        kinds[1].contact_kind = "visit"
        deal = self.deal()
        activity = self.plan(deal, kinds[1])
        activity.action_done()
        self.assertEqual(self.logs(activity_id=activity).kind, "visit")

    def test_logged_by_hand_before(self):
        """The call is logged from the card, its activity is marked as done later."""
        deal, other = self.deal(), self.deal(name="Other")
        typed = self.own.create({"lead_id": deal.id, "result": "By hand"})
        calls = [self.plan(deal), self.plan(deal), self.plan(other)]
        for call in calls:
            call.action_feedback(feedback="Done")
        self.assertEqual(self.logs(activity_id=calls[0]), typed)
        self.assertEqual(typed.result, "By hand")
        for call in calls[1:]:
            self.assertEqual(self.logs(activity_id=call).state, "to_confirm")

    def test_logged_by_hand_on_another_day(self):
        deal = self.deal()
        self.own.create({"lead_id": deal.id, "date": fields.Datetime.now() - timedelta(days=1)})
        call = self.plan(deal)
        call.action_done()
        self.assertEqual(self.logs(activity_id=call).state, "to_confirm")

    def test_return_to_a_client_is_no_call(self):
        deal = self.deal()
        deal.action_set_lost(lost_reason_id=self.reason.id)
        refusal = deal._latest_refusal()
        refusal.return_on = fields.Date.today()
        self.env["crm.lead.refusal"]._remind_of_return(refusal)
        self.assertTrue(refusal.return_activity_id.active)
        refusal.with_user(self.ivanov).action_return()
        self.assertFalse(refusal.return_activity_id.active)
        self.assertFalse(self.logs(lead_id=deal))

    def test_finished_meeting(self):
        deal = self.deal()
        event = self.event(
            self.buyer, self.director, self.sidorov.partner_id, opportunity_id=deal.id
        )
        running = self.event(self.buyer, hours_ago=0.5)
        self.gather()
        logs = self.logs(event_id=event)
        self.assertEqual(logs.user_id, self.ivanov | self.sidorov, "Each who took part")
        self.assertEqual(set(logs.mapped("state")), {"to_confirm"})
        self.assertEqual(logs.contact_id, self.director, "The one who decides")
        self.assertEqual((logs.lead_id, logs[0].date), (deal, event.start))
        self.assertFalse(self.logs(event_id=running))
        self.gather()
        self.assertEqual(self.logs(event_id=event), logs)

    def test_gathered_when_the_list_is_opened(self):
        mine = self.event(self.buyer)
        other = self.event(self.buyer, user=self.sidorov)
        action = self.own.action_to_confirm()
        self.assertEqual(action["domain"], "[('state', '=', 'to_confirm')]")
        self.assertEqual(self.own.search([("state", "=", "to_confirm")]).event_id, mine)
        self.own.action_to_confirm()
        self.assertEqual(len(self.logs(event_id=mine)), 1)
        self.assertFalse(self.logs(event_id=other))

    def test_which_meetings(self):
        deal = self.deal()
        declined = self.event(self.buyer, opportunity_id=deal.id)
        declined.attendee_ids.filtered(lambda a: a.partner_id == self.buyer).state = "declined"
        not_there = self.event(self.buyer)
        not_there.attendee_ids.filtered(
            lambda a: a.partner_id == self.ivanov.partner_id
        ).state = "declined"
        day = {"allday": True, "start_date": fields.Date.today() - timedelta(days=2)}
        day["stop_date"] = day["start_date"]
        events = {
            "private": (self.event(self.buyer, privacy="private"), 0),
            "declined by the client": (declined, 0),
            "declined by the manager": (not_there, 0),
            "among colleagues": (self.event(self.sidorov.partner_id), 0),
            "alone with a deal": (self.event(opportunity_id=deal.id), 1),
            "a day off": (self.event(self.buyer, **day), 0),
            "a day about a deal": (self.event(opportunity_id=deal.id, show_as="busy", **day), 1),
            "two weeks ago": (self.event(self.buyer, hours_ago=14 * 24 + 2), 0),
            "a fortnight less": (self.event(self.buyer, hours_ago=14 * 24 - 2), 1),
            "with a client": (self.event(self.buyer), 1),
        }
        self.gather()
        for name, (event, count) in events.items():
            with self.subTest(meeting=name):
                self.assertEqual(len(self.logs(event_id=event)), count)

    def test_did_not_take_place(self):
        event = self.event(self.buyer)
        self.gather()
        log = self.logs(event_id=event).with_user(self.ivanov)
        log.action_dismiss()
        self.gather()
        self.assertEqual(self.logs(event_id=event).state, "dismissed")
        log.action_confirm()
        self.assertEqual(log.state, "done", "A wrong click is mended")
        with self.assertRaisesRegex(UserError, "Delete it"):
            log.action_dismiss()

    def test_deleted_ones_do_not_come_back(self):
        event = self.event(self.buyer)
        self.gather()
        self.logs(event_id=event).with_user(self.ivanov).unlink()
        self.gather()
        self.assertFalse(self.logs(event_id=event))

    def test_farmer_visits(self):
        farmers = self._make_team("Test Farmers", funnel_kind="proactive")
        petrova = new_test_user(self.env, "test_petrova", groups="sales_team.group_sale_salesman")
        self.env["crm.team.member"].create({"crm_team_id": farmers.id, "user_id": petrova.id})
        deal = self.new_lead(partner_id=self.client.id)
        meetings = {"new": self.event(self.buyer, user=petrova, opportunity_id=deal.id)}
        self.gather()
        deal.action_set_won()
        meetings["bought"] = self.event(self.buyer, user=petrova)
        meetings["hunter"] = self.event(self.buyer)
        self.gather()
        kinds = {name: self.logs(event_id=event).kind for name, event in meetings.items()}
        self.assertEqual(kinds, {"new": "meeting", "bought": "visit", "hunter": "meeting"})

    def test_meeting_and_its_activity_are_one(self):
        deal = self.deal()
        lead_model = self.env["ir.model"]._get_id("crm.lead")
        event = self.event(self.buyer, res_model_id=lead_model, res_id=deal.id)
        event.activity_ids.action_done()
        self.gather()
        log = self.logs(lead_id=deal)
        self.assertEqual((len(log), log.event_id, log.date), (1, event, event.start))
        later = self.event(self.buyer, res_model_id=lead_model, res_id=deal.id, hours_ago=1.5)
        self.gather()
        later.activity_ids.action_done()
        self.assertEqual(len(self.logs(event_id=later)), 1)
        self.assertEqual(len(self.logs(lead_id=deal)), 2)

    def test_gathering_is_done_in_batches(self):
        for _each in range(3):
            self.event(self.buyer)
        self.env.flush_all()
        self.Log._await_meetings(self.Log._finished_meetings())
        few = self._count(3)
        many = self._count(12)
        self.assertLess(many - few, 9 * 4)

    def _count(self, events):
        for _each in range(events):
            self.event(self.buyer)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        self.Log._await_meetings(self.Log._finished_meetings())
        self.env.flush_all()
        return self.cr.sql_log_count - before


@tagged("post_install", "-at_install")
class TestContactBatch(ContactCase):
    """Calls one after another."""

    def batch(self, action):
        self.assertEqual(action["res_model"], "crm.contact.batch")
        return self.env["crm.contact.batch"].with_user(self.ivanov).browse(action["res_id"])

    def calls_of_the_day(self):
        return self.env["crm.contact.batch"].with_user(self.ivanov).action_calls_of_the_day()

    def test_calls_of_the_day(self):
        today = fields.Date.today()
        deals = [self.deal(name=f"Deal {number}") for number in range(5)]
        late = self.plan(deals[0], date_deadline=today - timedelta(days=3))
        due = self.plan(deals[1])
        self.plan(deals[1], date_deadline=today)
        self.plan(deals[2], date_deadline=today + timedelta(days=1))
        self.plan(deals[3], self.meet)
        self.plan(deals[4], user=self.sidorov)
        batch = self.batch(self.calls_of_the_day())
        self.assertEqual(batch.line_ids.lead_id.ids, [deals[0].id, deals[1].id])
        self.assertEqual((batch.place, batch.total, batch.activity_id), (1, 2, late))
        self.assertEqual(batch.next_clients, "Deal 1")
        self.assertEqual(batch.contact_id, self.director)
        form = Form(batch)
        form.result = "Will buy"
        form.next_step_type_id = self.call
        form.save()
        self.assertFalse(batch.action_save_next())
        log = self.logs(lead_id=deals[0])
        self.assertEqual(
            (log.result, log.user_id, log.activity_id), ("Will buy", self.ivanov, late)
        )
        self.assertTrue(log.next_activity_id.active)
        self.assertFalse(late.active)
        self.assertEqual((batch.place, batch.activity_id, batch.result), (2, due, False))
        self.assertFalse(batch.next_step_type_id)
        self.assertIn("Will buy", batch.last_contact)
        end = batch.action_skip()
        self.assertEqual(end["params"]["message"], "That was the last client: 1 logged, 1 skipped.")
        self.assertTrue(due.active)
        with self.assertRaisesRegex(UserError, "All clients of this list are done"):
            batch.action_save_next()

    def test_nothing_to_call(self):
        action = self.calls_of_the_day()
        self.assertIn("No calls are due today", action["params"]["message"])

    def test_no_answer(self):
        self.env.company.resource_calendar_id.tz = "UTC"
        deal = self.deal()
        with freeze_time("2026-03-06 12:00:00"):
            activity = self.plan(deal, date_deadline=date(2026, 3, 6))
            batch = self.batch(self.calls_of_the_day())
            end = batch.action_no_answer()
        self.assertEqual(end["tag"], "display_notification")
        log = self.logs(lead_id=deal)
        self.assertEqual((log.is_in_person, log.result), (False, "No answer"))
        self.assertFalse(activity.active)
        self.assertEqual(log.next_activity_id.date_deadline, date(2026, 3, 9), "Not on a Saturday")
        self.assertEqual(log.next_activity_id.activity_type_id, self.call)

    def test_chosen_deals(self):
        deals = self.deal(name="B") | self.deal(name="A")
        batch = self.batch(deals.with_user(self.ivanov).action_contact_batch())
        self.assertEqual(batch.line_ids.lead_id.ids, deals.ids)
        self.assertFalse(batch.activity_id)
        batch.action_save_next()
        self.assertEqual(batch.lead_id, deals[1])
        with self.assertRaisesRegex(UserError, "Choose the opportunities"):
            deals.browse().action_contact_batch()

    def test_done_elsewhere_meanwhile(self):
        deal = self.deal()
        activity = self.plan(deal)
        batch = self.batch(self.calls_of_the_day())
        activity.action_done()
        batch.result = "Called"
        batch.action_save_next()
        self.assertEqual(len(self.logs(lead_id=deal, state="done")), 1)

    def test_person_is_described(self):
        batch = self.batch(self.deal().with_user(self.ivanov).action_contact_batch())
        form = Form(batch)
        form.contact_id = self.buyer
        form.contact_function = "Buyer"
        form.contact_is_decision_maker = True
        form.save()
        self.assertEqual((self.buyer.function, self.buyer.is_decision_maker), ("Buyer", True))
