import json
from ast import literal_eval

from odoo.tests import new_test_user, tagged

from odoo.addons.spreadsheet.utils.validate_data import odoo_charts

from .test_report import ReportCase

AGGREGATES = {"entered:sum", "advanced:sum", "conversion_rate:avg", "target_rate:avg", "gap:avg"}


@tagged("post_install", "-at_install")
class TestDashboard(ReportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dashboard = cls.env.ref("sales_funnel_control.crm_funnel_dashboard")
        cls.data = json.loads(cls.dashboard.spreadsheet_data)
        cls.pivots = list(cls.data["pivots"].values())
        cls.charts = odoo_charts(cls.data)

    def field(self, model, path):
        """The field a dotted path leads to."""
        for name in path.split("."):
            self.assertIn(name, self.env[model]._fields, f"{model}: {path}")
            field = self.env[model]._fields[name]
            model = field.comodel_name
        return field

    def sources(self):
        """``(model, domain, field matching)`` of everything that reads records."""
        for pivot in [*self.pivots, *self.data["lists"].values()]:
            yield pivot["model"], pivot["domain"], pivot["fieldMatching"]
        for chart in self.charts:
            yield (
                chart["metaData"]["resModel"],
                chart["searchParams"]["domain"],
                chart["fieldMatching"],
            )

    @staticmethod
    def aggregates(pivot):
        return [f"{measure['fieldName']}:{measure['aggregator']}" for measure in pivot["measures"]]

    def test_everything_named_exists(self):
        self.assertTrue(self.pivots and self.charts)
        for model, domain, matching in self.sources():
            self.env[model].search(domain, limit=1)
            self.assertEqual(set(matching), {each["id"] for each in self.data["globalFilters"]})
        for pivot in self.pivots:
            described = self.env[pivot["model"]].fields_get(attributes=["groupable"])
            for dimension in pivot["rows"] + pivot["columns"]:
                self.assertTrue(described[dimension["fieldName"]]["groupable"])
            for measure in pivot["measures"]:
                field = self.field(pivot["model"], measure["fieldName"])
                self.assertEqual(measure["aggregator"], field.aggregator)
                self.assertEqual(measure["id"], f"{field.name}:{field.aggregator}")
        for listing in self.data["lists"].values():
            for name in listing["columns"]:
                self.field(listing["model"], name)
        for chart in self.charts:
            meta = chart["metaData"]
            for name in (*meta["groupBy"], *chart["searchParams"]["groupBy"], meta["measure"]):
                self.field(meta["resModel"], name)
        for menu in self.data["chartOdooMenusReferences"].values():
            self.assertTrue(self.env.ref(menu).action)

    def test_filters_match_their_fields(self):
        filters = {each["id"]: each for each in self.data["globalFilters"]}
        for model, _domain, matching in self.sources():
            for filter_id, match in matching.items():
                field = self.field(model, match["chain"])
                self.assertEqual(match["type"], field.type)
                if filters[filter_id]["type"] == "relation":
                    self.assertEqual(filters[filter_id]["modelName"], field.comodel_name)
                else:
                    self.assertIn(field.type, ("date", "datetime"))
        for each in filters.values():
            if each["type"] == "relation":
                allowed = literal_eval(each.get("domainOfAllowedValues", "[]"))
                self.env[each["modelName"]].search(allowed, limit=1)

    def test_totals_are_those_of_the_report(self):
        """Every group and every subtotal, as the pivots of the dashboard read them."""
        for pivot in self.pivots:
            aggregates = self.aggregates(pivot)
            self.assertEqual(set(aggregates), AGGREGATES)
            rows = [row["fieldName"] for row in pivot["rows"]]
            domain = [*pivot["domain"], *self.domain]
            for depth in range(len(rows) + 1):
                groupby = rows[:depth]
                read = self.env[pivot["model"]].formatted_read_group(domain, groupby, aggregates)
                expected = self.Report._read_group(self.domain, groupby, aggregates)
                self.assertEqual(
                    [
                        (*(group[name][0] for name in groupby), *(group[a] for a in aggregates))
                        for group in read
                    ],
                    [(*(key.id for key in row[:depth]), *row[depth:]) for row in expected],
                )
        [(entered, advanced, conversion)] = self.Report._read_group(
            self.domain, aggregates=["entered:sum", "advanced:sum", "conversion_rate:avg"]
        )
        self.assertEqual((entered, advanced), (28, 18))
        self.assertAlmostEqual(conversion, 100 * 18 / 28)

    def test_chart_reads_sums_over_sums(self):
        for chart in self.charts:
            meta = chart["metaData"]
            measure = self.field(meta["resModel"], meta["measure"])
            aggregate = f"{measure.name}:{measure.aggregator}"
            for group in self.env[meta["resModel"]].formatted_read_group(
                [*chart["searchParams"]["domain"], *self.domain],
                meta["groupBy"],
                [aggregate, "entered:sum", "advanced:sum"],
            ):
                self.assertAlmostEqual(
                    group[aggregate], 100 * group["advanced:sum"] / group["entered:sum"]
                )

    def test_cells_name_measures_of_their_pivot(self):
        """No formula does arithmetic on the ratios; it only shows what a pivot has read."""
        known = {pivot["formulaId"]: set(self.aggregates(pivot)) for pivot in self.pivots}
        shown = set()
        for sheet in self.data["sheets"]:
            for content in sheet["cells"].values():
                if content.startswith(("=PIVOT.VALUE(", "=PIVOT.HEADER(")):
                    pivot, *arguments = literal_eval(content[content.index("(") :])
                    self.assertIn(arguments[-1], known[str(pivot)])
                    shown.add(arguments[-1])
                else:
                    self.assertRegex(content, r"^(=PIVOT\(\d|=_t\(|=IF\(\w+=\"\",_t\(|\[.*\]\()")
        self.assertEqual(shown, AGGREGATES)

    def test_heads_of_sales_see_it(self):
        boss = new_test_user(self.env, "test_boss", groups="sales_team.group_sale_manager")
        self.assertIn(
            self.dashboard,
            self.env["spreadsheet.dashboard"].with_user(boss).search([]),
        )
        self.assertNotIn(
            self.dashboard,
            self.env["spreadsheet.dashboard"].with_user(self.ivanov).search([]),
        )
        payload = json.loads(self.dashboard.with_user(boss)._get_serialized_readonly_dashboard())
        self.assertEqual(payload["translation_namespace"], "sales_funnel_control")
