from datetime import date

from freezegun import freeze_time

from odoo.tests import new_test_user

from .common import FunnelCase

# Wednesday noon in Moscow.
NOW = "2026-03-04 09:00:00"
TODAY = date(2026, 3, 4)


class ClientBaseCase(FunnelCase):
    """Two farmers led by a head, and clients of theirs."""

    # None for the browser, which knows no other time than the present.
    frozen_at = NOW

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.frozen_at:
            cls.startClassPatcher(freeze_time(cls.frozen_at))
        cls.env.company.funnel_tz = "Europe/Moscow"
        cls.env.company.client_purchases = "orders"
        cls.head, cls.petrova, cls.orlova = (
            new_test_user(
                cls.env, f"test_{name}", groups="sales_team.group_sale_salesman", name=name
            )
            for name in ("headenko", "petrenko", "orlenko")
        )
        cls.admin = new_test_user(
            cls.env, "test_program_admin", groups="sales_team.group_sale_manager", name="Bossenko"
        )
        cls.farmers = cls._make_team("Test Farmers", user_id=cls.head.id)
        cls.stages_of_farmers = cls._build_funnel(cls.farmers, "proactive")
        cls.env["crm.team.member"].create(
            [
                {"crm_team_id": cls.farmers.id, "user_id": user.id}
                for user in (cls.petrova, cls.orlova)
            ]
        )
        cls.product = cls.env["product.product"].create({"name": "Bricks", "type": "service"})

    @classmethod
    def clients(cls, count, farmer=None, name="Romashka"):
        """Organisations in the client base, grown by a farmer."""
        farmer = farmer or cls.petrova
        partners = cls.env["res.partner"].create(
            [
                {
                    "name": f"{name} {number}",
                    "is_company": True,
                    "farmer_id": farmer.id,
                    "email": f"{name.lower()}{number}@example.com",
                }
                for number in range(count)
            ]
        )
        cls.env["crm.client"]._refresh(partners, cls.env.company)
        return partners

    def order(self, partner, amount, day=NOW, **values):
        order = self.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "date_order": day,
                "order_line": [
                    (
                        0,
                        0,
                        {
                            "product_id": self.product.id,
                            "product_uom_qty": 1,
                            "price_unit": amount,
                            "tax_ids": [(5,)],
                        },
                    )
                ],
                **values,
            }
        )
        order.write({"state": "sale", "date_order": day})
        return order
