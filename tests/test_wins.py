from datetime import date
from types import SimpleNamespace

from freezegun import freeze_time

from odoo import Command
from odoo.tests import new_test_user, tagged

from ..models.crm_weekly_review_sql import Week
from .common import FunnelCase

WON_ON = "2026-03-03 10:00:00"


@tagged("post_install", "-at_install")
class TestWins(FunnelCase):
    """A deal is won once, by who won it, whatever becomes of it while it is won."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.write({"client_purchases": "deals", "funnel_tz": "UTC"})
        cls.partner = cls.env["res.partner"].create({"name": "Buyer (test)", "is_company": True})
        cls.farmers = cls._make_team("Test Farmers")
        cls.farmer = new_test_user(cls.env, "test_won_farmer", "sales_team.group_sale_salesman")
        cls.env["crm.team.member"].create(
            {"crm_team_id": cls.farmers.id, "user_id": cls.farmer.id, "sales_role": "farmer"}
        )
        # Both teams go the same way, as they do on Odoo's own stages.
        cls.stages.team_ids = [Command.link(cls.farmers.id)]

    def won(self):
        """A deal won by Ivanov, who has talked to the client as everybody has to some client."""
        for user in self.ivanov | self.sidorov | self.farmer:
            for day in ("2026-03-03", "2026-03-30"):
                self.env["crm.contact.log"].create(
                    {
                        "kind": "outgoing_call",
                        "date": f"{day} 09:00:00",
                        "user_id": user.id,
                        "partner_id": self.partner.id,
                    }
                )
        with freeze_time("2026-03-02 10:00:00"):
            deal = self.new_lead(partner_id=self.partner.id, expected_revenue=500)
        with freeze_time(WON_ON):
            deal.stage_id = self.payment
            self.env.cr.flush()
        return deal

    def weekly(self, monday):
        """``(user id, deals, amount)`` of the weekly reviews of both teams."""
        weeks = [
            Week.of(team.id, team, self.env.company, monday) for team in (self.team, self.farmers)
        ]
        return [row[1:] for row in self.env["crm.weekly.review"]._won_rows(weeks)]

    def assertWonOnce(self, deal):
        """Every figure has the one win, of who won it, on the day that it was won."""
        self.env.flush_all()
        outcome = self.env["crm.outcome.report"].search([("lead_id", "=", deal.id)])
        self.assertEqual(outcome.mapped("outcome"), ["won"])
        self.assertEqual((outcome.user_id, outcome.team_id), (self.ivanov, self.team))
        self.assertEqual(str(outcome.closed_at), WON_ON)
        users = self.ivanov | self.sidorov | self.farmer
        won = self.env["crm.contact.report"]._read_group(
            [("user_id", "in", users.ids)], ["user_id", "week_start:day"], ["deals_won:sum"]
        )
        self.assertEqual(
            [(user, str(week)[:10], count) for user, week, count in won if count],
            [(self.ivanov, "2026-03-02", 1)],
        )
        self.assertEqual(self.weekly(date(2026, 3, 2)), [(self.ivanov.id, 1, 500)])
        self.assertFalse(self.weekly(date(2026, 3, 30)))
        sales = self.env["crm.ladder.ratio"].search([("lead_id", "=", deal.id), ("sales", ">", 0)])
        self.assertEqual((sales.user_id, len(sales)), (self.ivanov, 1))
        client = self.env["crm.client"]._of(self.partner, self.env.company)[self.partner]
        self.assertEqual(
            (client.purchases, client.first_on, client.revenue_total), (1, date(2026, 3, 3), 500)
        )

    def test_won(self):
        self.assertWonOnce(self.won())

    def test_handed_over(self):
        deal = self.won()
        with freeze_time("2026-03-30 10:00:00"):
            deal.user_id = self.sidorov
            self.env.cr.flush()
        self.assertWonOnce(deal)

    def test_given_to_another_team(self):
        deal = self.won()
        with freeze_time("2026-03-30 10:00:00"):
            deal.write({"team_id": self.farmers.id, "user_id": self.farmer.id})
            self.env.cr.flush()
        self.assertIn("skipped", self.stays(deal)[-2].origin)
        self.assertWonOnce(deal)

    def test_time_to_win(self):
        """Who takes over a client that is won has taken no time to win it."""
        deal = self.won()
        with freeze_time("2026-03-30 10:00:00"):
            deal.write({"team_id": self.farmers.id, "user_id": self.farmer.id})
            self.env.cr.flush()
        planner = self.env["crm.sales.planner"]
        with freeze_time("2026-04-02 10:00:00"):
            times = [
                dict(planner._times_to_win(SimpleNamespace(team=team, company=self.env.company)))
                for team in (self.team, self.farmers)
            ]
        self.assertEqual(list(times[0][self.list.id]), [1])
        self.assertFalse(times[1])

    def test_archived_and_taken_back(self):
        deal = self.won()
        with freeze_time("2026-03-10 10:00:00"):
            deal.active = False
            self.env.cr.flush()
        self.assertWonOnce(deal)
        with freeze_time("2026-03-30 10:00:00"):
            deal.active = True
            self.env.cr.flush()
        self.assertWonOnce(deal)

    def test_won_anew_is_the_later_win(self):
        deal = self.won()
        with freeze_time("2026-03-10 10:00:00"):
            deal.stage_id = self.contract
            self.env.cr.flush()
        outcomes = self.env["crm.outcome.report"].search([("lead_id", "=", deal.id)])
        self.assertFalse(outcomes, "it is worked on again")
        with freeze_time("2026-03-30 10:00:00"):
            deal.write({"stage_id": self.payment.id, "user_id": self.sidorov.id})
            self.env.cr.flush()
        outcome = self.env["crm.outcome.report"].search([("lead_id", "=", deal.id)])
        self.assertEqual((len(outcome), outcome.user_id), (1, self.sidorov))
        self.assertEqual(
            self.weekly(date(2026, 3, 2)),
            [(self.ivanov.id, 1, 500)],
            "when that week ended it was won",
        )
