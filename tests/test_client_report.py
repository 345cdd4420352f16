from datetime import datetime, timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .market import MarketCase


@tagged("post_install", "-at_install")
class TestClientReport(MarketCase):
    """Who bought, bought again and refused, and who sees it."""

    def refuse(self, partner, reason=None, days_ago=0, **values):
        refusal = self.env["crm.lead.refusal"].create(
            {
                "partner_id": partner.id,
                "company_id": self.company.id,
                "user_id": self.anna.id,
                "lost_reason_id": reason and reason.id,
                "refused_at": datetime.combine(
                    self.today - timedelta(days_ago), datetime.min.time()
                ),
                **values,
            }
        )
        self.env.flush_all()
        return refusal

    def test_persons_buy_for_their_organisation(self):
        client = self.organisation("Client")
        person = self.env["res.partner"].create({"name": "Buyer", "parent_id": client.id})
        self.sell((person, 3, (self.paper, 10)), (client, 3, (self.paper, 20)))
        self.assertEqual(self.figures("partner_id"), {"Client": (1, 1, 0, 1, 30, 30, 0)})
        [row] = self.env["crm.client.report"].search([])
        self.assertEqual(row.action_open_client()["res_id"], self.client_of(client).id)

    def test_refusals(self):
        client, other = self.organisation("Client"), self.organisation("Other", self.boris)
        spam = self.env["crm.lost.reason"].create({"name": "Spam", "is_spam_or_duplicate": True})
        reason = self.env["crm.lost.reason"].create({"name": "Price"})
        self.sell((client, 40, (self.paper, 10)), (other, 40, (self.paper, 10)))
        self.refuse(client, reason)
        self.refuse(client, reason)
        self.refuse(client)
        self.refuse(client, reason, days_ago=2)
        self.refuse(client, spam)
        found = self.figures(
            "partner_id", measures=["refusals:sum", "refused_clients:count_distinct"]
        )
        self.assertEqual(found, {"Client": (4, 1), "Other": (0, 0)})
        # In one graph: who bought first, who bought again, who refused.
        kinds = self.figures("kind", measures=["clients:count_distinct"])
        self.assertEqual(kinds, {"first": (2,), "refusal": (1,)})
        refused = self.env["crm.client.report"].search([("kind", "=", "refusal")])
        self.assertEqual(sorted(refused.mapped("refusals")), [1, 3])

    def test_refusal_stands_under_the_group_of_its_quotation(self):
        client = self.organisation("Client")
        lead = self.env["crm.lead"].create(
            {"name": "Deal", "partner_id": client.id, "company_id": self.company.id}
        )
        quotation = self.order_values(
            client, 0, (self.paper, 10), (self.drills, 90), state="draft", opportunity_id=lead.id
        )
        self.env["sale.order"].create(quotation)
        self.sell((client, 3, (self.paper, 10)))
        self.refuse(client, lead_id=lead.id)
        found = self.figures(
            "product_category_id",
            model="crm.client.product.report",
            measures=["refusals:sum", "revenue:sum"],
        )
        self.assertEqual(found[self.drills.display_name], (1, False))
        self.assertEqual(found[self.paper.display_name], (0, 10))

    def test_deals(self):
        """Companies whose purchases are deals have the figures, but no product groups."""
        self.sell((self.organisation("Client"), 3, (self.paper, 10)))
        self.company.client_purchases = "deals"
        self.refresh()
        self.assertFalse(self.env["crm.client.report"].search([]))
        self.assertFalse(self.env["crm.client.product.report"].search([]))

    def test_rights(self):
        own, other = self.organisation("Own"), self.organisation("Other", self.boris)
        self.sell((own, 5, (self.paper, 100)), (other, 5, (self.paper, 900)))
        for user, names in (
            (self.anna, {"Own"}),
            (self.boris, {"Other"}),
            (self.leader, {"Own", "Other"}),
            (self.head, {"Own", "Other"}),
        ):
            for model in ("crm.client.report", "crm.client.product.report"):
                found = self.figures("partner_id", user, model=model, measures=["revenue:sum"])
                self.assertEqual(set(found), names, user.login)
        for model in ("crm.client.report", "crm.client.product.report"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.portal).search([])

    def test_companies_apart(self):
        client = self.organisation("Client")
        self.sell((client, 5, (self.paper, 100)))
        other = self.env["res.company"].create({"name": "Other"})
        self.head.company_ids += other
        report = self.env["crm.client.report"].with_user(self.head)
        both = report.with_context(allowed_company_ids=(other + self.company).ids)
        self.assertEqual(len(both.search([])), 1)
        self.assertFalse(report.with_context(allowed_company_ids=other.ids).search([]))
