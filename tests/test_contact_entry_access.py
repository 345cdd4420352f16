from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .test_contact_entry import ContactCase


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
