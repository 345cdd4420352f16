"""Measuring one piece of work: processor time, elapsed time, queries and memory."""

import functools
import gc
import os
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import odoo
from odoo.modules.registry import Registry

# Through these two every change of a lead comes to the ledger; neither calls the other.
_LEDGER_METHODS = ("_note_changed", "_catch_up")
_TICKS = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """What a piece of work took.

    :param work: seconds that Python and the database's process were running; what other
        programs do on the machine does not enter into it
    :param own: seconds of ``work`` in which the addon kept its ledger, timed directly
    :param elapsed: seconds on the clock
    :param queries: statements sent to the database
    :param memory: MB that the process grew by at most
    """

    work: float
    own: float
    elapsed: float
    queries: int
    memory: float


class Figure(NamedTuple):
    """An operation with its costs in both databases, pair by pair."""

    operation: object
    pairs: list


class Side:
    """One of the two databases, as its users work in it."""

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
            begin = worked(self._backend)
            try:
                return method(*args, **kwargs)
            finally:
                self._own += worked(self._backend) - begin

        return timed

    def close(self):
        Registry.delete(self.name)
        odoo.sql_db.close_db(self.name)

    @contextmanager
    def transaction(self, login="admin"):
        """An environment like that of one request; its cost is in ``cost`` afterwards."""
        gc.collect()
        with self.registry.cursor() as cr:
            system = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
            user = system["res.users"].search([("login", "=", login)])
            env = odoo.api.Environment(cr, user.id, {})
            self._backend = backend = cr._cnx.info.backend_pid
            self._own = 0.0
            queries = cr.sql_log_count
            before = memory_from_here()
            elapsed, work = time.perf_counter(), worked(backend)
            yield env
            cr.commit()
            self.cost = Cost(
                worked(backend) - work,
                self._own,
                time.perf_counter() - elapsed,
                cr.sql_log_count - queries,
                peak_memory() - before,
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


def middle(costs, name):
    """The median of one of the figures of several costs."""
    return median(getattr(cost, name) for cost in costs)


def ratio(costs, others, name="work"):
    """The median of the ratios of what was done side by side."""
    return median(
        getattr(cost, name) / getattr(other, name)
        for cost, other in zip(costs, others, strict=True)
    )


def worked(backend):
    """Seconds for which this thread and a process of the database have been running."""
    return time.thread_time() + int(os.pread(_schedule(backend), 64, 0).split()[0]) / 1e9


@functools.cache
def _schedule(backend):
    """Kept open, as opening it would be felt in what is timed several times a transaction."""
    return os.open(f"/proc/{backend}/schedstat", os.O_RDONLY)


def worked_in_cluster(backend):
    """Seconds for which this process and all of the database have been running.

    :param backend: any process of the database
    """
    postmaster = _stat(backend)[1]
    processes = [stat for stat in map(_stat, _pids()) if stat and stat[1] == postmaster]
    ended = sum(_stat(postmaster)[13:15])
    living = sum(sum(stat[11:13]) for stat in processes)
    return time.process_time() + (ended + living) / _TICKS


def _pids():
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _stat(pid):
    """The numbers the system keeps of a process, from its state on; None once it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *numbers = text.rpartition(")")[2].split()
    return [state, *map(int, numbers)]


def memory_from_here():
    """Let the peak begin anew, and return the MB that the process holds now."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_memory()


def peak_memory():
    """MB that the process held at most since :func:`memory_from_here`."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("The system does not tell the memory of a process.")
