"""The browser of the tours and of the JavaScript tests; Odoo looks for it on the PATH."""

import shutil

from . import debian
from .report import Problem

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def need():
    """Make sure of a browser, so that no test that wants one is skipped in silence."""
    if any(map(shutil.which, NAMES)):
        return
    debian.install(["chromium"], "the browser tests")
    if not shutil.which("chromium"):
        raise Problem("installing chromium left no `chromium` on the PATH")
