import doctest
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError
from odoo.fields import Date
from odoo.tests import BaseCase, tagged

from ..tools import concentration
from .common import Json2Case
from .market import MarketCase

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
AMOUNTS = st.lists(st.integers(1, 10**6), min_size=1, max_size=60)


def measured(amounts):
    ordered = sorted(amounts, reverse=True)
    return concentration.measure(
        len(amounts), sum(amounts), sum(amount**2 for amount in amounts), ordered[:10]
    )


@tagged("post_install", "-at_install")
class TestConcentrationTools(BaseCase):
    """The index, without a database."""

    def test_examples(self):
        result = doctest.testmod(concentration)
        self.assertTrue(result.attempted)
        self.assertFalse(result.failed)

    def test_limits(self):
        """As the guidelines have them: 1,500 and 2,500 are moderate."""
        self.assertEqual(concentration.level(1499.99), "spread")
        self.assertEqual(concentration.level(1500), "moderate")
        self.assertEqual(concentration.level(2500), "moderate")
        self.assertEqual(concentration.level(2500.01), "concentrated")

    @QUICK
    @given(AMOUNTS)
    def test_properties(self, amounts):
        found = measured(amounts)
        shares = [100 * amount / sum(amounts) for amount in amounts]
        self.assertAlmostEqual(found.hhi, sum(share**2 for share in shares), places=6)
        # Never less than equal parts have, never more than a single one.
        self.assertGreaterEqual(found.hhi, 10000 / len(amounts) - 1e-6)
        self.assertLessEqual(found.hhi, 10000 + 1e-6)
        self.assertLessEqual(found.effective, len(amounts) + 1e-6)
        self.assertLessEqual(found.shares[1], found.shares[5] + 1e-9)
        self.assertLessEqual(found.shares[5], found.shares[10] + 1e-9)
        if len(amounts) <= 5:
            self.assertAlmostEqual(found.shares[5], 100)

    @QUICK
    @given(AMOUNTS, st.integers(2, 9))
    def test_scale_means_nothing_and_mergers_concentrate(self, amounts, factor):
        found = measured(amounts)
        self.assertAlmostEqual(
            found.hhi, measured([amount * factor for amount in amounts]).hhi, places=6
        )
        if len(amounts) > 1:
            joined = [amounts[0] + amounts[1], *amounts[2:]]
            self.assertGreater(measured(joined).hhi, found.hhi)


@tagged("post_install", "-at_install")
class TestConcentration(MarketCase):
    """What the page says, and to whom."""

    def concentration(self, user=None, **arguments):
        Concentration = self.env["crm.client.concentration"]
        return Concentration.with_user(user or self.head).get_concentration(**arguments)

    def test_words_and_the_year_before(self):
        big, small = self.organisation("Big"), self.organisation("Small")
        self.sell(
            (big, 10, (self.paper, 750)),
            (small, 20, (self.paper, 250)),
            (big, 400, (self.paper, 100)),
            (small, 400, (self.paper, 300)),
        )
        found = self.concentration()
        self.assertEqual(found["now"]["level"], "concentrated")
        self.assertAlmostEqual(found["now"]["hhi"], 75**2 + 25**2)
        self.assertAlmostEqual(found["now"]["effective"], 1.6)
        self.assertIn("If Big leaves, 75.0 % of the revenue leaves with it.", found["words"])
        self.assertEqual(
            [(line["name"], line["share_text"], line["before_text"]) for line in found["largest"]],
            [("Big", "75.0 %", "25.0 %"), ("Small", "25.0 %", "75.0 %")],
        )
        self.assertTrue(any("as concentrated as a year ago" in each for each in found["words"]))

    def test_first_and_last_day_count(self):
        client = self.organisation("Edge")
        self.sell((client, 30, (self.paper, 10)), (client, 10, (self.paper, 5)))
        day = Date.to_string

        def revenue(first, last):
            now = self.concentration(
                date_from=day(self.today - timedelta(first)),
                date_to=day(self.today - timedelta(last)),
            )["now"]
            return now and now["revenue"]

        self.assertEqual(revenue(30, 10), 15)
        self.assertEqual(revenue(29, 10), 5)
        self.assertEqual(revenue(30, 11), 10)
        self.assertIs(revenue(29, 11), False)

    def test_own_clients_only(self):
        own, other = self.organisation("Own"), self.organisation("Other", self.boris)
        self.sell((own, 5, (self.paper, 100)), (other, 5, (self.paper, 900)))
        for user, names in (
            (self.anna, ["Own"]),
            (self.boris, ["Other"]),
            (self.leader, ["Other", "Own"]),
            (self.head, ["Other", "Own"]),
        ):
            found = self.concentration(user)
            self.assertEqual([line["name"] for line in found["largest"]], names, user.login)
        self.assertFalse(self.concentration(self.anna)["sees_all"])
        self.assertTrue(self.concentration(self.head)["sees_all"])
        with self.assertRaises(AccessError):
            self.concentration(self.portal)

    def test_selection(self):
        own, other = self.organisation("Own"), self.organisation("Other", self.boris)
        self.sell((own, 5, (self.paper, 100)), (other, 5, (self.paper, 900)))
        found = self.concentration(domain=[("user_id", "=", self.anna.id)])
        self.assertEqual([line["name"] for line in found["largest"]], ["Own"])
        self.assertEqual(self.concentration(team_id=self.team.id)["now"]["clients"], 2)
        other_team = self.env["crm.team"].create({"name": "Nobody's"})
        self.assertIs(self.concentration(team_id=other_team.id)["now"], False)

    def test_bad_input(self):
        for arguments in (
            {"date_from": "soon"},
            {"date_to": "soon"},
            {"date_from": "2026-03-02", "date_to": "2026-03-01"},
            {"domain": [("nonsense", "=", 1)]},
            {"domain": "x"},
        ):
            with self.assertRaises(UserError, msg=arguments):
                self.concentration(**arguments)
        other = self.env["res.company"].create({"name": "Other"})
        with self.assertRaises(AccessError):
            self.concentration(company_id=other.id)

    def test_other_company_and_returns(self):
        client, returned = self.organisation("Client"), self.organisation("Returned")
        self.sell((client, 5, (self.paper, 100)), (returned, 5, (self.paper, 50)))
        self.sell((returned, 3, (self.paper, -50)))
        company = self.env["res.company"].create({"name": "Other"})
        order = self.env["sale.order"].create(self.order_values(client, 4, (self.paper, 1000)))
        order.company_id = company
        found = self.concentration()
        self.assertEqual([line["revenue"] for line in found["largest"]], [100])

    def test_reads_only(self):
        self.sell((self.organisation("Client"), 5, (self.paper, 100)))
        with self.enter_registry_test_mode(), self.registry.cursor(readonly=True) as cr:
            env = self.env(cr=cr, user=self.head)
            self.assertTrue(env["crm.client.concentration"].get_concentration()["now"])


@tagged("post_install", "-at_install")
class TestConcentrationOverHttp(MarketCase, Json2Case):
    def test_json2(self):
        self.sell((self.organisation("Client"), 5, (self.paper, 100)))
        call = "crm.client.concentration/get_concentration"
        answer = self.json2(self.head, call)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(answer.json()["now"]["hhi"], 10000)
        self.assertIs(self.json2(self.boris, call).json()["now"], False)
        self.assertEqual(self.json2(self.portal, call).status_code, 403)
        self.assertEqual(self.json2(self.head, call, date_from="soon").status_code, 422)
        self.assertEqual(self.json2(self.head, call, date_from=[1]).status_code, 422)
