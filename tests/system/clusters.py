"""Database servers of a test's own: one to crash, or one with a read replica."""

from contextlib import contextmanager

from ground import process
from ground.folders import remove
from ground.odoo import get
from ground.postgres import PORT, ROLE, Cluster

# Unlike the cluster that everything else works on, these keep what they acknowledged.
OWN = """
synchronous_commit = on
wal_level = replica
max_wal_senders = 4
wal_keep_size = 512MB
hot_standby_feedback = on
shared_buffers = 64MB
max_connections = 60
"""
# Each statement, and the process that asked for it.
LOGGED = """
log_statement = 'all'
log_line_prefix = '%p|%d|'
"""


class Standby(Cluster):
    """A streaming standby: a copy of another cluster that follows it and answers reads."""

    def __init__(self, name, primary, settings=""):
        connection = f"host={primary.socket} port={PORT} user={ROLE}"
        super().__init__(name, f"{settings}primary_conninfo = '{connection}'\n")
        self.primary = primary

    def _fill(self, folder):
        command = self.primary.client("pg_basebackup", "-D", folder, "--checkpoint=fast")
        self._as_owner([*command, "--wal-method=stream", "--no-sync"], "copying the cluster")
        (folder / "standby.signal").touch()


@contextmanager
def running(cluster):
    """Have a cluster up for the block; it is gone afterwards."""
    remove(cluster.home)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()
        remove(cluster.home)


def bring(database, cluster):
    """Copy a database into another cluster, under its name; return Odoo on that cluster."""
    source = database.odoo.cluster
    dump = cluster.home / f"{database.name}.dump"
    process.read(
        source.client("pg_dump", "-Fc", "-Z1", "-f", dump, database.name), "a dump", env=source.env
    )
    cluster.sql(f'CREATE DATABASE "{database.name}"')
    command = cluster.client("pg_restore", "-j2", "--no-owner", "-d", database.name, dump)
    process.read(command, "a restore", env=cluster.env)
    dump.unlink()
    cluster.sql("ANALYZE", database.name)
    return get(cluster)
