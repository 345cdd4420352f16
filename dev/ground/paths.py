"""Where things lie: downloads in a cache, what runs in a state folder of this checkout."""

import hashlib
import os
import shutil
from pathlib import Path

from .report import Problem

NAME = "sales-funnel-control"
ADDON = "sales_funnel_control"

DEV = Path(__file__).resolve().parents[1]
CHECKOUT = DEV.parent
ADDON_FOLDER = CHECKOUT / ADDON

IS_ROOT = os.geteuid() == 0


def _base(override, xdg, for_root, for_user):
    """Our folder in the one that `override` names, or the system's for root, or the user's."""
    named = os.environ.get(override)
    if named:
        return Path(named).absolute() / NAME
    if IS_ROOT:
        # PostgreSQL runs as another user then, which cannot enter root's home.
        return Path(for_root, NAME)
    return Path(os.environ.get(xdg) or Path.home() / for_user, NAME)


def _checkout_key():
    digest = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]
    return f"{CHECKOUT.name}-{digest}"


CACHE = _base("SFC_CACHE_DIR", "XDG_CACHE_HOME", "/var/cache", ".cache")
STATE_BASE = _base("SFC_STATE_DIR", "XDG_STATE_HOME", "/var/lib", ".local/state")
STATE = STATE_BASE / _checkout_key()
LOGS = STATE / "log"
LOCKS = STATE / "locks"


def make_folders():
    for folder in (CACHE, STATE, LOGS, LOCKS):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Problem(f"cannot make {folder}: {error.strerror}") from error


def need_space(folder, megabytes, purpose):
    """Stop before a step that would fill the disk."""
    free = shutil.disk_usage(folder).free // 2**20
    if free < megabytes:
        raise Problem(f"{purpose} needs {megabytes} MB in {folder}, which has {free} MB free")


def log_file(name):
    return LOGS / f"{name}.log"
