from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..tools import working_time
from .common import FunnelCase, Json2Case


@tagged("post_install", "-at_install")
class TestNormsOverHttp(FunnelCase, Json2Case):
    """In the running week: the browser knows no other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.contact.norm"].search([]).unlink()
        cls.today = cls.env.company._funnel_today()
        cls.monday = working_time.monday(cls.today)
        cls.env.cr.execute("UPDATE crm_team_member SET create_date = '2025-01-01'")
        cls.env["crm.team.member"].invalidate_model()
        cls.norm = cls.env["crm.contact.norm"].create(
            {
                "sales_role": "hunter",
                "weekly_norm": 12,
                "valid_from": cls.monday,
                "company_id": False,
            }
        )
        cls.env.company.purpose_hunter = "<p>We open doors</p>"
        cls.contact = cls.env["crm.contact.log"].create(
            {
                "kind": "meeting",
                "partner_id": cls.env.ref("base.main_partner").id,
                "user_id": cls.ivanov.id,
                "result": "Came to see us",
            }
        )
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE crm_contact_log SET counts_as = 'held_meeting', day = %s, week_start = %s,"
            " team_id = %s WHERE id = %s",
            (cls.today, cls.monday, cls.team.id, cls.contact.id),
        )
        cls.env.invalidate_all()

    def test_progress_by_json2(self):
        answer = self.json2(self.ivanov, "crm.contact.norm/get_progress")
        self.assertEqual(answer.json()["figures"], "1/12")

    @mute_logger("odoo.sql_db", "odoo.http")
    def test_what_cannot_be_is_said(self):
        self.sidorov.group_ids |= self.env.ref("sales_team.group_sale_manager")
        terms = {"sales_role": "hunter", "kind": "meeting", "company_id": False}
        for values, words in (
            ({"weekly_norm": -1, "valid_from": "2026-01-05"}, "cannot be negative"),
            ({"weekly_norm": 3, "valid_from": str(self.monday)}, "There is a norm for this role"),
        ):
            answer = self.json2(
                self.sidorov, "crm.contact.norm/create", vals_list=[{**terms, **values}]
            )
            self.assertEqual(answer.status_code, 422)
            self.assertIn(words, answer.json()["message"])

    def test_session_says_who_has_a_norm(self):
        new_test_user(self.env, "test_freelance", groups="sales_team.group_sale_salesman")
        new_test_user(self.env, "test_clerk", groups="base.group_user")
        for login, expected in (
            ("test_ivanov", True),
            ("test_freelance", False),
            ("test_clerk", False),
        ):
            self.authenticate(login, login)
            info = self.make_jsonrpc_request("/web/session/get_session_info")
            self.assertIs(info["has_contact_norm"], expected)

    def test_tours(self):
        self.team.user_id = self.sidorov
        for name, login in (("norm_progress", "test_ivanov"), ("norms_head", "test_sidorov")):
            self.start_tour("/odoo", f"sales_funnel_control.{name}", login=login, timeout=180)
