"""Folders that are either whole or absent, however a run that made them ended."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def made_whole(target):
    """Yield an empty folder that takes `target`'s name only if the block succeeds."""
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target)
    draft = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent))
    draft.chmod(0o755)
    try:
        yield draft
        remove(target)
        draft.rename(target)
    finally:
        remove(draft)


def sweep(target):
    """Remove what an interrupted run left of `target`; call it under the lock of its maker."""
    for leftover in target.parent.glob(f"{target.name}.*.part"):
        # A killed run may have left a child that still writes there.
        shutil.rmtree(leftover, ignore_errors=True)


def remove(folder):
    if os.path.lexists(folder):
        shutil.rmtree(folder)
