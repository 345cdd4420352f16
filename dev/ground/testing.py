"""The tests: a fresh database with the addon, and one run of pytest over everything.

The whole suite is spread over two processes, each with a copy of the database; single files run in
one. `-n0` runs everything in one process, too.

What takes long and belongs to no single change stands in `tests/system/proof`: `run` leaves it out,
`run_proof` runs it alone, in one process, because it measures.
"""

import subprocess

from . import browser
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

ENFORCEMENT_OFF = """
env["ir.config_parameter"].set_param("sales_funnel_control.enforcement", "off")
env.cr.commit()
"""
STOCK_SUITES = ("crm", "sales_team", "sale_crm", "loyalty", "sale_loyalty")
# What Odoo itself tries of activities and meetings, which ours turn into contacts.
STOCK_FILES = (
    ("mail", "test_mail_activity.py"),
    ("calendar", "test_calendar_activity.py"),
    ("calendar", "test_mail_activity_mixin.py"),
)
# They fail on stock Odoo, too: one counts queries that other addons add, one depends on its timing.
DESELECTED = ("-k", "not test_assign_perf_no_duplicates and not test_03_crm_tour_forecast")


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
        _create(databases, "addon")
        return _pytest(odoo, arguments, spread, default=(tests,))


def _create(databases, template):
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


def _pytest(odoo, arguments, spread=(), default=(TESTS,)):
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
        [str(part) for part in command], env=odoo.env, cwd=CHECKOUT, check=False
    ).returncode


def run_stock(odoo, arguments):
    """Run the suites of Odoo's own CRM addons in a database that has ours, too."""
    browser.need()
    with state_lock("test run"), borrowed_cluster(odoo):
        # Our demo leads would change the scoring that those suites compute.
        _create(Databases(odoo), "switched_on")
        # Those suites lose leads without a reason.
        odoo.script("switching our rules off", ENFORCEMENT_OFF, DATABASE)
        folders = [odoo.source.folder(addon) / "tests" for addon in STOCK_SUITES]
        files = [odoo.source.folder(addon) / "tests" / name for addon, name in STOCK_FILES]
        return _pytest(odoo, [*DESELECTED, *arguments], default=[*folders, *files])


def _is_path(argument):
    return "/" in argument and (CHECKOUT / argument.partition("::")[0]).exists()


def _through_addon(path):
    return f"{ADDON}/{path}" if path.startswith("tests/") else path
