"""The tables of results, in the terminal and in RESULTS.md."""

import re
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).with_name("RESULTS.md")
INTRODUCTION = """# What the addon costs

Written by `make bench`: the same work on the same leads, on stock Odoo 19 and with the addon, in
turns, among {leads:,} leads. *Ledger* is judged: the processor time, of Odoo and of the database
together, of the whole transaction over that of all but the keeping of the ledger, which is timed
directly. *Work* and *elapsed* compare whole transactions of the two databases, by processor time
and by the clock: medians of pairs, which waver by a tenth where pairs are few. The queries are
those of one transaction.

"""
BOARD_INTRODUCTION = """## The control board

Written by `make bench ARGS="--board"`: the payload of the control board, as a sales administrator
asks for it, over plain SQL, written by hand, of the same figures (conversion by manager and
transition, clients in work, the flow of the last weeks, the refusals) in the same ledger of
{stays:,} stays of {opportunities:,} opportunities, the work of one team in two years. All by the
clock, in turns, medians of pairs. *Conversion* is the board's counting of entries alone over the
plain SQL of it alone; *board, conversion* is everything over the plain SQL of the conversion alone.
The first reader of the day has Odoo's caches empty, and waits until it is determined after how many
days an entry is mature.

"""


class Row:
    """One operation's line."""

    def __init__(self, figure):
        self.operation = figure.operation
        self.stock, self.addon = zip(*figure.pairs, strict=True)
        self.ledger = median(cost.work / (cost.work - cost.own) for cost in self.addon)
        self.work = self._ratio("work")
        self.elapsed = self._ratio("elapsed")
        self.queries = [median(cost.queries for cost in side) for side in (self.stock, self.addon)]

    def __str__(self):
        return (
            f"{self.ledger:.3f} times with the ledger, {self.work:.3f} times the work,"
            f" {self.elapsed:.3f} times as long,"
            f" {self.queries[0]:g} and {self.queries[1]:g} queries"
        )

    def _ratio(self, name):
        return median(
            getattr(addon, name) / getattr(stock, name)
            for stock, addon in zip(self.stock, self.addon, strict=True)
        )

    @property
    def milliseconds(self):
        """Elapsed per lead, on stock Odoo and with the addon."""
        return [
            1000 * median(cost.elapsed for cost in side) / self.operation.size
            for side in (self.stock, self.addon)
        ]

    @property
    def goal(self):
        goal = f"≤ {self.operation.goal:.2f}"
        if self.operation.more_queries is not None:
            goal += f", ≤ {self.operation.more_queries} queries more"
        return goal

    @property
    def verdict(self):
        missed = []
        if round(self.ledger, 2) > self.operation.goal:
            missed.append("time")
        allowed = self.operation.more_queries
        if allowed is not None and self.queries[1] - self.queries[0] > allowed:
            missed.append("queries")
        return f"missed: {', '.join(missed)}" if missed else "reached"

    def cells(self, with_times):
        times = [f"{value:.2f}" for value in self.milliseconds] if with_times else []
        return [
            self.operation.title,
            *times,
            f"{self.ledger:.2f}",
            f"{self.work:.2f}",
            f"{self.elapsed:.2f}",
            f"{self.queries[0]:g} / {self.queries[1]:g}",
            self.goal,
            self.verdict,
        ]


class BoardRow:
    """The line of one period of the control board."""

    def __init__(self, title, readings, goal=None):
        self.title = title
        self.limit = goal
        self.board = median(reading.board / reading.everything for reading in readings)
        self.alone = median(reading.board / reading.plain for reading in readings)
        self.main = median(reading.main / reading.plain for reading in readings)
        self.statements = median(reading.statements for reading in readings)
        self.milliseconds = [
            1000 * median(getattr(reading, name) for reading in readings)
            for name in ("plain", "everything", "board")
        ]

    @property
    def goal(self):
        return f"≤ {self.limit:.2f}" if self.limit else ""

    @property
    def verdict(self):
        if not self.limit:
            return ""
        slowest = max(round(self.board, 2), round(self.main, 2))
        return "reached" if slowest <= self.limit else "missed: time"

    def cells(self, with_times):
        times = [f"{value:.0f}" for value in self.milliseconds] if with_times else []
        return [
            self.title,
            *times,
            f"{self.main:.2f}",
            f"{self.board:.2f}",
            f"{self.alone:.2f}",
            f"{self.statements:g}",
            self.goal,
            self.verdict,
        ]


def table(rows, with_times=True):
    """The results as a table that reads well in a terminal and as Markdown."""
    times = ["stock, ms a lead", "with addon"] if with_times else []
    header = ["operation", *times, "ledger", "work", "elapsed", "queries", "goal", "result"]
    return _aligned([header, *(row.cells(with_times) for row in rows)])


def board_table(rows, with_times=True):
    """The same for the control board."""
    times = ["plain, ms", "all plain, ms", "board, ms"] if with_times else []
    ratios = ["conversion", "board", "board, conversion"]
    header = ["period", *times, *ratios, "statements", "goal", "result"]
    return _aligned([header, *(row.cells(with_times) for row in rows)])


def _aligned(lines):
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    )


def keep(rows, leads):
    """Write RESULTS.md: ratios only, as times tell more of the machine than of the addon."""
    _keep(0, INTRODUCTION.format(leads=leads) + table(rows, with_times=False) + "\n")


def keep_board(rows, opportunities, stays):
    """Write the control board's section of RESULTS.md."""
    text = BOARD_INTRODUCTION.format(opportunities=opportunities, stays=stays)
    _keep(1, text + board_table(rows, with_times=False) + "\n")


def _keep(place, text):
    """Write one section of RESULTS.md, the other stays as it is."""
    kept = RESULTS.read_text() if RESULTS.exists() else ""
    cost, *board = re.split(r"^(?=## )", kept, maxsplit=1, flags=re.MULTILINE)
    sections = [cost, *board] if board else [cost, ""]
    sections[place] = text
    RESULTS.write_text("\n".join(section.strip("\n") + "\n" for section in sections if section))
