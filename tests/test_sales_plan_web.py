from odoo.tests import tagged

from .common import FunnelCase, Json2Case


@tagged("post_install", "-at_install")
class TestSalesPlanOverHttp(FunnelCase, Json2Case):
    """In the running month: the browser knows no other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team.user_id = cls.sidorov
        cls.days = {"date_from": "2037-03-01", "date_to": "2037-03-31"}

    def get_plan(self, user, **options):
        return self.json2(
            user, "crm.sales.planner/get_plan", team_id=self.team.id, **self.days, **options
        )

    def test_json2(self):
        answer = self.get_plan(
            self.sidorov, target_kind="number", target=61, what_if={str(self.contract.id): 100}
        )
        self.assertEqual(answer.status_code, 200)
        plan = answer.json()
        self.assertEqual([stage["needed"] for stage in plan["stages"]], [81, 81, 65, 65, 61])

    def test_json2_says_what_is_wrong(self):
        answer = self.get_plan(self.ivanov, target_kind="number", target=61)
        self.assertEqual(answer.status_code, 403)
        self.assertIn("Only who leads the sales team", answer.json()["message"])
        answer = self.get_plan(self.sidorov, target_kind="number", target=-1)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("cannot be negative", answer.json()["message"])

    def test_stored_plan_by_json2(self):
        plan = self.env["crm.sales.plan"].create(
            {"team_id": self.team.id, "target_kind": "number", "target_number": 61, **self.days}
        )
        for user, status in ((self.sidorov, 200), (self.ivanov, 403)):
            answer = self.json2(user, "crm.sales.plan/get_plan", ids=plan.ids)
            self.assertEqual(answer.status_code, status)
        self.assertEqual(plan.stage_ids[0].needed, 101)

    def test_new_plan(self):
        self.start_tour(
            "/odoo/sales-plans",
            "sales_funnel_control.new_sales_plan",
            login="test_sidorov",
            timeout=180,
        )
        plan = self.env["crm.sales.plan"].search([("team_id", "=", self.team.id)])
        self.assertEqual(
            (plan.target_kind, plan.target_number, plan.what_if, plan.stage_ids[0].needed),
            ("number", 61, {str(self.presentation.id): 100}, 81),
        )
        self.assertEqual(plan.share_ids.user_id, self.ivanov | self.sidorov)

    def test_tours(self):
        lead = self.new_lead(name="Lead to call")
        plan = self.env["crm.sales.plan"].create(
            {"team_id": self.team.id, "target_kind": "number", "target_number": 61, **self.days}
        )
        self.start_tour(
            f"/odoo/sales-plans/{plan.id}",
            "sales_funnel_control.planner",
            login="test_sidorov",
            timeout=180,
        )
        plan.invalidate_recordset()
        self.assertEqual((plan.state, plan.stage_ids[0].needed), ("accepted", 81))
        self.assertTrue(plan.norm_ids)
        today = self.env.company._funnel_today()
        day = self.env["crm.contact.plan"].create(
            {
                "plan_id": plan.id,
                "user_id": self.ivanov.id,
                "day": today,
                "stage_id": self.payment.id,
                "clients": 1,
                "chosen_on": "2026-01-01",
            }
        )
        day.client_ids.create({"contact_plan_id": day.id, "lead_id": lead.id})
        self.start_tour(
            "/odoo/contact-plan-today",
            "sales_funnel_control.contact_plan_today",
            login="test_ivanov",
            timeout=180,
        )
