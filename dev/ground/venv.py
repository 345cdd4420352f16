"""The virtual environment Odoo runs in, one for each Python and set of requirements."""

import hashlib
import importlib.util
import sys
from pathlib import Path

from . import debian, process
from .folders import made_whole, remove
from .locking import cache_lock
from .paths import CACHE, DEV, need_space
from .report import step

REQUIREMENTS = DEV / "requirements.txt"
NEEDED_MB = 800


class Venv:
    def __init__(self, folder):
        self.folder = folder

    @property
    def python(self):
        return self.folder / "bin" / "python"

    @property
    def stamp(self):
        """Written last: a folder without it was left half-finished. A venv cannot be renamed."""
        return self.folder / ".complete"

    def tool(self, name):
        return self.folder / "bin" / name


def get():
    """Return the virtual environment, making it first where needed."""
    venv = Venv(CACHE / f"venv-{_key()}")
    if not venv.stamp.exists():
        with cache_lock():
            if not venv.stamp.exists():
                _make(venv)
    return venv


def _key():
    digest = hashlib.sha256(REQUIREMENTS.read_bytes())
    digest.update(f"{sys.version}{sys.base_prefix}".encode())
    return f"py{sys.version_info.major}.{sys.version_info.minor}-{digest.hexdigest()[:10]}"


def _make(venv):
    need_space(CACHE, NEEDED_MB, "the Python environment")
    with step("Making the Python environment"):
        remove(venv.folder)
        process.run(
            [sys.executable, "-m", "venv", "--without-pip", venv.folder],
            "making the virtual environment",
        )
        process.run(
            [
                *(venv.python, pip(), "install"),
                *("--disable-pip-version-check", "--no-input", "--prefer-binary"),
                *("--requirement", REQUIREMENTS),
            ],
            "installing the Python requirements",
        )
        venv.stamp.touch()


def pip():
    """A pip that runs from its wheel: Debian's Python has none without extra packages."""
    bundled = _bundled_pip()
    if bundled:
        return bundled / "pip"
    folder = CACHE / "pip"
    if not folder.exists():
        with made_whole(folder) as draft:
            debian.native().unpack(["python3-pip-whl"], draft)
    return next(folder.glob("usr/share/python-wheels/pip-*.whl")) / "pip"


def _bundled_pip():
    """The wheel in Python's own ensurepip, if that is installed."""
    spec = importlib.util.find_spec("ensurepip")
    for folder in (spec and spec.submodule_search_locations) or ():
        for wheel in sorted(Path(folder).glob("_bundled/pip-*.whl")):
            return wheel
    return None
