"""What the user sees: steps with their time, and errors in one line."""

import sys
import threading
import time
from contextlib import contextmanager

# On a pipe a long step says that it is alive this often (seconds).
HEARTBEAT = 60


class Problem(Exception):
    """Something that stops us and that the user can act on, said in one line."""


def say(text=""):
    print(text, flush=True)


def note(text):
    """Say something that is not part of a command's result."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(title):
    """Show `title` while the block runs, and how long it took."""
    started = time.monotonic()
    finished = threading.Event()
    ticker = threading.Thread(target=_tick, args=(title, started, finished), daemon=True)
    ticker.start()
    try:
        yield
    except BaseException:
        _close(ticker, finished, f"✗ {title}")
        raise
    _close(ticker, finished, f"✓ {title} ({_elapsed(started)})")


def _tick(title, started, finished):
    live = sys.stderr.isatty()
    if not live:
        note(f"… {title}")
    while True:
        if live:
            sys.stderr.write(f"\r\033[K… {title} ({_elapsed(started)})")
            sys.stderr.flush()
        if finished.wait(1 if live else HEARTBEAT):
            return
        if not live:
            note(f"  still at it after {_elapsed(started)}")


def _close(ticker, finished, line):
    finished.set()
    ticker.join()
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    note(line)


def _elapsed(started):
    seconds = int(time.monotonic() - started)
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
