"""Measuring one piece of work: processor time, elapsed time and queries."""

import gc
import time
from contextlib import contextmanager
from typing import NamedTuple

import odoo
from odoo.modules.registry import Registry


class Cost(NamedTuple):
    """What a piece of work took.

    :param work: seconds that Python and the database's process were running; what other
        programs do on the machine does not enter into it
    :param elapsed: seconds on the clock
    :param queries: statements sent to the database
    """

    work: float
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
            backend = cr._cnx.info.backend_pid
            queries = cr.sql_log_count
            elapsed, work = time.perf_counter(), _worked(backend)
            yield env
            cr.commit()
            self.cost = Cost(
                _worked(backend) - work,
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
