"""The nightly run over the client base: linear, within bounded memory, idempotent, resumable."""

import os
import resource
import signal
import sys
import time
from ast import literal_eval

import databases

import odoo
from odoo.modules.registry import Registry
from odoo.tools import SQL, config

PURCHASES = 5
# A run is killed after so many batches, and taken up again.
KILLED_AFTER = 30
# What a run writes of itself.
OWN_TABLES = ["crm_client_run"]


def run(options):
    """Go over a base of half the size and of the whole, each again with nothing changed.

    At last every purchase is another one, and the run is killed on the way.
    """
    [name] = config["db_name"]
    if not options.reuse:
        databases.install(name)
    seconds = {}
    for count in (options.clients // 2, options.clients):
        with Registry(name).cursor() as cr:
            _fill(odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {}), count)
        databases.vacuum(name)
        seconds[count] = _report(name, "first", count)
        _report(name, "second", count)
    half, whole = seconds.values()
    print(f"twice the clients take {whole / half:.2f} times as long", file=sys.stderr)
    with Registry(name).cursor() as cr:
        cr.execute(SQL("UPDATE sale_order SET amount_untaxed = amount_untaxed + 1"))
    databases.vacuum(name)
    if _go_over(name, KILLED_AFTER):
        raise SystemExit(f"the run was through before {KILLED_AFTER} batches")
    _report(name, "resumed", options.clients)
    _report(name, "second", options.clients)
    if not options.keep:
        databases.drop(name)


def _report(name, title, count):
    """Go over the base and print what it took.

    :return: seconds
    """
    before = _tuples(name)
    answer = _go_over(name)
    if not answer:
        raise SystemExit(f"the {title} run over {count} clients failed")
    seconds, written, memory = answer
    print(
        f"{count:>9,} clients, {count * PURCHASES:>9,} orders, {title:>7} run: "
        f"{seconds:7.1f} s, {written:>9,} changes, {_tuples(name) - before:>9,} rows written, "
        f"{memory:5.0f} MB",
        file=sys.stderr,
    )
    return seconds


def _tuples(name):
    """Rows that were ever inserted, updated or deleted, by the database's own count."""
    with Registry(name).cursor() as cr:
        cr.execute(
            SQL(
                """
                SELECT SUM(n_tup_ins + n_tup_upd + n_tup_del)::bigint
                  FROM pg_stat_user_tables
                 WHERE relname <> ALL(%s)
                """,
                OWN_TABLES,
            )
        )
        return cr.fetchone()[0]


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
    """One run, or the rest of one, in a process of its own, committed batch by batch.

    :param stop_after: batches after which the process is killed
    :return: seconds, changes the run counts, peak memory in MB; None where it did not come through
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        try:
            answer = _in_child(name, stop_after)
            os.write(writer, repr(answer).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    return literal_eval(answer) if answer else None


def _in_child(name, stop_after):
    odoo.sql_db.close_all()
    with Registry(name).cursor() as cr:
        env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
        Run = env["crm.client.run"]
        mine = Run.search([("company_id", "=", env.company.id)])
        mine.filtered("finished_at").unlink()
        run = mine.exists() or Run.create(
            {"company_id": env.company.id, "day": env.company._funnel_today()}
        )
        start = time.perf_counter()
        for number, _batch in enumerate(run._batches(), 1):
            cr.commit()
            if number == stop_after:
                os.kill(os.getpid(), signal.SIGKILL)
        seconds = time.perf_counter() - start
        # The database counts what a transaction wrote when the session has been idle, or ends.
        cr.execute(SQL("SELECT pg_stat_force_next_flush()"))
        cr.commit()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return round(seconds, 1), run.clients_written, round(memory)
