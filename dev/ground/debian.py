"""Packages of Debian or Ubuntu, unpacked without being installed."""

import os
import re
import shutil
from functools import cached_property
from pathlib import Path

from . import process
from .paths import CACHE, IS_ROOT
from .report import Problem, step

OWN_KEYRINGS = {
    "Debian": Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    "Ubuntu": Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg"),
}
# The suites a package may be in before the machine's own release has it.
NEWER_SUITES = {"Debian": "sid main", "Ubuntu": "devel main universe"}

TARGET_FORMAT = "$(ORIGIN) $(LABEL) $(CREATED_BY) $(COMPONENT) $(REPO_URI)"


class Apt:
    """apt with package lists of its own, so that neither root nor the system's lists are needed."""

    def __init__(self, name, source=None):
        if not shutil.which("apt-get"):
            raise Problem("this needs Debian or Ubuntu: there is no apt-get here")
        self.folder = CACHE / "apt" / name
        self.source = source

    @cached_property
    def env(self):
        """The environment in which apt uses this folder, made on first use."""
        for part in ("lists/partial", "cache/archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        settings = [
            f'Dir::State::Lists "{self.folder}/lists";',
            f'Dir::Cache "{self.folder}/cache";',
            'Acquire::Languages "none";',
            'Acquire::Retries "2";',
            'Acquire::http::Timeout "30";',
            # Root's own folders are closed to apt's sandbox user.
            'APT::Sandbox::User "root";',
        ]
        if self.source:
            sources = self.folder / "sources.list"
            sources.write_text(self.source + "\n")
            settings += [
                f'Dir::Etc::SourceList "{sources}";',
                'Dir::Etc::SourceParts "-";',
                'APT::Update::Error-Mode "any";',
            ]
        config = self.folder / "apt.conf"
        config.write_text("\n".join(settings) + "\n")
        return {**os.environ, "APT_CONFIG": str(config), "LC_ALL": "C.UTF-8"}

    def update(self):
        process.run(["apt-get", "update", "-q"], "reading the package lists", env=self.env)

    def targets(self):
        """What the lists hold, one tuple for each: origin, label, kind, component, address."""
        text = process.read(
            ["apt-get", "indextargets", "--format", TARGET_FORMAT],
            "asking apt for its archives",
            env=self.env,
        )
        return [fields for line in text.splitlines() if len(fields := line.split()) == 5]

    def candidate(self, package):
        """The version of `package` that apt would take, or None."""
        text = process.read(["apt-cache", "policy", package], "asking apt", env=self.env)
        found = re.search(r"Candidate: (\S+)", text)
        return found[1] if found and found[1] != "(none)" else None

    def versions(self, package):
        """All versions of `package` that the archive has."""
        text = process.read(["apt-cache", "madison", package], "asking apt", env=self.env)
        return {line.split("|")[1].strip() for line in text.splitlines() if "|" in line}

    def missing_for(self, package):
        """The packages, `package` included, that installing it would add to this machine."""
        text = process.read(
            ["apt-get", "install", "--simulate", "--no-install-recommends", package],
            f"looking up what {package} needs",
            env=self.env,
        )
        return re.findall(r"^Inst (\S+)", text, re.MULTILINE)

    def unpack(self, packages, folder):
        """Download `packages` (name or name=version) and unpack them into `folder`."""
        downloads = folder / ".downloads"
        downloads.mkdir()
        process.run(
            ["apt-get", "download", "-q", *packages],
            "the download",
            env=self.env,
            cwd=downloads,
        )
        for archive in sorted(downloads.glob("*.deb")):
            process.run(["dpkg", "-x", archive, folder], f"unpacking {archive.name}")
        shutil.rmtree(downloads)


def native():
    """apt over the machine's own sources."""
    apt = Apt("native")
    apt.update()
    if not _main_archive(apt):
        raise Problem("the package archive cannot be reached: no network, or no apt sources")
    return apt


def newer():
    """apt over the suite where packages are that the machine's own release lacks."""
    origin, address = _main_archive(native())
    keyring = OWN_KEYRINGS[origin]
    option = f"[signed-by={keyring}] " if keyring.exists() else ""
    apt = Apt("newer", f"deb {option}{address} {NEWER_SUITES[origin]}")
    apt.update()
    return apt


def _main_archive(apt):
    """The origin and address of the distribution's own archive, as the machine is set up."""
    for origin, label, kind, component, address in apt.targets():
        if origin in OWN_KEYRINGS and label == origin and (kind, component) == ("Packages", "main"):
            return origin, address
    return None


def install(packages, purpose):
    """Install `packages` into the system; who may not is told what to ask for."""
    names = " ".join(packages)
    if not IS_ROOT:
        raise Problem(f"packages for {purpose} are missing: sudo apt-get install {names}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step(f"Installing {names}"):
        process.run(["apt-get", "update", "-q"], "reading the package lists", env=env)
        process.run(
            ["apt-get", "install", "-qy", "--no-install-recommends", *packages],
            f"installing {names}",
            env=env,
        )
