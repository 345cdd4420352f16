from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..hooks import _keep_given_cards
from .loyalty import LoyaltyCase


@tagged("post_install", "-at_install")
class TestCardsByRight(LoyaltyCase):
    """Cards come and go by rule, and by nothing else."""

    def test_issued_withdrawn_and_given_again(self):
        self.become("buyer")
        self.assertFalse(self.cards())
        self.become("regular")
        card = self.cards()
        self.assertEqual(len(card), 1)
        self.assertTrue(card.active and card.is_by_right)
        card.points = 40
        self.become("lost")
        self.assertFalse(card.active)
        self.assertEqual(card.points, 40)
        self.become("regular")
        self.assertEqual(self.cards(), card)
        self.assertTrue(card.active)
        self.assertEqual(card.points, 40)
        self.assertEqual(
            self.memberships(),
            [
                ("Test Discount", "category", "entitlement"),
                ("Test Discount", "category", False),
            ],
        )
        last = self.Membership.search([("card_id", "=", card.id), ("left_on", "=", False)])
        self.assertEqual(last.joined_on, self.company._funnel_today())
        self.assertEqual((last.category, last.user_id), ("regular", self.seller))

    def test_each_right_alone_is_enough(self):
        self.discount.write({"for_rating_a": True, "for_regulars": False})
        for values, reason in (
            ({"rating": "a"}, "rating"),
            ({"rating": "b"}, None),
            ({"category": "regular"}, None),
        ):
            client = self.make_client("Of a kind", **values)
            client._renew_cards(self.company)
            self.assertEqual(
                [row[1] for row in self.memberships(client)], [reason] if reason else []
            )
        tagged_one = self.make_client("Tagged")
        tagged_one.partner_id.category_id = self.tag
        tagged_one._renew_cards(self.company)
        self.assertEqual(self.memberships(tagged_one), [("Test Discount", "tag", False)])

    def test_nightly_and_again(self):
        clients = self.client | self.make_client("Second") | self.make_client("Third", "potential")
        clients[:2].category = "regular"
        self.assertEqual(self.Client._nightly_loyalty(self.company, 0), (None, 2))
        self.assertEqual(self.Client._nightly_loyalty(self.company, 0), (None, 0))
        self.assertEqual(len(self.cards(clients)), 2)
        self.discount.active = False
        self.assertEqual(self.Client._nightly_loyalty(self.company, 0), (None, 2))
        self.assertEqual(self.memberships(), [("Test Discount", "category", "program")])
        self.assertFalse(any(self.cards(clients).mapped("active")))

    def test_an_organisation_that_is_no_client_any_more(self):
        self.become("regular")
        partner = self.client.partner_id
        self.client.unlink()
        self.Client._nightly_loyalty(self.company, 0)
        member = self.Membership.search([("partner_id", "=", partner.id)])
        self.assertEqual(member.leave_reason, "gone")
        self.assertFalse(member.card_id.active)

    def test_blacklisted_hold_no_card(self):
        self.client.partner_id.category_id = self.tag
        self.become("regular")
        self.become("blacklisted")
        self.assertFalse(self.cards().active)
        self.assertEqual(self.memberships(), [("Test Discount", "category", "blacklisted")])

    def test_cards_given_by_hand_stay(self):
        by_hand = self.Card.create(
            {"partner_id": self.client.partner_id.id, "program_id": self.discount.id, "points": 7}
        )
        self.become("regular")
        self.assertEqual(self.cards(), by_hand)
        self.become("lost")
        self.assertTrue(by_hand.active)
        self.assertEqual(self.memberships(), [])

    def test_another_company(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        theirs = self.Client.create(
            {
                "partner_id": self.client.partner_id.id,
                "company_id": other.id,
                "category": "regular",
            }
        )
        theirs._on_category_changed({theirs: "buyer"})
        self.assertFalse(self.cards())
        self.become("regular")
        theirs.category = "lost"
        theirs._on_category_changed({theirs: "regular"})
        self.assertTrue(self.cards().active)

    def test_days_of_the_program(self):
        today = self.company._funnel_today()
        self.discount.date_from = fields.Date.add(today, days=1)
        self.become("regular")
        self.assertFalse(self.cards())
        self.discount.date_from = today
        self.discount.date_to = today
        self.client._renew_cards(self.company)
        self.assertTrue(self.cards().active)
        self.discount.write({"date_from": False, "date_to": fields.Date.subtract(today, days=1)})
        self.client._renew_cards(self.company)
        self.assertEqual(self.memberships(), [("Test Discount", "category", "program")])

    def test_two_processes(self):
        """What another process issued meanwhile is left to it, the rest is issued."""
        clients = self.client | self.make_client("Second") | self.make_client("Third")
        clients.category = "regular"
        self.env.flush_all()
        due = clients._due_cards(self.company)
        self.assertEqual(len(due), 3)
        self.assertEqual(self.Client._issue_cards(self.company, due[:1]), 1)
        self.assertEqual(self.Client._issue_cards(self.company, due), 2)
        self.assertEqual(len(self.cards(clients)), 3)
        self.assertEqual(len(self.Membership.search([("program_id", "=", self.discount.id)])), 3)

    def test_queries(self):
        """A thousand cards are issued in batches."""
        partners = self.env["res.partner"].create([{"name": f"Client {n}"} for n in range(1000)])
        clients = self.Client.create(
            [
                {
                    "partner_id": partner.id,
                    "company_id": self.company.id,
                    "category": "regular",
                    "revenue": 100 + number,
                }
                for number, partner in enumerate(partners)
            ]
        )
        self.env.flush_all()
        with self.assertQueryCount(60):
            self.assertEqual(clients._renew_cards(self.company), 1000)
            self.env.flush_all()
        with self.assertQueryCount(10):
            self.assertEqual(clients._renew_cards(self.company), 0)
            self.env.flush_all()

    def test_only_loyalty_cards_of_a_company(self):
        with self.assertRaisesRegex(ValidationError, "Loyalty Cards"), self.env.cr.savepoint():
            self.discount.applies_on = "current"
        self.env.invalidate_all(flush=False)
        with self.assertRaisesRegex(ValidationError, "company"), self.env.cr.savepoint():
            self.discount.company_id = False

    def test_issue_now(self):
        self.client.category = "regular"
        self.discount.with_user(self.manager).action_issue_cards()
        self.assertEqual(self.discount.member_count, 1)
        with self.assertRaises(AccessError):
            self.discount.with_user(self.seller).action_issue_cards()

    def test_a_members_pricelist_switches_pricelists_on(self):
        """Else saving Odoo's settings would archive it."""
        users = self.env.ref("base.group_user")
        feature = self.env.ref("product.group_product_pricelist")
        users._remove_group(feature)
        self.discount.active = False
        self.discount.member_pricelist_id = self.env["product.pricelist"].create({"name": "Club"})
        self.assertNotIn(feature, users.all_implied_ids)
        self.discount.active = True
        self.assertIn(feature, users.all_implied_ids)

    def test_pricelists_come_back(self):
        club, own, chosen = self.env["product.pricelist"].create(
            [{"name": name, "company_id": self.company.id} for name in ("Club", "Own", "Chosen")]
        )
        self.discount.member_pricelist_id = club
        second = self.make_client("Second")
        partners = self.client.partner_id | second.partner_id
        first, other = (partner.with_company(self.company) for partner in partners)
        first.specific_property_product_pricelist = own
        self.become("regular", self.client | second)
        self.assertEqual(first.specific_property_product_pricelist, club)
        self.assertEqual(other.specific_property_product_pricelist, club)
        other.specific_property_product_pricelist = chosen
        self.become("lost", self.client | second)
        self.assertEqual(first.specific_property_product_pricelist, own)
        self.assertEqual(other.specific_property_product_pricelist, chosen)

    def test_pricelists_of_two_programs(self):
        club, vip = self.env["product.pricelist"].create(
            [{"name": name, "company_id": self.company.id} for name in ("Club", "VIP")]
        )
        self.discount.member_pricelist_id = club
        self.make_program(
            "Test VIP",
            {"discount_mode": "percent", "discount": 20},
            for_regulars=False,
            for_rating_a=True,
            member_pricelist_id=vip.id,
        )
        self.become("regular")
        self.client.rating = "a"
        self.client._renew_cards(self.company)
        partner = self.client.partner_id.with_company(self.company)
        self.assertEqual(partner.specific_property_product_pricelist, vip)
        self.become("lost")
        self.assertEqual(partner.specific_property_product_pricelist, vip)
        self.client.rating = "c"
        self.client._renew_cards(self.company)
        self.assertFalse(partner.specific_property_product_pricelist)

    def test_pricelists_of_two_programs_left_at_once(self):
        club, vip = self.env["product.pricelist"].create(
            [{"name": name, "company_id": self.company.id} for name in ("Club", "VIP")]
        )
        self.discount.member_pricelist_id = club
        self.become("regular")
        self.make_program(
            "Test VIP",
            {"discount_mode": "percent", "discount": 20},
            member_pricelist_id=vip.id,
        )
        self.client._renew_cards(self.company)
        partner = self.client.partner_id.with_company(self.company)
        self.assertEqual(partner.specific_property_product_pricelist, vip)
        self.become("blacklisted")
        self.assertFalse(partner.specific_property_product_pricelist)

    def test_cards_outlive_the_addon(self):
        """Ready programs that clients hold cards of stay, the others go."""
        used, unused = self.discount, self.make_program("Unused", {"discount": 5})
        used.member_pricelist_id = self.env["product.pricelist"].create({"name": "Club"})
        records = (used, unused, used.member_pricelist_id)
        data = self.env["ir.model.data"].create(
            [
                {
                    "module": "sales_funnel_control",
                    "name": f"test_of_loyalty_{record._table}_{record.id}",
                    "model": record._name,
                    "res_id": record.id,
                }
                for record in records
            ]
        )
        self.become("regular")
        self.cards(program=unused).unlink()
        _keep_given_cards(self.env)
        self.assertEqual(data.exists().res_id, unused.id)
        self.assertFalse(used.active)
        self.assertTrue(unused.active)

    def test_merged_clients(self):
        twin = self.make_client("Romashka Ltd")
        self.become("regular", self.client | twin)
        self.cards(self.client).points = 3
        self.cards(twin).points = 4
        kept, gone = self.client.partner_id, twin.partner_id
        twin.unlink()
        self.env["base.partner.merge.automatic.wizard"]._merge((kept | gone).ids, kept)
        self.env.invalidate_all()
        card = self.Card.search([("partner_id", "=", kept.id), ("is_by_right", "=", True)])
        self.assertEqual((len(card), card.points, card.active), (1, 7, True))
        self.assertEqual(sorted(row[2] or "" for row in self.memberships()), ["", "merged"])
        self.Client._nightly_loyalty(self.company, 0)
        self.assertTrue(card.active)


@tagged("post_install", "-at_install")
class TestOrdersOfMembers(LoyaltyCase):
    """Orders of contact persons use the card of their organisation."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.saving = cls.make_program(
            "Test Saving",
            {"discount_mode": "per_point", "discount": 1, "required_points": 5},
            {"reward_point_mode": "money", "reward_point_amount": 0.1},
            portal_point_name="Points",
        )

    def test_discount_of_a_contact_person(self):
        self.become("regular")
        order = self.order()
        self.assertEqual(order.amount_untaxed, 90)
        order.action_confirm()
        self.assertEqual(order.amount_untaxed, 90)
        self.assertEqual(order.order_line.coupon_id, self.cards())
        self.assertEqual(self.cards().points, 0)
        # Odoo gives points for what is bought before discounts of other loyalty cards.
        self.assertEqual(self.cards(program=self.saving).points, 10)
        self.assertFalse(self.Card.search([("partner_id", "=", self.person.id)]))

    def test_discount_of_the_organisation(self):
        self.become("regular")
        order = self.order(self.client.partner_id)
        order._update_programs_and_rewards()
        self.assertEqual(order.amount_untaxed, 90)
        self.assertEqual(self.cards().partner_id, self.client.partner_id)

    def test_discount_follows_the_lines(self):
        self.become("regular")
        order = self.order()
        goods = order.order_line.filtered(lambda line: not line.is_reward_line)
        order.write({"order_line": [Command.update(goods.id, {"product_uom_qty": 3})]})
        self.assertEqual(order.amount_untaxed, 270)
        self.assertEqual(len(order.order_line), 2)
        order._update_programs_and_rewards()
        self.assertEqual(order.amount_untaxed, 270)

    def test_points_are_spent_by_a_contact_person(self):
        self.become("regular")
        saving = self.cards(program=self.saving)
        saving.points = 20
        order = self.order()
        self.assertIn(saving, order._get_claimable_rewards())
        order._apply_program_reward(self.saving.reward_ids, saving)
        order.write({"note": "Thank you"})
        order._update_programs_and_rewards()
        self.assertLess(order.amount_untaxed, 75)
        order.action_confirm()
        history = self.env["loyalty.history"].sudo().search([("card_id", "=", saving.id)])
        self.assertEqual((history.order_id, history.issued), (order.id, 10))
        self.assertGreater(history.used, 20)
        self.assertEqual(saving.points, 20 + 10 - history.used)
        order._action_cancel()
        self.assertEqual(saving.points, 20)
        self.assertFalse(order.coupon_point_ids)

    def test_nothing_without_a_right(self):
        order = self.order()
        order.action_confirm()
        self.assertEqual(order.amount_untaxed, 100)
        self.assertFalse(self.cards() | self.cards(program=self.saving))
        self.assertFalse(self.Card.search([("partner_id", "=", self.person.id)]))

    def test_withdrawn_before_it_is_confirmed(self):
        self.become("regular")
        order = self.order()
        self.assertEqual(order.amount_untaxed, 90)
        self.become("blacklisted")
        order.action_confirm()
        self.assertEqual(order.amount_untaxed, 100)
        self.assertFalse(order.order_line.coupon_id | order.coupon_point_ids.coupon_id)

    def test_another_client(self):
        self.become("regular")
        order = self.order()
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        order.partner_id = stranger
        self.assertEqual(order.amount_untaxed, 100)
        order.partner_id = self.person
        self.assertEqual(order.amount_untaxed, 90)

    def test_orders_of_another_company(self):
        self.become("regular")
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.env.user.company_ids |= other
        order = (
            self.env["sale.order"]
            .with_context(allowed_company_ids=other.ids)
            .create(
                {
                    "partner_id": self.person.id,
                    "company_id": other.id,
                    "order_line": [
                        Command.create({"product_id": self.product.id, "price_unit": 100})
                    ],
                }
            )
        )
        order._update_programs_and_rewards()
        self.assertFalse(order.order_line.coupon_id)

    def test_a_card_given_by_hand_to_the_person(self):
        by_hand = self.Card.create(
            {"partner_id": self.person.id, "program_id": self.saving.id, "points": 0}
        )
        self.order().action_confirm()
        self.assertEqual(by_hand.points, 10)

    def test_the_better_discount(self):
        self.make_program(
            "Test VIP", {"discount_mode": "percent", "discount": 25}, is_automatic=True
        )
        self.become("regular")
        order = self.order()
        self.assertEqual(order.amount_untaxed, 75)
        order.action_confirm()
        self.assertEqual(order.amount_untaxed, 75)

    def test_what_salespeople_see(self):
        self.become("regular")
        self.cards(program=self.saving).points = 12
        person = self.person.with_user(self.seller)
        lines = person.loyalty_summary.split("\n")
        self.assertEqual(len(lines), 2)
        self.assertIn("Test Discount", lines[0])
        self.assertIn("10% on your order", lines[0])
        self.assertIn("12 Points", lines[1])
        lead = self.env["crm.lead"].create(
            {"name": "Deal", "type": "opportunity", "partner_id": self.person.id}
        )
        self.assertEqual(lead.with_user(self.seller).loyalty_summary, person.loyalty_summary)
        self.assertFalse(self.env["res.partner"].create({"name": "New"}).loyalty_summary)
        with self.assertRaises(AccessError):
            self.Card.with_user(self.seller).create({"program_id": self.discount.id})
