"""Databases: templates that are made once, and copies of them that are made in seconds."""

import hashlib
import os
import re
import shutil

from . import dumps
from .folders import made_whole, remove
from .locking import state_lock
from .odoo import DEV_ADDON
from .paths import ADDON, ADDON_FOLDER, DEV, need_space
from .report import Problem, step

STOCK_ADDONS = ("crm", "sale_crm", "sale_loyalty", "rating")
# What a database without our addon has: with this one a browser can work there, too.
STOCK = ",".join([*STOCK_ADDONS, DEV_ADDON])
# Depends on all that Odoo has beside the CRM to make leads, such as the website's form.
COMBINED = "test_crm_full"
# Names that `db create` may not take: the cluster's own and ours.
RESERVED = re.compile(r"template|postgres$|odoo$")
NEEDED_MB = 500

# What the login page, the web client and the JavaScript tests load. Odoo's own function for this
# builds three times as many bundles.
WARM_ASSETS = """
def build(kind, *bundles):
    for name in bundles:
        bundle = env["ir.qweb"]._get_asset_bundle(name, css=kind == "css", js=kind == "js")
        getattr(bundle, kind)()

tests = ("web.assets_unit_tests_setup", "web.assets_unit_tests", "web.assets_tests")
build("css", "web.assets_frontend", "web.assets_web", "web.assets_web_print", *tests)
build("js", "web.assets_frontend_minimal", "web.assets_frontend_lazy")
build("js", "web.assets_web", "web.chartjs_lib", *tests)
env.cr.commit()
"""


class Databases:
    """The databases of this checkout's cluster. Each carries its recipe's key as its comment."""

    def __init__(self, odoo):
        self.odoo = odoo
        self.cluster = odoo.cluster

    def create(self, name, template="addon"):
        """Make database `name` anew as a copy of a template."""
        _check(name)
        recipe = self.recipe(template)
        with state_lock(f"database {name}"):
            self._drop(name)
            self._copy(self.make(recipe), name)
            self._stamp(name, recipe.key)

    def copy(self, source, name):
        """Make database `name` anew as a copy of `source`, which nobody may be using."""
        _check(name)
        with state_lock(f"database {name}"):
            self._copy(source, name)

    def drop(self, name):
        _check(name)
        with state_lock(f"database {name}"):
            self._drop(name)

    def key(self, name):
        """The key of the recipe that `name` was completed with; None when absent or half-made."""
        return (
            self.cluster.sql(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database"
                f" WHERE datname = '{name}'"
            )
            or None
        )

    def names(self):
        return self.cluster.sql("SELECT datname FROM pg_database ORDER BY 1").splitlines()

    def update(self, name, template):
        """Bring the addon in `name` to the checkout's state, keeping the data."""
        with state_lock(f"database {name}"):
            recipe = self.recipe(template)
            with step(f"Updating {ADDON} in database {name}"):
                self.odoo.run(
                    "the update",
                    *("-u", ADDON, "--stop-after-init", "--no-http"),
                    database=name,
                )
                self.warm(name)
            self._stamp(name, recipe.key)

    def warm(self, name):
        """Build the bundles of scripts and styles, which a first visitor would wait for."""
        self.odoo.script("building the assets", WARM_ASSETS, name)

    def recipe(self, template):
        if template not in RECIPES:
            raise Problem(f"no template {template}; there are {', '.join(RECIPES)}")
        return RECIPES[template](self)

    def make(self, recipe):
        """Return the name of a recipe's template database, cooking it where needed."""
        name = f"template_{recipe.name}_{recipe.key}"
        with state_lock(f"template {recipe.name}"):
            if self.key(name) != recipe.key:
                self._cook(recipe, name)
        return name

    def _cook(self, recipe, name):
        need_space(self.odoo.data.parent, NEEDED_MB, f"template {recipe.name}")
        base = self.make(recipe.base) if recipe.base else None
        self._drop_older(recipe)
        self._drop(name)
        # What holds none of our code is the same in every checkout, so it is kept in the cache.
        if base or not dumps.restore(self.cluster, recipe, name, self._files(name)):
            with step(f"Making database template {recipe.name}: {recipe.title}"):
                if base:
                    self._copy(base, name)
                if recipe.before:
                    self.cluster.sql(recipe.before, name)
                log = f"template-{recipe.name}"
                self.odoo.run("the installation", *recipe.arguments, database=name, log=log)
                if recipe.is_for_browsers:
                    self.warm(name)
                if not base:
                    dumps.save(self.cluster, recipe, name, self._files(name))
        self._stamp(name, recipe.key)

    def _drop_older(self, recipe):
        """A template of older code is of no use to anyone."""
        for name in self.names():
            if re.fullmatch(rf"template_{recipe.name}_[0-9a-f]+", name):
                self._drop(name)

    def _copy(self, source, target):
        self._drop(target)
        self.cluster.sql(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
        if self._files(source).exists():
            # Odoo never changes a stored file, so two databases may share it.
            with made_whole(self._files(target)) as draft:
                shutil.copytree(
                    self._files(source), draft, copy_function=os.link, dirs_exist_ok=True
                )

    def _drop(self, name):
        self.cluster.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        remove(self._files(name))

    def _stamp(self, name, key):
        self.cluster.sql(f"COMMENT ON DATABASE \"{name}\" IS '{key}'")

    def _files(self, name):
        return self.odoo.data / "filestore" / name


class Recipe:
    """What a template is made from; its key changes whenever any of that does."""

    def __init__(
        self, name, title, ingredients, arguments, base=None, before="", is_for_browsers=False
    ):
        self.name = name
        self.title = title
        self.base = base
        self.before = before
        self.is_for_browsers = is_for_browsers
        self.arguments = [*arguments, "--stop-after-init", "--no-http"]
        digest = hashlib.sha256((base.key if base else "").encode())
        for part in (name, before, *ingredients, *self.arguments):
            digest.update(str(part).encode() + b"\0")
        self.key = digest.hexdigest()[:12]


def _plain(databases):
    return Recipe(
        "plain",
        f"{', '.join(STOCK_ADDONS)} without demo data",
        [databases.odoo.source.version, _digest(DEV / "addons")],
        ["-i", STOCK],
    )


def _stock(databases):
    return Recipe(
        "stock",
        f"{', '.join(STOCK_ADDONS)} with demo data",
        [databases.odoo.source.version, _digest(DEV / "addons")],
        ["-i", STOCK, "--with-demo"],
        is_for_browsers=True,
    )


def _addon(databases):
    if not (ADDON_FOLDER / "__manifest__.py").exists():
        raise Problem(f"there is no addon in {ADDON_FOLDER}")
    return Recipe(
        "addon",
        f"{ADDON} with demo data",
        [_digest(ADDON_FOLDER)],
        ["-i", ADDON, "--with-demo"],
        base=_stock(databases),
        is_for_browsers=True,
    )


def _switched_on(databases):
    """As a company has it that ran Odoo before: its leads, none of ours."""
    return Recipe(
        "switched_on",
        f"{ADDON} over the demo data of Odoo",
        [_digest(ADDON_FOLDER)],
        ["-i", ADDON],
        base=_stock(databases),
        # Demo data is installed where all addons an addon depends on have theirs.
        before="UPDATE ir_module_module SET demo = FALSE WHERE name = 'sale_loyalty'",
        is_for_browsers=True,
    )


def _combined(databases):
    """With all of Odoo's that makes leads: where our addon is tried, it comes on top."""
    return Recipe(
        "combined",
        f"{COMBINED} over the demo data of Odoo",
        [databases.odoo.source.version],
        ["-i", COMBINED],
        base=_stock(databases),
        before="UPDATE ir_module_module SET demo = FALSE",
        is_for_browsers=True,
    )


def _combined_switched_on(databases):
    return Recipe(
        "combined_switched_on",
        f"{ADDON} over {COMBINED}",
        [_digest(ADDON_FOLDER)],
        ["-i", ADDON],
        base=_combined(databases),
        is_for_browsers=True,
    )


def _demo(databases):
    # The language comes first: only what is installed afterwards is translated whole.
    return Recipe(
        "demo",
        f"{ADDON} with demo data, in English and Russian",
        [_digest(ADDON_FOLDER)],
        ["--load-language=ru_RU", "-i", ADDON, "--with-demo"],
        base=_stock(databases),
        is_for_browsers=True,
    )


RECIPES = {
    "plain": _plain,
    "stock": _stock,
    "addon": _addon,
    "switched_on": _switched_on,
    "combined": _combined,
    "combined_switched_on": _combined_switched_on,
    "demo": _demo,
}


def _digest(folder):
    """A digest of all code that installing the addons in `folder` reads."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        # Our addon's Python tests do not count: they are a link, and rglob follows none.
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(folder)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _check(name):
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,50}", name) or RESERVED.match(name):
        raise Problem(f"{name} is no name for a database: take lower case, digits, _ and -")
