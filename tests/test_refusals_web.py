from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from .common import Json2Case
from .test_refusals import RefusalCase


@tagged("post_install", "-at_install")
class TestRefusalOverHttp(RefusalCase, Json2Case):
    """What comes from mails and from other programs."""

    def test_json2(self):
        lead = self.new_lead(self.presentation)
        answer = self.json2(self.ivanov, "crm.lead/action_set_lost", ids=lead.ids)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("Why did the client refuse", answer.json()["message"])
        answer = self.json2(
            self.ivanov, "crm.lead/write", ids=lead.ids, vals={"active": False, "probability": 0}
        )
        self.assertEqual(answer.status_code, 422)
        lead.invalidate_recordset()
        self.assertTrue(lead.active)
        self.assertFalse(self.refusals(lead))
        answer = self.json2(
            self.ivanov,
            "crm.lead/action_set_lost",
            ids=lead.ids,
            lost_reason_id=self.supplier.id,
            words="Our contract runs until June",
            real_cause="delivery",
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        [refusal] = self.refusals(lead)
        self.assertEqual(
            (refusal.words, refusal.real_cause), ("Our contract runs until June", "delivery")
        )

    def test_nonsense_by_json2(self):
        lead = self.new_lead()
        for values in (
            {"lost_reason_id": self.reason.id, "real_cause": "nonsense"},
            {"lost_reason_id": self.reason.id, "return_on": "soon"},
            {"lost_reason_id": 10**8},
            {"lost_reason_id": "x"},
        ):
            answer = self.json2(self.ivanov, "crm.lead/action_set_lost", ids=lead.ids, **values)
            self.assertIn(answer.status_code // 100, (4, 5), values)
            lead.invalidate_recordset()
            self.assertTrue(lead.active, values)
            self.assertFalse(self.refusals(lead), values)

    def test_pareto_by_json2(self):
        self.refused()
        answer = self.json2(
            self.head,
            "crm.lead.refusal/get_pareto",
            domain=[["team_id", "=", self.team.id]],
        )
        self.assertEqual(answer.json()["total"], 1)
        answer = self.json2(self.head, "crm.lead.refusal/get_pareto", group_by="nonsense")
        self.assertEqual(answer.status_code, 422)

    def mail_link(self, lead):
        token = lead._notify_get_action_link("controller", controller="/lead/case_mark_lost")
        return token.partition(lead.get_base_url())[2] or token

    def test_mail_link_asks_for_the_reason(self):
        lead = self.new_lead()
        self.authenticate("test_ivanov", "test_ivanov")
        answer = self.url_open(self.mail_link(lead), allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers["Location"].endswith(f"/odoo/crm.lead/{lead.id}/refuse"))
        lead.invalidate_recordset()
        self.assertTrue(lead.active)

    def test_mail_link_where_nothing_is_asked(self):
        self.env.company.refusal_reason_required = False
        lead = self.new_lead()
        self.authenticate("test_ivanov", "test_ivanov")
        self.url_open(self.mail_link(lead), allow_redirects=False)
        lead.invalidate_recordset()
        self.assertEqual(lead.won_status, "lost")

    def test_tour(self):
        """From the button to the client won on the second try."""
        self.env.user.lang = "en_US"
        lead = self.new_lead(
            self.presentation, name="Toured Refusal", partner_id=self.client.id, probability=20
        )
        url = f"/odoo/crm.lead/{lead.id}"
        self.start_tour(url, "sales_funnel_control.refusal", login="test_ivanov")
        [refusal] = self.refusals(lead)
        self.assertEqual(refusal.words, "The budget is spent until spring")
        self.start_tour("/odoo", "sales_funnel_control.refusal_review", login="test_head")
        self.assertEqual((refusal.ruling, refusal.reviewed_by_id), ("market", self.head))
        day = fields.Datetime.to_datetime(refusal.return_on) + timedelta(hours=12)
        with freeze_time(day):
            self.run_cron("follow_up_refusals")
        self.assertEqual(lead.activity_ids.summary, "Return to the client")
        self.start_tour(url, "sales_funnel_control.refusal_return", login="test_ivanov")
        self.env.cr.flush()
        self.assertTrue(refusal.is_won_back)
        self.assertFalse(lead.activity_ids)
        self.start_tour("/odoo/refusals", "sales_funnel_control.refusal_report", login="test_head")
