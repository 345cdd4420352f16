"""A weekly review as a workbook."""

# Writers know no environment: they are given the function that translates.
# pylint: disable=prefer-env-translation

from datetime import date

from ..models.crm_weekly_review_line import LINE_FIGURES
from ..models.crm_weekly_review_rows import STAGE_EXITS, STAGE_FIGURES
from ..tools import figure
from ..tools.weekly_digest import causes
from .workbook import Column, Workbook, share
from .workbook_charts import write_causes, write_figure
from .workbook_matrix import write_matrix

# Components that are measured against a conversion.
_AIMED = ("transitions", "conversion")


def write_review(review, target, _, company=""):
    """Write the payload of a weekly review as XLSX.

    :param dict review: what ``crm.weekly.review.get_review`` gives
    :param target: path or binary file
    :param _: translates a text into the reader's language
    :param str company: for the properties of the document
    """
    title = _("Weekly review: %(name)s", name=review["name"])
    subtitle = f"{review['week_start']} – {review['week_end']}"
    drawn = figure.of_review(review)
    with Workbook(target, _, title, subtitle, company) as book:
        first = book.sheet(_("Figure"), _("Conversion by Transition (dash: target)"))
        _write_lines(book, review)
        roles = {line["id"]: line["role_name"] for line in review["lines"]}
        team = {figure.transition_key(row): row for row in review["transitions"]}
        sources, totals = write_matrix(book, drawn, roles, team, _flow_columns(book))
        write_figure(book, first, drawn, sources, totals)
        _write_contacts(book, review)
        _write_scores(book, review)
        _write_refusals(book, review)
        _write_ledger(book, review)
        _write_decisions(book, review)


def _write_lines(book, review):
    _ = book._
    columns = {
        "manager": Column(_("Manager"), width=28),
        "role": Column(_("Role"), width=12),
        "opening": Column(_("Clients on Monday"), "count", 11, total="sum"),
        "entered": Column(_("Came"), "count", 9, total="sum"),
        "exited": Column(_("Went"), "count", 9, total="sum"),
        "closing": Column(
            _("Clients on Sunday"), "count", 11, "={opening}+{entered}-{exited}", "formula"
        ),
        "new_clients": Column(_("New Clients"), "count", 10, total="sum"),
        "won": Column(_("Deals Won"), "count", 10, total="sum"),
        "won_amount": Column(
            _("Amount Won, %(currency)s", currency=review["currency"]), "money", 15, total="sum"
        ),
        "refused": Column(_("Lost Clients"), "count", 10, total="sum"),
        "without_next_step": Column(_("Without a Next Step"), "count", 11, total="sum"),
        "overdue_steps": Column(_("Overdue Steps"), "count", 11, total="sum"),
        "over_cycle": Column(_("Past the Normal Cycle"), "count", 11, total="sum"),
        "confirmed": Column(_("Confirmed"), width=12),
        "word": Column(_("Manager's Word"), "note", 44),
    }
    rows = [
        {
            "manager": line["manager"],
            "role": line["role_name"],
            **{name: _count(line[name]) for name in LINE_FIGURES},
            "confirmed": _("yes") if line["is_confirmed"] else _("no"),
            "word": line["word"],
        }
        for line in review["lines"]
    ]
    book.table(book.sheet(_("Managers")), columns, rows, totals=_totals(book, rows, LINE_FIGURES))


def _flow_columns(book):
    _ = book._
    rate = '=IF({exits}=0,"",{flow_advanced}/{exits})'
    return {
        "exits": (Column(_("Went This Week"), "count", 10), lambda row: row["exits"]),
        "flow_advanced": (
            Column(_("Came Further This Week"), "count", 12),
            lambda row: row["flow_advanced"],
        ),
        "flow": (
            Column(_("Flow This Week"), "percent", 10, rate),
            lambda row: row["flow_advanced"] / row["exits"] if row["exits"] else False,
        ),
    }


def _write_contacts(book, review):
    _ = book._
    columns = {
        "manager": Column(_("Manager"), width=28),
        "role": Column(_("Role"), width=12),
        "kind": Column(_("Contacts"), width=26),
        "done": Column(_("Done"), "count", 10),
        "norm": Column(_("Norm"), "number", 10),
        "share": Column(_("Done of the Norm"), "percent", 12, '=IF({norm}="","",{done}/{norm})'),
        "missing": Column(_("Missing"), "number", 10, '=IF({norm}="","",MAX(0,{norm}-{done}))'),
    }
    rows = [
        {
            "manager": line["manager"],
            "role": line["role_name"],
            "kind": contact["name"],
            "done": _count(contact["done"]),
            **_against(contact["done"], contact["norm"]),
        }
        for line in review["lines"]
        for contact in line["contacts"]
    ]
    book.table(book.sheet(_("Contacts")), columns, rows, frozen=3)


def _against(done, norm):
    if not norm:
        return {}
    return {"norm": norm, "share": done / norm, "missing": max(0.0, norm - done)}


def _write_scores(book, review):
    """Every component of every manager's score; its points are its share of what was attained."""
    _ = book._
    columns = {
        "manager": Column(_("Manager"), width=28),
        "role": Column(_("Role"), width=12),
        "component": Column(_("Component"), width=30),
        "numerator": Column(_("Done"), "number", 12),
        "denominator": Column(_("Out Of"), "number", 12),
        "target": Column(_("Target"), "percent", 10),
        "score": Column(_("Attained"), "percent", 12),
        "share": Column(_("Share"), "percent", 10),
        "points": Column(_("Points"), "number", 10, '=IF({share}="","",100*{share}*{score})'),
        "left_out": Column(_("Why It Is Not Counted"), "note", 44),
    }
    rows = [
        {
            "manager": line["manager"],
            "role": line["role_name"],
            "component": score["name"],
            "numerator": _count(score["numerator"]),
            "denominator": _count(score["denominator"]),
            **_points(score),
            "left_out": score["left_out"],
        }
        for line in review["lines"]
        for score in line["scores"]
    ]
    book.table(book.sheet(_("Scorecard")), columns, rows, frozen=3)


def _points(score):
    if not score["is_counted"]:
        return {}
    return {
        "score": share(score["score"]),
        "share": share(score["share"]),
        # Of all else nothing less than the whole is the target.
        "target": share(score["target"]) if score["component"] in _AIMED else False,
        "points": score["score"] * score["share"] / 100,
    }


def _write_refusals(book, review):
    _ = book._
    write_causes(book, causes(review["lines"]))
    columns = {
        "manager": Column(_("Manager"), width=28),
        "reason": Column(_("Reason"), "note", 44),
        "number": Column(_("Refusals"), "count", 12, total="sum"),
    }
    rows = [
        {"manager": line["manager"], **row} for line in review["lines"] for row in line["refusals"]
    ]
    totals = _totals(book, rows, ("number",))
    book.table(book.sheet(_("Refusals by Manager")), columns, rows, totals=totals)


def _write_ledger(book, review):
    """Clients on Monday + those who came − those who went = clients on Sunday, in every row."""
    _ = book._
    went = "-".join(f"{{{name}}}" for name in STAGE_EXITS)
    columns = {
        "manager": Column(_("Manager"), width=28),
        "stage": Column(_("Stage"), width=24),
        "opening": Column(_("On Monday"), "count", 11, total="sum"),
        "entered": Column(_("Came"), "count", 9, total="sum"),
        "advanced": Column(_("Came Further"), "count", 10, total="sum"),
        "refused": Column(_("Refused"), "count", 10, total="sum"),
        "moved_back": Column(_("Moved Back"), "count", 10, total="sum"),
        "handed_over": Column(_("Handed Over"), "count", 10, total="sum"),
        "withdrawn": Column(_("Withdrawn"), "count", 11, total="sum"),
        "transferred": Column(_("Transferred"), "count", 11, total="sum"),
        "closing": Column(
            _("On Sunday"), "count", 11, f"={{opening}}+{{entered}}-{went}", "formula"
        ),
    }
    names = STAGE_FIGURES
    rows = [
        {
            "manager": line["manager"],
            "stage": stage["stage"],
            **{name: _count(stage[name]) for name in names},
        }
        for line in review["lines"]
        for stage in line["stages"]
    ]
    book.table(book.sheet(_("Ledger")), columns, rows, totals=_totals(book, rows, names), frozen=2)


def _write_decisions(book, review):
    _ = book._
    columns = {
        "manager": Column(_("Manager"), width=24),
        "transition": Column(_("Transition into"), width=20),
        "kind": Column(_("Decision"), width=16),
        "note": Column(_("What Is to Be Done"), "note", 44),
        "mentor": Column(_("Mentor"), width=22),
        "responsible": Column(_("Responsible"), width=22),
        "date_due": Column(_("Due"), "date", 12),
        "before_rate": Column(_("Conversion Before"), "percent", 12),
        "after_rate": Column(_("Conversion After"), "percent", 12),
        "effect": Column(_("Effect"), width=16),
    }
    rows = [
        {
            "manager": row["manager"] or _("Team"),
            "date_due": date.fromisoformat(row["date_due"]),
            **{name: row[name] for name in ("transition", "kind", "note", "mentor")},
            "responsible": row["responsible"],
            **_effect(row.get("follow_up")),
        }
        for row in review["decisions"]
    ]
    book.table(book.sheet(_("Decisions")), columns, rows)


def _effect(follow_up):
    """What came of a decision, where it is followed up."""
    if not follow_up:
        return {}
    return {
        "effect": follow_up["effect_name"],
        "before_rate": share(follow_up["before_rate"]),
        "after_rate": share(follow_up["after_rate"]),
    }


def _totals(book, rows, names):
    if not rows:
        return None
    return {
        next(iter(rows[0])): book._("Total"),
        **{name: sum(row[name] for row in rows) for name in names},
    }


def _count(value):
    """A count of the payload; nothing counted is a 0."""
    return value or 0
