from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .test_contact_entry import ContactCase


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

    def test_confirmed_as_they_stand(self):
        """Several at once, those that are confirmed already among them."""
        deal = self.deal()
        calls = [self.plan(deal), self.plan(self.buyer)]
        for call in calls:
            call.action_feedback(feedback="Talked")
        self.event(self.buyer, opportunity_id=deal.id)
        self.gather()
        logs = self.Log.search([("user_id", "=", self.ivanov.id), ("state", "=", "to_confirm")])
        self.assertEqual(len(logs), 3)
        logs[0].action_confirm()
        logs.with_user(self.ivanov).action_confirm()
        self.assertEqual(set(logs.mapped("state")), {"done"})
        talked = self.logs(activity_id=calls[0])
        self.assertEqual(
            (talked.contact_id, talked.result, talked.counts_as),
            (self.director, "Talked", "effective_call"),
        )

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
        self.sell()
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
