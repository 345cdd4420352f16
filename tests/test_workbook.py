import io
import re
import shutil
import subprocess
import tempfile
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

from freezegun import freeze_time
from openpyxl import load_workbook

from odoo import fields
from odoo.tests import BaseCase, HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..reports import workbook
from ..reports.workbook_board import write_board
from ..reports.workbook_review import write_review
from .test_board import NOW, BoardCase
from .weekly_review import make_review

COUNTS = {"ivanov": (40, 32, 22, 19, 18), "sidorov": (40, 38, 34, 24, 19)}
EVIL = '=HYPERLINK("http://example.com","x")'
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


class Sheets:
    """A workbook read back: its values, and its formulas."""

    def __init__(self, data):
        self.data = data
        self.values = load_workbook(io.BytesIO(data), data_only=True)
        self.formulas = load_workbook(io.BytesIO(data))

    def rows(self, name, values=None):
        """Rows below the headings."""
        sheet = (values or self.values)[name]
        return [list(row) for row in sheet.iter_rows(min_row=5, values_only=True)]

    def table(self, name):
        """Rows of figures as dictionaries by heading; without totals."""
        sheet = self.values[name]
        headings = [cell.value for cell in sheet[4]]
        last = int(sheet.auto_filter.ref.rpartition(":")[2].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        return [
            dict(zip(headings, row, strict=True))
            for row in sheet.iter_rows(min_row=5, max_row=last, values_only=True)
        ]

    def parts(self, prefix):
        """The file's own parts, such as charts."""
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            return [
                archive.read(name).decode()
                for name in archive.namelist()
                if name.startswith(prefix)
            ]


def of(rate):
    """A rate of the payload as it stands in a cell."""
    return None if rate is False else rate / 100


class WorkbookCase(BoardCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team.name = "Test & Hunters"
        cls.sidorov.name = EVIL

    def write(self, write, payload, lang=None):
        file = io.BytesIO()
        env = self.env(context={**self.env.context, "lang": lang or "en_US"})
        write(payload, file, env._, "Company")
        return Sheets(file.getvalue())


@tagged("post_install", "-at_install")
class TestBoardWorkbook(WorkbookCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for login, counts in COUNTS.items():
            cls.enter(getattr(cls, login), counts, datetime(2026, 4, 1, 9))
        leads = cls.env["crm.lead"].search([("team_id", "=", cls.team.id)], limit=5)
        cls.reason.name = "=1+1"
        other = cls.env["crm.lost.reason"].create({"name": "Price"})
        with freeze_time(NOW):
            leads[:3].action_set_lost(lost_reason_id=cls.reason.id)
            leads[3:].action_set_lost(lost_reason_id=other.id)
            cls.env.cr.flush()

    def check_matrix(self, board, sheets, name):
        rows = sheets.rows(name)
        managers = {manager["key"]: manager for manager in board["managers"]}
        transitions = {row["id"]: row for row in board["transitions"]}
        count = len(board["cells"])
        self.assertEqual(count, 8)
        for cell, row in zip(board["cells"], rows[:count], strict=True):
            manager = managers[cell["key"]]
            transition = transitions[cell["transition"]]
            expected = [manager["name"], manager["role_name"], transition["name"]]
            expected += [cell["entered"], cell["advanced"], of(cell["rate"]), of(cell["target"])]
            self.assertEqual(row[:7], expected)
            self.assertAlmostEqual(row[7], cell["gap"])
            self.assertTrue(row[8])
            low_and_high = [of(cell["low"]), of(cell["high"])]
            self.assertEqual(row[9:13], [*low_and_high, cell["young_entered"], 0])
            self.assertEqual(row[13], cell["explanation"])
        for transition, row in zip(board["transitions"], rows[count:], strict=True):
            self.assertEqual(
                row[2:6],
                [
                    transition["name"],
                    transition["entered"],
                    transition["advanced"],
                    of(transition["rate"]),
                ],
            )

    def test_equals_the_board_in_both_languages(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        self.acquaintance.with_context(lang="ru_RU").name = "Знакомство"
        for lang in ("en_US", "ru_RU"):
            self.head.lang = lang
            board = self.board(self.head.with_context(lang=lang))
            with freeze_time(NOW):
                board = (
                    self.Board.with_user(self.head).with_context(lang=lang).get_board(self.team.id)
                )
            sheets = self.write(write_board, board, lang)
            names = sheets.values.sheetnames
            self.assertEqual(len(names), 6)
            self.check_matrix(board, sheets, names[1])
            self.assertEqual(
                board["transitions"][0]["name"],
                "Знакомство" if lang == "ru_RU" else "Acquaintance",
            )

    def test_other_sheets(self):
        board = self.board()
        sheets = self.write(write_board, board)
        now = [
            [
                stage["name"],
                line["name"],
                line["count"],
                line["without_next_step"],
                line["over_normal_time"],
                stage["normal_days"],
                line["over_cycle"],
            ]
            for stage in board["now"]
            for line in stage["managers"]
        ]
        rows = sheets.rows("Clients in Work")
        self.assertEqual([row[:7] for row in rows[:-1]], now)
        self.assertEqual(rows[-1][2], board["standing"]["count"])
        self.assertEqual(rows[-1][6], board["standing"]["over_cycle"])
        [total] = [row for row in sheets.rows("Refusals") if row[0] == "Total"]
        self.assertEqual(total[1], board["refusals"]["total"])
        self.assertEqual(
            [row[:4] for row in sheets.rows("Refusals")[:2]],
            [["=1+1", 3, 0.6, 0.6], ["Price", 2, 0.4, 1]],
        )
        self.assertEqual(len(sheets.table("Who Teaches Whom")), len(board["teach"]))
        flow = [
            [week["exits"], week["advanced"], of(week["rate"])]
            for flow in board["flow"]
            for week in flow["weeks"]
        ]
        self.assertEqual([row[2:] for row in sheets.rows("Flow by Week")], flow)

    def test_reasons_beyond_those_of_the_board(self):
        board = self.board()
        board["refusals"] = {**board["refusals"], "total": 9}
        rows = self.write(write_board, board).rows("Refusals")
        self.assertEqual(rows[2][:2], ["Other reasons", 4])
        self.assertAlmostEqual(rows[2][3], 1)

    def test_user_text_stays_text(self):
        board = self.board()
        board["team"]["name"] = "=1+2 & Co"
        sheets = self.write(write_board, board)
        names = [cell for row in sheets.formulas["Matrix"]["A5:A12"] for cell in row]
        self.assertIn(EVIL, [cell.value for cell in names])
        self.assertEqual({cell.data_type for cell in names}, {"s"})
        for sheet in sheets.formulas:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        self.assertNotIn("HYPERLINK", cell.value)
            self.assertIn("&&", sheet.oddHeader.left.text)
        for chart in sheets.parts("xl/charts/chart"):
            self.assertNotIn("<c:f>HYPERLINK", chart)
            self.assertNotIn("<c:f>1+2", chart)
        self.assertEqual(sheets.values.properties.title, "Control board: =1+2 & Co")

    def test_charts(self):
        figure, pareto = self.write(write_board, self.board()).parts("xl/charts/chart")
        bars, line = figure.split("<c:lineChart>")
        self.assertEqual(bars.count("<c:ser>"), 2)
        self.assertIn('<c:grouping val="clustered"/>', bars)
        self.assertIn('<c:symbol val="dash"/>', line)
        self.assertIn("<a:noFill/>", line)
        values = re.search("<c:val>.*</c:val>", line)[0]
        self.assertEqual(re.findall("<c:v>([^<]*)</c:v>", values), ["1", "0.8", "0.8", "0.95"])
        self.assertIn("<c:barChart>", pareto)
        self.assertIn("<c:lineChart>", pareto)

    def test_goes_on_calculating(self):
        sheets = self.write(write_board, self.board())
        formulas = sheets.rows("Matrix", sheets.formulas)
        self.assertEqual(formulas[0][5], '=IF(D5=0,"",E5/D5)')
        self.assertEqual(formulas[8][3], "=SUMPRODUCT(($C$5:$C$12=C13)*$D$5:$D$12)")
        sheet = sheets.formulas["Matrix"]
        self.assertEqual(sheet.freeze_panes, "D5")
        self.assertEqual(sheet.auto_filter.ref, "A4:N12")
        self.assertEqual(sheet.print_title_rows, "$4:$4")
        self.assertEqual(sheet.page_setup.orientation, "landscape")
        self.assertTrue(sheet.sheet_properties.pageSetUpPr.fitToPage)
        self.assertEqual(sheet.page_setup.fitToHeight, 0)

    def test_formulas_come_to_the_values(self):
        if not OFFICE:
            self.skipTest("There is no LibreOffice here to calculate with.")
        both = [
            self.write(write_board, self.board()),
            self.write(write_review, make_review(self).get_review()),
        ]
        for sheets, again in zip(both, self.calculated(both), strict=True):
            count = 0
            for sheet in sheets.formulas:
                for row in sheet.iter_rows():
                    for cell in row:
                        if cell.data_type == "f":
                            there = again[sheet.title][cell.coordinate].value
                            value = sheets.values[sheet.title][cell.coordinate].value
                            self.assertAlmostEqual(there, value, msg=cell.value)
                            count += 1
            self.assertGreater(count, 30)

    def calculated(self, books):
        """Workbooks with every formula worked out by LibreOffice, their own values dropped."""
        with tempfile.TemporaryDirectory() as folder:
            for number, sheets in enumerate(books):
                # What openpyxl saves has the formulas without their values.
                sheets.formulas.save(f"{folder}/{number}.xlsx")
            command = [
                OFFICE,
                f"-env:UserInstallation=file://{folder}/profile",
                "--headless",
                "--convert-to",
                "xlsx:Calc MS Excel 2007 XML",
                "--outdir",
                f"{folder}/out",
                *(f"{folder}/{number}.xlsx" for number in range(len(books))),
            ]
            subprocess.run(command, check=True, capture_output=True, timeout=120)
            return [
                load_workbook(Path(folder, "out", f"{number}.xlsx"), data_only=True)
                for number in range(len(books))
            ]

    def test_sixty_managers(self):
        board = self.board()
        for number in range(58):
            key = f"{number}-more"
            board["managers"].append({**board["managers"][0], "key": key, "name": f"M {number}"})
            board["cells"] += [{**cell, "key": key} for cell in board["cells"][:4]]
        sheets = self.write(write_board, board)
        self.assertEqual(len(sheets.table("Matrix")), 240)
        self.assertEqual(len(sheets.parts("xl/charts/chart")), 9)
        self.assertLess(len(sheets.data), 200_000)

    def test_salesperson_has_the_team_without_names(self):
        board = self.board(self.ivanov)
        sheets = self.write(write_board, board)
        self.assertEqual({row["Manager"] for row in sheets.table("Matrix")}, {"Ivanenko"})
        self.assertEqual(sheets.formulas["Matrix"]["D9"].value, 80)
        for part in sheets.parts("xl/"):
            self.assertNotIn("HYPERLINK", part)

    def test_empty_board(self):
        sheets = self.write(write_board, self.board(date_from="2020-01-01", date_to="2020-01-02"))
        self.assertFalse(any(row["Manager"] for row in sheets.table("Matrix")))
        empty = self._make_team("Empty")
        with freeze_time(NOW):
            board = self.Board.with_user(self.head).get_board(empty.id)
        self.assertEqual(len(self.write(write_board, board).values.sheetnames), 6)


@tagged("post_install", "-at_install")
class TestReviewWorkbook(WorkbookCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.review = make_review(cls)

    def test_equals_the_review(self):
        review = self.review.get_review()
        sheets = self.write(write_review, review)
        lines = review["lines"]
        names = ("opening", "entered", "exited", "closing", "new_clients", "won", "won_amount")
        rows = sheets.rows("Managers")
        self.assertEqual(
            [row[2:9] for row in rows[:2]], [[line[name] for name in names] for line in lines]
        )
        self.assertEqual(rows[2][2:9], [20, 10, 6, 24, 10, 2, 3001])
        self.assertEqual(sheets.formulas["Managers"]["F7"].value, "=C7+D7-E7")
        self.assertEqual(
            [list(row.values())[3:] for row in sheets.table("Contacts")], [[9, 12, 0.75, 3]] * 2
        )
        self.assertEqual(
            [list(row.values())[2:] for row in sheets.table("Ledger")],
            [[10, 5, 1, 2, 0, 0, 0, 0, 12]] * 2,
        )
        cells = [row for line in lines for row in line["transitions"]]
        self.assertEqual(
            [list(row.values())[2:7] for row in sheets.table("Matrix")],
            [
                [row["name"], row["entered"], row["advanced"], of(row["rate"]), of(row["target"])]
                for row in cells
            ],
        )
        self.assertEqual(
            [list(row.values())[:2] for row in sheets.table("Refusals")][0], ["No budget", 2]
        )
        [decision] = sheets.table("Decisions")
        self.assertEqual(
            (decision["Manager"], decision["What Is to Be Done"], decision["Due"]),
            (EVIL, "Read the contract aloud", datetime(2026, 6, 19)),
        )
        self.assertEqual(len(sheets.parts("xl/charts/chart")), 2)

    def test_scorecard(self):
        line = self.review.line_ids[0]
        self.env["crm.weekly.review.score"].create(
            [
                {
                    "line_id": line.id,
                    "sequence": place,
                    "component": component,
                    "numerator": numerator,
                    "denominator": denominator,
                    "value": numerator,
                    "target": target,
                    "score": score,
                    "share": portion,
                    "points": score * portion / 100,
                    "left_out": left_out,
                }
                for place, (
                    component,
                    numerator,
                    denominator,
                    target,
                    score,
                    portion,
                    left_out,
                ) in enumerate(
                    [
                        ("contacts", 9, 12, 12, 75, 60, False),
                        ("conversion", 30, 50, 80, 75, 40, False),
                        ("tasks", 0, 0, 0, 0, 0, "tasks"),
                    ]
                )
            ]
        )
        sheets = self.write(write_review, self.review.get_review())
        rows = [list(row.values()) for row in sheets.table("Scorecard")]
        self.assertEqual(
            [row[2:] for row in rows],
            [
                ["Contacts", 9, 12, None, 0.75, 0.6, 45, None],
                ["Conversion", 30, 50, 0.8, 0.75, 0.4, 30, None],
                ["Tasks in Time", 0, 0, None, None, None, None, "No task was due"],
            ],
        )
        self.assertEqual({row[0] for row in rows}, {line.manager_name})
        self.assertEqual(sheets.formulas["Scorecard"]["I5"].value, '=IF(H5="","",100*H5*G5)')

    def test_a_review_with_nothing_in_it(self):
        empty = self.env["crm.weekly.review"].create(
            {
                "team_id": self._make_team("Empty").id,
                "company_id": self.env.company.id,
                "week_start": self.review.week_start,
            }
        )
        sheets = self.write(write_review, empty.get_review())
        self.assertEqual(len(sheets.values.sheetnames), 9)


@tagged("post_install", "-at_install")
class TestWorkbookText(BaseCase):
    def book(self, **texts):
        file = io.BytesIO()
        values = {"title": "T", "subtitle": "S", **texts}
        with workbook.Workbook(file, lambda text, **values: text % values, **values) as book:
            sheets = [book.sheet(name) for name in ("A" * 40, "a" * 40, "[x]:*?/\\", "'q'", "")]
            book.write_cell(sheets[0], 4, 0, "x" * 40000)
            book.write_cell(sheets[0], 5, 0, "bad\x00\x0b\ud800text")
            book.write_cell(sheets[0], 6, 0, "_x0041_")
            book.write_cell(sheets[0], 7, 0, "https://example.com/" + "x" * 3000)
        return load_workbook(io.BytesIO(file.getvalue()))

    def test_limits(self):
        book = self.book(title="\x01& &P" * 100)
        self.assertEqual(book.sheetnames, ["A" * 30 + "…", "a" * 26 + "… 2", "x", "q", "Sheet"])
        sheet = book.worksheets[0]
        self.assertEqual(len(sheet["A5"].value), 32767)
        self.assertEqual(sheet["A6"].value, "badtext")
        self.assertEqual(sheet["A7"].value, "_x0041_")
        self.assertEqual(len(sheet["A8"].value), 3020)
        self.assertIn("&& &&P", sheet.oddHeader.left.text)

    def test_clean_counts_as_excel_does(self):
        for text in ("a" * 50, "😀" * 50, "a😀" * 25):
            for limit in (10, 11, 31):
                short = workbook.clean(text, limit)
                self.assertLessEqual(len(short.encode("utf-16-le")) // 2, limit)
                self.assertGreaterEqual(len(short.encode("utf-16-le")) // 2, limit - 2)
        self.assertEqual(workbook.clean("a" * 31, 31), "a" * 31)
        self.assertEqual(workbook.file_name('a/b\\c:"d" .'), "a b c d")
        self.assertEqual(workbook.file_name("/"), "workbook")


@tagged("post_install", "-at_install")
class TestWorkbookOverHttp(WorkbookCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enter(cls.ivanov, (4, 3, 2), fields.Datetime.now() - timedelta(days=60))
        cls.enter(cls.sidorov, (3, 2, 1), fields.Datetime.now() - timedelta(days=60))
        cls.review = make_review(cls)

    def download(self, path, login="test_head"):
        self.authenticate(login, login)
        return self.url_open(f"/sales_funnel_control/workbook/{path}")

    def test_board(self):
        answer = self.download(f"board?team={self.team.id}&age=all&weeks=20&adjust=lead_class")
        self.assertEqual(answer.status_code, 200, answer.text[:500])
        self.assertEqual(answer.headers["Content-Type"], XLSX)
        self.assertIn("Test%20%26%20Hunters", answer.headers["Content-Disposition"])
        rows = Sheets(answer.content).table("Matrix")
        self.assertEqual({row["Manager"] for row in rows}, {"Ivanenko", EVIL})
        board = self.Board.with_user(self.head).get_board(
            self.team.id, weeks=20, mature_only=False, adjust_for=["lead_class"]
        )
        self.assertEqual(
            [(row["Entered"], row["Came Further"]) for row in rows],
            [(cell["entered"], cell["advanced"]) for cell in board["cells"]],
        )

    def test_salesperson_downloads_the_own_board(self):
        answer = self.download(f"board?team={self.team.id}", "test_ivanov")
        rows = Sheets(answer.content).table("Matrix")
        self.assertEqual({row["Manager"] for row in rows}, {"Ivanenko"})

    @mute_logger("odoo.http", "odoo.addons.http_routing.models.ir_http")
    def test_what_cannot_be_is_said(self):
        for query, words in (
            ("team=x", "no such sales team"),
            ("team=99999999", "no such sales team"),
            ("team=²", "no such sales team"),
            ("weeks=many", "year-month-day"),
            ("from=2026-06-02&to=2026-06-01", "ends before it begins"),
            ("role=boss", "is no role"),
            ("adjust=name", "can be adjusted for"),
            ("age=old", "“age”"),
            ("teams=1", "“teams”"),
        ):
            answer = self.download(f"board?{query}")
            self.assertEqual(answer.status_code, 422, query)
            self.assertIn(words, answer.text, query)
            self.assertNotIn("Traceback", answer.text, query)

    @mute_logger("odoo.http", "odoo.addons.http_routing.models.ir_http", "odoo.models")
    def test_review(self):
        answer = self.download(f"review/{self.review.id}")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(len(Sheets(answer.content).table("Managers")), 2)
        self.assertEqual(self.download("review/99999999").status_code, 404)
        new_test_user(self.env, "test_clerk", groups="base.group_user")
        new_test_user(self.env, "test_portal", groups="base.group_portal")
        for login in ("test_clerk", "test_portal"):
            for path in (f"review/{self.review.id}", "board"):
                answer = self.download(path, login)
                self.assertEqual(answer.status_code, 403, (login, path))
                self.assertNotIn("Traceback", answer.text)

    def test_print_view(self):
        self.authenticate("test_head", "test_head")
        answer = self.url_open(
            f"/report/html/sales_funnel_control.report_weekly_review/{self.review.id}"
        )
        self.assertEqual(answer.status_code, 200)
        self.assertIn("window.print()", answer.text)
        self.assertIn("<svg", answer.text)
        self.assertIn("Word of Ivanenko", answer.text)

    def test_tour(self):
        self.head.lang = "en_US"
        self.start_tour("/odoo/control-board", "sales_funnel_control.workbook", login="test_head")
