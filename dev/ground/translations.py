"""The translation template and what is translated of it."""

from . import process
from .databases import Databases
from .locking import state_lock
from .paths import ADDON, ADDON_FOLDER, DEV, STATE
from .report import say
from .server import borrowed_cluster

DATABASE = "translations"
FOLDER = ADDON_FOLDER / "i18n"
LANGUAGES = ("ru",)


def refresh(odoo):
    """Export the template anew and carry each language over to it."""
    fresh = _export(odoo)
    FOLDER.mkdir(exist_ok=True)
    said = process.read(
        [*_catalog(odoo), "write", fresh, _template(), *_languages()],
        "writing the translations",
    )
    say(said.rstrip())


def complaints(odoo):
    """What is stale or missing, one line each."""
    return process.read(
        [*_catalog(odoo), "check", _export(odoo), _template(), *_languages()],
        "checking the translations",
    ).splitlines()


def _export(odoo):
    """The template as the code in the checkout gives it."""
    fresh = STATE / f"{ADDON}.pot"
    databases = Databases(odoo)
    with state_lock("translations"), borrowed_cluster(odoo):
        databases.create(DATABASE, "addon")
        odoo.run("the export", "i18n", "export", ADDON, "-o", fresh, database=DATABASE)
        databases.drop(DATABASE)
    return fresh


def _catalog(odoo):
    # It needs polib, which only the environment has.
    return [odoo.venv.python, DEV / "catalog.py"]


def _template():
    return FOLDER / f"{ADDON}.pot"


def _languages():
    return [FOLDER / f"{language}.po" for language in LANGUAGES]
