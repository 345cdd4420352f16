"""What the addon costs: the same work on stock Odoo and with the addon, side by side.

``ODOO_RC`` names the configuration of a database with stock addons only. It is filled with
leads, copied, and the addon is installed in the copy; then every operation is done in turns in
both, on the same leads. With ``--board`` the addon is installed in the database itself, its
ledger is filled, and the control board is compared with plain SQL. With ``--base`` the nightly run
over the client base is timed there, for half the clients and for all of them. The figures are
printed, and ratios kept in ``RESULTS.md``.
"""

import argparse
import os
import sys

import board
import clients
import databases
import operations
import results
from measure import Side, paired

from odoo.tools import config


def main():
    options = _options()
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=warn"])
    if options.board:
        board.run(options)
    elif options.base:
        clients.run(options)
    else:
        _compare(options)
    return 0


def _compare(options):
    [stock] = config["db_name"]
    addon = f"{stock}_addon"
    if not options.reuse:
        databases.fill(stock, options.leads)
        databases.copy(stock, addon)
        databases.install(addon)
    sides = [Side(stock), Side(addon)]
    leads = operations.Supply(databases.lead_ids(stock))
    for operation in operations.ALL:
        paired(operation.small(), sides, leads)
    rows = []
    for operation in operations.ALL:
        print(f"{operation.title}: {operation.times} times in each …", file=sys.stderr)
        rows.append(results.Row(paired(operation, sides, leads)))
        print(f"  {rows[-1]}", file=sys.stderr)
    for side in sides:
        side.close()
    print(results.table(rows))
    if not options.dry:
        results.keep(rows, options.leads)
    if not options.keep:
        databases.drop(addon)


def _options():
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--leads", type=int, default=20_000, help="leads in the background")
    parser.add_argument("--board", action="store_true", help="measure the control board instead")
    parser.add_argument("--base", action="store_true", help="measure the nightly run instead")
    parser.add_argument(
        "--clients", type=int, default=200_000, help="in the base, with five orders each"
    )
    parser.add_argument(
        "--opportunities", type=int, default=1_000_000, help="on the board, over two years"
    )
    parser.add_argument("--keep", action="store_true", help="keep the database with the addon")
    parser.add_argument("--reuse", action="store_true", help="use what --keep left, leads and all")
    parser.add_argument("--dry", action="store_true", help="leave RESULTS.md as it is")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
