from datetime import timedelta

from odoo import Command, fields
from odoo.tests import new_test_user

from .common import FunnelCase


class WatchCase(FunnelCase):
    """A farmer with a proactive team, and clients who bought in a rhythm."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.write(
            {
                "client_purchases": "orders",
                "usual_spread": 0.1,
                "signal_overdue": "opportunity",
                "signal_falling": "activity",
                "signal_growing": "activity",
                "signal_new_need": "opportunity",
                "signal_term_days": 3,
                "signal_trend_minimum": 25,
            }
        )
        cls.today = cls.company._funnel_today()
        cls.Signal = cls.env["crm.client.signal"]
        cls.Client = cls.env["crm.client"]
        cls.petrova = new_test_user(
            cls.env, "test_petrova", groups="sales_team.group_sale_salesman", name="Petrenko"
        )
        cls.petrova.lang = "en_US"
        cls.farmers = cls._make_team("Test Farmers", funnel_kind="proactive")
        cls.env["crm.team.member"].create(
            {"crm_team_id": cls.farmers.id, "user_id": cls.petrova.id}
        )
        cls.farm_stages = cls._build_funnel(cls.farmers, "proactive")
        cls.group = cls.env["product.category"].create({"name": "Paint (test)"})
        cls.product = cls.env["product.product"].create(
            {"name": "Paint", "categ_id": cls.group.id, "taxes_id": False}
        )

    @classmethod
    def make_client(cls, name="Romashka", **values):
        return cls.env["res.partner"].create(
            {"name": name, "is_company": True, "farmer_id": cls.petrova.id, **values}
        )

    @classmethod
    def buy(cls, partner, purchases, product=None, state="sale"):
        """Orders of a client: ``[(days ago, amount)]``."""
        return (
            cls.env["sale.order"]
            .with_context(tracking_disable=True)
            .create(
                [
                    {
                        "partner_id": partner.id,
                        "date_order": fields.Datetime.now() - timedelta(days=ago),
                        "state": state,
                        "order_line": [
                            Command.create(
                                {
                                    "product_id": (product or cls.product).id,
                                    "product_uom_qty": 1,
                                    "price_unit": amount,
                                    "tax_ids": False,
                                }
                            )
                        ],
                    }
                    for ago, amount in purchases
                ]
            )
        )

    @classmethod
    def rhythm(cls, partner, since, count=6, interval=30, amount=100):
        """Let a client have bought punctually, the last time ``since`` days ago."""
        return cls.buy(partner, [(since + interval * number, amount) for number in range(count)])

    def client(self, partner):
        return self.Client._of(partner, self.company)[partner.commercial_partner_id]

    def refresh(self, *partners):
        self.Client._refresh(self.env["res.partner"].union(*partners), self.company)

    def raise_signals(self, *partners):
        """What the nightly run does for some clients."""
        self.refresh(*partners)
        clients = self.Client.union(*(self.client(partner) for partner in partners))
        Signal = self.Signal.sudo()
        signals = Signal._raise(Signal._found(self.company, clients))
        signals._open_work()
        return signals

    def signals(self, partner):
        return self.Signal.search([("partner_id", "=", partner.id)])
