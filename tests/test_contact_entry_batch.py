from datetime import date, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .test_contact_entry import ContactCase


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

    def test_not_talked_to(self):
        """A secretary answered: the director has not been talked to."""
        deals = self.deal() | self.deal()
        batch = self.batch(deals.with_user(self.ivanov).action_contact_batch())
        self.assertTrue(batch.is_in_person)
        with Form(batch) as form:
            form.is_in_person = False
            form.result = "The secretary will tell her"
        batch.action_save_next()
        log = self.logs(lead_id=deals[0])
        self.assertEqual(
            (log.contact_id, log.counts_as, log.count_note),
            (self.director, False, "not_in_person"),
        )
        self.assertTrue(batch.is_in_person, "The next client is another one")
        batch.action_save_next()
        self.assertEqual(self.logs(lead_id=deals[1]).counts_as, "effective_call")

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
        form.contact_decision_role = "influences"
        form.save()
        self.assertEqual(
            (self.buyer.function, self.buyer.decision_role, self.buyer.is_decision_maker),
            ("Buyer", "influences", False),
        )
