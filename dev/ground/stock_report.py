"""A plugin for pytest: which of Odoo's own tests failed, held against those known to.

It is loaded by name in a run of the stock suites. ``SFC_STOCK_KNOWN`` names the list to hold the
failures against; with ``SFC_STOCK_FOUND`` they are added to that file instead, whatever they are.
``SFC_STOCK_DATABASE`` names the database.
"""

import os
import threading
from pathlib import Path


def pytest_configure(config):
    # As Odoo's own runner does: tests of the website render pages that ask for it.
    threading.current_thread().dbname = os.environ["SFC_STOCK_DATABASE"]
    # Of a run that is spread over processes, the first alone sees all of it.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Failures(), "stock_failures")


def known(path):
    """The tests that a list names, one a line before the reason.

    :return: a dict from the test to the reason
    """
    lines = path.read_text().splitlines() if path.exists() else []
    rows = (line.partition("  # ") for line in lines if line and not line.startswith("#"))
    return {test.strip(): reason for test, _, reason in rows}


class _Failures:
    def __init__(self):
        self.failed = set()
        self.passed = set()

    def pytest_runtest_logreport(self, report):
        # By its file from Odoo's folder on: that lies elsewhere on every machine, and the name of
        # the file alone may be that of several.
        path = report.location[0].rpartition("/addons/")[2]
        test = f"{path}::{report.nodeid.partition('::')[2]}"
        if report.failed:
            self.failed.add(test)
        elif report.when == "call" and report.passed:
            self.passed.add(test)

    def pytest_sessionfinish(self, session, exitstatus):
        """Fail for what is not on the list, and for a run that tried nothing."""
        tried = self.failed | self.passed
        if not tried or exitstatus not in (0, 1):
            session.exitstatus = exitstatus or 5
        elif found := os.environ.get("SFC_STOCK_FOUND"):
            with Path(found).open("a") as lines:
                lines.writelines(f"{test}\n" for test in sorted(self.failed))
            session.exitstatus = 0
        else:
            session.exitstatus = int(bool(self.failed - set(self._listed)))

    @property
    def _listed(self):
        return known(Path(os.environ["SFC_STOCK_KNOWN"]))

    def pytest_terminal_summary(self, terminalreporter):
        tell = terminalreporter.write_line
        if "SFC_STOCK_FOUND" in os.environ:
            tell(f"{len(self.failed)} fail without the addon")
            return
        listed = self._listed
        for test in sorted(self.failed - set(listed)):
            tell(f"FAILS, AND IS NOT LISTED: {test}")
        for test in sorted(self.failed & set(listed)):
            tell(f"fails as it does without the addon: {test} ({listed[test]})")
        for test in sorted((self.passed - self.failed) & set(listed)):
            tell(f"is listed but passes: {test}")
