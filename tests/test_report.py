import io
from ast import literal_eval

from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from openpyxl import load_workbook

from odoo import Command
from odoo.http import Request
from odoo.tests import HttpCase, new_test_user, tagged

from .common import FunnelCase

DIMENSIONS = (
    "user_id",
    "next_stage_id",
    "sales_role",
    "grade",
    "lead_class",
    "week_start:month",
    "exit",
    "industry_id",
    "product_category_id",
)


class ReportCase(FunnelCase):
    """Two managers, eleven clients, entries of known counts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Report = cls.env["crm.funnel.report"]
        industry = cls.env["res.partner.industry"].create({"name": "Test Industry"})
        partner = cls.env["res.partner"].create({"name": "Client", "industry_id": industry.id})
        number = 0
        for user, day, counts in (
            (cls.ivanov, 2, (7, 5, 2, 2, 1)),
            (cls.sidorov, 9, (4, 4, 3, 1, 0)),
        ):
            with freeze_time(f"2026-03-{day:02} 10:00:00"):
                leads = cls.env["crm.lead"].create(
                    [
                        {
                            "name": f"Lead {place}",
                            "type": "opportunity",
                            "team_id": cls.team.id,
                            "user_id": user.id,
                            "stage_id": cls.list.id,
                            "lead_class": "abc"[place % 3],
                            "partner_id": partner.id if place % 2 else False,
                        }
                        for place in range(counts[0])
                    ]
                )
            for stage, count in zip(cls.stages[1:], counts[1:], strict=True):
                number += 1
                with freeze_time(f"2026-03-{day + number:02} 10:00:00"):
                    leads[:count].write({"stage_id": stage.id})
        cls.domain = [("team_id", "=", cls.team.id)]


@tagged("post_install", "-at_install")
class TestReport(ReportCase):
    def test_totals_are_sum_over_sum(self):
        [(entered, advanced, conversion, target, gap)] = self.Report._read_group(
            self.domain,
            aggregates=[
                "entered:sum",
                "advanced:sum",
                "conversion_rate:avg",
                "target_rate:avg",
                "gap:avg",
            ],
        )
        self.assertEqual((entered, advanced), (11 + 9 + 5 + 3, 9 + 5 + 3 + 1))
        self.assertAlmostEqual(conversion, 100 * advanced / entered)
        self.assertAlmostEqual(target, (11 * 100 + 9 * 80 + 5 * 80 + 3 * 95) / entered)
        self.assertAlmostEqual(gap, conversion - target)

    def test_every_slice_is_sum_over_sum(self):
        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(st.sampled_from(DIMENSIONS), unique=True, max_size=3))
        def check(groupby):
            slices = self.Report.formatted_read_group(
                self.domain,
                groupby,
                [
                    "entered:sum",
                    "advanced:sum",
                    "conversion_rate:avg",
                    "target_rate:avg",
                    "gap:avg",
                ],
            )
            self.assertEqual(sum(s["entered:sum"] for s in slices), 28)
            for group in slices:
                rows = self.Report.search([*self.domain, *group["__extra_domain"]])
                self.assertEqual(len(rows), group["entered:sum"])
                self.assertEqual(sum(rows.mapped("advanced")), group["advanced:sum"])
                self.assertAlmostEqual(
                    group["conversion_rate:avg"],
                    100 * group["advanced:sum"] / group["entered:sum"],
                )
                self.assertAlmostEqual(
                    group["gap:avg"], group["conversion_rate:avg"] - group["target_rate:avg"]
                )

        check()

    def test_pivot_totals_in_grouping_sets(self):
        grouped = self.Report.formatted_read_grouping_sets(
            self.domain, [["user_id", "next_stage_id"], ["user_id"], []], ["conversion_rate:avg"]
        )
        total = grouped[2][0]["conversion_rate:avg"]
        self.assertAlmostEqual(total, 100 * 18 / 28)
        by_user = {group["user_id"][1]: group["conversion_rate:avg"] for group in grouped[1]}
        self.assertAlmostEqual(by_user["Ivanenko"], 100 * 10 / 16)

    def test_days(self):
        self.assertEqual(
            self.Report._read_group(
                [*self.domain, ("user_id", "=", self.ivanov.id)],
                ["next_stage_id"],
                ["days:avg", "days_median:avg"],
            )[0][1:],
            (1, 1),
        )

    def test_product_group_of_the_quotation(self):
        category = self.env["product.category"].create({"name": "Pumps"})
        product = self.env["product.product"].create(
            {"name": "Pump", "categ_id": category.id, "list_price": 10}
        )
        lead = self.stays(self.env["crm.lead"].search(self.domain, limit=1)).lead_id
        self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Client"}).id,
                "opportunity_id": lead.id,
                "order_line": [Command.create({"product_id": product.id})],
            }
        )
        rows = self.Report.search([("product_category_id", "=", category.id)])
        self.assertEqual(rows.lead_id, lead)

    def test_every_filter_of_the_search_view_works(self):
        view = self.Report.get_view(
            self.env.ref("sales_funnel_control.crm_funnel_report_view_search").id, "search"
        )
        names = set()
        for node in etree.fromstring(view["arch"]).iter("filter"):
            if node.get("domain") and "context_today" not in node.get("domain"):
                domain = literal_eval(node.get("domain"))
                names.add(node.get("name"))
                self.Report.search(domain, limit=1)
            elif node.get("context"):
                groupby = literal_eval(node.get("context"))["group_by"]
                self.assertTrue(self.Report.formatted_read_group(self.domain, [groupby]))
        self.assertLessEqual({"this_week", "last_two_weeks", "hunters", "not_skipped"}, names)

    def test_last_two_weeks(self):
        filter_domain = [
            ("week_start", ">=", "today -monday -14d"),
            ("week_start", "<", "today -monday"),
        ]
        for day, expected in (
            ("2026-03-15", {"2026-03-02"}),
            ("2026-03-16", {"2026-03-02", "2026-03-09"}),
        ):
            with freeze_time(f"{day} 10:00:00"):
                rows = self.Report.search([*self.domain, *filter_domain])
            self.assertEqual({str(row.week_start) for row in rows}, expected)

    def test_weeks_are_those_of_the_company(self):
        """Also where its Monday begins most of a day before UTC's and the reader's, or after."""
        east, west = "Pacific/Kiritimati", "Pacific/Pago_Pago"
        entered = (
            (east, west, "2026-03-15 10:00:00", "2026-03-22 09:59:59"),
            (west, east, "2026-03-16 11:00:00", "2026-03-23 10:59:59"),
        )
        for zone, reader, first, last in entered:
            self.env.company.funnel_tz = zone
            Report = self.Report.with_context(tz=reader)
            leads = self.env["crm.lead"]
            for moment in (first, last):
                with freeze_time(moment):
                    leads += leads.create(
                        {
                            "name": moment,
                            "type": "opportunity",
                            "team_id": self.team.id,
                            "user_id": self.ivanov.id,
                            "stage_id": self.list.id,
                        }
                    )
            for operator, week, count in (
                (">=", "2026-03-16", 2),
                (">", "2026-03-15", 2),
                (">", "2026-03-16", 0),
                ("<=", "2026-03-16", 2),
                ("<", "2026-03-17", 2),
                ("<", "2026-03-16", 0),
                ("=", "2026-03-16", 2),
            ):
                with self.subTest(zone=zone, operator=operator, week=week):
                    domain = [("lead_id", "in", leads.ids), ("week_start", operator, week)]
                    self.assertEqual(Report.search_count(domain), count)
                    others = [domain[0], "!", domain[1]]
                    self.assertEqual(Report.search_count(others), 2 - count)

    def test_weeks_are_found_by_the_index_of_moments(self):
        for operator in (">", ">=", "<", "<="):
            query = self.Report._search([("week_start", operator, "today -13w")])
            self.assertRegex(str(query.where_clause), r'"entered_at" (<|>=) ')

    def test_drill_down(self):
        rows = self.Report.search([*self.domain, ("next_stage_id", "=", self.payment.id)])
        action = rows.action_open_leads()
        leads = self.env["crm.lead"].with_context(**action["context"]).search(action["domain"])
        self.assertEqual(leads, rows.lead_id)

    def test_no_target_is_no_gap(self):
        self.stages.target_rate = 0
        self.env["crm.stage.target"].search([]).unlink()
        [(conversion, target, gap)] = self.Report._read_group(
            self.domain, aggregates=["conversion_rate:avg", "target_rate:avg", "gap:avg"]
        )
        self.assertTrue(conversion)
        self.assertFalse(target or gap)


@tagged("post_install", "-at_install")
class TestReportExport(ReportCase, HttpCase):
    def test_grouped_list_export(self):
        """Exporting the grouped list offers sums only, and these are right."""
        new_test_user(
            self.env,
            "boss",
            groups="sales_team.group_sale_manager,base.group_allow_export",
            password="boss1234",
        )
        self.authenticate("boss", "boss1234")
        exported = self.Report.fields_get(attributes=["exportable"])
        self.assertFalse(exported["conversion_rate"].get("exportable", True))
        response = self.url_open(
            "/web/export/xlsx",
            data={
                "csrf_token": Request.csrf_token(self),
                "data": (
                    '{"model": "crm.funnel.report", "fields": ['
                    '{"name": "lead_id", "label": "Opportunity", "type": "many2one"},'
                    '{"name": "entered", "label": "Entered", "type": "integer"},'
                    '{"name": "advanced", "label": "Advanced", "type": "integer"}],'
                    f'"ids": false, "domain": [["team_id", "=", {self.team.id}]],'
                    '"groupby": ["user_id"], "context": {}, "import_compat": false}'
                ),
            },
        )
        self.assertEqual(response.status_code, 200, response.text[-2000:])
        sheet = load_workbook(io.BytesIO(response.content)).active
        totals = [row[1:] for row in sheet.iter_rows(values_only=True) if "(" in str(row[0])]
        self.assertEqual(sorted(totals), [("12", "8"), ("16", "10")])
