from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged

from .common import FunnelCase


class DayCase(FunnelCase):
    """A hunter and a farmer with norms, a client of each and what waits in the morning."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_enforcement("on")
        cls.Log = cls.env["crm.contact.log"]
        cls.env["crm.contact.norm"].search([]).unlink()
        cls.petrova = new_test_user(
            cls.env, "test_petrova", groups="sales_team.group_sale_salesman", name="Petrenko"
        )
        (cls.ivanov + cls.petrova).lang = "en_US"
        cls.farmers = cls._make_team("Test Farmers", funnel_kind="proactive")
        cls.env["crm.team.member"].create(
            {"crm_team_id": cls.farmers.id, "user_id": cls.petrova.id}
        )
        cls.farm_stages = cls._build_funnel(cls.farmers, "proactive")
        cls.env.cr.execute("UPDATE crm_team_member SET create_date = '2025-01-01'")
        cls.env["crm.team.member"].invalidate_model()
        monday = fields.Date.start_of(cls.env.company._funnel_today(), "week")
        cls.env["crm.contact.norm"].create(
            [
                {"sales_role": role, "weekly_norm": norm, "valid_from": monday, "company_id": False}
                for role, norm in (("hunter", 12), ("farmer", 8))
            ]
        )
        cls.client = cls.env["res.partner"].create({"name": "Romashka", "is_company": True})
        cls.boss = cls.env["res.partner"].create(
            {
                "name": "Anna Petrova",
                "parent_id": cls.client.id,
                "function": "Director",
                "is_decision_maker": True,
            }
        )
        cls.acquaintance.gate_level = "contact"

    def tour_hunter(self):
        deal = self.new_lead(self.list, name="Day Deal", partner_id=self.client.id)
        call = self.new_lead(self.list, name="Day Call", partner_id=self.client.id)
        call.activity_schedule("mail.mail_activity_data_call", user_id=self.ivanov.id)
        self.Log.create(
            {
                "kind": "meeting",
                "state": "to_confirm",
                "user_id": self.ivanov.id,
                "lead_id": deal.id,
                "contact_id": self.boss.id,
            }
        )
        self.start_tour(
            "/odoo/contacts-to-confirm", "sales_funnel_control.hunter_day", login="test_ivanov"
        )
        self.assertEqual(deal.stage_id, self.acquaintance)
        self.assertEqual(
            self.Log.search([("user_id", "=", self.ivanov.id)]).mapped("counts_as").count(False), 1
        )
        self.assertEqual(call.activity_ids, call.activity_ids.browse())

    def tour_farmer(self):
        order = self.env["sale.order"].create({"partner_id": self.client.id})
        order.action_confirm()
        order.date_order = fields.Datetime.now() - timedelta(days=30)
        deal = self.new_lead(
            self.farm_stages[0],
            self.petrova,
            name="Day Client",
            team_id=self.farmers.id,
            partner_id=self.client.id,
        )
        source = self.env["utm.source"].create({"name": "Day Site"})
        self.env["crm.request.channel"].create(
            {"name": "Day Site", "source_id": source.id, "user_id": self.petrova.id}
        )
        request = self.env["crm.lead"].create(
            {
                "name": "Day Request",
                "type": "lead",
                "source_id": source.id,
                "team_id": self.farmers.id,
                "user_id": False,
            }
        )
        request.user_id = False
        self.start_tour(
            "/odoo/incoming-requests", "sales_funnel_control.farmer_day", login="test_petrova"
        )
        self.assertEqual(request.user_id, self.petrova)
        logs = self.Log.search([("user_id", "=", self.petrova.id)], order="id")
        self.assertEqual(logs.mapped("counts_as"), ["visit", "warm_contact"])
        self.assertEqual(logs.lead_id, deal)
        self.assertEqual(deal.activity_ids, logs.next_activity_id)


@tagged("post_install", "-at_install")
class TestDays(DayCase, HttpCase):
    """A hunter's day and a farmer's day at the desk."""

    def test_hunter(self):
        self.tour_hunter()

    def test_farmer(self):
        self.tour_farmer()


@tagged("post_install", "-at_install")
class TestDaysOnPhone(DayCase, HttpCase):
    """The same on the way: no page is wider than the phone."""

    browser_size = "400x860"
    touch_enabled = True

    def test_hunter(self):
        self.tour_hunter()

    def test_farmer(self):
        self.tour_farmer()
