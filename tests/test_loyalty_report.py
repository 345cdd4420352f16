from datetime import datetime, time

from dateutil.relativedelta import relativedelta

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .loyalty import LoyaltyCase


@tagged("post_install", "-at_install")
class TestLoyaltyReport(LoyaltyCase):
    """Figures of members and of comparable clients against plain Python."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"loyalty_months": 3, "funnel_tz": "Asia/Tokyo"})
        cls.today = cls.company._funnel_today()
        cls.colleague = new_test_user(
            cls.env,
            "loyal_colleague",
            groups="sales_team.group_sale_salesman",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.bought = {}
        # The first two have each a client of their band; the third is unlike anybody, the fourth
        # joined too lately.
        cls.members = (
            cls.make_client("First", revenue=1000)
            | cls.make_client("Second", revenue=5000, user_id=cls.colleague.id)
            | cls.make_client("Third", revenue=90000)
            | cls.make_client("Late", revenue=1000)
        )
        cls.near = cls.make_client("Near", revenue=1010)
        cls.nearer = cls.make_client("Nearer", revenue=1001)
        cls.others = (
            cls.near
            | cls.nearer
            | cls.make_client("Like the Second", revenue=6000)
            | cls.make_client("Key", category="key", revenue=1000)
            | cls.make_client("Small", revenue=10)
        )
        cls.members.category = "buyer"
        cls.members.partner_id.category_id = cls.tag
        cls.members._renew_cards(cls.company)
        cls.memberships = {
            client: cls.Membership.search([("partner_id", "=", client.partner_id.id)])
            for client in cls.members
        }
        for client, months in zip(cls.members, (5, 8, 5, 1), strict=True):
            cls.memberships[client].joined_on = cls.today - relativedelta(months=months)
        joined = cls.memberships[cls.members[0]].joined_on
        for client, days in (
            (cls.members[0], {-80: 100, -10: 60, 0: 40, 1: 30, 30: 50, 31: 70, 200: 999}),
            (cls.members[1], {-300: 999, -60: 500, 40: 100}),
            (cls.members[2], {-70: 9000}),
            (cls.members[3], {0: 1, 40: 2}),
            (cls.near, {-20: 10, 10: 20, 20: 30}),
            (cls.nearer, {-20: 40}),
            (cls.others[2], {-90: 25}),
        ):
            cls.buy(client, joined, days)

    @classmethod
    def buy(cls, client, joined, days):
        """Purchases, by days after the first member joined; at night, in local time."""
        person = cls.env["res.partner"].create({"name": "Buyer", "parent_id": client.partner_id.id})
        dates = {joined + relativedelta(days=day): amount for day, amount in days.items()}
        dates = {day: amount for day, amount in dates.items() if day <= cls.today}
        cls.bought[client] = dates
        cls.env["sale.order"].create(
            [
                {
                    "partner_id": person.id,
                    "company_id": cls.company.id,
                    # 23:30 of the day before by Greenwich is 8:30 in Tokyo.
                    "date_order": datetime.combine(day, time(23, 30)) - relativedelta(days=1),
                    "state": "sale",
                    "order_line": [
                        Command.create(
                            {"product_id": cls.product.id, "price_unit": amount, "tax_ids": False}
                        )
                    ],
                }
                for day, amount in dates.items()
            ]
        )

    def spans(self, client, of=None):
        """Amounts that a client bought for before and after a member joined."""
        joined = self.memberships[of or client].joined_on
        span = relativedelta(months=3)
        bought = self.bought[client]
        return (
            [amount for day, amount in bought.items() if joined - span < day <= joined],
            [amount for day, amount in bought.items() if joined < day <= joined + span],
        )

    def result(self):
        self.env.invalidate_all()
        return self.env["crm.loyalty.result"].search([("program_id", "=", self.discount.id)])

    def test_comparable_clients(self):
        chosen = {
            client: member.comparable_ids.partner_id for client, member in self.memberships.items()
        }
        first, second, third, late = self.members
        self.assertEqual(chosen[first], (self.nearer | self.near).partner_id)
        self.assertEqual(chosen[second], self.others[2].partner_id)
        self.assertFalse(chosen[third])
        self.assertEqual(chosen[late], chosen[first])

    def test_figures_of_the_program(self):
        result = self.result()
        self.assertEqual((result.members, result.members_now), (4, 4))
        self.assertEqual((result.mature, result.matched), (3, 2))
        mature = [self.spans(client) for client in self.members[:3]]
        before = [amounts for amounts, _after in mature]
        after = [amounts for _before, amounts in mature]
        for name, spans in (("before", before), ("after", after)):
            self.assertAlmostEqual(
                result[f"repeat_rate_{name}"], 100 * sum(map(bool, spans)) / 3, 4
            )
            self.assertAlmostEqual(result[f"client_revenue_{name}"], sum(map(sum, spans)) / 3, 2)
            self.assertAlmostEqual(
                result[f"average_purchase_{name}"],
                sum(map(sum, spans)) / sum(map(len, spans)),
                2,
            )
        days = sum(
            (member.joined_on + relativedelta(months=3) - member.joined_on).days
            for member in map(self.memberships.get, self.members[:3])
        )
        self.assertAlmostEqual(result.interval_after, days / sum(map(len, after)), 4)
        self.assertAlmostEqual(result.client_revenue_member, sum(map(sum, after[:2])) / 2, 2)

    def test_figures_of_comparable_clients(self):
        result = self.result()
        first, second = self.members[:2]
        theirs = {
            first: [self.spans(each, first)[1] for each in (self.near, self.nearer)],
            second: [self.spans(self.others[2], second)[1]],
        }
        # The comparable clients of a member count together as much as the member.
        revenue = sum(sum(map(sum, spans)) / len(spans) for spans in theirs.values())
        purchases = sum(sum(map(len, spans)) / len(spans) for spans in theirs.values())
        bought = sum(sum(map(bool, spans)) / len(spans) for spans in theirs.values())
        self.assertTrue(revenue)
        self.assertAlmostEqual(result.client_revenue_comparable, revenue / 2, 2)
        self.assertAlmostEqual(result.average_purchase_comparable, revenue / purchases, 2)
        self.assertAlmostEqual(result.repeat_rate_comparable, 100 * bought / 2, 4)

    def test_pivot_says_the_same(self):
        result = self.result()
        groups = self.env["crm.loyalty.report"]._read_group(
            [("program_id", "=", self.discount.id), ("is_matched", "=", True)],
            ["whose"],
            [
                "mature:sum",
                "repeat_rate_after:avg",
                "interval_after:avg",
                "average_purchase_after:avg",
                "client_revenue_after:avg",
            ],
        )
        rows = {whose: figures for whose, *figures in groups}
        for whose in ("member", "comparable"):
            mature, *figures = rows[whose]
            self.assertEqual(mature, 2)
            for name, figure in zip(
                ("repeat_rate", "interval", "average_purchase", "client_revenue"),
                figures,
                strict=True,
            ):
                self.assertAlmostEqual(result[f"{name}_{whose}"], figure, 2, f"{name} {whose}")

    def test_the_day_of_maturity(self):
        late = self.memberships[self.members[3]]
        late.joined_on = self.today - relativedelta(months=3)
        ends = late.joined_on + relativedelta(months=3)
        self.assertEqual(self.result().mature, 4 if ends < self.today else 3)
        late.joined_on -= relativedelta(days=1)
        self.assertEqual(self.result().mature, 4)

    def test_points(self):
        card = self.memberships[self.members[0]].card_id
        self.env["loyalty.history"].create(
            [
                {"card_id": card.id, "description": "Test", "issued": 30, "used": 5},
                {"card_id": card.id, "description": "Test", "issued": 10, "used": 20},
            ]
        )
        result = self.result()
        self.assertEqual((result.points_issued, result.points_used), (40, 25))

    def test_what_is_concluded(self):
        said = self.result().conclusion
        self.assertIn("100 % of 2 members", said)
        self.assertIn("few members", said)
        self.assertIn("no proof", said)
        self.env["ir.config_parameter"].set_param("sales_funnel_control.minimum_entries", "2")
        self.assertIn("may be chance", self.result().conclusion)
        self.env["crm.loyalty.comparable"].search(
            [("membership_id.company_id", "=", self.company.id)]
        ).unlink()
        self.assertIn("nobody to compare with", self.result().conclusion)

    def test_who_sees_what(self):
        self.env.flush_all()
        portal = new_test_user(self.env, "loyal_portal", groups="base.group_portal")
        leader = new_test_user(
            self.env,
            "loyal_leader",
            groups="sales_team.group_sale_salesman",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        team = self.env["crm.team"].create(
            {"name": "Loyal Team", "company_id": self.company.id, "user_id": leader.id}
        )
        self.memberships[self.members[1]].team_id = team
        for user, memberships in (
            (self.seller, 3),
            (self.colleague, 1),
            (leader, 1),
            (self.manager, 4),
        ):
            for model in ("crm.loyalty.membership", "crm.loyalty.report"):
                rows = (
                    self.env[model].with_user(user).search([("program_id", "=", self.discount.id)])
                )
                clients = rows.mapped("partner_id")
                self.assertEqual(len(clients), memberships, f"{model} {user.login}")
        self.assertTrue(self.env["crm.loyalty.result"].with_user(self.manager).search_count([]))
        for model, user in (
            ("crm.loyalty.result", self.seller),
            ("crm.loyalty.membership", portal),
            ("crm.loyalty.report", portal),
        ):
            with self.assertRaises(AccessError):
                self.env[model].with_user(user).search_count([])
        with self.assertRaises(AccessError):
            self.memberships[self.members[0]].with_user(self.manager).write({"left_on": self.today})
