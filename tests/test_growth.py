from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.sales_funnel_control.models.crm_weekly_review_sql import Week

from .common import FunnelCase

_BEGIN = datetime(2026, 3, 2)
_END = _BEGIN + timedelta(days=7)


@tagged("post_install", "-at_install")
class TestGrowth(FunnelCase):
    """What is read of a period is found by it, however long the ledger is."""

    def _plan(self, query):
        return [line for [line] in self.env.execute_query(SQL("EXPLAIN %s", query))]

    def test_outcomes_of_a_period_are_found_by_the_ledgers_own_moments(self):
        report = self.env["crm.outcome.report"]
        period = Domain("closed_at", ">=", _BEGIN) & Domain("closed_at", "<", _END)
        plan = self._plan(report._search(period).select())
        bounds = [line for line in plan if str(_BEGIN) in line]
        for moment in ("entered_at", "left_at"):
            self.assertTrue([line for line in bounds if f"{moment} >= " in line], plan)
        self.assertFalse([line for line in bounds if "CASE" in line], plan)

    def test_a_review_reads_its_weeks_of_the_ledger_alone(self):
        review = self.env["crm.weekly.review"]
        team, company = self.env["crm.team"].create({"name": "Growth"}), self.env.company
        weeks = [Week(1, team.id, company.id, _BEGIN.date(), _BEGIN, _END)]
        # Asked before, or the question for it would be explained, too.
        self.env["crm.stage"]._won_stage_ids()
        execute = type(self.env).execute_query
        for read in ("_flow_rows", "_ledger_rows", "_new_rows", "_refusal_rows", "_won_rows"):
            with (
                self.subTest(read),
                patch.object(
                    type(self.env),
                    "execute_query",
                    lambda env, query: execute(env, SQL("EXPLAIN %s", query)),
                ),
            ):
                plan = "\n".join(line for [line] in getattr(review, read)(weeks))
                self.assertIn(f">= '{_BEGIN}'", plan)
                self.assertIn(f"< '{_END}'", plan)
