"""The benchmark, on copies of a stock database of its own: it installs the addon in one."""

import os
import subprocess

from .databases import Databases
from .locking import state_lock
from .paths import CHECKOUT, DEV
from .report import Problem
from .server import borrowed_cluster

DATABASE = "bench"
PROGRAM = CHECKOUT / "bench"


def run(odoo, arguments):
    """Run `bench/` with Odoo at hand; it finds its database by ODOO_RC."""
    if not (PROGRAM / "__main__.py").exists():
        raise Problem("there is no bench/__main__.py in this checkout")
    with state_lock("benchmark"), borrowed_cluster(odoo):
        if "--reuse" not in arguments:
            Databases(odoo).create(DATABASE, "stock")
        env = {**odoo.env, "ODOO_RC": str(odoo.config(DATABASE))}
        env["PYTHONPATH"] = os.pathsep.join([env["PYTHONPATH"], str(DEV)])
        command = [odoo.venv.python, PROGRAM, *arguments]
        return subprocess.run(
            list(map(str, command)), env=env, cwd=CHECKOUT, check=False
        ).returncode
