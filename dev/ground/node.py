"""Node's tools, installed into the cache from the checkout's package files."""

import hashlib
import os
import re
import shutil

from . import debian, process
from .folders import made_whole
from .locking import cache_lock
from .paths import CACHE, CHECKOUT, need_space
from .report import Problem, step

PACKAGE_FILES = ("package.json", "package-lock.json", ".npmrc")
OLDEST = (18, 18)


class Node:
    def __init__(self, folder):
        self.modules = folder / "node_modules"

    @property
    def env(self):
        return {**os.environ, "NODE_PATH": str(self.modules)}

    def tool(self, name):
        return self.modules / ".bin" / name


def get():
    """Return Node with the pinned packages, installing them first where needed."""
    digest = hashlib.sha256()
    for name in PACKAGE_FILES:
        digest.update((CHECKOUT / name).read_bytes())
    folder = CACHE / f"node-{digest.hexdigest()[:10]}"
    _need_node()
    if not folder.exists():
        with cache_lock():
            if not folder.exists():
                _install(folder)
    return Node(folder)


def _need_node():
    if not (shutil.which("node") and shutil.which("npm")):
        debian.install(["nodejs", "npm"], "the lint of JavaScript and XML")
    version = process.read(["node", "--version"], "node").strip()
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise Problem(f"node {version} is too old, {wanted} or newer is needed")


def _install(folder):
    need_space(CACHE, 200, "the JavaScript tools")
    with step("Installing the JavaScript tools"), made_whole(folder) as draft:
        for name in PACKAGE_FILES:
            shutil.copy(CHECKOUT / name, draft)
        process.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            "installing the JavaScript tools",
            cwd=draft,
        )
