"""An Odoo server in the background: one for each database that is served."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

from .locking import in_use, state_lock
from .odoo import excuse
from .paths import STATE, log_file
from .report import Problem, note, step

ADDRESS = "127.0.0.1"
FIRST_PORT, LAST_PORT = 8069, 8169
START_SECONDS = 180
STOP_SECONDS = 20


class Server:
    """The server of one database; a small file remembers its process and port between runs.

    :param options: further arguments of Odoo
    """

    def __init__(self, odoo, database, *options):
        self.odoo = odoo
        self.database = database
        self.options = options
        self.record = STATE / f"server-{database}.json"
        self.log = f"server-{database}"

    @property
    def url(self):
        return f"http://{ADDRESS}:{self._recorded().get('port')}"

    @property
    def port(self):
        """The port of the running server, or None."""
        recorded = self._recorded()
        return recorded["port"] if recorded and _is_ours(recorded) else None

    def start(self, port=None):
        """Serve the database on `port`, or on the first free one, and wait until it answers."""
        with state_lock(f"server of {self.database}"):
            if self.port and port in (None, self.port):
                return
            # Odoo would make a database that is not there.
            if not self.odoo.cluster.has(self.database):
                raise Problem(f"there is no database {self.database}")
            self.check(port)
            self._end()
            port = port or _first_free()
            with step(f"Starting Odoo on port {port}"):
                self._launch(port)

    def check(self, port):
        """Stop us when a chosen `port` is another program's."""
        if port and port != self.port and not _is_free(port):
            raise Problem(f"port {port} is taken; name another, or none for a free one")

    def stop(self):
        with state_lock(f"server of {self.database}"):
            return self._end()

    def kill(self):
        """End the server without a word, as a loss of power would."""
        os.kill(self._recorded()["pid"], signal.SIGKILL)

    def _launch(self, port):
        path = log_file(self.log)
        begin = path.stat().st_size if path.exists() else 0
        command = self.odoo.command(
            *(f"--http-port={port}", f"--db-filter=^{self.database}$", *self.options),
            database=self.database,
        )
        with path.open("a") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.odoo.env,
                cwd=STATE,
                start_new_session=True,
            )
        self.record.write_text(
            json.dumps({"pid": process.pid, "started": _started(process.pid), "port": port})
        )
        deadline = time.monotonic() + START_SECONDS
        while not _answers(f"http://{ADDRESS}:{port}/web/login"):
            if process.poll() is not None or time.monotonic() > deadline:
                self._end()
                note(excuse(path, begin))
                raise Problem(f"Odoo does not start (all of it: {path})")
            time.sleep(0.5)

    def _end(self):
        """Stop the server if it runs; True if it did."""
        recorded = self._recorded()
        running = bool(recorded) and _is_ours(recorded)
        if running:
            os.kill(recorded["pid"], signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            while _is_ours(recorded) and time.monotonic() < deadline:
                time.sleep(0.1)
            if _is_ours(recorded):
                os.kill(recorded["pid"], signal.SIGKILL)
        self.record.unlink(missing_ok=True)
        return running

    def _recorded(self):
        try:
            return json.loads(self.record.read_text())
        except (OSError, ValueError):
            return {}


def stop_all():
    """Stop every server of this checkout and return the names of their databases."""
    return [name for name in _databases() if Server(None, name).stop()]


@contextmanager
def borrowed_cluster(odoo):
    """Have the database server up for the block; the last to need it stops it."""
    with in_use("database server") as is_last:
        odoo.cluster.start()
        try:
            yield
        finally:
            if is_last() and not odoo.cluster.is_kept:
                odoo.cluster.stop()


def keep_cluster(odoo):
    """Have the database server up until `stop`."""
    with in_use("database server"):
        odoo.cluster.keep()


def _databases():
    """The databases that have, or had, a server."""
    return [path.stem.removeprefix("server-") for path in STATE.glob("server-*.json")]


def _is_ours(recorded):
    """Whether the recorded process still runs: a process id alone may have a new owner."""
    return _started(recorded["pid"]) == recorded["started"]


def _started(pid):
    """The kernel's start time of a live process, else None."""
    try:
        with open(f"/proc/{pid}/stat") as handle:
            fields = handle.read().rpartition(")")[2].split()
    except OSError:
        return None
    state, start_time = fields[0], fields[19]
    return None if state == "Z" else start_time


def _answers(url):
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def chosen_port(text):
    """The port number in a user's `text`."""
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise Problem(f"{text} is no port number")
    return int(text)


def _first_free():
    for port in range(FIRST_PORT, LAST_PORT):
        if _is_free(port):
            return port
    raise Problem(f"no free port from {FIRST_PORT} to {LAST_PORT}; name one with PORT=")


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except PermissionError:
            raise Problem(f"port {port} is only for root; name one above 1023") from None
        except OSError:
            return False
    return True
