from datetime import timedelta

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .market import MarketCase


@tagged("post_install", "-at_install")
class TestMarket(MarketCase):
    """What clients consume, and our share in it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.big, cls.small = cls.organisation("Big"), cls.organisation("Small", cls.boris)
        cls.unknown = cls.organisation("Unknown")
        cls.sell(
            (cls.big, 10, (cls.drills, 300), (cls.paper, 100)),
            (cls.big, 500, (cls.drills, 7000)),
            (cls.small, 20, (cls.paper, 150)),
            (cls.unknown, 20, (cls.paper, 5000)),
        )

    def known(self, partner, amount, group=None, days_ago=0, **values):
        return self.env["crm.client.consumption"].create(
            {
                "client_id": self.client_of(partner).id,
                "amount": amount,
                "category_id": group and group.id,
                "known_on": self.today - timedelta(days_ago),
                **values,
            }
        )

    def report(self, user=None, group="partner_id"):
        rows = (
            self.env["crm.market.report"]
            .with_user(user or self.head)
            ._read_group(
                [],
                [group] if group else [],
                ["consumption:sum", "revenue:sum", "share:avg", "potential:sum"],
            )
        )
        return {row[0].sudo().display_name: row[1:] for row in rows} if group else rows[0]

    def test_findings_stay_with_ones_own_clients(self):
        own, foreign = self.client_of(self.big), self.client_of(self.small)
        own.partner_id.farmer_id = self.anna
        self.env.flush_all()
        self.env.cr.flush()
        finding = self.known(self.big, 1000).with_user(self.anna)
        price = self.env["crm.price.level"].create(
            {"client_id": own.id, "price_index": 100, "level": "at"}
        )
        for record in (finding, price.with_user(self.anna)):
            with self.assertRaises(AccessError), self.cr.savepoint():
                record.write({"client_id": foreign.id})
            self.assertEqual(record.client_id, own)

    def test_share(self):
        self.known(self.big, 1000)
        self.known(self.small, 200)
        self.assertEqual(
            self.report(),
            {"Big": (1000, 400, 40, 600), "Small": (200, 150, 75, 50)},
        )
        # Sums by sums; the client nothing is known of is in no figure.
        consumption, revenue, share, potential = self.report(group=None)
        self.assertEqual((consumption, revenue, potential), (1200, 550, 650))
        self.assertAlmostEqual(share, 100 * 550 / 1200)
        client = self.client_of(self.big).with_user(self.anna)
        self.assertEqual(
            (client.consumption, client.market_share, client.market_potential), (1000, 40, 600)
        )
        self.assertFalse(self.client_of(self.unknown).consumption)

    def test_latest_finding_counts(self):
        self.known(self.big, 1000, days_ago=1)
        self.known(self.big, 4000, days_ago=30)
        self.assertEqual(self.report()["Big"][0], 1000)
        self.known(self.big, 800)
        self.assertEqual(self.report()["Big"][0], 800)
        self.assertEqual(self.client_of(self.big).consumption, 800)

    def test_groups_and_the_rest_add_up(self):
        self.known(self.big, 1000)
        self.known(self.big, 600, self.tools)
        groups = self.report(group="product_category_id")
        self.assertEqual(groups.pop("Tools (test)"), (600, 300, 50, 300))
        self.assertEqual(list(groups.values()), [(400, 100, 25, 300)])
        self.assertEqual(self.report()["Big"], (1000, 400, 40, 600))

    def test_group_within_a_group(self):
        self.known(self.big, 600, self.tools)
        with self.assertRaises(ValidationError) as caught:
            self.known(self.big, 100, self.drills)
        self.assertIn("twice", str(caught.exception))
        self.known(self.big, 100, self.paper)
        self.known(self.small, 100, self.drills)

    def test_more_than_the_consumption(self):
        """Our sales beyond what is known are no potential of others."""
        self.known(self.big, 100)
        self.known(self.small, 150)
        found = self.report()
        self.assertEqual(found["Big"], (100, 400, 400, 0))
        self.assertEqual(found["Small"], (150, 150, 100, 0))
        above = self.env["crm.market.report"].search([("is_above_consumption", "=", True)])
        self.assertEqual(above.partner_id, self.big)
        self.assertTrue(self.client_of(self.big).is_above_consumption)
        self.assertFalse(self.client_of(self.small).is_above_consumption)

    def test_deals_have_no_groups(self):
        self.known(self.big, 600, self.tools)
        self.company.client_purchases = "deals"
        self.refresh()
        self.assertEqual(self.report()["Big"], (600, False, False, False))
        self.assertFalse(self.client_of(self.big).market_share)
        self.known(self.big, 1000)
        self.assertEqual(self.report()["Big"], (1000, 0, 0, 1000))

    def test_consumption_is_positive(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self.known(self.big, 0)

    def test_prices(self):
        Price = self.env["crm.price.level"]
        client = self.client_of(self.big)
        with Form(Price.with_user(self.anna)) as form:
            form.client_id = client
            form.price_index = 110
            self.assertEqual(form.level, "above")
            form.price_index = 99.9
            self.assertEqual(form.level, "below")
            form.price_index = 100
        self.assertEqual(client.price_level, "at")
        self.assertEqual(form.record.company_id, self.company)
        with self.assertRaises(ValidationError):
            form.record.level = "above"
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            Price.create({"level": "at"})

    def test_price_in_the_report(self):
        """The client's own finding weighs more than the group's."""
        self.known(self.big, 600, self.tools)
        self.known(self.small, 200)
        Price = self.env["crm.price.level"]

        def levels():
            self.env.invalidate_all()
            rows = self.env["crm.market.report"].search([])
            return {row.partner_id.name: row.price_level for row in rows}

        self.assertEqual(levels(), {"Big": False, "Small": False})
        Price.create({"category_id": self.tools.id, "level": "above"})
        self.assertEqual(levels(), {"Big": "above", "Small": False})
        Price.create({"client_id": self.client_of(self.big).id, "level": "below"})
        self.assertEqual(levels(), {"Big": "below", "Small": False})

    def test_rights(self):
        known = self.known(self.big, 1000)
        self.known(self.small, 200)
        Consumption = self.env["crm.client.consumption"]
        for user, names in (
            (self.anna, {"Big"}),
            (self.boris, {"Small"}),
            (self.leader, {"Big", "Small"}),
            (self.head, {"Big", "Small"}),
        ):
            self.assertEqual(set(self.report(user)), names, user.login)
            found = Consumption.with_user(user).search([])
            self.assertEqual(set(found.sudo().partner_id.mapped("name")), names)
        known.with_user(self.anna).amount = 900
        values = {"client_id": self.client_of(self.big).id, "amount": 5}
        Consumption.with_user(self.anna).create(values)
        with self.assertRaises(AccessError):
            known.with_user(self.boris).amount = 1
        with self.assertRaises(AccessError):
            Consumption.with_user(self.boris).create(values)
        for model in ("crm.client.consumption", "crm.price.level", "crm.market.report"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.portal).search([])
        with self.assertRaises(AccessError):
            self.env["crm.market.report"].with_user(self.anna).search([]).write({"share": 1})

    def test_price_of_all_clients_is_read_by_all(self):
        price = self.env["crm.price.level"].create({"category_id": self.tools.id, "level": "above"})
        self.assertEqual(price.with_user(self.anna).level, "above")
        with self.assertRaises(AccessError):
            price.with_user(self.anna).level = "at"
        price.with_user(self.head).level = "at"

    def test_other_company_sees_nothing(self):
        self.known(self.big, 1000)
        other = self.env["res.company"].create({"name": "Other"})
        self.head.company_ids += other
        report = self.env["crm.market.report"].with_user(self.head)
        self.assertFalse(report.with_context(allowed_company_ids=other.ids).search([]))
        self.assertTrue(report.with_context(allowed_company_ids=self.company.ids).search([]))

    def test_merged_client_keeps_what_is_known(self):
        """The client that would stand there twice goes, its consumption stays."""
        known = self.known(self.small, 200)
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.big + self.small).ids, self.big, extra_checks=False
        )
        self.env.invalidate_all()
        self.assertEqual(known.exists().client_id, self.client_of(self.big))
