"""The nightly run over the client base: linear, within bounded memory, idempotent, resumable."""

import os
import signal
from typing import NamedTuple

import databases
import results
from apart import apart
from measure import memory_from_here, peak_memory, worked

import odoo
from odoo.modules.registry import Registry
from odoo.tools import SQL

PURCHASES = 5
# A run is killed after so many batches, and taken up again.
KILLED_AFTER = 30
# What a run writes of itself.
OWN_TABLES = ["crm_client_run"]
TITLE = "The nightly run over the clients"
INTRODUCTION = """Written by `make bench ARGS="--base"`: the run over a base of {half:,} and of
{whole:,} clients with {purchases} orders each, in a process of its own. *Growth* is the processor
time, of Odoo and of the database, over that of half the clients, by the number of clients: 1 is
linear. *Rows written* are those that the database itself counts, the note of the run left out. At
last every purchase is another one, and the run is killed (-9) after {killed} batches.

"""


class Run(NamedTuple):
    """One run, or the rest of one.

    :param work: seconds of processor time
    :param changes: clients it changed, by its own count
    :param memory: MB that the process grew by at most
    :param written: rows it wrote, by the database's count
    """

    work: float
    changes: int
    memory: float
    written: int


def run(name, options):
    """Go over a base of half the size and of the whole, each again with nothing changed.

    At last every purchase is another one, and the run is killed on the way.
    """
    half, whole = options.clients // 2, options.clients
    rows = [["run", "clients", "growth", "rows written", "memory, MB", "result"]]
    first = {}
    for count in (half, whole):
        with Registry(name).cursor() as cr:
            _fill(odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {}), count)
        databases.vacuum(name)
        first[count] = go_over(name)
        growth = first[count].work / first[half].work / (count / half)
        rows.append(_row("first", count, first[count], growth))
        rows.append(_row("again, nothing changed", count, go_over(name)))
    with Registry(name).cursor() as cr:
        cr.execute(SQL("UPDATE sale_order SET amount_untaxed = amount_untaxed + 1"))
    databases.vacuum(name)
    if apart(_go_over, name, KILLED_AFTER):
        raise SystemExit(f"the run was through before {KILLED_AFTER} batches")
    rows.append(_row("the rest, after -9", whole, go_over(name)))
    rows.append(_row("again, nothing changed", whole, go_over(name)))
    table = results.aligned(rows)
    print(table)
    if not options.dry:
        text = INTRODUCTION.format(half=half, whole=whole, purchases=PURCHASES, killed=KILLED_AFTER)
        results.keep(TITLE, text + table)


def lines(name):
    """Lines of the table: the first run over the clients that are there, and one over the same.

    The first opens no deals, whatever it sees; the one after it does, and is passed over.
    """
    nights = []
    for _night in range(3):
        # By day PostgreSQL does so by itself.
        databases.vacuum(name)
        nights.append(go_over(name))
    first, _signals, second = nights
    return [
        results.Line("nightly run over the clients", "", None, first.work, first.memory),
        results.Line(
            "the same, nothing changed",
            "",
            None,
            second.work,
            second.memory,
            remark=f"{second.written:,} rows written" if second.written else "",
            is_watched=True,
        ),
    ]


def _row(title, count, done, growth=None):
    if title.startswith("again"):
        verdict = "reached" if done.written == 0 else "missed: rows written"
    elif growth is not None:
        verdict = "reached" if growth <= results.LINEAR else "missed: growth"
    else:
        verdict = "reached" if done.changes else "missed: nothing was left"
    return [
        title,
        f"{count:,}",
        "" if growth is None else f"{growth:.2f}",
        f"{done.written:,}",
        f"{done.memory:.0f}",
        verdict,
    ]


def go_over(name):
    """Go over the whole base, or what is left of it, in a process of its own.

    :rtype: Run
    """
    answer = apart(_go_over, name)
    if answer is None:
        raise SystemExit("the nightly run failed")
    return Run(*answer)


def _fill(env, count):
    """Clients and their confirmed orders, in SQL, up to a count."""
    [[known, last_id]] = env.execute_query(
        SQL("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM res_partner WHERE ref = 'benchmark'")
    )
    # The foreign keys hold by the way the rows are made; checking each takes most of the time.
    env.cr.execute(SQL("SET LOCAL session_replication_role = replica"))
    env.cr.execute(
        SQL(
            """
            INSERT INTO res_partner (
                        name, complete_name, ref, active, is_company, type, autopost_bills
                        )
                 SELECT 'Client ' || n, 'Client ' || n, 'benchmark', TRUE, TRUE, 'contact', 'ask'
                   FROM generate_series(%(known)s + 1, %(count)s) n
            """,
            known=known,
            count=count,
        )
    )
    env.cr.execute(
        SQL(
            """
            UPDATE res_partner SET commercial_partner_id = id
             WHERE ref = 'benchmark' AND commercial_partner_id IS NULL
            """
        )
    )
    env.cr.execute(
        SQL(
            """
            INSERT INTO sale_order (
                        name, partner_id, partner_invoice_id, partner_shipping_id, company_id,
                        state, date_order, amount_untaxed, currency_rate
                        )
                 SELECT 'B', client.id, client.id, client.id, %(company)s, 'sale',
                        NOW() AT TIME ZONE 'UTC'
                        - (n * 30 + client.id %% 300) * INTERVAL '1 day',
                        100 + client.id %% 900, 1
                   FROM res_partner client
             CROSS JOIN generate_series(1, %(purchases)s) n
                  WHERE client.ref = 'benchmark'
                    AND client.id > %(after)s
            """,
            company=env.company.id,
            purchases=PURCHASES,
            after=last_id,
        )
    )


def _go_over(name, stop_after=None):
    """One run, committed batch by batch.

    :param stop_after: batches after which the process is killed
    :return: see :class:`Run`
    """
    with Registry(name).cursor() as cr:
        env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
        Run = env["crm.client.run"]
        mine = Run.search([("company_id", "=", env.company.id)])
        mine.filtered("finished_at").unlink()
        run = mine.exists() or Run.create(
            {"company_id": env.company.id, "day": env.company._funnel_today()}
        )
        backend = cr._cnx.info.backend_pid
        before, work, written = memory_from_here(), 0, 0
        begin = worked(backend)
        for number, _batch in enumerate(run._batches(), 1):
            work += worked(backend) - begin
            written += _rows_written(cr)
            cr.commit()
            if number == stop_after:
                os.kill(os.getpid(), signal.SIGKILL)
            begin = worked(backend)
        return work, run.clients_written, peak_memory() - before, written


def _rows_written(cr):
    """Rows that this transaction inserted, updated or deleted, by the database's own count."""
    cr.execute(
        SQL(
            """
            SELECT SUM(n_tup_ins + n_tup_upd + n_tup_del)::bigint, pg_stat_force_next_flush()
              FROM pg_stat_xact_user_tables
             WHERE relname <> ALL(%s)
            """,
            OWN_TABLES,
        )
    )
    return cr.fetchone()[0]
