"""Addons of others, installed from the package index into the cache, never into the product."""

import hashlib

from . import process
from .folders import made_whole
from .locking import cache_lock
from .odoo import Odoo
from .paths import CACHE, STATE, need_space
from .report import step
from .venv import pip


class OdooAmongStrangers(Odoo):
    """Odoo that finds the addons a requirements file pins, too."""

    def __init__(self, requirements):
        super().__init__()
        self.folder = _installed(self.venv, requirements) / "odoo" / "addons"

    @property
    def addons(self):
        """The technical names of those addons."""
        return sorted(path.parent.name for path in self.folder.glob("*/__manifest__.py"))

    @property
    def addons_paths(self):
        return [*super().addons_paths, self.folder]

    def config(self, database=None):
        """Write a configuration of its own: the checkout's runs know nothing of strangers."""
        path = STATE / "odoo-strangers.conf"
        path.write_text(self.config_text(database))
        return path


def _installed(venv, requirements):
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:10]
    folder = CACHE / f"strangers-{digest}"
    with cache_lock():
        if not folder.exists():
            need_space(CACHE, 100, "the addons of others")
            with step("Fetching the addons of others"), made_whole(folder) as draft:
                process.run(
                    [
                        *(venv.python, pip(), "install", "--no-deps", "--no-input"),
                        *("--disable-pip-version-check", "--target", draft),
                        *("--requirement", requirements),
                    ],
                    "installing the addons of others",
                )
    return folder
