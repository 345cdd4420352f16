"""The installation's backfill of the ledger, against the bare INSERT … SELECT of the same rows."""

from typing import NamedTuple

import databases
from apart import apart
from measure import memory_from_here, peak_memory, worked
from results import Line, at_most

import odoo
from odoo.modules.module import initialize_sys_path
from odoo.modules.registry import Registry
from odoo.tools import SQL

# What the backfill writes: the table, and the column that names the lead.
_TABLES = ("crm_lead_stage_history", "crm_lead_refusal")
# By then every batch has been as large as any.
_FIRST_BATCHES = 3
# Memory is constant that grows by no more MB than this after the first batches.
_CONSTANT = 16


class Backfill(NamedTuple):
    """What the backfill took, and what the bare insertion of its rows.

    :param work: seconds, of Odoo and of the database
    :param bare: seconds
    :param memory: MB that the process grew by at most
    :param early_memory: the same in the first batches
    """

    work: float
    bare: float
    memory: float
    early_memory: float

    def line(self):
        """The line of the table: twice the bare insertion may it take, in constant memory."""
        is_constant = self.memory <= self.early_memory + _CONSTANT
        return Line(
            "backfill of the ledger",
            "the bare INSERT … SELECT",
            self.work / self.bare,
            self.work,
            self.memory,
            at_most(2),
            remark="" if is_constant else "memory",
        )


def install(name):
    """Install the addon in a database, and measure the backfill that this comes with."""
    databases.without_demo(name)
    answer = apart(_install, name)
    if answer is None:
        raise SystemExit("the installation failed")
    batches, times, memory, early = answer
    databases.vacuum(name)
    # All of them: the indexes grow with the rows.
    return Backfill(sum(times), apart(_insert_bare, name, batches), memory, early)


def _install(name):
    """Install the addon with a clock on the backfill.

    :return: the batches of leads, the seconds of each, peak memory in MB: of all, of the first
    """
    initialize_sys_path()
    # Imported, the addon's classes can be watched before a registry is made of them.
    from odoo.addons.sales_funnel_control.models import (
        crm_lead_stage_history_backfill as module,
    )

    Ledger = module.CrmLeadStageHistory
    backfill = Ledger._backfill
    batches, times, peaks = [], [], []
    before = []

    def timed(self, lead_ids):
        if not before:
            before.append(memory_from_here())
        backend = self.env.cr._cnx.info.backend_pid
        begin = worked(backend)
        backfill(self, lead_ids)
        self.env.flush_all()
        times.append(worked(backend) - begin)
        peaks.append(peak_memory() - before[0])
        batches.append((lead_ids[0], lead_ids[-1]))

    Ledger._backfill = timed
    Registry.new(name, update_module=True, install_modules=[databases.ADDON])
    return batches, times, peaks[-1], peaks[:_FIRST_BATCHES][-1]


def _insert_bare(name, batches):
    """Insert the same rows, batch by batch, into tables that are made like the backfill's.

    :return: seconds
    """
    with odoo.sql_db.db_connect(name).cursor() as cr:
        backend = cr._cnx.info.backend_pid
        for table in _TABLES:
            _make_twin(cr, table)
        begin = worked(backend)
        for first, last in batches:
            for table in _TABLES:
                cr.execute(
                    SQL(
                        "INSERT INTO %s SELECT * FROM %s WHERE lead_id BETWEEN %s AND %s"
                        " AND is_reconstructed",
                        SQL.identifier(f"bench_{table}"),
                        SQL.identifier(table),
                        first,
                        last,
                    )
                )
        work = worked(backend) - begin
        cr.rollback()
    return work


def _make_twin(cr, table):
    """An empty table with the same indexes, constraints and foreign keys."""
    twin = SQL.identifier(f"bench_{table}")
    cr.execute(SQL("CREATE TABLE %s (LIKE %s INCLUDING ALL)", twin, SQL.identifier(table)))
    cr.execute(
        SQL(
            """
            SELECT pg_get_constraintdef(oid)
              FROM pg_constraint
             WHERE conrelid = %s::regclass AND contype = 'f'
            """,
            table,
        )
    )
    for (definition,) in cr.fetchall():
        cr.execute(SQL("ALTER TABLE %s ADD %s", twin, SQL(definition)))
