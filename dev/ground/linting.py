"""The lint: each check is one command, all of them run, and only what they find is shown."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from . import node, translations
from .paths import ADDON, CHECKOUT
from .report import say, step

PYTHON_FOLDERS = (ADDON, "tests", "bench", "dev")
XML_AND_SCRIPTS = f"{ADDON}/**/*.{{js,xml}}"


def run(odoo):
    """Check the whole tree; return the exit code."""
    tools = _Tools(odoo)
    checks = [
        # It waits for a database most of the time, so the others run beside it.
        partial(_check_translations, odoo),
        partial(
            _show, "pylint, advice", [*tools.pylint, "--rcfile=.pylintrc", "--exit-zero", ADDON]
        ),
        partial(_check, "ruff check", [*tools.ruff, "check", "--no-cache", "-q", *tools.folders]),
        partial(_check, "ruff format", [*tools.ruff, "format", "--check", "-q", *tools.folders]),
        partial(_check, "pylint", [*tools.pylint, "--rcfile=.pylintrc-mandatory", ADDON]),
        partial(_check, "prettier", [*tools.prettier, "--check"]),
        partial(_check, "eslint", tools.eslint, env=tools.node.env),
    ]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda check: check(), checks))
    return 0 if all(results) else 1


def repair(odoo):
    """Let the formatters change what they can."""
    tools = _Tools(odoo)
    results = [
        _check("ruff check", [*tools.ruff, "check", "--fix-only", "-q", *tools.folders]),
        _check("ruff format", [*tools.ruff, "format", "-q", *tools.folders]),
        _check("prettier", [*tools.prettier, "--write"]),
    ]
    return 0 if all(results) else 1


class _Tools:
    """The command lines of the checkers."""

    def __init__(self, odoo):
        self.node = node.get()
        self.folders = [name for name in PYTHON_FOLDERS if (CHECKOUT / name).is_dir()]
        self.ruff = [odoo.venv.python, "-m", "ruff"]
        self.pylint = [odoo.venv.python, "-m", "pylint"]
        self.prettier = [
            self.node.tool("prettier"),
            f"--plugin={self.node.modules / '@prettier/plugin-xml/src/plugin.js'}",
            *("--no-color", "--log-level=warn", "--no-error-on-unmatched-pattern"),
            XML_AND_SCRIPTS,
            "*.{json,cjs}",
        ]
        self.eslint = [
            self.node.tool("eslint"),
            *("--no-error-on-unmatched-pattern", f"{ADDON}/static"),
        ]


def _check(title, command, env=None):
    """Run one check; True if it found nothing."""
    try:
        with step(title):
            output, failed = _output(command, env)
            if failed:
                raise _Found
    except _Found:
        say(output)
        return False
    return True


def _check_translations(odoo):
    try:
        with step("translations"):
            complaints = translations.complaints(odoo)
            if complaints:
                raise _Found
    except _Found:
        say("\n".join([*complaints, "run `make pot`, then translate what is new in ru.po"]))
        return False
    return True


def _show(title, command):
    """Run a check whose findings are advice: they are shown and fail nothing, hence True."""
    with step(title):
        output, _failed = _output(command)
    if output.strip():
        say(output)
    return True


def _output(command, env=None):
    done = subprocess.run(
        [str(part) for part in command],
        cwd=CHECKOUT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout.rstrip(), done.returncode != 0


class _Found(Exception):
    """A check found something."""
