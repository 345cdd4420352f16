"""What is read: each screen beside what stock Odoo or plain SQL takes for the same."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import chatter
import draw
import plain
from lxml import etree
from results import Line, at_least, at_most

_WEEKS = 52 * draw.YEARS + 1
_LATELY = 13
# The week before last: of the past one there may be a review already.
_REVIEWED = 3
# As many cards as the web client asks for in each column.
_CARDS = 80
_BAR_COLORS = dict.fromkeys(("planned", "today", "overdue"), "")
# What it asks for with the widget of a card, beside the field itself.
_WITH_WIDGET = {
    "kanban_activity": (
        "activity_exception_decoration",
        "activity_exception_icon",
        "activity_state",
        "activity_summary",
        "activity_type_icon",
        "activity_type_id",
    )
}
# What it asks for of the records that a widget shows; of others, what they are called.
_OF_RECORDS = {"kanban_activity": {}, "many2many_tags": {"display_name": {}, "color": {}}}
_NEVER_SHOWN = ("1", "True")
_STOCK = "stock Odoo"
_LEDGER = "plain SQL on the ledger"
_CHATTER = "the best SQL over the chatter"


@dataclass(frozen=True)
class Reading:
    """Something read with the addon, and what it is held against.

    :param run: reads it, in the database with the addon
    :param against: what it is held against
    :param other: does that: in the database without the addon, or on the ledger
    :param is_cold: with Odoo's caches empty, as the first reader of the day has it
    """

    title: str
    run: Callable
    against: str
    other: Callable
    goal: object = None
    login: str = draw.HEAD
    times: int = 7
    is_cold: bool = False


def measured(sides):
    """Read everything, in turns with what it is held against.

    :param sides: the database without the addon, and the one with it
    :rtype: list[Line]
    """
    stock, addon = sides
    with addon.transaction(draw.HEAD) as env:
        bounds = plain.bounds(env, _days(env))
        lately = plain.bounds(env, _days(env, _LATELY))
    with stock.transaction() as env:
        chatter.index(env)
    for period, weeks in ((bounds, _WEEKS), (lately, _LATELY)):
        _compare(sides, period, weeks)
    lines = [_measured(reading, sides) for reading in _readings(bounds, lately)]
    with stock.transaction() as env:
        chatter.unindex(env)
    return lines


def _compare(sides, period, weeks):
    """Stop where the pivot and the SQL over the chatter do not count the same in every cell."""
    stock, addon = sides
    with addon.transaction(draw.HEAD) as env:
        ranks = {stage.id: rank for rank, stage in enumerate(draw.stages(env))}
        counted = {
            (group["user_id"][0], ranks[group["next_stage_id"][0]]): (
                group["entered:sum"],
                group["advanced:sum"],
            )
            for group in _pivot(weeks)(env)
        }
    with stock.transaction() as env:
        [rows] = _from_chatter(period, "conversion")(env)
        by_hand = {(user, rank): (entered, advanced) for user, rank, entered, advanced in rows}
    if counted != by_hand:
        different = dict(counted.items() ^ by_hand.items())
        sys.exit(f"error: the pivot and the chatter differ in {len(different)} cells: {different}")


def _measured(reading, sides):
    print(f"{reading.title}, against {reading.against} …", file=sys.stderr)
    stock, addon = sides
    beside = addon if reading.against == _LEDGER else stock
    costs, others = [], []
    # The first turn fills the caches.
    for turn in range(reading.times + 1):
        if reading.is_cold:
            addon.registry.clear_cache()
        with addon.transaction(reading.login) as env:
            reading.run(env)
        cost = addon.cost
        with beside.transaction(reading.login) as env:
            if reading.against != _STOCK:
                # At its best: PostgreSQL would take longer to compile it than to interpret it.
                env.cr.execute("SET LOCAL jit = off")
            reading.other(env)
        if turn:
            costs.append(cost)
            others.append(beside.cost)
    return Line.of(reading, costs, others)


def _readings(bounds, lately):
    return (
        Reading("kanban of the team", _kanban, _STOCK, _kanban, at_most(1.05)),
        Reading("kanban of one's own", _kanban, _STOCK, _kanban, at_most(1.05), draw.SALESPERSON),
        Reading("pivot, two years", _pivot(_WEEKS), _LEDGER, _plain("conversion"), at_most(1.5)),
        Reading(
            "pivot, 13 weeks",
            _pivot(_LATELY),
            _LEDGER,
            _plain("conversion", weeks=_LATELY),
            at_most(1.5),
        ),
        Reading(
            "pivot, two years",
            _pivot(_WEEKS),
            _CHATTER,
            _from_chatter(bounds, "conversion"),
            at_least(9),
            times=3,
        ),
        Reading(
            "pivot, 13 weeks",
            _pivot(_LATELY),
            _CHATTER,
            _from_chatter(lately, "conversion"),
            at_least(9),
            times=3,
        ),
        Reading("board, two years", _board(_WEEKS), _LEDGER, _plain(), at_most(1.5)),
        Reading("board, 13 weeks", _board(_LATELY), _LEDGER, _plain(weeks=_LATELY), at_most(1.5)),
        Reading("board, first of the day", _board(_WEEKS), _LEDGER, _plain(), is_cold=True),
        Reading(
            "board, two years",
            _board(_WEEKS),
            _CHATTER,
            _from_chatter(bounds),
            at_least(9),
            times=3,
        ),
        Reading(
            "board, 13 weeks",
            _board(_LATELY),
            _CHATTER,
            _from_chatter(lately),
            at_least(9),
            times=3,
        ),
        Reading("contact report", _contact_report, _LEDGER, _plain_contacts),
        Reading("weekly review of a team", _review, _LEDGER, _plain(weeks=_REVIEWED), times=3),
        Reading(
            "planner, first answer", _planner, _LEDGER, _plain(weeks=52), times=3, is_cold=True
        ),
    )


def _kanban(env):
    """The pipeline as the web client asks for it: columns, cards and bars."""
    team = draw.team(env)
    domain = [("type", "=", "opportunity"), ("team_id", "=", team.id)]
    if env.user.login != draw.HEAD:
        domain.append(("user_id", "=", env.uid))
    Lead = env["crm.lead"].with_context(default_team_id=team.id, default_type="opportunity")
    view = Lead.get_view(env.ref("crm.crm_case_kanban_view_leads").id, "kanban")
    arch = etree.fromstring(view["arch"])
    bar = arch.find(".//progressbar")
    sums = [bar.get("sum_field"), bar.get("recurring_revenue_sum_field")]
    Lead.with_context(read_group_expand=True).web_read_group(
        domain,
        ["stage_id"],
        [
            *(f"{name}:sum" for name in sums),
            "company_currency:array_agg_distinct",
            *(f"{name}:sum_currency" for name in sums),
        ],
        auto_unfold=True,
        unfold_read_specification=_specification(Lead, arch),
        unfold_read_default_limit=_CARDS,
    )
    Lead.read_progress_bar(domain, "stage_id", {"field": bar.get("field"), "colors": _BAR_COLORS})


def _specification(Lead, arch):
    """What the web client asks for of each card: the view's own fields, and its widgets'."""
    specification = {}
    for node in arch.iter("field"):
        name, widget = node.get("name"), node.get("widget")
        field = Lead._fields[name]
        specification.setdefault(name, _of_field(field, widget, node.get("invisible")))
        for beside in _WITH_WIDGET.get(widget, ()):
            specification[beside] = _of_field(Lead._fields[beside])
    return specification


def _of_field(field, widget=None, invisible=None):
    if not field.relational:
        return {}
    if invisible in _NEVER_SHOWN:
        return {"fields": {}}
    return {"fields": _OF_RECORDS.get(widget, {"display_name": {}})}


def _pivot(weeks):
    def read(env):
        return env["crm.funnel.report"].formatted_read_group(
            [("team_id", "=", draw.team(env).id), ("week_start", ">=", _first_week(env, weeks))],
            ["user_id", "next_stage_id"],
            ["entered:sum", "advanced:sum", "conversion_rate:avg", "target_rate:avg", "gap:avg"],
        )

    return read


def _board(weeks):
    def read(env):
        return env["crm.control.board"].get_board(draw.team(env).id, weeks=weeks)

    return read


def _contact_report(env):
    env["crm.contact.report"].formatted_read_group(
        [("team_id", "=", draw.team(env).id), ("week_start", ">=", _first_week(env, _LATELY))],
        ["user_id", "kind"],
        ["counted:sum", "norm:sum", "fulfilment:avg"],
    )


def _review(env):
    """Make a review, and take it back, so that it can be made again."""
    week = date.fromisoformat(_first_week(env, _REVIEWED))
    env["crm.weekly.review"].sudo()._make(draw.team(env).sudo(), env.company, week)
    env.flush_all()
    env.cr.rollback()


def _planner(env):
    env["crm.sales.planner"].get_plan(
        draw.team(env).id, target_kind="number", target=100, basis="actual"
    )


def _days(env, weeks=_WEEKS):
    return {
        "date_from": _first_week(env, weeks),
        "date_to": str(env.company._funnel_today()),
    }


def _first_week(env, weeks):
    today = env.company._funnel_today()
    return str(today - timedelta(days=today.weekday(), weeks=weeks - 1))


def _plain(*names, weeks=_WEEKS):
    """Plain SQL of the board's figures: of those named, or of all."""

    def read(env):
        figures = plain.figures(env, draw.team(env), _days(env, weeks))
        for name in names or figures:
            env.execute_query(figures[name])

    return read


def _plain_contacts(env):
    for query in plain.contacts(draw.team(env), _first_week(env, _LATELY)):
        env.execute_query(query)


def _from_chatter(period, *names):
    """SQL over the chatter of the board's figures: of those named, or of all.

    :param dict period: as :func:`plain.bounds` has it
    """

    def read(env):
        spam = env["crm.lost.reason"].search([("name", "=", draw.SPAM_REASON)])
        figures = chatter.figures(env, draw.team(env), draw.stages(env), spam, period)
        return [env.execute_query(figures[name]) for name in names or figures]

    return read
