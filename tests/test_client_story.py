from datetime import timedelta

from odoo.tests import HttpCase, tagged

from .loyalty import LoyaltyCase


@tagged("post_install", "-at_install")
class TestClientStory(LoyaltyCase, HttpCase):
    """A client becomes regular, gets a card, falls overdue, is won again, and is reported."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "funnel_tz": "UTC",
                "signal_overdue": "opportunity",
                "loyalty_months": 2,
                "distribution_by_role": False,
                "handover_to_farmer": False,
            }
        )
        cls.env["ir.config_parameter"].set_param("sales_funnel_control.enforcement", "off")
        cls.farmer, cls.head = cls.seller, cls.manager
        (cls.farmer | cls.head).lang = "en_US"
        cls.team = cls.env["crm.team"].create(
            {
                "name": "Story Farmers",
                "company_id": cls.company.id,
                "user_id": cls.head.id,
                "use_opportunities": True,
                "funnel_kind": "proactive",
            }
        )
        cls.env["crm.team.member"].create(
            {"crm_team_id": cls.team.id, "user_id": cls.farmer.id, "sales_role": "farmer"}
        )
        cls.env["crm.funnel.builder"].create(
            {"team_id": cls.team.id, "funnel_kind": "proactive"}
        ).action_build()
        cls.product.name = "Story Goods"
        cls.partner, cls.other = cls.env["res.partner"].create(
            [
                {"name": name, "is_company": True, "farmer_id": cls.farmer.id}
                for name in ("Story Works", "Much Larger")
            ]
        )
        cls.buyer = cls.env["res.partner"].create(
            {"name": "Story Buyer", "parent_id": cls.partner.id}
        )

    def go_over(self):
        self.env["crm.client.run"]._go_over(self.company)

    def story_client(self):
        self.env.invalidate_all()
        return self.Client._of(self.partner, self.company)[self.partner]

    def buy(self, partner=None, amount=100.0):
        """The farmer enters an order of the contact person and confirms it."""
        order = self.order(partner or self.buyer, amount, user=self.farmer)
        order.action_confirm()
        self.env.cr.flush()
        return order

    def let_pass(self, days):
        """What happened so far has happened so many days earlier."""
        self.env.cr.flush()
        partners = (self.partner | self.buyer | self.other).ids
        for model, field in (
            ("sale.order", "date_order"),
            ("crm.loyalty.membership", "joined_on"),
            ("crm.client.category.history", "changed_on"),
        ):
            for record in self.env[model].search([("partner_id", "in", partners)]):
                record[field] -= timedelta(days=days)
        self.env.cr.flush()

    def transitions(self):
        history = self.env["crm.client.category.history"].search(
            [("partner_id", "=", self.partner.id)], order="id"
        )
        return [(row.category_from, row.category_to) for row in history]

    def test_story(self):
        """Each step shows what the one before has made of the client."""
        self.becomes_regular()
        self.orders_with_the_card()
        signal = self.falls_overdue()
        self.is_won_again(signal)
        self.is_reported(signal)

    def becomes_regular(self):
        self.go_over()
        self.assertEqual(self.story_client().category, "potential")
        self.buy(self.other, 10**6)
        for number in range(3):
            self.buy()
            self.assertEqual(self.story_client().category, "buyer", number)
            self.let_pass(35)
        self.assertFalse(self.cards(self.story_client()))
        self.assertEqual(self.buy().amount_untaxed, 100)
        client = self.story_client()
        self.assertEqual((client.category, client.rating), ("regular", "c"))
        self.assertEqual((client.purchases, client.revenue), (4, 400))
        self.assertEqual(self.transitions(), [("potential", "buyer"), ("buyer", "regular")])
        [card] = self.cards(client)
        self.assertEqual((card.partner_id, card.active), (self.partner, True))
        self.assertEqual(self.memberships(client), [("Test Discount", "category", False)])

    def orders_with_the_card(self):
        self.let_pass(35)
        self.start_tour("/odoo", "sales_funnel_control.client_story_order", login=self.farmer.login)
        self.env.cr.flush()
        order = self.env["sale.order"].search(
            [("partner_id", "=", self.buyer.id)], order="id desc", limit=1
        )
        self.assertEqual((order.state, order.user_id), ("sale", self.farmer))
        self.assertEqual(order.order_line.mapped("price_subtotal"), [100, -10])
        self.assertEqual(order.order_line.coupon_id, self.cards(self.story_client()))
        client = self.story_client()
        self.assertEqual((client.purchases, client.revenue), (5, 490))

    def falls_overdue(self):
        # So long without a purchase may still be chance, ten days more are not.
        self.let_pass(55)
        self.go_over()
        self.assertFalse(self.story_client().signal_ids)
        self.let_pass(10)
        self.go_over()
        client = self.story_client()
        self.assertTrue(client.is_overdue)
        self.assertEqual((client.category, client.interval_days), ("regular", 35))
        [signal] = client.signal_ids
        self.assertEqual(
            (signal.kind, signal.days_since, signal.revenue, signal.user_id, signal.state),
            ("overdue", 65, 490, self.farmer, "new"),
        )
        self.assertEqual((signal.lead_id.team_id, signal.lead_id.user_id), (self.team, self.farmer))
        self.assertEqual(signal.lead_id.expected_revenue, 98)
        self.assertEqual(signal.activity_id.user_id, self.farmer)
        self.assertEqual(signal.activity_id.summary, "Call: the purchase is overdue")
        self.go_over()
        self.assertEqual(self.story_client().signal_ids, signal)
        return signal

    def is_won_again(self, signal):
        self.start_tour("/odoo", "sales_funnel_control.client_story_win", login=self.farmer.login)
        self.env.cr.flush()
        self.assertEqual(signal.lead_id.won_status, "won")
        self.assertEqual(self.buy(amount=300).amount_untaxed, 270)
        self.env.invalidate_all()
        self.assertEqual(
            (signal.state, signal.result, signal.revenue_after), ("done", "bought", 270)
        )
        self.assertEqual((signal.worked_on, signal.bought_on), (signal.raised_on,) * 2)
        client = self.story_client()
        self.assertFalse(client.is_overdue)
        self.assertEqual((client.purchases, client.revenue), (6, 760))

    def is_reported(self, signal):
        self.go_over()
        self.env.invalidate_all()
        [report] = self.env["crm.client.signal.report"].search([("signal_id", "=", signal.id)])
        self.assertEqual((report.raised, report.worked, report.bought), (1, 1, 1))
        self.assertEqual((report.revenue_at_risk, report.revenue_after), (490, 270))
        result = self.env["crm.loyalty.result"].search([("program_id", "=", self.discount.id)])
        self.assertEqual((result.members, result.members_now, result.mature), (1, 1, 1))
        # Joined with the fourth order: one more a period before, the first with the card after.
        self.assertEqual((result.client_revenue_before, result.client_revenue_after), (200, 90))
        self.assertEqual((result.repeat_rate_before, result.repeat_rate_after), (100, 100))
        self.assertEqual((result.points_issued, result.points_used), (2, 2))
        self.start_tour("/odoo", "sales_funnel_control.client_story_report", login=self.head.login)
