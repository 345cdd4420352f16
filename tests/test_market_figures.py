from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo.fields import Date
from odoo.tests import tagged

from .common import Json2Case
from .market import MEASURES, MarketCase


@tagged("post_install", "-at_install")
class TestMarketFigures(MarketCase, Json2Case):
    """Figures of generated orders against plain Python."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bought = cls.generate(seed=7, clients=12, orders=60)

    def concentration(self, **arguments):
        Concentration = self.env["crm.client.concentration"]
        return Concentration.with_user(self.head).get_concentration(**arguments)

    def test_dynamics(self):
        months, first = {}, {}
        for partner, days in self.bought.items():
            first[partner] = min(day for day, _lines in days)
            for day in {day for day, _lines in days}:
                month = months.setdefault(
                    day.replace(day=1), {"days": 0, "new": set(), "again": set()}
                )
                month["days"] += 1
                month["new" if day == first[partner] else "again"].add(partner)
            for day, lines in days:
                month = months[day.replace(day=1)]
                month["revenue"] = month.get("revenue", 0) + sum(amount for _g, amount in lines)
        found = self.figures("day:month")
        self.assertEqual(set(found), set(months))
        for start, month in months.items():
            buyers, new, again, purchases, revenue, average, refusals = found[start]
            self.assertEqual(buyers, len(month["new"] | month["again"]))
            self.assertEqual(new, len(month["new"]))
            self.assertEqual(again, len(month["again"]))
            self.assertEqual(purchases, month["days"])
            self.assertAlmostEqual(revenue, month["revenue"], places=2)
            self.assertAlmostEqual(average, month["revenue"] / month["days"], places=2)
            self.assertEqual(refusals, 0)
        # The total counts each client once, and each is new once.
        [total] = self.env["crm.client.report"].with_user(self.head)._read_group([], [], MEASURES)
        self.assertEqual(total[0], len(self.bought))
        self.assertEqual(total[1], len(self.bought))

    def test_product_groups(self):
        expected = {}
        for partner, days in self.bought.items():
            first = min(day for day, _lines in days)
            for day, lines in days:
                for group, amount in lines:
                    line = expected.setdefault(group.display_name, [set(), set(), set(), 0])
                    line[0].add(partner)
                    line[1 if day == first else 2].add(partner)
                    line[3] += amount
        found = self.figures(
            "product_category_id",
            model="crm.client.product.report",
            measures=[*MEASURES[:3], "revenue:sum"],
        )
        self.assertEqual(set(found), set(expected))
        for name, (buyers, new, again, revenue) in expected.items():
            self.assertEqual(found[name][:3], (len(buyers), len(new), len(again)))
            self.assertAlmostEqual(found[name][3], revenue, places=2)
        rows = self.env["crm.client.product.report"].search([])
        self.assertEqual(len(set(rows.ids)), len(rows))
        # The lines come to what the clients are said to have bought.
        [(total,)] = rows._read_group([], [], ["revenue:sum"])
        [(known,)] = self.env["crm.client.report"]._read_group([], [], ["revenue:sum"])
        self.assertAlmostEqual(total, known, places=2)

    def test_market_share(self):
        year_ago = self.today - relativedelta(months=12)
        expected = {}
        for partner, days in self.bought.items():
            lines = [line for day, lines in days if day > year_ago for line in lines]
            for group, parts in (
                (self.tools, (self.tools, self.drills)),
                (self.paper, (self.paper,)),
            ):
                self.env["crm.client.consumption"].create(
                    {
                        "client_id": self.client_of(partner).id,
                        "amount": 500,
                        "category_id": group.id,
                    }
                )
                sold = sum(amount for each, amount in lines if each in parts)
                number, revenue, potential = expected.get(group.name, (0, 0, 0))
                expected[group.name] = (
                    number + 500,
                    revenue + sold,
                    potential + max(500 - sold, 0),
                )
        found = self.figures(
            "product_category_id",
            model="crm.market.report",
            measures=["consumption:sum", "revenue:sum", "share:avg", "potential:sum"],
        )
        self.assertEqual(set(found), set(expected))
        for name, (consumption, revenue, potential) in expected.items():
            self.assertEqual(found[name][0], consumption)
            self.assertAlmostEqual(found[name][1], revenue, places=2)
            self.assertAlmostEqual(found[name][2], 100 * revenue / consumption, places=3)
            self.assertAlmostEqual(found[name][3], potential, places=2)

    def test_concentration(self):
        for months_ago in (0, 5, 12):
            last = self.today - relativedelta(months=months_ago)
            first = self.today - relativedelta(months=months_ago + 12)
            totals = {
                partner: sum(
                    amount for day, lines in days if first < day <= last for _group, amount in lines
                )
                for partner, days in self.bought.items()
            }
            totals = {partner: total for partner, total in totals.items() if total}
            total = sum(totals.values())
            ranked = sorted(totals.values(), reverse=True)
            found = self.concentration(
                date_from=Date.to_string(first + timedelta(1)), date_to=Date.to_string(last)
            )
            now = found["now"]
            self.assertEqual(now["clients"], len(totals))
            self.assertAlmostEqual(now["revenue"], total, places=2)
            self.assertAlmostEqual(
                now["hhi"], sum((100 * each / total) ** 2 for each in ranked), places=3
            )
            for top in (1, 5, 10):
                self.assertAlmostEqual(now[f"top{top}"], 100 * sum(ranked[:top]) / total, places=4)
            self.assertEqual(
                [line["name"] for line in found["largest"]],
                [partner.name for partner in sorted(totals, key=lambda each: -totals[each])][:10],
            )
            # The same window stands in the trend of today's page.
            trend = self.concentration()["trend"]
            self.assertEqual(len(trend), 13)
            self.assertAlmostEqual(trend[-1 - months_ago]["hhi"], now["hhi"], places=3)
            self.assertAlmostEqual(trend[-1 - months_ago]["top5"], now["top5"], places=4)

    def test_json2_gives_the_same_as_the_pivot(self):
        answer = self.json2(
            self.head,
            "crm.client.report/formatted_read_group",
            domain=[],
            groupby=["user_id"],
            aggregates=MEASURES,
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        found = {
            row["user_id"][1]: tuple(row[measure] for measure in MEASURES) for row in answer.json()
        }
        self.assertEqual(found, self.figures("user_id"))
