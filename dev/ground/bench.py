"""The benchmark, in a stock database of its own: it installs the addon beside it."""

import subprocess

from .databases import Databases
from .locking import state_lock
from .paths import CHECKOUT
from .report import Problem
from .server import borrowed_cluster

DATABASE = "bench"
# Of what is measured within one database, by the option that asks for it.
DATABASES = {"--board": "bench_board", "--base": "bench_base"}
PROGRAM = CHECKOUT / "bench"


def run(odoo, arguments):
    """Run `bench/` with Odoo at hand; it finds its database by ODOO_RC."""
    if not (PROGRAM / "__main__.py").exists():
        raise Problem("there is no bench/__main__.py in this checkout")
    kind = next((each for each in DATABASES if each in arguments), None)
    database = DATABASES.get(kind, DATABASE)
    with state_lock("benchmark"), borrowed_cluster(odoo):
        if "--reuse" not in arguments:
            Databases(odoo).create(database, "stock")
        env = {**odoo.env, "ODOO_RC": str(odoo.config(database))}
        command = [odoo.venv.python, PROGRAM, *arguments]
        return subprocess.run(
            list(map(str, command)), env=env, cwd=CHECKOUT, check=False
        ).returncode
