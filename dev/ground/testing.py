"""The tests: a fresh database with the addon, and one run of pytest over everything."""

import subprocess

from . import browser
from .databases import STOCK_ADDONS, Databases
from .locking import state_lock
from .paths import ADDON, CHECKOUT, log_file
from .report import say, step
from .server import borrowed_cluster

DATABASE = "test"
STOCK_DATABASE = "test_stock"
# Through the addon's link to them, so that Odoo knows whose tests they are.
TESTS = f"{ADDON}/tests"


def run(odoo, arguments):
    """Run pytest with `arguments` and return its exit code; what runs is stopped after it."""
    browser.need()
    with state_lock("test run"), borrowed_cluster(odoo):
        Databases(odoo).create(DATABASE, "addon")
        return _pytest(odoo, arguments)


def _pytest(odoo, arguments):
    log = log_file("tests")
    log.unlink(missing_ok=True)
    say(f"Odoo's log of the tests: {log}")
    paths = [_through_addon(argument) for argument in arguments if _is_path(argument)]
    command = [
        *(odoo.venv.python, "-m", "pytest"),
        *(f"--odoo-config={odoo.config(DATABASE)}", "--odoo-http", "--odoo-log-level=warn"),
        f"--odoo-extra=logfile={log}",
        *(argument for argument in arguments if not _is_path(argument)),
        *(paths or [TESTS]),
    ]
    return subprocess.run(
        [str(part) for part in command], env=odoo.env, cwd=CHECKOUT, check=False
    ).returncode


def run_stock(odoo, arguments):
    """Run the suites of Odoo's own CRM addons with ours beside them, by Odoo's own runner."""
    browser.need()
    with state_lock("test run"), borrowed_cluster(odoo):
        Databases(odoo).create(STOCK_DATABASE, "stock")
        with step("Running Odoo's own suites beside the addon"):
            odoo.run(
                "the run of Odoo's own suites",
                *("-i", ADDON, "-u", ",".join(STOCK_ADDONS), "--stop-after-init"),
                f"--test-tags={','.join(f'/{addon}' for addon in STOCK_ADDONS)}",
                *arguments,
                database=STOCK_DATABASE,
            )


def _is_path(argument):
    return "/" in argument and (CHECKOUT / argument.partition("::")[0]).exists()


def _through_addon(path):
    return f"{ADDON}/{path}" if path.startswith("tests/") else path
