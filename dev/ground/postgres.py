"""A PostgreSQL cluster of this checkout's own, on a Unix socket that only we reach."""

import os
import pwd
import re
import signal
import sysconfig
import tempfile
import time
from functools import cached_property
from pathlib import Path

from . import debian, process
from .folders import made_whole, remove
from .locking import cache_lock, state_lock
from .paths import CACHE, IS_ROOT, STATE, log_file, need_space
from .report import Problem, note, step

SYSTEM_BINARIES = Path("/usr/lib/postgresql")
ROLE = "odoo"
MAIN = "postgres"
# Only the socket file's suffix: the server listens on no network port.
PORT = 5432
NEEDED_MB = 1500
# A Unix socket's path has 107 bytes at most.
LONGEST_SOCKET_FOLDER = 90

# The data can be made again, so speed comes before safety.
SETTINGS = """
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket}'
max_connections = 100
shared_buffers = 256MB
work_mem = 32MB
maintenance_work_mem = 128MB
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
log_timezone = 'UTC'
timezone = 'UTC'
"""


class Binaries:
    """One major version of PostgreSQL's programs, installed or unpacked under `root`."""

    def __init__(self, folder, root=None):
        self.folder = folder
        self.root = root
        self.major = int(folder.parent.name)

    def __getitem__(self, program):
        return self.folder / program

    @property
    def env(self):
        """Tells unpacked programs where their libraries are."""
        if not self.root:
            return {}
        triplet = sysconfig.get_config_var("MULTIARCH") or ""
        paths = [self.root / "usr/lib" / triplet, self.root / "lib" / triplet]
        return {"LD_LIBRARY_PATH": ":".join(map(str, paths))}


def binaries():
    """The newest PostgreSQL on this machine, or one unpacked into the cache."""
    return _find(SYSTEM_BINARIES) or _unpacked()


def _find(base, root=None):
    majors = sorted(base.glob("[0-9]*/bin/initdb"), key=lambda path: -int(path.parts[-3]))
    for initdb in majors:
        if (initdb.parent / "postgres").exists() and (initdb.parent / "psql").exists():
            return Binaries(initdb.parent, root)
    return None


def _unpacked():
    root = CACHE / "postgresql"
    if not root.exists():
        with cache_lock():
            if not root.exists():
                _unpack(root)
    return _find(root / "usr/lib/postgresql", root)


def _unpack(root):
    need_space(CACHE, 500, "PostgreSQL")
    with step("Fetching PostgreSQL"), made_whole(root) as draft:
        apt = debian.native()
        wanted = [name for name in apt.missing_for("postgresql") if _is_needed(name)]
        apt.unpack(wanted, draft)
        if not _find(draft / "usr/lib/postgresql"):
            raise Problem("the package archive has no PostgreSQL server")


def _is_needed(package):
    """Whether the server itself runs with `package`: no Perl scripts, no just-in-time compiler."""
    if re.fullmatch(r"postgresql(-client)?-\d+", package):
        return True
    return package.startswith("lib") and not package.startswith("libllvm") and "perl" not in package


class Cluster:
    """A cluster of this checkout: its files, its server, and SQL through psql.

    :param name: that of its folder; without it, the cluster that everything else works on
    :param settings: lines of PostgreSQL's configuration that come after ours
    """

    def __init__(self, name=MAIN, settings=""):
        self.name = name
        self.home = STATE / name
        self.data = self.home / "data"
        self.settings = settings

    @cached_property
    def programs(self):
        return binaries()

    @cached_property
    def socket(self):
        folder = self.home / "socket"
        if len(str(folder)) > LONGEST_SOCKET_FOLDER:
            key = f"{os.geteuid()}-{STATE.name[-8:]}-{self.name}"
            return Path(tempfile.gettempdir(), f"sfc-{key}")
        return folder

    @property
    def env(self):
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("PG")},
            **self.programs.env,
            "LC_ALL": "C.UTF-8",
        }

    def start(self):
        """Bring the server up, repairing what an earlier end left."""
        with state_lock(self._lock):
            if not self.pid():
                self._make_data()
                self._clear_remains()
                self._launch()

    def keep(self):
        """Bring the server up, and remember that it is to stay."""
        self._keeping.touch()
        self.start()

    @property
    def is_main(self):
        """Whether this is the cluster that everything else works on."""
        return self.name == MAIN

    @property
    def log(self):
        """The name of the log that the server writes."""
        return f"{self.name}-server"

    @property
    def is_kept(self):
        return self._keeping.exists()

    @property
    def _keeping(self):
        return STATE / "keep-database-server"

    def stop(self):
        self._keeping.unlink(missing_ok=True)
        self._stop("fast")

    def crash(self):
        """Stop the server without a word to anyone, as a loss of power would."""
        self._stop("immediate")

    def _stop(self, mode):
        with state_lock(self._lock):
            if self.pid():
                self._as_owner(
                    [self.programs["pg_ctl"], "stop", "-D", self.data, "-m", mode, "-w"],
                    "stopping PostgreSQL",
                )

    @property
    def _lock(self):
        return f"database server {self.name}"

    def pid(self):
        """The server's process id while it runs, else None."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if pid in self._processes() else None

    def sql(self, statement, database="postgres"):
        """Run one statement as the owner of everything; rows come back as lines."""
        options = ["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement]
        return process.read(self.client("psql", *options), "an SQL statement", env=self.env).strip()

    def has(self, database):
        return bool(self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{database}'"))

    def client(self, program, *arguments):
        """The command line of a client program, connected to this cluster."""
        return [self.programs[program], "-h", self.socket, "-p", str(PORT), "-U", ROLE, *arguments]

    @cached_property
    def _owner(self):
        """Who runs the server: PostgreSQL refuses root."""
        if not IS_ROOT:
            return {}
        user = pwd.getpwnam("nobody")
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _as_owner(self, command, what):
        process.run(command, what, log="postgres", env=self.env, cwd="/", **self._owner)

    def _give(self, folder):
        folder.chmod(0o700)
        if self._owner:
            os.chown(folder, self._owner["user"], self._owner["group"])

    def _make_data(self):
        self._forget_other_major()
        if (self.data / "PG_VERSION").exists():
            return
        self.home.mkdir(parents=True, exist_ok=True)
        need_space(self.home, NEEDED_MB, "the database server")
        _need_time_zones()
        with step("Making the database cluster"), made_whole(self.data) as draft:
            self._give(draft)
            self._need_access(draft)
            self._fill(draft)

    def _fill(self, folder):
        self._as_owner(
            [
                *(self.programs["initdb"], "-D", folder, "-U", ROLE, "-A", "trust"),
                *("-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
            ],
            "making the database cluster",
        )

    def _need_access(self, folder):
        """Say it plainly when the server's user cannot get at its own folder."""
        try:
            process.read(["test", "-w", folder], "access", cwd="/", **self._owner)
        except Problem:
            raise Problem(f"user nobody, who runs PostgreSQL here, cannot enter {folder}") from None

    def _forget_other_major(self):
        """Drop a cluster whose version of PostgreSQL is no longer the machine's."""
        stamp = self.data / "PG_VERSION"
        if stamp.exists() and int(stamp.read_text()) != self.programs.major:
            note(f"  PostgreSQL {stamp.read_text().strip()} is gone: its databases are made again")
            remove(self.data)

    def _clear_remains(self):
        """Make a start possible after the server was killed."""
        for pid in self._processes():
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while self._processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.socket.mkdir(exist_ok=True)
        self._give(self.socket)
        for leftover in self.socket.iterdir():
            leftover.unlink()

    def _processes(self):
        """The processes at work in our data folder."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(entry / "cwd") == str(self.data):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def _launch(self):
        settings = SETTINGS.format(port=PORT, socket=self.socket)
        (self.data / "postgresql.auto.conf").write_text(settings + self.settings)
        log = log_file(self.log)
        log.touch()
        if self._owner:
            os.chown(log, self._owner["user"], self._owner["group"])
        self._as_owner(
            [self.programs["pg_ctl"], "start", "-D", self.data, "-l", log, "-w", "-s"],
            "starting PostgreSQL",
        )


def _need_time_zones():
    # Debian's PostgreSQL reads the system's zones, at this very path.
    if not Path("/usr/share/zoneinfo/Europe/Moscow").exists():
        debian.install(["tzdata"], "PostgreSQL")
