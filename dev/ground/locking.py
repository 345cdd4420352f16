"""Locks that keep two runs from trampling on each other; the kernel drops them with their owner."""

import fcntl
from contextlib import contextmanager

from .paths import CACHE, LOCKS
from .report import Problem, note


def cache_lock():
    """Held while something is put into the cache that checkouts share."""
    return _lock(CACHE / "lock", "another run fills the cache")


def state_lock(name, wait=True):
    """Held while `name` of this checkout (cluster, server, a database) changes."""
    return _lock(LOCKS / f"{name}.lock", f"another run is busy with the {name}", wait)


@contextmanager
def in_use(name):
    """Share `name` with other runs; yields a function that tells whether we are the last."""
    with (LOCKS / f"{name} users.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)

        def is_last():
            # From here on newcomers wait until the block has ended.
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        yield is_last


@contextmanager
def _lock(path, busy, wait=True):
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise Problem(f"{busy}; try again when it has ended") from None
            note(f"  {busy}, waiting for it …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
