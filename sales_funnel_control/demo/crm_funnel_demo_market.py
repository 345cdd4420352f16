import random
from datetime import timedelta

from odoo import api, models

_ADDON = "sales_funnel_control"
# What clients order, and how often.
_PRODUCTS = {"product_supplies": 60, "product_parts": 25, "product_equipment": 15}
# Our share in what the clients of a farmer consume: one has grown them, the other has not yet.
_SHARES = {"user_petrova": (0.6, 1.05), "user_orlova": (0.2, 0.55)}
_OTHER_SHARES = (0.3, 0.7)
# Consumption is known of every third client.
_KNOWN = 3
_SOURCES = (
    "The buyer said so at the last meeting.",
    "Reckoned from the number of machines.",
    "From the yearly plan the client showed us.",
    "From the tender papers.",
)
# Product group, our price with the market at 100, how we know.
_PRICES = (
    ("product_group_supplies", 104, "Price lists of three suppliers"),
    ("product_group_parts", 96, "Price lists of three suppliers"),
    ("product_group_equipment", 100, "Offers seen at clients"),
)
_PRICE_SOURCE = "An offer the client showed us."


class CrmFunnelDemo(models.AbstractModel):
    """What the clients of the demo consume, whose prices they see, and what they order."""

    _inherit = "crm.funnel.demo"

    def _sale_values(self, partner, team, farmer, product, days_ago, amount):
        """Clients order of several product groups."""
        chance = random.Random(f"{partner.commercial_partner_id.name} {days_ago}")
        [name] = chance.choices(list(_PRODUCTS), list(_PRODUCTS.values()))
        product = self.env.ref(f"{_ADDON}.{name}")
        return super()._sale_values(partner, team, farmer, product, days_ago, amount)

    @api.model
    def _study_market(self, farmers):
        """Know the consumption of some clients, and how our prices stand.

        :param farmers: the users in charge
        """
        today = self.env.company._funnel_today()
        competitors = self.env["crm.competitor"].search([("id", "!=", False)], limit=3)
        consumption, prices = [], []
        for farmer in farmers:
            chance = random.Random(f"market of {farmer.login}")
            clients = self.env["crm.client"].search(
                [
                    ("user_id", "=", farmer.id),
                    ("company_id", "=", self.env.company.id),
                    ("revenue", ">", 0),
                ],
                order="partner_id, id",
            )
            for number, client in enumerate(clients):
                if number % _KNOWN:
                    continue
                share = chance.uniform(*self._usual_share(farmer))
                consumption.append(
                    {
                        "client_id": client.id,
                        "amount": round(client.revenue / share, -2) or client.revenue,
                        "known_on": today - timedelta(days=chance.randint(5, 420)),
                        "source": chance.choice(_SOURCES),
                        "competitor_id": competitors and chance.choice(competitors).id,
                    }
                )
                if number % (2 * _KNOWN) == 0:
                    prices.append(
                        {
                            "client_id": client.id,
                            "price_index": chance.choice((94, 97, 100, 103, 108, 112)),
                            "known_on": today - timedelta(days=chance.randint(5, 200)),
                            "source": _PRICE_SOURCE,
                        }
                    )
        prices += [
            {
                "category_id": self.env.ref(f"{_ADDON}.{group}").id,
                "price_index": index,
                "known_on": today - timedelta(days=30),
                "source": source,
            }
            for group, index, source in _PRICES
        ]
        consumption += self._of_groups(consumption[:4])
        self.env["crm.client.consumption"].create(consumption)
        self.env["crm.price.level"].create(prices)

    def _usual_share(self, farmer):
        for name, share in _SHARES.items():
            if farmer == self.env.ref(f"{_ADDON}.{name}"):
                return share
        return _OTHER_SHARES

    def _of_groups(self, known):
        """Of some clients it is known how much of it is equipment."""
        group = self.env.ref(f"{_ADDON}.product_group_equipment")
        return [
            {**values, "category_id": group.id, "amount": round(values["amount"] / 4, -2)}
            for values in known
        ]
