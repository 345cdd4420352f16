"""The nightly run over the client base: linear, within bounded memory, idempotent."""

import os
import resource
import sys
import time

import databases

import odoo
from odoo.modules.registry import Registry
from odoo.tools import SQL, config

PURCHASES = 5


def run(options):
    """Go over a base of half the size and of the whole, then again with nothing changed."""
    [name] = config["db_name"]
    if not options.reuse:
        databases.install(name)
    rows = []
    for clients in (options.clients // 2, options.clients):
        with Registry(name).cursor() as cr:
            env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
            _fill(env, clients)
        databases.vacuum(name)
        for title in ("first", "second"):
            seconds, written, memory = _go_over(name)
            rows.append((clients, title, seconds, written, memory))
            print(
                f"{clients:>9,} clients, {clients * PURCHASES:>9,} orders, {title:>6} run: "
                f"{seconds:7.1f} s, {written:>9,} rows written, {memory:5.0f} MB",
                file=sys.stderr,
            )
    (_n, _t, half, *_rest), (_n, _t, whole, *_rest) = rows[0], rows[2]
    print(f"twice the clients take {whole / half:.2f} times as long", file=sys.stderr)
    if not options.keep:
        databases.drop(name)
    return rows


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


def _go_over(name):
    """One run from its beginning, in a process of its own, committed batch by batch.

    :return: seconds, rows of the client base written, peak memory in MB
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        try:
            answer = _in_child(name)
            os.write(writer, repr(answer).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        seconds, written, memory = answer.read().strip("()").split(", ")
    os.waitpid(pid, 0)
    return float(seconds), int(written), float(memory)


def _in_child(name):
    odoo.sql_db.close_all()
    with Registry(name).cursor() as cr:
        env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
        run = env["crm.client.run"].search([("company_id", "=", env.company.id)], limit=1)
        run.unlink()
        today = env.company._funnel_today()
        run = env["crm.client.run"].create({"company_id": env.company.id, "day": today})
        start = time.perf_counter()
        for _batch in run._batches():
            cr.commit()
        seconds = time.perf_counter() - start
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return seconds, run.clients_written, memory
