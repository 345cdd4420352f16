"""The control board as a workbook."""

# Writers know no environment: they are given the function that translates.
# pylint: disable=prefer-env-translation

from datetime import date

from ..tools import figure
from .workbook import Column, Workbook, share
from .workbook_charts import write_causes, write_figure
from .workbook_matrix import write_matrix

_STANDING = ("count", "without_next_step", "over_normal_time", "over_cycle")


def write_board(board, target, _, company=""):
    """Write the payload of the control board as XLSX.

    :param dict board: what ``crm.control.board.get_board`` gives
    :param target: path or binary file
    :param _: translates a text into the reader's language
    :param str company: for the properties of the document
    """
    period = board["period"]
    title = _("Control board: %(team)s", team=board["team"]["name"])
    subtitle = f"{period['date_from']} – {period['date_to']}"
    drawn = figure.of_board(board)
    with Workbook(target, _, title, subtitle, company) as book:
        first = book.sheet(_("Figure"), _("Conversion by Transition (dash: target)"))
        roles = {manager["key"]: manager["role_name"] for manager in board["managers"]}
        team = {row["id"]: row for row in board["transitions"]}
        sources, totals = write_matrix(book, drawn, roles, team, _more_columns(book, board))
        write_figure(book, first, drawn, sources, totals)
        _write_now(book, board)
        refusals = board["refusals"]
        listed = [(reason["name"], reason["count"]) for reason in refusals["reasons"]]
        write_causes(book, listed, refusals["total"] - sum(count for _name, count in listed))
        _write_flow(book, board)
        _write_teach(book, board)


def _more_columns(book, board):
    """What the board knows of a cell beyond conversion and target; what is never there is left."""
    _ = book._
    columns = {
        "low": (Column(_("95 % From"), "percent", 10), lambda cell: share(cell["low"])),
        "high": (Column(_("95 % To"), "percent", 10), lambda cell: share(cell["high"])),
        "adjusted": (
            Column(_("Adjusted for the Mix"), "percent", 12),
            lambda cell: share(cell.get("adjusted_rate", False)),
        ),
        "previous_entered": (
            Column(_("Entered in the Period Before"), "count", 12),
            lambda cell: cell["previous_entered"],
        ),
        "previous_rate": (
            Column(_("Conversion in the Period Before"), "percent", 14),
            lambda cell: share(cell["previous_rate"]) if cell["previous_entered"] else False,
        ),
        "young_entered": (
            Column(_("Too Young to Judge: Entered"), "count", 12),
            lambda cell: cell["young_entered"],
        ),
        "young_advanced": (
            Column(_("Too Young to Judge: Came Further"), "count", 12),
            lambda cell: cell["young_advanced"],
        ),
    }
    asked = ("adjusted", "previous_entered", "previous_rate")
    cells = [*board["cells"], *board["transitions"]]
    return {
        name: (column, value)
        for name, (column, value) in columns.items()
        if name not in asked or any(value(cell) is not False for cell in cells)
    }


def _write_now(book, board):
    _ = book._
    columns = {
        "stage": Column(_("Stage"), width=26),
        "manager": Column(_("Manager"), width=28),
        "count": Column(_("Clients in Work"), "count", 12, total="sum"),
        "without_next_step": Column(_("Without a Next Step"), "count", 14, total="sum"),
        "over_normal_time": Column(_("Over the Normal Time"), "count", 14, total="sum"),
        "normal_days": Column(_("Normal Days on the Stage"), "count", 14),
        "over_cycle": Column(_("Past the Normal Cycle"), "count", 14, total="sum"),
    }
    rows = [
        {
            "stage": stage["name"],
            "normal_days": stage["normal_days"],
            **{name: line[name] for name in _STANDING},
            "manager": line["name"],
        }
        for stage in board["now"]
        for line in stage["managers"]
    ]
    totals = {"stage": _("Total"), **board["standing"]} if rows else None
    book.table(book.sheet(_("Clients in Work")), columns, rows, totals=totals, frozen=2)


def _write_flow(book, board):
    _ = book._
    names = {row["id"]: row["name"] for row in board["transitions"]}
    columns = {
        "transition": Column(_("Transition into"), width=26),
        "week": Column(_("Week From"), "date", 14),
        "exits": Column(_("Went"), "count", 12),
        "advanced": Column(_("Came Further"), "count", 12),
        "rate": Column(_("Flow"), "percent", 12, '=IF({exits}=0,"",{advanced}/{exits})'),
    }
    rows = [
        {
            "transition": names.get(flow["transition"], ""),
            "week": date.fromisoformat(week["week_start"]),
            "exits": week["exits"],
            "advanced": week["advanced"],
            "rate": share(week["rate"]),
        }
        for flow in board["flow"]
        for week in flow["weeks"]
    ]
    book.table(book.sheet(_("Flow by Week")), columns, rows, frozen=2)


def _write_teach(book, board):
    _ = book._
    names = {manager["key"]: manager["name"] for manager in board["managers"]}
    transitions = {row["id"]: row["name"] for row in board["transitions"]}
    columns = {
        "transition": Column(_("Transition into"), width=26),
        "teacher": Column(_("Teaches"), width=30),
        "teacher_rate": Column(_("Conversion"), "percent", 12),
        "learner": Column(_("Learns"), width=30),
        "learner_rate": Column(_("Conversion"), "percent", 12),
    }
    rows = [
        {
            "transition": transitions[pair["transition"]],
            "teacher": names[pair["teacher_key"]],
            "teacher_rate": share(pair["teacher_rate"]),
            "learner": names[pair["learner_key"]],
            "learner_rate": share(pair["learner_rate"]),
        }
        for pair in board["teach"]
    ]
    book.table(book.sheet(_("Who Teaches Whom")), columns, rows)
