from datetime import timedelta

from odoo.tests import tagged

from .common import FunnelCase, Json2Case


@tagged("post_install", "-at_install")
class TestDayGlanceOverHttp(FunnelCase, Json2Case):
    """In the running week: the browser knows no other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team.user_id = cls.sidorov
        cls.sidorov.lang = cls.ivanov.lang = "en_US"
        cls.today = cls.env.company._funnel_today()
        cls.lead = cls.env["crm.lead"].create(
            {
                "name": "Day Deal",
                "type": "opportunity",
                "team_id": cls.team.id,
                "user_id": cls.ivanov.id,
                "stage_id": cls.list.id,
            }
        )
        cls.env.cr.flush()

    def test_json2(self):
        answer = self.json2(self.ivanov, "crm.day.glance/get_day", team_id=self.team.id)
        self.assertEqual(answer.status_code, 200, answer.text)
        glance = answer.json()
        self.assertEqual([row["name"] for row in glance["managers"]], ["Ivanenko"])
        self.assertEqual(
            {row["key"]: row["value"] for row in glance["total"] if row["value"]},
            {"new_clients": 1},
        )
        for arguments, words in (
            ({"day": "2026-02-31"}, "year-month-day"),
            ({"team_id": 0.5}, "no such sales team"),
        ):
            answer = self.json2(self.ivanov, "crm.day.glance/get_day", **arguments)
            self.assertEqual(answer.status_code, 422)
            self.assertIn(words, answer.json()["message"])

    def test_tasks_by_json2(self):
        values = {"name": "Call back", "date_due": str(self.today)}
        answer = self.json2(
            self.ivanov, "crm.head.task/create", vals_list=[{**values, "user_id": self.sidorov.id}]
        )
        self.assertEqual(answer.status_code, 403)
        answer = self.json2(
            self.sidorov, "crm.head.task/create", vals_list=[{**values, "user_id": self.ivanov.id}]
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        task = self.env["crm.head.task"].browse(answer.json())
        answer = self.json2(self.ivanov, "crm.head.task/action_done", ids=task.ids)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(task.state, "in_time")

    def test_head(self):
        self._run_tour("day_glance_head")
        task = self.env["crm.head.task"].search([("user_id", "=", self.ivanov.id)])
        self.assertEqual(
            (task.name, task.set_by_id, task.task_activity_ids.user_id),
            ("Call the owner", self.sidorov, self.ivanov),
        )

    def test_head_on_a_phone(self):
        self.browser_size = "400x800"
        self.touch_enabled = True
        self._run_tour("day_glance_phone")

    def _run_tour(self, name):
        self.start_tour(
            f"/odoo/day-at-a-glance?team={self.team.id}",
            f"sales_funnel_control.{name}",
            login="test_sidorov",
            timeout=180,
        )

    def test_manager_does_the_task(self):
        self.env["crm.head.task"].with_user(self.sidorov).create(
            {
                "name": "Call the owner",
                "user_id": self.ivanov.id,
                "date_due": self.today + timedelta(days=1),
            }
        )
        self.start_tour(
            "/odoo/head-tasks",
            "sales_funnel_control.task_manager",
            login="test_ivanov",
            timeout=180,
        )
