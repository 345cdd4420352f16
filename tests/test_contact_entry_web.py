from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.tests import tagged

from .common import Json2Case
from .test_contact_entry import ContactCase


@tagged("post_install", "-at_install")
class TestContactOverHttp(ContactCase, Json2Case):
    """Contacts by other programs, and what a manager sees and clicks."""

    # Wide enough for the chatter to stand beside the form.
    browser_size = "1920x1080"

    def create_by_json2(self, user, **values):
        return self.json2(user, "crm.contact.log/create", vals_list=[values])

    def test_json2(self):
        deal = self.deal()
        activity = self.plan(deal)
        answer = self.create_by_json2(
            self.ivanov,
            activity_id=activity.id,
            contact_id=self.director.id,
            result="Wants an offer",
            next_step_type_id=self.call.id,
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        log = self.Log.browse(answer.json())
        self.assertEqual(
            (log.lead_id, log.partner_id, log.user_id, log.kind),
            (deal, self.client, self.ivanov, "outgoing_call"),
        )
        self.assertFalse(activity.active)
        self.assertTrue(log.next_activity_id)
        answer = self.create_by_json2(self.ivanov, activity_id=activity.id)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("logged as a contact already", answer.json()["message"])

    def test_nonsense_by_json2(self):
        foreign = self.deal(self.sidorov)
        for values in (
            {},
            {"lead_id": foreign.id},
            {"contact_id": self.buyer.id, "kind": "nonsense"},
            {"contact_id": self.buyer.id, "date": "2999-01-01 00:00:00"},
            {"contact_id": self.buyer.id, "user_id": self.sidorov.id},
            {"activity_id": 10**8},
            {"event_id": "x"},
        ):
            answer = self.create_by_json2(self.ivanov, **values)
            self.assertIn(answer.status_code // 100, (4, 5), values)
        self.assertFalse(self.logs(contact_id=self.buyer))
        self.assertFalse(self.logs(lead_id=foreign))

    def test_to_confirm_by_json2(self):
        self.event(self.buyer)
        answer = self.json2(self.ivanov, "crm.contact.log/action_to_confirm")
        self.assertEqual(answer.status_code, 200, answer.text)
        log = self.logs(user_id=self.ivanov)
        self.json2(self.ivanov, "crm.contact.log/action_confirm", ids=log.ids)
        log.invalidate_recordset()
        self.assertEqual(log.state, "done")

    def test_tour(self):
        """A call from the card, one from the deal, one from its activity, two of the day."""
        (self.env.user | self.ivanov).lang = "en_US"
        card = self.deal(name="Toured Card")
        deal = self.deal(name="Toured Deal")
        later = fields.Date.today() + timedelta(days=5)
        planned = self.plan(deal, self.meet, date_deadline=later, summary="Show the samples")
        self.start_tour("/odoo/crm", "sales_funnel_control.contact_card", login="test_ivanov")
        log = self.logs(lead_id=card)
        self.assertEqual((log.result, log.kind), ("Asked for the price list", "incoming_call"))
        self.assertEqual(log.contact_id, self.director)
        self.start_tour(
            f"/odoo/crm.lead/{deal.id}", "sales_funnel_control.contact_deal", login="test_ivanov"
        )
        logs = self.logs(lead_id=deal)
        self.assertEqual(
            set(logs.mapped("result")), {"Will decide on Friday", "Showed the samples"}
        )
        self.assertFalse(planned.active)
        self.assertEqual(logs.next_activity_id.activity_type_id, self.call)
        deals = [self.deal(name=f"Toured Call {number}") for number in range(2)]
        for call in deals:
            self.plan(call)
        self.start_tour("/odoo/crm", "sales_funnel_control.contact_batch", login="test_ivanov")
        self.assertEqual(self.logs(lead_id=deals[0]).result, "Wants to meet")
        self.assertFalse(self.logs(lead_id=deals[1]).is_in_person)

    def test_cards_of_leads(self):
        """Leads, as they come in, are logged from their card like opportunities."""
        view = self.env.ref("crm.view_crm_lead_kanban")
        lead_user = self.env["crm.lead"].with_user(self.ivanov)
        arch = etree.fromstring(lead_user.get_view(view.id, "kanban")["arch"])
        (button,) = arch.xpath("//button[hasclass('o_log_contact')]")
        self.assertEqual(button.get("name"), "action_log_contact")
        lead = self.deal(type="lead", name="Just In")
        log = self.dialog(lead.with_user(self.ivanov).action_log_contact()).save()
        self.assertEqual(log.lead_id, lead)

    def test_tour_to_confirm(self):
        self.ivanov.lang = "en_US"
        deal = self.deal(name="Toured Meeting")
        self.quick = self.env["res.partner"].create({"name": "Quick Guest"})
        self.event(self.director, opportunity_id=deal.id)
        dropped = self.event(self.buyer)
        bulk = self.event(self.quick, hours_ago=4) | self.event(self.quick, hours_ago=6)
        self.start_tour("/odoo/crm", "sales_funnel_control.contact_confirm", login="test_ivanov")
        log = self.logs(lead_id=deal)
        self.assertEqual((log.state, log.result), ("done", "They like it"))
        self.assertEqual(self.logs(event_id=dropped).state, "dismissed")
        stood = self.Log.search([("event_id", "in", bulk.ids)])
        self.assertEqual(stood.mapped("state"), ["done", "done"])

    def test_tour_message(self):
        self.ivanov.lang = "en_US"
        deal = self.deal(name="Toured Message")
        deal.message_post(
            body="Please call me",
            subject="Our order",
            author_id=self.buyer.id,
            message_type="email",
            subtype_xmlid="mail.mt_comment",
        )
        self.start_tour(
            f"/odoo/crm.lead/{deal.id}", "sales_funnel_control.contact_message", login="test_ivanov"
        )
        log = self.logs(lead_id=deal)
        self.assertEqual((log.contact_id, log.result), (self.buyer, "Our order"))
        self.assertTrue(log.message_id)
