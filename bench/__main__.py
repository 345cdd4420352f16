"""What the addon costs, as ratios against stock Odoo and plain SQL of the same run.

``ODOO_RC`` names the configuration of a database with stock addons only. A copy of it is filled
with opportunities, copied again, and the addon is installed in that copy, which fills its ledger
from the chatter. Then everything is done in turns: in both, or beside plain SQL. The ratios are
printed as one table, and kept in ``RESULTS.md``. With ``--full`` among 100,000 opportunities and
then among 1,000,000, with how everything grows. ``--base`` measures the nightly run over the
clients by itself, ``--life`` what installing, updating and uninstalling take.
"""

import argparse
import os
import sys

import backfill
import clients
import databases
import draw
import life
import operations
import reads
import results
import supply
import usage
from measure import Side, paired

from odoo.tools import config

QUICK = (100_000,)
FULL = (100_000, 1_000_000)
PARTS = ("backfill", "moves", "reads", "nightly")
TITLE = "What the addon costs"
INTRODUCTION = """Written by `make bench{arguments}`: the same work on stock Odoo 19 and with the
addon, or beside plain SQL, in turns, among so many opportunities of one team of {people} in
{years} years, with all that Odoo keeps of them. The figures under a number of opportunities are
ratios of processor time, of Odoo and of the database together, each statement on one processor:
medians of pairs. Of an operation the keeping of the ledger is judged: the whole transaction over
all of it but that; *whole* compares whole transactions of the two databases, which waver by a tenth
where pairs are few. *Queries* are those of one transaction, without and with the addon; *memory* is
what the process grew by at most, at each number of opportunities. *Growth* is the time among the
most opportunities over that among the fewest, divided by how many times more they are: 1 is linear,
less is better. PostgreSQL compiles statements (JIT) as it does by default; but not the plain SQL,
which would be slower. On the ledger it counts, without rules or verdicts, what the screen shows;
over the chatter it has covering indexes of its own, and must come to the same entries and passages
by manager and transition.

"""


def main():
    options = _options()
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=warn"])
    [pristine] = config["db_name"]
    if options.base:
        _over_clients(pristine, options)
    elif options.life:
        life.run(pristine, options)
    else:
        _compare(pristine, options)
    return 0


def _over_clients(pristine, options):
    name = f"{pristine}_base"
    if not options.reuse:
        databases.copy(pristine, name)
        databases.install(name)
    clients.run(name, options)
    if not options.keep:
        databases.drop(name)


def _compare(pristine, options):
    table = results.Table(options.sizes)
    stock, addon = f"{pristine}_stock", f"{pristine}_addon"
    for size in options.sizes:
        for part in _measured(pristine, stock, addon, size, options):
            table.add(size, part)
        if not options.keep:
            databases.drop(stock)
            databases.drop(addon)
    text = results.aligned(table.rows())
    print(text)
    if not (options.dry or options.reuse) and set(options.only) == set(PARTS):
        introduction = INTRODUCTION.format(
            arguments=_arguments(options.sizes),
            people=draw.SALESPEOPLE,
            years=draw.YEARS,
        )
        results.keep(TITLE, introduction + text)


def _arguments(sizes):
    """What is given to `make bench` for these sizes."""
    if sizes == QUICK:
        return ""
    return ' ARGS="--full"' if sizes == FULL else f' ARGS="--sizes {",".join(map(str, sizes))}"'


def _measured(pristine, stock, addon, size, options):
    """Yield the lines of each part, among so many opportunities."""
    if not options.reuse:
        _tell(f"drawing {size:,} opportunities")
        databases.copy(pristine, stock)
        draw.fill(stock, size)
        databases.copy(stock, addon)
        _tell("installing the addon")
        filled = backfill.install(addon)
        if "backfill" in options.only:
            yield [filled.line()]
        usage.fill(addon)
    sides = [Side(stock), Side(addon)]
    if "moves" in options.only:
        yield _operations(sides)
    if "reads" in options.only:
        _tell("reading")
        yield reads.measured(sides)
    for side in sides:
        side.close()
    if "nightly" in options.only:
        _tell("going over the clients")
        yield clients.lines(addon)


def _operations(sides):
    leads = operations.Supply(supply.lead_ids(sides[0].name))
    for operation in operations.ALL:
        paired(operation.small(), sides, leads)
    lines = []
    for operation in operations.ALL:
        _tell(f"{operation.title}: {operation.times} times in each")
        lines.append(results.Line.of_operation(paired(operation, sides, leads)))
    return lines


def _tell(what):
    print(f"{what} …", file=sys.stderr, flush=True)


def _options():
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="among 1,000,000 opportunities, too")
    parser.add_argument("--base", action="store_true", help="measure the nightly run by itself")
    parser.add_argument("--life", action="store_true", help="install, update, uninstall instead")
    parser.add_argument(
        "--sizes",
        type=lambda text: tuple(sorted(map(int, text.split(",")))),
        help="numbers of opportunities, instead of those of --full or its absence",
    )
    parser.add_argument(
        "--clients", type=int, default=200_000, help="for --base, with five orders each"
    )
    parser.add_argument(
        "--only",
        type=lambda text: tuple(text.split(",")),
        default=PARTS,
        help=f"some parts of {','.join(PARTS)}; RESULTS.md stays as it is then",
    )
    parser.add_argument("--keep", action="store_true", help="keep the databases")
    parser.add_argument("--reuse", action="store_true", help="use what --keep left, leads and all")
    parser.add_argument("--dry", action="store_true", help="leave RESULTS.md as it is")
    options = parser.parse_args()
    if unknown := set(options.only) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    options.sizes = options.sizes or (FULL if options.full or options.life else QUICK)
    return options


if __name__ == "__main__":
    sys.exit(main())
