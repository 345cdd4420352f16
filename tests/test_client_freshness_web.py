from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import Json2Case
from .test_client_freshness import ClientCase


@tagged("post_install", "-at_install")
class TestFreshnessOverHttp(ClientCase, Json2Case):
    """Verifying from outside, and in the browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clients = cls.new_clients(3, days_ago=500)
        cls.foreign = cls.new_clients(1, cls.sidorov, days_ago=500)
        cls.tag = cls.env["res.partner.category"].create({"name": "Spring fair"})

    @mute_logger("odoo.sql_db", "odoo.http")
    def test_json2(self):
        call = self.json2
        mine, theirs = self.clients[0], self.foreign
        answer = call(self.ivanov, "crm.client/action_verify", ids=mine.ids)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.env.invalidate_all()
        self.assertEqual(mine.verified_on, self.today)
        answer = call(self.ivanov, "crm.client/action_verify", ids=theirs.ids)
        self.assertEqual(answer.status_code, 403)
        partner = self.clients[1].partner_id
        values = {"phone": "+7 495 5"}
        answer = call(self.ivanov, "res.partner/write", ids=partner.ids, vals=values)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.env.invalidate_all()
        self.assertEqual(partner.verified_on, self.today)
        firm = self.clients[2].partner_id
        person = firm.create({"name": "Olga", "parent_id": firm.id})
        values = {"child_ids": [[1, person.id, {"function": "Head"}]]}
        answer = call(self.ivanov, "res.partner/write", ids=firm.ids, vals=values)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.env.invalidate_all()
        self.assertEqual((firm | person).mapped("verified_on"), [self.today, self.today])
        answer = call(
            self.ivanov, "res.partner/write", ids=partner.ids, vals={"verified_on": "2020-01-01"}
        )
        self.assertEqual(answer.status_code, 403)
        answer = call(self.ivanov, "crm.control.board/get_freshness_action", kind="nonsense")
        self.assertEqual(answer.status_code, 422)

    def test_tours(self):
        for name in ("verify_clients", "change_group_of_clients"):
            self.start_tour("/odoo", f"sales_funnel_control.{name}", login="test_ivanov")
        self.env.invalidate_all()
        self.assertEqual(len(self.clients.filtered(lambda c: c.verified_on == self.today)), 1)
        self.assertEqual(len(self.clients.partner_id.category_id), 1)
        self.assertFalse(self.foreign.partner_id.category_id)
