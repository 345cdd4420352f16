"""The one table of results, in the terminal and in RESULTS.md."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from measure import middle, ratio

RESULTS = Path(__file__).with_name("RESULTS.md")
# Growth up to here is linear: the rest is what measurements waver by.
LINEAR = 1.1


@dataclass(frozen=True)
class Goal:
    """How many times what it is held against a thing may take, or must be faster."""

    limit: float
    must_be_faster: bool = False

    def __str__(self):
        return f"≥ {self.limit:g} × faster" if self.must_be_faster else f"≤ {self.limit:.2f}"

    def is_reached(self, value):
        if self.must_be_faster:
            return 1 / value >= self.limit
        return round(value, 2) <= self.limit


def at_most(limit):
    return Goal(limit)


def at_least(limit):
    return Goal(limit, must_be_faster=True)


@dataclass
class Line:
    """One line of the table, as it was measured among so many opportunities.

    :param ratio: what is judged; None where there is nothing to hold it against
    :param work: seconds of processor time, for the growth
    :param whole: the ratio of whole transactions, where not all of them is judged
    :param queries: sent by the other, and by the addon
    :param more_queries: how many more the addon may send; None for any number
    :param memory: MB that the process grew by at most
    :param remark: what else was seen to fail
    :param is_watched: whether there is something to see fail, beside the goals
    """

    title: str
    against: str
    ratio: float | None
    work: float
    memory: float
    goal: Goal | None = None
    whole: float | None = None
    queries: tuple | None = None
    more_queries: int | None = None
    remark: str = ""
    is_watched: bool = False

    @classmethod
    def of(cls, reading, costs, others):
        """The line of something that was read in turns with something else."""
        return cls(
            reading.title,
            reading.against,
            ratio(costs, others),
            middle(costs, "work"),
            max(cost.memory for cost in costs),
            reading.goal,
            queries=(middle(others, "queries"), middle(costs, "queries")),
        )

    @classmethod
    def of_operation(cls, figure):
        """The line of an operation; the keeping of the ledger is judged."""
        stock, addon = zip(*figure.pairs, strict=True)
        without = [cost._replace(work=cost.work - cost.own) for cost in addon]
        return cls(
            figure.operation.title,
            "stock Odoo",
            ratio(addon, without),
            middle(addon, "work"),
            max(cost.memory for cost in addon),
            at_most(figure.operation.goal),
            whole=ratio(addon, stock),
            queries=(middle(stock, "queries"), middle(addon, "queries")),
            more_queries=figure.operation.more_queries,
        )

    def missed(self):
        """What of its goals it misses, in words."""
        missed = [self.remark] if self.remark else []
        if self.goal and not self.goal.is_reached(self.ratio):
            missed.append("time")
        if self.more_queries is not None and self.queries[1] - self.queries[0] > self.more_queries:
            missed.append("queries")
        return missed


@dataclass
class Table:
    """The lines of one run: for each title its lines, by number of opportunities."""

    sizes: list
    lines: dict = field(default_factory=dict)

    def add(self, size, lines):
        for line in lines:
            self.lines.setdefault((line.title, line.against), {})[size] = line

    def rows(self):
        """The table's cells, its header first."""
        header = ["what", "against", *(f"{size:,}" for size in self.sizes), "whole", "queries"]
        return [
            [*header, "memory, MB", "growth", "goal", "result"],
            *(self._cells(by_size) for by_size in self.lines.values()),
        ]

    def _cells(self, by_size):
        largest = by_size[max(by_size)]
        goals = [str(largest.goal)] if largest.goal else []
        if largest.more_queries is not None:
            goals.append(f"≤ {largest.more_queries} queries more")
        growth = self._growth(by_size)
        missed = list(dict.fromkeys(word for line in by_size.values() for word in line.missed()))
        if growth is not None and round(growth, 2) > LINEAR:
            missed.append("growth")
        is_judged = goals or growth is not None or largest.is_watched
        return [
            largest.title,
            largest.against,
            *(_times(by_size[size]) if size in by_size else "" for size in self.sizes),
            "" if largest.whole is None else f"{largest.whole:.2f}",
            " / ".join(f"{count:g}" for count in largest.queries or ()),
            " / ".join(f"{line.memory:.0f}" for line in by_size.values()),
            "" if growth is None else f"{growth:.2f}",
            ", ".join(goals),
            (f"missed: {', '.join(missed)}" if missed else "reached") if is_judged else "",
        ]

    def _growth(self, by_size):
        """Time over time, divided by size over size: 1 is linear, less is better."""
        if len(by_size) < 2:
            return None
        small, large = min(by_size), max(by_size)
        return by_size[large].work / by_size[small].work / (large / small)


def _times(line):
    """The ratio as it is read: so many times as long, or so many times faster."""
    if line.ratio is None:
        return "measured"
    if line.goal and line.goal.must_be_faster:
        return f"{1 / line.ratio:.1f} × faster"
    return f"{line.ratio:.2f}"


def aligned(rows):
    """A table that reads well in a terminal and as Markdown; its first row is the header."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in [rows[0], rule, *rows[1:]]
    )


def keep(title, text):
    """Write one section of RESULTS.md, its heading included; the others stay as they are."""
    kept = RESULTS.read_text() if RESULTS.exists() else ""
    sections = {
        section.split("\n", 1)[0].lstrip("# "): section.strip()
        for section in re.split(r"^(?=#+ )", kept, flags=re.MULTILINE)
        if section.strip()
    }
    is_first = title in list(sections)[:1] or not sections
    sections[title] = f"{'#' if is_first else '##'} {title}\n\n{text}"
    RESULTS.write_text("\n\n".join(sections.values()) + "\n")
