"""What the user sees: steps with their time, and errors in one line."""

import sys
import threading
import time
from contextlib import contextmanager

# On a pipe a long step says that it is alive this often (seconds).
HEARTBEAT = 60


# The steps under way; only the innermost shows that it is alive.
_under_way = []


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
    _under_way.append(ticker)
    ticker.start()
    mark = "✗"
    try:
        yield
        mark = "✓"
    finally:
        _under_way.remove(ticker)
        finished.set()
        ticker.join()
        if sys.stderr.isatty():
            _draw("")
        note(f"{mark} {title} ({_elapsed(started)})")


def _tick(title, started, finished):
    live = sys.stderr.isatty()
    show = _draw if live else note
    show(f"… {title}")
    while not finished.wait(1 if live else HEARTBEAT):
        if _under_way[-1:] == [threading.current_thread()]:
            show(f"… {title} ({_elapsed(started)})" if live else f"  {_elapsed(started)} so far")


def _draw(line):
    """Write `line` over the terminal's current one."""
    sys.stderr.write(f"\r\033[K{line}")
    sys.stderr.flush()


def _elapsed(started):
    seconds = int(time.monotonic() - started)
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"


def aligned(header, *rows):
    """A table that reads well in a terminal and as Markdown."""
    lines = [list(map(str, line)) for line in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    )
