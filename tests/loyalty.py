from odoo import Command

from .common import OwnCompanyCase


class LoyaltyCase(OwnCompanyCase):
    """A company of its own, with a discount card for regular buyers and tagged clients."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Client = cls.env["crm.client"]
        cls.Membership = cls.env["crm.loyalty.membership"]
        cls.Card = cls.env["loyalty.card"].with_context(active_test=False)
        cls.manager = cls.new_user("loyal_manager", "sales_team.group_sale_manager")
        cls.seller = cls.new_user("loyal_seller")
        cls.tag = cls.env["res.partner.category"].create({"name": "Club (test)"})
        cls.discount = cls.make_program(
            "Test Discount", {"discount_mode": "percent", "discount": 10}, is_automatic=True
        )
        cls.product = cls.env["product.product"].create(
            {"name": "Goods", "list_price": 100, "taxes_id": False}
        )
        cls.client = cls.make_client("Romashka")
        cls.person = cls.env["res.partner"].create(
            {"name": "Buyer of Romashka", "parent_id": cls.client.partner_id.id}
        )

    @classmethod
    def make_program(cls, name, reward, rule=None, **values):
        return cls.env["loyalty.program"].create(
            {
                "name": name,
                "company_id": cls.company.id,
                "program_type": "loyalty",
                "applies_on": "both",
                "trigger": "auto",
                "is_by_right": True,
                "for_regulars": True,
                "entitled_tag_ids": [Command.set(cls.tag.ids)],
                "rule_ids": [
                    Command.create({"reward_point_mode": "order", "minimum_qty": 0, **(rule or {})})
                ],
                "reward_ids": [
                    Command.create(
                        {
                            "reward_type": "discount",
                            "discount_applicability": "order",
                            "required_points": 1,
                            **reward,
                        }
                    )
                ],
                "communication_plan_ids": [Command.clear()],
                **values,
            }
        )

    @classmethod
    def make_client(cls, name, category="buyer", **values):
        partner = cls.env["res.partner"].create({"name": name, "is_company": True})
        return cls.Client.create(
            {
                "partner_id": partner.id,
                "company_id": cls.company.id,
                "category": category,
                "user_id": cls.seller.id,
                **values,
            }
        )

    def become(self, category, clients=None):
        """Clients change their category, as the system notes it."""
        clients = clients or self.client
        before = {client: client.category for client in clients}
        clients.category = category
        clients._on_category_changed(before)

    def cards(self, clients=None, program=None):
        return self.Card.search(
            [
                ("partner_id", "in", (clients or self.client).partner_id.ids),
                ("program_id", "=", (program or self.discount).id),
            ]
        )

    def memberships(self, client=None):
        """``(program, reason of joining, reason of leaving)``, the first one first."""
        found = self.Membership.search(
            [("partner_id", "=", (client or self.client).partner_id.id)], order="id"
        )
        return [
            (member.program_id.name, member.join_reason, member.leave_reason) for member in found
        ]

    def order(self, partner=None, amount=100.0, user=None):
        return (
            self.env["sale.order"]
            .with_user(user or self.seller)
            .create(
                {
                    "partner_id": (partner or self.person).id,
                    "company_id": self.company.id,
                    "order_line": [
                        Command.create(
                            {"product_id": self.product.id, "price_unit": amount, "tax_ids": False}
                        )
                    ],
                }
            )
        )
