"""Databases, servers and callers for tests that look at Odoo from outside.

These tests are plain pytest: they make databases with the development tool, run functions of
``inside/`` in Odoo's shell, start servers and call them over HTTP. They never import Odoo.
"""

import os
import sys
from functools import cached_property
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "dev"))

from database import Database  # noqa: E402
from ground import odoo as ground_odoo  # noqa: E402
from ground.databases import Databases  # noqa: E402
from ground.server import borrowed_cluster  # noqa: E402

# What takes long is run by name only: see `make proof`.
collect_ignore = ["proof"]

# Several processes may share the tests.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")


@pytest.fixture(scope="session")
def odoo():
    """Odoo, with its database server up."""
    found = ground_odoo.get()
    with borrowed_cluster(found):
        yield found


class Maker:
    """Makes databases as companies have them: what is installed later brings no demo data."""

    def __init__(self, odoo):
        self.odoo = odoo
        self.databases = Databases(odoo)
        self.made = []

    def stock(self, name):
        """A database with Odoo's own addons and some leads."""
        self.databases.create(f"system_{name}", "stock")
        self.odoo.cluster.sql("UPDATE ir_module_module SET demo = FALSE", f"system_{name}")
        return self._made(name)

    @cached_property
    def _installed(self):
        database = self.stock(f"installed_{WORKER}")
        database.install()
        return database

    def installed(self, name):
        """The same, with our addon."""
        self.databases.copy(self._installed.name, f"system_{name}")
        return self._made(name)

    def copy(self, database, name):
        """A copy of a database that a test made, as it is now."""
        self.databases.copy(database.name, f"system_{name}")
        return self._made(name)

    def _made(self, name):
        self.made.append(Database(self.odoo, f"system_{name}"))
        return self.made[-1]

    def drop_all(self):
        for database in self.made:
            self.databases.drop(database.name)


@pytest.fixture(scope="session")
def make(odoo):
    """Makes databases; they are dropped in the end."""
    maker = Maker(odoo)
    yield maker
    maker.drop_all()
