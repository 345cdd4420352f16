"""Running Odoo: its configuration, its command line, and scripts inside a database."""

import os
import re

from . import process, source, venv
from .paths import ADDON, CHECKOUT, DEV, STATE, log_file
from .postgres import PORT, ROLE, Cluster
from .report import Problem, note

DEV_ADDON = "sfc_dev"
LONGEST_EXCUSE = 60

CONFIG = """[options]
addons_path = {addons_path}
data_dir = {data_dir}
db_host = {socket}
db_port = {port}
db_user = {role}
{database}dbfilter = {dbfilter}
http_interface = 127.0.0.1
list_db = False
max_cron_threads = 1
limit_time_real = 1200
limit_time_cpu = 1200
"""


class Odoo:
    """Odoo 19 with our addons on the path, against this checkout's cluster or another one."""

    def __init__(self, cluster=None):
        self.source = source.get()
        self.venv = venv.get()
        self.cluster = cluster or Cluster()
        self.data = STATE / "odoo"

    @property
    def addons_paths(self):
        paths = [*self.source.addons_paths, DEV / "addons"]
        # Odoo warns of a path that holds no addon.
        return [*paths, CHECKOUT] if (CHECKOUT / ADDON / "__manifest__.py").exists() else paths

    def config(self, database=None):
        """Write the configuration, bound to `database` if one is named; return its path."""
        names = [name for name in ("odoo", database) if name]
        # Another cluster has its settings beside its data.
        folder = STATE if self.cluster.is_main else self.cluster.home
        path = folder / f"{'-'.join(names)}.conf"
        text = self.config_text(database)
        # Another run may be reading it.
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        return path

    def config_text(self, database=None):
        """What the configuration says, bound to `database` if one is named."""
        return CONFIG.format(
            addons_path=",".join(map(str, self.addons_paths)),
            data_dir=self.data,
            socket=self.cluster.socket,
            port=PORT,
            role=ROLE,
            database=f"db_name = {database}\n" if database else "",
            dbfilter=f"^{database}$" if database else "",
        )

    @property
    def env(self):
        """The environment of every program that imports Odoo or reaches the cluster."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("PG") and name != "ODOO_RC"
        }
        return {**inherited, **self.env_changes}

    @property
    def env_changes(self):
        return {
            "PYTHONPATH": str(self.source.root),
            "PYTHONWARNINGS": "ignore::DeprecationWarning",
            # Odoo calls pg_dump and the tests createdb: they find the cluster by these.
            "PGHOST": str(self.cluster.socket),
            "PGPORT": str(PORT),
            "PGUSER": ROLE,
            "PATH": f"{self.cluster.programs.folder}:{os.environ['PATH']}",
            **self.cluster.programs.env,
        }

    def command(self, *arguments, database=None):
        """The command line for Odoo; a subcommand comes first in `arguments`."""
        head, rest = [], list(arguments)
        if rest and not str(rest[0]).startswith("-"):
            head = [rest.pop(0)]
            if head[0] in ("i18n", "module", "db"):
                # Their own subcommand comes before any option.
                head.append(rest.pop(0))
        names = ["-d", database] if database else []
        return [self.venv.python, "-m", "odoo", *head, "-c", self.config(), *names, *rest]

    def run(self, what, *arguments, database, log=None):
        """Run Odoo to its end; what went wrong is shown from its log."""
        name = log or f"odoo-{database}"
        path = log_file(name)
        start = path.stat().st_size if path.exists() else 0
        try:
            process.run(
                self.command(*arguments, database=database),
                what,
                log=name,
                env=self.env,
                cwd=STATE,
            )
        except Problem:
            note(excuse(path, start))
            raise Problem(f"{what} failed (all of it: {path})") from None

    def script(self, what, code, database):
        """Run Python `code` in Odoo's shell, with `env` at hand, and return what it prints."""
        return process.read(
            self.command("shell", "--no-http", "--log-level=error", database=database),
            what,
            env=self.env,
            cwd=STATE,
            input=code,
        )


def get(cluster=None):
    return Odoo(cluster)


def excuse(log, start):
    """The part of an Odoo log that tells why it failed: its last traceback, or its last lines."""
    lines = log.read_bytes()[start:].decode(errors="replace").splitlines()
    tracebacks = [i for i, line in enumerate(lines) if line.startswith("Traceback")]
    if tracebacks:
        lines = lines[tracebacks[-1] :]
        lines = [line for line in lines if not re.match(r"\d{4}-\d\d-\d\d .* INFO ", line)]
    return "\n".join(lines[-LONGEST_EXCUSE:])
