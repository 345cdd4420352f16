"""What all workbooks share: sheets that print well, tables that go on calculating, safe text."""

import math
import re
from datetime import date
from typing import NamedTuple

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

# Excel's limits.
_SHEET_NAME = 31
_CELL_TEXT = 32767
_HEADER_TEXT = 80
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\]")
_NOT_IN_FILE_NAMES = re.compile(r'[\\/:*?"<>|\s]+')
_TABLE_ROW = 3
_SHORT_DATE = 14  # Built in: Excel writes it as the reader's country does.
_LINE = 15  # points
_HIGHEST_ROW = 409  # points, Excel's limit
_HEADING = {"bold": True, "bottom": 1, "bg_color": "#E9ECEF", "text_wrap": True}
_VERDICT_COLORS = {"below": "#B02A37", "above": "#146C43", "insufficient": "#6C757D"}

_KINDS = {
    "text": {},
    "note": {"text_wrap": True, "indent": 1},
    "verdict": {"indent": 1},
    "count": {"num_format": "#,##0"},
    "number": {"num_format": "#,##0.0"},
    "money": {"num_format": "#,##0.00"},
    "percent": {"num_format": "0.0%"},
    "points": {"num_format": "+0.0;-0.0;0.0"},
    "date": {"num_format": _SHORT_DATE, "align": "left"},
}


class Formula(NamedTuple):
    """A formula, and the value it has now, for readers that do not calculate."""

    text: str
    value: float | str


class Column(NamedTuple):
    """A column of a table.

    ``kind`` is one of ``_KINDS``. ``formula`` names other columns in braces, each of which stands
    for its cell in the row; the row's own value is what it comes to. ``total`` is ``sum``, or
    ``formula`` for a total that is made of other totals.
    """

    heading: str
    kind: str = "text"
    width: float = 12
    formula: str | None = None
    total: str | None = None


class Place(NamedTuple):
    """Where a table came to stand: its sheet, first and last row of figures, column numbers."""

    sheet: object
    first: int
    last: int
    columns: dict

    def cell(self, row, name):
        """Address of a cell within the workbook, row counted from the first one of figures."""
        address = xl_rowcol_to_cell(self.first + row, self.columns[name])
        return f"{quoted(self.sheet.name)}!{address}"

    def range(self, name, absolute=True):
        """Address of a column's figures within the sheet."""
        ends = (
            xl_rowcol_to_cell(row, self.columns[name], row_abs=absolute, col_abs=absolute)
            for row in (self.first, self.last)
        )
        return ":".join(ends)

    def reference(self, name):
        """A column's figures, as charts want it."""
        column = self.columns[name]
        return [self.sheet.name, self.first, column, self.last, column]


def clean(text, limit=_CELL_TEXT):
    """Text as a workbook can hold it: without what XML cannot, and not too long."""
    text = _NOT_IN_XML.sub("", str(text or ""))
    # Excel counts UTF-16 units: what lies beyond the first plane counts twice.
    while len(text.encode("utf-16-le")) // 2 > limit:
        over = len(text.encode("utf-16-le")) // 2 - limit
        text = text[: len(text) - (over + 1) // 2 - 1] + "…"
    return text


def header_text(text):
    """Text in a page header, where ``&`` begins a code."""
    return clean(text, _HEADER_TEXT).replace("\n", " ").replace("&", "&&")


def file_name(text):
    """Text as the name of a file, on any system."""
    return _NOT_IN_FILE_NAMES.sub(" ", clean(text, 120)).strip(" .") or "workbook"


def quoted(sheet_name):
    """A sheet's name as formulas write it."""
    return "'{}'".format(sheet_name.replace("'", "''"))


def is_empty(value):
    """Whether a cell stays empty: a 0 does not."""
    return value is None or value is False or value == ""


def share(value):
    """Per cent of the payload as Excel counts it: 80 is 0.8. False stays False."""
    return False if is_empty(value) else value / 100


def _height(texts):
    """Height of a row of wrapped texts, in points: ``(text, width of its column)``."""
    lines = max(
        sum(math.ceil(1.15 * max(len(part), 1) / width) for part in str(text).split("\n"))
        for text, width in texts
    )
    return min(_LINE * lines, _HIGHEST_ROW)


class Workbook:
    """An XLSX file that is being written.

    :param target: path or binary file
    :param _: translates a text: ``_("%(count)s clients", count=3)``
    :param str title: what the workbook is about
    :param str subtitle: its period, and what else it was asked for
    :param str company: for the properties of the document
    """

    def __init__(self, target, _, title, subtitle, company=""):
        self._ = _
        self.title = clean(title)
        self.subtitle = clean(subtitle)
        self.book = xlsxwriter.Workbook(
            target,
            {
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                # Else its parts are files, which stay where the disk is full.
                "in_memory": True,
            },
        )
        self.book.set_properties(
            {
                "title": self.title,
                "subject": self.subtitle,
                "company": clean(company),
                "author": "Sales Funnel Control",
            }
        )
        self._formats = {}

    def __enter__(self):
        return self

    def __exit__(self, failure, *_details):
        if failure is None:
            self.book.close()

    def style(self, **properties):
        """A cell format, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({"valign": "top", **properties})
        return self._formats[key]

    def sheet(self, name, heading=None):
        """A new sheet, set up for print: landscape, one page wide.

        :param str name: on the sheet's tab
        :param str heading: above the figures, beside the workbook's title
        """
        sheet = self.book.add_worksheet(self._sheet_name(name))
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.set_header(f"&L{header_text(self.title)}&R{header_text(self.subtitle)}")
        pages = self._("Page %(page)s of %(pages)s", page="&P", pages="&N")
        sheet.set_footer(f"&L&A&R{pages}")
        heading = clean(f"{self.title} — {heading or name}")
        sheet.write_string(0, 0, heading, self.style(bold=True, size=14))
        sheet.write_string(1, 0, self.subtitle, self.style(font_color="#6C757D"))
        return sheet

    def _sheet_name(self, name):
        name = _NOT_IN_SHEET_NAMES.sub(" ", clean(name)).strip("' ") or "Sheet"
        taken = {sheet.name.lower() for sheet in self.book.worksheets()}
        wanted, number = clean(name, _SHEET_NAME), 1
        while wanted.lower() in taken:
            number += 1
            wanted = f"{clean(name, _SHEET_NAME - 4)} {number}"
        return wanted

    # -- tables -------------------------------------------------------------------------------

    def table(self, sheet, columns, rows, row=_TABLE_ROW, totals=None, frozen=1):
        """Write a table with its headings, to be filtered and printed over many pages.

        :param dict columns: :class:`Column` by name
        :param list rows: values by column name; False and None leave a cell empty
        :param int row: where the headings stand
        :param dict totals: the totals' values by column name, with the word for them; without it
            there is no such row
        :param int frozen: so many columns stay in sight
        :rtype: Place
        """
        numbers = {name: number for number, name in enumerate(columns)}
        place = Place(sheet, row + 1, row + max(len(rows), 1), numbers)
        for name, column in columns.items():
            sheet.set_column(numbers[name], numbers[name], column.width)
            is_text = column.kind in ("text", "note", "verdict", "date")
            indent = _KINDS[column.kind].get("indent", 0)
            look = {**_HEADING, "align": "left" if is_text else "right", "indent": indent}
            sheet.write_string(row, numbers[name], clean(column.heading), self.style(**look))
        sheet.set_row(row, _height((c.heading, c.width) for c in columns.values()))
        for number, values in enumerate(rows):
            self.row(place, columns, number, values)
        sheet.autofilter(row, 0, place.last, len(columns) - 1)
        sheet.freeze_panes(row + 1, frozen)
        sheet.repeat_rows(row)
        if totals:
            self._totals(place, columns, totals)
        return place

    def row(self, place, columns, number, values, **look):
        """Write a row of a table, counted from its first one; those below it are totals."""
        row = place.first + number
        cells = {name: xl_rowcol_to_cell(row, at) for name, at in place.columns.items()}
        for name, column in columns.items():
            value = values.get(name)
            if column.formula and not is_empty(value):
                value = Formula(column.formula.format(**cells), value)
            self.write_cell(place.sheet, row, place.columns[name], value, column.kind, **look)
        notes = [
            (values.get(name) or "", column.width)
            for name, column in columns.items()
            if column.kind == "note"
        ]
        if notes:
            place.sheet.set_row(row, _height(notes))

    def _totals(self, place, columns, totals):
        """The totals, of what the filter leaves."""
        sums = {
            name: Formula(f"=SUBTOTAL(109,{place.range(name, absolute=False)})", totals[name])
            for name, column in columns.items()
            if column.total == "sum"
        }
        plain = {
            name: column if column.total else column._replace(formula=None)
            for name, column in columns.items()
        }
        below = place.last + 1 - place.first
        self.row(place, plain, below, {**totals, **sums}, bold=True, top=1)

    def write_cell(self, sheet, row, column, value, kind="text", **look):
        """Write one cell. Text is text, whatever it looks like.

        :param kind: one of ``_KINDS``, or a verdict, whose colour the text gets
        """
        look = {**_KINDS.get(kind, {}), **look}
        if kind == "verdict":
            value, color = value if value else ("", None)
            look.update({"font_color": color} if color else {})
        style = self.style(**look)
        if is_empty(value):
            sheet.write_blank(row, column, None, style)
        elif isinstance(value, Formula):
            sheet.write_formula(row, column, value.text, style, value.value)
        elif isinstance(value, bool | str):
            sheet.write_string(row, column, clean(value), style)
        elif isinstance(value, date):
            sheet.write_datetime(row, column, value, style)
        else:
            sheet.write_number(row, column, value, style)

    def verdict(self, code):
        """A verdict in words, as a cell of the kind ``verdict`` wants it."""
        words = {
            "below": self._("▼ below"),
            "on_target": self._("● on target"),
            "above": self._("▲ above"),
            "insufficient": self._("◌ insufficient data"),
        }
        return (words[code], _VERDICT_COLORS.get(code)) if code else False
