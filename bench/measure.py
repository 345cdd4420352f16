"""Measuring one piece of work: processor time, elapsed time and queries."""

import functools
import gc
import time
from contextlib import contextmanager
from typing import NamedTuple

import odoo
from odoo.modules.registry import Registry

# Through these two every change of a lead comes to the ledger; neither calls the other.
_LEDGER_METHODS = ("_note_changed", "_catch_up")


class Cost(NamedTuple):
    """What a piece of work took.

    :param work: seconds that Python and the database's process were running; what other
        programs do on the machine does not enter into it
    :param own: seconds of ``work`` in which the addon kept its ledger, timed directly
    :param elapsed: seconds on the clock
    :param queries: statements sent to the database
    """

    work: float
    own: float
    elapsed: float
    queries: int


class Figure(NamedTuple):
    """An operation with its costs in both databases, pair by pair."""

    operation: object
    pairs: list


class Side:
    """One of the two databases, as the administrator uses it."""

    def __init__(self, name):
        self.name = name
        self.registry = Registry(name)
        self.cost = None
        self._own = 0.0
        self._backend = None
        if "crm.lead.stage.history" in self.registry:
            ledger = self.registry["crm.lead.stage.history"]
            for method in _LEDGER_METHODS:
                setattr(ledger, method, self._timed(getattr(ledger, method)))

    def _timed(self, method):
        @functools.wraps(method)
        def timed(*args, **kwargs):
            begin = _worked(self._backend)
            try:
                return method(*args, **kwargs)
            finally:
                self._own += _worked(self._backend) - begin

        return timed

    def close(self):
        Registry.delete(self.name)
        odoo.sql_db.close_db(self.name)

    @contextmanager
    def transaction(self):
        """An environment like that of one request; its cost is in ``cost`` afterwards."""
        gc.collect()
        with self.registry.cursor() as cr:
            admin = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {}).ref("base.user_admin")
            env = odoo.api.Environment(cr, admin.id, {})
            self._backend = backend = cr._cnx.info.backend_pid
            self._own = 0.0
            queries = cr.sql_log_count
            elapsed, work = time.perf_counter(), _worked(backend)
            yield env
            cr.commit()
            self.cost = Cost(
                _worked(backend) - work,
                self._own,
                time.perf_counter() - elapsed,
                cr.sql_log_count - queries,
            )


def paired(operation, sides, supply):
    """Do an operation on the same leads in both databases, each going first in turn."""
    gc.collect()
    gc.freeze()
    pairs = []
    for turn in range(operation.times):
        leads = supply.take(operation.leads)
        costs = {}
        for side in sides if turn % 2 else sides[::-1]:
            with side.transaction() as env:
                operation.run(env, leads, operation.size)
            costs[side.name] = side.cost
        pairs.append([costs[side.name] for side in sides])
    return Figure(operation, pairs)


def _worked(backend):
    """Seconds for which this thread and a process of the database have been running."""
    with open(f"/proc/{backend}/schedstat") as stat:
        return time.thread_time() + int(stat.read().split()[0]) / 1e9
