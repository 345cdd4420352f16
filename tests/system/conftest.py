"""Databases, servers and callers for tests that look at Odoo from outside.

These tests are plain pytest: they make databases with the development tool, run functions of
``inside/`` in Odoo's shell, start servers and call them over HTTP. They never import Odoo.
"""

import json
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "dev"))

from ground import odoo as ground_odoo  # noqa: E402
from ground.databases import Databases  # noqa: E402
from ground.paths import ADDON, log_file  # noqa: E402
from ground.server import Server, borrowed_cluster  # noqa: E402
from json2 import Client  # noqa: E402

_ANSWER = "answer: "


class Database:
    """A database made for one test."""

    def __init__(self, odoo, name):
        self.odoo = odoo
        self.name = name

    def inside(self, function, **arguments):
        """Call ``module.function`` of ``inside/`` in Odoo's shell and return what it returns.

        It is called with ``env`` and the named arguments, which travel as JSON.
        """
        module, _, name = function.partition(".")
        printed = self.odoo.script(
            f"{function} in database {self.name}",
            f"import json, sys\n"
            f"sys.path.insert(0, {str(HERE / 'inside')!r})\n"
            f"from {module} import {name}\n"
            f"answer = {name}(env, **json.loads({json.dumps(arguments)!r}))\n"
            f"env.cr.commit()\n"
            f"print({_ANSWER!r} + json.dumps(answer, default=str))\n",
            self.name,
        )
        return json.loads(printed.rpartition(_ANSWER)[2])

    def rows(self, query):
        """The rows of an SQL query, as dicts."""
        return json.loads(
            self.odoo.cluster.sql(
                f"SELECT COALESCE(json_agg(row), '[]') FROM ({query}) AS row", self.name
            )
        )

    def run(self, *arguments):
        """Run Odoo to its end and return the lines it logged."""
        log = log_file(f"odoo-{self.name}")
        begin = log.stat().st_size if log.exists() else 0
        self.odoo.run(
            f"odoo {' '.join(arguments)}",
            *(*arguments, "--stop-after-init", "--no-http"),
            database=self.name,
        )
        return log.read_bytes()[begin:].decode(errors="replace").splitlines()

    def install(self):
        return self.run("-i", ADDON)

    @contextmanager
    def served(self, number=1):
        """Serve the database for the block; yields the address.

        :param number: which server of the database this is, where several serve it at once
        """
        server = Server(self.odoo, self.name)
        if number > 1:
            server.record = server.record.with_stem(f"{server.record.stem}-{number}")
            server.log = f"{server.log}-{number}"
        log_file(server.log).unlink(missing_ok=True)
        server.start()
        try:
            yield server.url
        finally:
            server.stop()

    def server_log(self, number=1):
        """What the database's server has logged since it was started last."""
        name = f"server-{self.name}" + (f"-{number}" if number > 1 else "")
        return log_file(name).read_text(errors="replace")

    def client(self, url, key):
        return Client(url, self.name, key)


@pytest.fixture(scope="session")
def odoo():
    """Odoo, with its database server up."""
    found = ground_odoo.get()
    with borrowed_cluster(found):
        yield found


@pytest.fixture(scope="module")
def make_database(odoo):
    """Make databases from a template of the development tool; they are dropped afterwards."""
    databases = Databases(odoo)
    made = []

    def make(name, template):
        database = Database(odoo, f"system_{name}")
        made.append(database.name)
        databases.create(database.name, template)
        return database

    yield make
    for name in made:
        databases.drop(name)
        # What was written for it besides.
        odoo.config(name).unlink()
