"""A database to look at from outside: functions run in its shell, servers, callers."""

import json
import re
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path

from ground.paths import ADDON, log_file
from ground.server import ADDRESS, Server
from json2 import Client

HERE = Path(__file__).resolve().parent
_ANSWER = "answer: "


class ShellEnded(Exception):
    """Odoo's shell ended before the function in it did."""


def complaints(log, database):
    """The lines of a log that no run on ``database`` should show."""
    return re.findall(rf"^\S+ \S+ \d+ (?:WARNING|ERROR|CRITICAL) {database} .*$", log, re.MULTILINE)


def free_port():
    """A port of the system's choice: the first free one is what others look for as well."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return probe.getsockname()[1]


class Database:
    """A database made for one test."""

    def __init__(self, odoo, name):
        self.odoo = odoo
        self.name = name
        self.complaints = []

    def inside(self, function, **arguments):
        """Call ``module.function`` of ``inside/`` in Odoo's shell and return what it returns.

        It is called with ``env`` and the named arguments, which travel as JSON. What Odoo
        complained of meanwhile is in ``complaints`` then.
        """
        module, _, name = function.partition(".")
        code = (
            f"import json, sys\n"
            f"sys.path.insert(0, {str(HERE / 'inside')!r})\n"
            f"from {module} import {name}\n"
            f"answer = {name}(env, **json.loads({json.dumps(arguments)!r}))\n"
            f"env.cr.commit()\n"
            f"print({_ANSWER!r} + json.dumps(answer, default=str))\n"
        )
        command = self.odoo.command("shell", "--no-http", "--log-level=warn", database=self.name)
        done = subprocess.run(
            command, input=code, env=self.odoo.env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ShellEnded(f"{function}: exit code {done.returncode}\n{done.stderr[-3000:]}")
        self.complaints = complaints(done.stderr, self.name)
        return json.loads(done.stdout.rpartition(_ANSWER)[2])

    def rows(self, query):
        """The rows of an SQL query, as dicts."""
        return json.loads(
            self.odoo.cluster.sql(
                f"SELECT COALESCE(json_agg(row), '[]') FROM ({query}) AS row", self.name
            )
        )

    def run(self, *arguments):
        """Run Odoo to its end and return what it complained of."""
        log = log_file(f"odoo-{self.name}")
        begin = log.stat().st_size if log.exists() else 0
        self.odoo.run(
            f"odoo {' '.join(arguments)}",
            *(*arguments, "--stop-after-init", "--no-http"),
            database=self.name,
        )
        return complaints(log.read_bytes()[begin:].decode(errors="replace"), self.name)

    def install(self):
        return self.run("-i", ADDON)

    @contextmanager
    def served(self, *options, number=1):
        """Serve the database for the block; yields the address.

        :param options: further arguments of Odoo
        :param number: which server of the database this is, where several serve it at once
        """
        server = Server(self.odoo, self.name, *options)
        if number > 1:
            server.record = server.record.with_stem(f"{server.record.stem}-{number}")
            server.log = f"{server.log}-{number}"
        log_file(server.log).unlink(missing_ok=True)
        server.start(free_port())
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
