from odoo import Command
from odoo.tests import new_test_user, tagged

from .test_client_categories import ClientCase


@tagged("post_install", "-at_install")
class TestClientAtOnce(ClientCase):
    """What the client base knows at the end of the transaction, without waiting for the night."""

    def commit(self):
        self.env.cr.flush()

    def client(self, partner):
        return self.Client._of(partner, self.company).get(partner, self.Client)

    def test_new_contact_with_a_farmer(self):
        partner = self.new_client()
        self.assertFalse(self.client(partner))
        self.commit()
        self.assertEqual(self.client(partner).user_id, self.farmer)
        person = self.env["res.partner"].create({"name": "Nobody's"})
        self.commit()
        self.assertFalse(self.client(person))

    def test_farmer_of_two_companies(self):
        """A farmer who works for two companies has the client in both."""
        other = self.env["res.company"].create({"name": "Second Company"})
        farmer = new_test_user(
            self.env,
            "test_farmer_of_two",
            "sales_team.group_sale_salesman",
            company_id=self.company.id,
            company_ids=[Command.set([self.company.id, other.id])],
        )
        partner = self.new_client(farmer_id=farmer.id)
        self.commit()
        clients = self.Client.search([("partner_id", "=", partner.id)])
        self.assertEqual(clients.company_id, self.company | other)

    def test_lines_of_a_confirmed_order(self):
        partner = self.new_client(purchases=[(10, 100)])
        self.commit()
        self.assertEqual(self.client(partner).revenue, 100)
        order = self.env["sale.order"].search([("partner_id", "=", partner.id)])
        order.order_line.price_unit = 70
        self.commit()
        self.assertEqual(self.client(partner).revenue, 70)
        order.write(
            {
                "order_line": [
                    Command.create(
                        {"product_id": self.product.id, "price_unit": 5, "tax_ids": False}
                    )
                ]
            }
        )
        self.commit()
        self.assertEqual(self.client(partner).revenue, 75)

    def test_lines_of_a_quotation_write_nothing(self):
        partner = self.new_client(purchases=[(10, 100)])
        self.commit()
        order = self.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "company_id": self.company.id,
                "order_line": [
                    Command.create({"product_id": self.product.id, "price_unit": 9}),
                ],
            }
        )
        order.order_line.price_unit = 8
        self.env.flush_all()
        self.assertFalse(self.env.cr.precommit.data.get("crm.client.purchases"))

    def test_deal_won_and_taken_back(self):
        """Where deals are purchases, a deal counts from the moment it is won."""
        self.company.client_purchases = "deals"
        partner = self.new_client()
        first, last = self.env["crm.stage"].create(
            [
                {"name": "Test Open", "sequence": 1, "team_ids": self.team.ids},
                {
                    "name": "Test Won",
                    "sequence": 2,
                    "is_won": True,
                    "team_ids": self.team.ids,
                },
            ]
        )
        deal = self.env["crm.lead"].create(
            {
                "name": "Deal",
                "type": "opportunity",
                "partner_id": partner.id,
                "team_id": self.team.id,
                "user_id": self.farmer.id,
                "stage_id": first.id,
                "expected_revenue": 300,
            }
        )
        self.commit()
        self.assertEqual(self.client(partner).purchases, 0)
        deal.stage_id = last
        self.commit()
        self.assertEqual((self.client(partner).purchases, self.client(partner).revenue), (1, 300))
        deal.stage_id = first
        self.commit()
        self.assertEqual(self.client(partner).purchases, 0)
