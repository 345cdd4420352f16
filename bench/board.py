"""What the control board takes, over the plain SQL of the same figure on the same ledger."""

import sys
import threading
from contextlib import contextmanager
from typing import NamedTuple

import databases
import ledger
import plain
import results
from measure import Side

from odoo.tools import config

_TIMES = 15
_COLD_TIMES = 5
# Only the statement that counts the entries reads this column.
_MAIN = "reached_next"


class Period(NamedTuple):
    """What the board is asked for.

    :param weeks: so many, today's included
    """

    title: str
    weeks: int


PERIODS = (Period("two years", 52 * ledger.YEARS + 1), Period("the last 13 weeks", 13))


class Reading(NamedTuple):
    """One reading of the board with the plain SQL done beside it, in seconds.

    :param board: the whole of ``get_board``
    :param main: its main statement alone
    :param plain: the plain SQL of what the main statement counts
    :param everything: the plain SQL of all the board's figures, that one among them
    :param statements: how many statements the board sent
    """

    board: float
    main: float
    plain: float
    everything: float
    statements: int


def run(options):
    """Fill a database, measure in it, and keep the ratios in RESULTS.md."""
    [name] = config["db_name"]
    if not options.reuse:
        databases.install(name)
        ledger.fill(name, options.opportunities)
        databases.vacuum(name)
    side = Side(name)
    rows = []
    for period in PERIODS:
        print(f"the board of {period.title} …", file=sys.stderr)
        rows += _measured(side, period)
    with side.transaction() as env:
        sizes = ledger.sizes(env)
    side.close()
    print(results.board_table(rows))
    if not options.dry:
        results.keep_board(rows, *sizes)
    if not options.keep:
        databases.drop(name)


def _measured(side, period):
    """The rows of a period: with warm caches, and as the first reader of the day has it."""
    with side.transaction() as env:
        team = ledger.team(env)
        board = env["crm.control.board"].get_board(team.id, weeks=period.weeks)
        figures = plain.figures(env, team, board["period"])
        _check_same(board, env.execute_query(figures[0]))
    warm = [_read(side, period, team.id, figures) for _turn in range(_TIMES)]
    cold = []
    for _turn in range(_COLD_TIMES):
        side.registry.clear_cache()
        cold.append(_read(side, period, team.id, figures))
    return [
        results.BoardRow(period.title, warm, goal=1.5),
        results.BoardRow(f"{period.title}, first of the day", cold),
    ]


def _read(side, period, team_id, figures):
    """Read the board, then the plain SQL, each in a transaction of its own."""
    with side.transaction() as env, _statements() as statements:
        env["crm.control.board"].get_board(team_id, weeks=period.weeks)
    board = side.cost.elapsed
    elapsed = []
    for figure in figures:
        with side.transaction() as env:
            env.execute_query(figure)
        elapsed.append(side.cost.elapsed)
    main = sum(delay for query, delay in statements if _MAIN in query)
    return Reading(board, main, elapsed[0], sum(elapsed), len(statements))


@contextmanager
def _statements():
    """Collect the statements sent meanwhile, each with its seconds."""
    statements = []
    thread = threading.current_thread()
    thread.query_hooks = [
        lambda _cr, query, _params, _start, delay: statements.append((query, delay))
    ]
    try:
        yield statements
    finally:
        del thread.query_hooks


def _check_same(board, figure):
    """The plain SQL is of use only where it counts what the board counts."""
    on_board = sum(cell["entered"] + cell["young_entered"] for cell in board["cells"])
    by_hand = sum(entered for _user, _stage, entered, *_rest in figure)
    if on_board != by_hand:
        sys.exit(f"error: {on_board:,} entries on the board, {by_hand:,} by the plain SQL")
