"""The databases: stock Odoo as it comes, the same full of leads, and its copy with the addon."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager

import odoo
from odoo.modules.registry import Registry
from odoo.tools import SQL

ADDON = "sales_funnel_control"


def check_stock(env):
    """Stop where the addon is there already: what it costs could not be told."""
    module = env["ir.module.module"].search([("name", "=", ADDON)])
    if module.state not in (False, "uninstalled"):
        sys.exit(f"error: {env.cr.dbname} must be a database without {ADDON}")


@contextmanager
def unindexed(cr, *tables):
    """Do without the indexes of tables meanwhile, but for unique ones: it fills them faster."""
    cr.execute(
        SQL(
            """
            SELECT kind.oid::regclass::text, pg_get_indexdef(kind.oid)
              FROM pg_index entry
              JOIN pg_class kind ON kind.oid = entry.indexrelid
             WHERE entry.indrelid = ANY(%s::regclass[])
               AND NOT entry.indisunique
            """,
            list(tables),
        )
    )
    indexes = cr.fetchall()
    for name, _definition in indexes:
        cr.execute(SQL("DROP INDEX %s", SQL.identifier(name.strip('"'))))
    yield
    for _name, definition in indexes:
        # PostgreSQL wrote it itself.
        cr.execute(definition)


def copy(source, target):
    """Make ``target`` anew as a copy of ``source``.

    Its queries run in one process each, so that the processor time of a query is that of the
    process that answers it.
    """
    close(source)
    drop(target)
    subprocess.run(["createdb", "--template", source, target], check=True)
    setting = f'ALTER DATABASE "{target}" SET max_parallel_workers_per_gather = 0'
    subprocess.run(["psql", "--quiet", "--command", setting, target], check=True)
    files = odoo.tools.config.filestore
    shutil.copytree(files(source), files(target), copy_function=os.link)


def without_demo(name):
    """Let the addon be installed without its demo data.

    With more teams and stages Odoo's own queries would be others.
    """
    with odoo.sql_db.db_connect(name).cursor() as cr:
        cr.execute("UPDATE ir_module_module SET demo = FALSE")
    close(name)


def install(name):
    """Install the addon, which fills its ledger from the leads that are there."""
    without_demo(name)
    command = (sys.executable, "-m", "odoo", "-c", os.environ["ODOO_RC"], "-d", name)
    switches = ("-i", ADDON, "--stop-after-init", "--no-http", "--log-level=warn")
    subprocess.run([*command, *switches], check=True)
    vacuum(name)


def drop(name):
    close(name)
    subprocess.run(
        ["dropdb", "--if-exists", "--force", name], check=True, stderr=subprocess.DEVNULL
    )
    shutil.rmtree(odoo.tools.config.filestore(name), ignore_errors=True)


def close(name):
    Registry.delete(name)
    odoo.sql_db.close_db(name)


def vacuum(name):
    subprocess.run(["vacuumdb", "--analyze", "--quiet", name], check=True)
