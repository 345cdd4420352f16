from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools import working_time
from .common import FunnelCase, Json2Case


@tagged("post_install", "-at_install")
class TestWeeklyReviewOverHttp(FunnelCase, Json2Case):
    """The past week: the browser knows no other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leader = cls.sidorov
        cls.team.user_id = cls.leader
        company = cls.env.company
        cls.week = working_time.monday(company._funnel_today()) - timedelta(days=7)
        leads = cls.env["crm.lead"].create(
            [
                {
                    "name": f"Client {number}",
                    "type": "opportunity",
                    "team_id": cls.team.id,
                    "user_id": (cls.ivanov if number < 25 else cls.sidorov).id,
                    "stage_id": cls.list.id,
                }
                for number in range(50)
            ]
        )
        cls.env.cr.flush()
        # They came six weeks ago, and Sidorov's all came further.
        came = fields.Datetime.now() - timedelta(weeks=6)
        leads[25:].stage_id = cls.acquaintance
        cls.env.cr.flush()
        cls.env.cr.execute(
            "UPDATE crm_lead_stage_history SET entered_at = %s,"
            " left_at = CASE WHEN left_at IS NULL THEN NULL ELSE %s END WHERE lead_id = ANY(%s)",
            (came, came + timedelta(days=1), leads.ids),
        )
        cls.env.invalidate_all()
        cls.env.registry.clear_cache()

    def test_tours(self):
        """The cron makes the review, the manager confirms, the head decides and closes."""
        with self.enter_registry_test_mode():
            self.env.ref("sales_funnel_control.ir_cron_make_weekly_reviews").method_direct_trigger()
        self.env.invalidate_all()
        review = self.env["crm.weekly.review"].search([("team_id", "=", self.team.id)])
        self.assertEqual(review.week_start, self.week)
        for name, login in (
            ("weekly_review_manager", "test_ivanov"),
            ("weekly_review_head", "test_sidorov"),
        ):
            self.start_tour("/odoo", f"sales_funnel_control.{name}", login=login, timeout=120)
        self.env.invalidate_all()
        line = review.line_ids.filtered(lambda line: line.user_id == self.ivanov)
        self.assertEqual(line.manager_word, "The list was hard")
        self.assertTrue(line.confirmed_at)
        self.assertEqual(review.state, "closed")
        self.assertEqual(review.decision_ids.user_id, self.ivanov)
        self.assertEqual(review.decision_ids.mentor_id, self.sidorov)
        self.assertEqual(review.decision_ids.note, "Five calls together")

    @mute_logger("odoo.http")
    def test_by_json2(self):
        company = self.env.company
        review = self.env["crm.weekly.review"]._make(self.team, company, self.week)
        answer = self.json2(self.ivanov, "crm.weekly.review/get_review", ids=review.ids).json()
        self.assertEqual([line["manager"] for line in answer["lines"]], ["Ivanenko"])
        answer = self.json2(self.leader, "crm.weekly.review/get_review", ids=review.ids).json()
        self.assertEqual(len(answer["lines"]), 2)
        answer = self.json2(self.leader, "crm.weekly.review/get_restatement", ids=review.ids)
        self.assertEqual(answer.json(), [])
        line = review.line_ids.filtered(lambda line: line.user_id == self.ivanov)
        answer = self.json2(
            self.ivanov, "crm.weekly.review.line/action_confirm", ids=line.ids, word="A hard week"
        )
        self.assertEqual(answer.status_code, 200)
        self.env.invalidate_all()
        self.assertEqual(line.manager_word, "A hard week")
        for user, method, arguments, status in (
            (self.ivanov, "crm.weekly.review/action_close", {"ids": review.ids}, 403),
            (self.ivanov, "crm.weekly.review/get_review", {"ids": []}, 422),
            (self.leader, "crm.weekly.review.line/action_confirm", {"ids": line.ids}, 403),
            (
                self.leader,
                "crm.weekly.review/write",
                {"ids": review.ids, "vals": {"state": "closed"}},
                403,
            ),
        ):
            answer = self.json2(user, method, **arguments)
            self.assertEqual(answer.status_code, status, method)
