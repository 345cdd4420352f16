import random
from datetime import timedelta

from odoo import Command, api, fields, models

# How many clients of each farmer buy in each way, and what a purchase of theirs is worth.
_WAYS = (
    ("key", 3, (9000, 24000)),
    ("steady", 9, (1200, 4500)),
    ("falling", 3, (1500, 5000)),
    ("growing", 3, (1500, 4000)),
    ("overdue", 3, (2000, 6000)),
    ("gone", 4, (1000, 3500)),
    ("twice", 5, (800, 2500)),
)
_MONTHS = 20
_STEP = 0.12


class CrmFunnelDemo(models.AbstractModel):
    """What the farmers' clients bought: most of them in a rhythm of their own."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _sell_for_years(self, team, farmers):
        """Let clients of farmers have bought for some time.

        :param team: the farmers' team
        :param farmers: the users in charge
        """
        product = self.env.ref("sales_funnel_control.product_supplies")
        orders = []
        for farmer in farmers:
            chance = random.Random(f"purchases of {farmer.login}")
            clients = self._clients_of(farmer)
            for way, count, worth in _WAYS:
                for client in clients[:count]:
                    buyers = [client, client, self._buyer(chance, client)]
                    orders += [
                        self._sale_values(chance.choice(buyers), team, farmer, product, day, amount)
                        for day, amount in self._purchases(chance, way, worth)
                    ]
                clients = clients[count:]
        self.env["sale.order"].with_context(tracking_disable=True).create(orders)
        self.env["crm.client.run"]._go_over(self.env.company)

    def _clients_of(self, farmer):
        """Organisations the farmer grows, the same in every run."""
        deals = self.env["crm.lead"].with_context(active_test=False)
        deals = deals.search([("user_id", "=", farmer.id)], order="id")
        return deals.partner_id.commercial_partner_id

    def _buyer(self, chance, client):
        """The person at the client who orders."""
        return client.child_ids[:1] or self.env["res.partner"].create(
            {
                "name": chance.choice(("Olga Zueva", "Pavel Gusev", "Irina Belova", "Oleg Titov")),
                "parent_id": client.id,
                "function": self.env._("Buyer"),
            }
        )

    def _purchases(self, chance, way, worth):
        """``(days ago, amount)`` of a client's purchases, the latest first."""
        interval = chance.choice((21, 28, 30, 35, 45, 60))
        amount = chance.uniform(*worth)
        since = {"overdue": 1.9, "gone": 6.5}.get(way, chance.uniform(0.1, 0.9)) * interval
        if way == "twice":
            since, interval = chance.randint(40, 200), chance.randint(60, 150)
        days = [since]
        while days[-1] < _MONTHS * 30 and not (way == "twice" and len(days) == 2):
            days.append(days[-1] + interval * chance.gauss(1, _STEP))
        trend = {"falling": 1 + _STEP, "growing": 1 - _STEP}.get(way, 1)
        return [
            (round(ago), round(amount * trend ** min(number, 8) * chance.uniform(0.9, 1.1), -1))
            for number, ago in enumerate(days)
        ]

    @staticmethod
    def _sale_values(partner, team, farmer, product, days_ago, amount):
        return {
            "partner_id": partner.id,
            "user_id": farmer.id,
            "team_id": team.id,
            "date_order": fields.Datetime.now() - timedelta(days=days_ago),
            "state": "sale",
            "order_line": [
                Command.create(
                    {"product_id": product.id, "product_uom_qty": 1, "price_unit": amount}
                )
            ],
        }
