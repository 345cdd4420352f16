"""The sheet with every manager at every transition: counts, rates, targets, verdicts."""

# Writers know no environment: they are given the function that translates.
# pylint: disable=prefer-env-translation

from .workbook import Column, Formula, share

_RATE = '=IF({entered}=0,"",{advanced}/{entered})'
_GAP = '=IF(OR({rate}="",{target}=""),"",({rate}-{target})*100)'


def write_matrix(book, drawn, roles, team, more=None):
    """Write the sheet; below the managers stand the sums of the whole team.

    :param figure.Figure drawn: managers, transitions and their cells
    :param dict roles: name of the role by the manager's key
    :param dict team: the team's row of the payload by the transition's key
    :param dict more: further columns as pairs of a :class:`~.workbook.Column` and a function of
        the payload's row
    :return: addresses of the rates: by the keys of manager and transition, and of the transition
    """
    _ = book._
    more = more or {}
    columns = {
        "manager": Column(_("Manager"), width=24),
        "role": Column(_("Role"), width=12),
        "transition": Column(_("Transition into"), width=18),
        "entered": Column(_("Entered"), "count", 10),
        "advanced": Column(_("Came Further"), "count", 10),
        "rate": Column(_("Conversion"), "percent", 12, _RATE),
        "target": Column(_("Target"), "percent", 10),
        "gap": Column(_("Gap, Points"), "points", 10, _GAP),
        "verdict": Column(_("Verdict"), "verdict", 18),
        **{name: column for name, (column, _value) in more.items()},
        "explanation": Column(_("How It Came About"), "note", 44),
    }
    keys, rows = [], []
    for manager in drawn.managers:
        for transition in drawn.transitions:
            cell = drawn.cells.get((manager.key, transition.key))
            if cell:
                keys.append((manager.key, transition.key))
                head = {
                    "manager": manager.name,
                    "role": roles.get(manager.key),
                    "transition": transition.name,
                }
                rows.append({**head, **_figures(book, cell, more)})
    sheet = book.sheet(_("Matrix"))
    place = book.table(sheet, columns, rows, frozen=3)
    sources = {key: place.cell(number, "rate") for number, key in enumerate(keys)}
    totals = {}
    for number, transition in enumerate(drawn.transitions, len(rows) or 1):
        if transition.key in team:
            row = {
                "manager": _("Team"),
                "transition": transition.name,
                **_figures(book, team[transition.key], more),
                **_sums(place, rows, transition.name, team[transition.key], number),
            }
            book.row(place, columns, number, row, bold=True)
            totals[transition.key] = place.cell(number, "rate")
    return sources, totals


def _figures(book, cell, more):
    rate, target = cell["rate"], cell["target"]
    return {
        "entered": cell["entered"],
        "advanced": cell["advanced"],
        "rate": share(rate),
        "target": share(target),
        "gap": rate - target if rate is not False and target is not False else False,
        "verdict": book.verdict(cell.get("verdict")),
        "explanation": cell.get("explanation"),
        **{name: value(cell) for name, (_column, value) in more.items()},
    }


def _sums(place, rows, transition, team, number):
    """The team's counts as sums of its managers' where they are: who sees only themselves has none.

    Compared cell by cell: a stage may be called ``>5`` or ``A*``.
    """
    sums = {}
    for name in ("entered", "advanced"):
        found = sum(row[name] for row in rows if row["transition"].lower() == transition.lower())
        if rows and found == team[name]:
            own = place.cell(number, "transition").rpartition("!")[2]
            same = f"({place.range('transition')}={own})"
            sums[name] = Formula(f"=SUMPRODUCT({same}*{place.range(name)})", found)
    return sums
