"""Stopping what runs, and removing what the commands made outside the checkout."""

from . import server
from .folders import remove
from .locking import state_lock
from .paths import CACHE, STATE, STATE_BASE
from .postgres import Cluster
from .report import note, say


def stop():
    """Stop the servers and the clusters of this checkout."""
    stopped = server.stop_all()
    for stamp in STATE.glob("*/data/PG_VERSION"):
        cluster = Cluster(stamp.parents[1].name)
        if cluster.pid():
            cluster.stop()
            stopped.append("PostgreSQL" if cluster.is_main else f"PostgreSQL ({cluster.name})")
    say(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")


def clean(keep_cache=False):
    """Stop everything; remove this checkout's state, and the cache if no other checkout uses it."""
    with state_lock("test run", wait=False):
        stop()
        remove(Cluster().socket)
        remove(STATE)
    if keep_cache:
        return
    others = [folder.name for folder in STATE_BASE.iterdir() if folder.is_dir()]
    if others:
        note(f"kept {CACHE}: {', '.join(others)} may use it")
        return
    remove(CACHE)
    remove(STATE_BASE)
