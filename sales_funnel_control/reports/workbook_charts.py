"""Sheets with native charts: the figure, and the causes of refusals."""

# Writers know no environment: they are given the function that translates.
# pylint: disable=prefer-env-translation

from ..tools import figure
from .workbook import Column, Formula, share

_CHART_ROWS = 24
_WIDTH, _HEIGHT = 1060, 460
# Size of the dash at the target, in points: its height grows with its width.
_DASH = 36


def write_figure(book, sheet, drawn, sources, totals):
    """The sheet with the figure: charts on top, the rates they draw in a table below.

    :param figure.Figure drawn: what is drawn
    :param dict sources: address of the cell with the rate, by keys of manager and transition
    :param dict totals: the same of the whole team, by key of the transition
    """
    _ = book._
    groups = drawn.groups
    row = 3 + _CHART_ROWS * len(groups)
    columns = {"manager": Column(_("Manager"), width=30)}
    for transition in drawn.transitions:
        columns[transition.key] = Column(transition.name, "percent", 16)
    has_path = any(manager.path is not False for manager in drawn.managers)
    if has_path:
        columns["path"] = Column(_("Of 100 Clients"), "number", 14)
    rows = [
        {
            "manager": manager.name,
            "path": manager.path,
            **{
                transition.key: _linked(
                    sources.get((manager.key, transition.key)), drawn.rate(manager, transition)
                )
                for transition in drawn.transitions
            },
        }
        for manager in drawn.managers
    ]
    last = len(rows)
    rows.append({"manager": _("Team")})
    rows.append({"manager": _("Target")})
    for transition in drawn.transitions:
        rows[last][transition.key] = _linked(totals.get(transition.key), transition.rate)
        rows[last + 1][transition.key] = share(transition.target)
    place = book.table(sheet, columns, rows, row=row)
    sheet.autofilter(row, 0, place.first + last - 1, len(columns) - 1)
    sheet.freeze_panes(0, 0)
    if not drawn.transitions:
        return
    for number, managers in enumerate(groups):
        first = place.first + number * figure.DRAWN
        chart = _figure_chart(book, place, columns, first, len(managers), place.first + last + 1)
        sheet.insert_chart(3 + _CHART_ROWS * number, 0, chart, {"object_position": 2})


def _linked(address, rate):
    """The rate as a reference to where it is worked out."""
    if rate is False:
        return False
    return Formula(f"={address}", share(rate)) if address else share(rate)


def _figure_chart(book, place, columns, first, count, target_row):
    """Clustered bars of some managers, and a dash at the target across each group."""
    name = place.sheet.name
    ways = [number for key, number in place.columns.items() if columns[key].kind == "percent"]
    names = [name, place.first - 1, ways[0], place.first - 1, ways[-1]]
    chart = book.book.add_chart({"type": "column"})
    for number in range(count):
        row = first + number
        color = figure.COLORS[number]
        chart.add_series(
            {
                "name": [name, row, 0],
                "categories": names,
                "values": [name, row, ways[0], row, ways[-1]],
                "fill": {"color": color},
                "border": {"color": color},
                "gap": 60,
                "overlap": -6,
                **({"data_labels": _labels()} if count <= 3 else {}),
            }
        )
    targets = book.book.add_chart({"type": "line"})
    targets.add_series(
        {
            "name": [name, target_row, 0],
            "categories": names,
            "values": [name, target_row, ways[0], target_row, ways[-1]],
            "line": {"none": True},
            "marker": {
                "type": "long_dash",
                "size": _DASH,
                "fill": {"color": "black"},
                "border": {"color": "black"},
            },
        }
    )
    chart.combine(targets)
    chart.set_title({"name": [name, 0, 0], "name_font": {"size": 14}})
    chart.set_legend({"position": "bottom"})
    chart.set_y_axis(
        {
            "min": 0,
            "max": 1,
            "major_unit": 0.2,
            "num_format": "0%",
            "major_gridlines": {"visible": True, "line": {"color": "#DEE2E6"}},
        }
    )
    chart.show_blanks_as("gap")
    chart.set_size({"width": _WIDTH, "height": _HEIGHT})
    return chart


def _labels():
    return {
        "value": True,
        "num_format": "0%",
        "position": "inside_base",
        "font": {"color": "white", "bold": True},
    }


def write_causes(book, causes, others=0):
    """A sheet with the causes of refusals, the commonest first, and their chart.

    :param list causes: ``(cause, refusals)`` in their order
    :param int others: refusals of causes that are not in the list
    """
    _ = book._
    sheet = book.sheet(_("Refusals"), _("Why Clients Refused"))
    total = sum(count for _cause, count in causes) + others
    columns = {
        "cause": Column(_("Reason"), "note", 44),
        "count": Column(_("Refusals"), "count", 12, total="sum"),
        "share": Column(_("Share"), "percent", 12),
        "running": Column(_("Share With the Commoner Ones"), "percent", 18),
    }
    listed = [*causes, *([(_("Other reasons"), others)] if others else [])]
    first, last = 5, 4 + len(listed)
    rows, running = [], 0
    for number, (cause, count) in enumerate(listed):
        running += count
        sums = f"SUM($B${first}:$B${last})"
        rows.append(
            {
                "cause": cause,
                "count": count,
                "share": Formula(f"=B{first + number}/{sums}", count / total),
                "running": Formula(f"=SUM($B${first}:B{first + number})/{sums}", running / total),
            }
        )
    totals = {"cause": _("Total"), "count": total} if listed else None
    place = book.table(sheet, columns, rows, totals=totals)
    if listed:
        sheet.insert_chart(place.last + 3, 0, _pareto_chart(book, place), {"object_position": 2})


def _pareto_chart(book, place):
    """Bars for how many refused, a line for the share that the commonest causes make."""
    name = place.sheet.name
    chart = book.book.add_chart({"type": "column"})
    heading = place.first - 1
    chart.add_series(
        {
            "name": [name, heading, place.columns["count"]],
            "categories": place.reference("cause"),
            "values": place.reference("count"),
            "fill": {"color": figure.COLORS[0]},
            "gap": 40,
            "data_labels": {"value": True},
        }
    )
    line = book.book.add_chart({"type": "line"})
    line.add_series(
        {
            "name": [name, heading, place.columns["running"]],
            "categories": place.reference("cause"),
            "values": place.reference("running"),
            "y2_axis": True,
            "line": {"color": figure.COLORS[1], "width": 2.25},
            "marker": {"type": "circle", "size": 6, "fill": {"color": figure.COLORS[1]}},
        }
    )
    line.set_y2_axis({"min": 0, "max": 1, "num_format": "0%"})
    chart.combine(line)
    chart.set_title({"name": [name, 0, 0], "name_font": {"size": 14}})
    chart.set_legend({"position": "bottom"})
    chart.set_y_axis({"min": 0, "major_gridlines": {"visible": True, "line": {"color": "#DEE2E6"}}})
    chart.set_size({"width": 760, "height": 420})
    return chart
