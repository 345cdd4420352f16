"""The tests: a fresh database with the addon, and one run of pytest over everything.

The whole suite is spread over two processes, each with a copy of the database; single files run in
one. `-n0` runs everything in one process, too.

What takes long and belongs to no single change stands in `tests/system/proof`: `run` leaves it out,
`run_proof` runs it alone, in one process, because it measures.
"""

import subprocess

from . import browser, node
from .databases import Databases
from .locking import state_lock
from .paths import ADDON, CHECKOUT, log_file
from .report import say
from .server import borrowed_cluster

DATABASE = "test"
# Through the addon's link to them, so that Odoo knows whose tests they are.
TESTS = f"{ADDON}/tests"
PROOF = f"{TESTS}/system/proof"

# The system tests take longest and come first, so the order stays.
SPREAD = ("-n2", "--dist=loadfile", "--no-loadscope-reorder")


def run(odoo, arguments):
    """Run pytest with `arguments` and return its exit code; what runs is stopped after it."""
    return _run(odoo, arguments, TESTS, SPREAD)


def run_proof(odoo, arguments):
    """Run the long tests, which show what is promised of scale, load and faults."""
    return _run(odoo, arguments, PROOF)


def _run(odoo, arguments, tests, spread=()):
    browser.need()
    with state_lock("test run"), borrowed_cluster(odoo):
        databases = Databases(odoo)
        _drop_copies(databases)
        create(databases, "addon")
        axe = node.get().modules / "axe-core" / "axe.min.js"
        return pytest(odoo, arguments, spread, default=(tests,), env={"SFC_AXE": str(axe)})


def create(databases, template):
    """Make the database; the times of the checkout's files may differ from the template's.

    Odoo would build all bundles anew in every tour then, and roll them back after it.
    """
    databases.create(DATABASE, template)
    databases.warm(DATABASE)


def _drop_copies(databases):
    """Drop what a killed run left of the copies that its processes worked on."""
    for name in databases.names():
        if name.startswith(f"{DATABASE}-gw"):
            databases.drop(name)


def pytest(odoo, arguments, spread=(), default=(TESTS,), env=None):
    """Run pytest in the database of the tests and return its exit code.

    :param default: the paths to run when `arguments` names none
    :param env: what to add to the environment
    """
    log = log_file("tests")
    log.unlink(missing_ok=True)
    say(f"Odoo's log of the tests: {log}")
    paths = [_through_addon(argument) for argument in arguments if _is_path(argument)]
    command = [
        # Named, because pytest would look for its settings beside tests that are Odoo's own.
        *(odoo.venv.python, "-m", "pytest", "-c", "pyproject.toml", "--rootdir", CHECKOUT),
        *(f"--odoo-config={odoo.config(DATABASE)}", "--odoo-http", "--odoo-log-level=warn"),
        f"--odoo-extra=logfile={log}",
        *(() if paths else spread),
        *(argument for argument in arguments if not _is_path(argument)),
        *(paths or default),
    ]
    return subprocess.run(
        [str(part) for part in command],
        env={**odoo.env, **(env or {})},
        cwd=CHECKOUT,
        check=False,
    ).returncode


def _is_path(argument):
    return "/" in argument and (CHECKOUT / argument.partition("::")[0]).exists()


def _through_addon(path):
    return f"{ADDON}/{path}" if path.startswith("tests/") else path
