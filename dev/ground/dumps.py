"""Finished template databases in the cache: a new checkout restores instead of installing."""

import shutil

from . import process
from .folders import made_whole, remove
from .locking import cache_lock
from .paths import CACHE
from .report import Problem, note, step


def save(cluster, recipe, database, files):
    """Keep `database` and its filestore for other checkouts."""
    folder = _folder(cluster, recipe)
    with cache_lock():
        for older in CACHE.glob(f"template-{recipe.name}-*"):
            remove(older)
        with made_whole(folder) as draft:
            process.run(
                cluster.client("pg_dump", "-Fc", "-Z1", "-f", draft / "database.dump", database),
                "keeping the template",
                env=cluster.env,
            )
            shutil.copytree(files, draft / "filestore")


def restore(cluster, recipe, database, files):
    """Make `database` from the cache; False when that has no such thing, or no sound one."""
    folder = _folder(cluster, recipe)
    if not folder.exists():
        return False
    try:
        with step(f"Restoring database template {recipe.name} from the cache"):
            cluster.sql(f'CREATE DATABASE "{database}"')
            dump = folder / "database.dump"
            process.run(
                cluster.client("pg_restore", "-j2", "--exit-on-error", "-d", database, dump),
                "restoring the template",
                env=cluster.env,
            )
            with made_whole(files) as draft:
                shutil.copytree(folder / "filestore", draft, dirs_exist_ok=True)
    except Problem as problem:
        note(f"  {problem}; installing it instead")
        cluster.sql(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        remove(folder)
        return False
    return True


def _folder(cluster, recipe):
    # Another version of PostgreSQL may not read the dump.
    return CACHE / f"template-{recipe.name}-{recipe.key}-pg{cluster.programs.major}"
