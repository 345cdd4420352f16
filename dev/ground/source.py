"""The Odoo that everything runs on: a folder of the developer's, or the distribution's package."""

import os
from pathlib import Path

from . import debian
from .folders import made_whole
from .locking import cache_lock
from .paths import CACHE, DEV, need_space
from .report import Problem, note, step

PACKAGE = "odoo-19"
# Odoo's package links to these instead of carrying them.
LINKED_PACKAGES = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-font-awesome",
    "fonts-inconsolata",
    "fonts-roboto-unhinted",
)
NEEDED_MB = 2500


class OdooSource:
    """A folder that holds the `odoo` package, and where its addons are."""

    def __init__(self, root):
        self.root = Path(root)

    @property
    def addons_paths(self):
        # A git checkout has most addons beside the package, an installed Odoo all of them in it.
        inside, beside = self.root / "odoo" / "addons", self.root / "addons"
        return [inside] if (inside / "web").is_dir() else [inside, beside]

    @property
    def version(self):
        """A name that changes with the source: a template is of use to one version only."""
        stamp = self.root / ".version"
        return stamp.read_text().strip() if stamp.exists() else f"in {self.root}"

    def folder(self, addon):
        """Where `addon` of Odoo's own lies."""
        return next(path / addon for path in self.addons_paths if (path / addon).is_dir())


def get():
    """Return the Odoo source, fetching it first where needed."""
    if os.environ.get("ODOO_SRC"):
        return _own(Path(os.environ["ODOO_SRC"]).expanduser().absolute())
    pinned = (DEV / "odoo-version").read_text().strip()
    folder = CACHE / f"odoo-{pinned}"
    if not folder.exists():
        with cache_lock():
            if not folder.exists():
                _fetch(pinned, folder)
    return OdooSource(folder / "usr/lib/python3/dist-packages")


def _own(folder):
    if not (folder / "odoo" / "release.py").is_file():
        raise Problem(f"ODOO_SRC: {folder} holds no `odoo` package")
    if "version_info = (19," not in (folder / "odoo" / "release.py").read_text():
        raise Problem(f"ODOO_SRC: {folder} is not Odoo 19")
    return OdooSource(folder)


def _fetch(pinned, folder):
    need_space(CACHE, NEEDED_MB, "Odoo")
    with step("Fetching Odoo 19 (125 MB, unpacked 1.2 GB)"), made_whole(folder) as draft:
        apt = debian.newer()
        version = _choose(apt, pinned)
        apt.unpack([f"{PACKAGE}={version}", *LINKED_PACKAGES], draft)
        (draft / "usr/lib/python3/dist-packages/.version").write_text(f"{version}\n")


def _choose(apt, pinned):
    """The pinned version while the archive has it, else the one that took its place."""
    versions = apt.versions(PACKAGE)
    if pinned in versions:
        return pinned
    candidate = apt.candidate(PACKAGE)
    if not candidate:
        raise Problem(
            f"the archive has no package {PACKAGE}; point ODOO_SRC to a checkout of Odoo 19"
        )
    note(f"  the archive no longer has {PACKAGE} {pinned}, taking {candidate}")
    return candidate
