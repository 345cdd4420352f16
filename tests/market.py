import random
from datetime import timedelta

from odoo import Command, fields

from .common import OwnCompanyCase

MEASURES = [
    "buyers:count_distinct",
    "new_buyers:count_distinct",
    "repeat_buyers:count_distinct",
    "purchases:sum",
    "revenue:sum",
    "average_purchase:avg",
    "refusals:sum",
]


class MarketCase(OwnCompanyCase):
    """A company of its own: two farmers in a team, a head of sales, two product groups."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.funnel_tz = "UTC"
        cls.leader = cls.new_user("test_leader")
        cls.anna = cls.new_user("test_anna")
        cls.boris = cls.new_user("test_boris")
        cls.head = cls.new_user("test_head", "sales_team.group_sale_manager")
        cls.portal = cls.new_user("test_portal", "base.group_portal")
        cls.team = cls.env["crm.team"].create(
            {"name": "Farmers (test)", "company_id": cls.company.id, "user_id": cls.leader.id}
        )
        cls.env["crm.team.member"].create(
            [
                {"crm_team_id": cls.team.id, "user_id": user.id, "sales_role": "farmer"}
                for user in (cls.anna, cls.boris)
            ]
        )
        cls.tools, cls.drills, cls.paper = cls.env["product.category"].create(
            [{"name": "Tools (test)"}, {"name": "Drills (test)"}, {"name": "Paper (test)"}]
        )
        cls.drills.parent_id = cls.tools
        cls.products = {
            group: cls.env["product.product"].create(
                {"name": group.name, "categ_id": group.id, "taxes_id": False}
            )
            for group in (cls.tools, cls.drills, cls.paper)
        }
        cls.today = cls.company._funnel_today()

    @classmethod
    def organisation(cls, name, farmer=None, **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "farmer_id": (farmer or cls.anna).id,
                **values,
            }
        )

    @classmethod
    def order_values(cls, partner, days_ago, *lines, **values):
        """An order of ``lines``: ``(product group, amount)``."""
        return {
            "partner_id": partner.id,
            "company_id": cls.company.id,
            "date_order": fields.Datetime.now() - timedelta(days=days_ago),
            "state": "sale",
            "order_line": [
                Command.create(
                    {
                        "product_id": cls.products[group].id,
                        "product_uom_qty": 1,
                        "price_unit": amount,
                        "tax_ids": False,
                    }
                )
                for group, amount in lines
            ],
            **values,
        }

    @classmethod
    def sell(cls, *orders):
        """Confirmed orders, see :meth:`order_values`, and the client base after them."""
        found = cls.env["sale.order"].create([cls.order_values(*order) for order in orders])
        cls.refresh()
        return found

    @classmethod
    def refresh(cls):
        cls.env["crm.client.run"]._go_over(cls.company)
        cls.env.flush_all()

    @classmethod
    def client_of(cls, partner):
        return cls.env["crm.client"]._of(partner, cls.company)[partner]

    @classmethod
    def generate(cls, seed, clients=12, orders=60):
        """Random orders of random clients: ``{client: [(day, amount by group)]}``."""
        chance = random.Random(seed)
        partners = [
            cls.organisation(f"Generated {number}", chance.choice((cls.anna, cls.boris)))
            for number in range(clients)
        ]
        bought, values = {}, []
        for _each in range(orders):
            partner = chance.choice(partners)
            days_ago = chance.randint(0, 800)
            groups = chance.sample(list(cls.products), chance.randint(1, 3))
            lines = [(group, chance.randint(100, 90000) / 100) for group in groups]
            values.append((partner, days_ago, *lines))
            bought.setdefault(partner, []).append((cls.today - timedelta(days_ago), lines))
        cls.sell(*values)
        return bought

    def figures(self, group, user=None, domain=(), model="crm.client.report", measures=()):
        rows = (
            self.env[model]
            .with_user(user or self.head)
            ._read_group(domain, [group], measures or MEASURES)
        )
        return {
            key.sudo().display_name if hasattr(key, "display_name") else key: tuple(figures)
            for key, *figures in rows
        }
