"""The table of results, in the terminal and in RESULTS.md."""

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
            f"{self.ledger:.3f} times with the ledger, {self.work:.3f} times the work, {self.elapsed:.3f} times as long,"
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


def table(rows, with_times=True):
    """The results as a table that reads well in a terminal and as Markdown."""
    times = ["stock, ms a lead", "with addon"] if with_times else []
    header = ["operation", *times, "ledger", "work", "elapsed", "queries", "goal", "result"]
    lines = [header, *(row.cells(with_times) for row in rows)]
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
    text = INTRODUCTION.format(leads=leads) + table(rows, with_times=False) + "\n"
    RESULTS.write_text(text)
