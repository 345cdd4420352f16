"""Running other programs: their output goes to a log, their failure becomes one line."""

import os
import subprocess

from .paths import log_file
from .report import Problem

OFFLINE = ("Temporary failure", "Failed to establish a new connection", "EAI_AGAIN", "ENOTFOUND")
# How apt, pip, npm and PostgreSQL begin the line that names the cause.
TELLING = (
    *("E: ", "ERROR: ", "npm ERR! request ", "npm error request "),
    *("error: ", "fatal: ", "FATAL: ", "initdb: error"),
)


def run(command, what, log=None, **options):
    """Run `command` to its end, its output appended to the log; `what` names it in errors."""
    log = log_file(log or "setup")
    with log.open("a") as output:
        output.write(f"$ {' '.join(map(str, command))}\n")
        output.flush()
        start = output.tell()
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                **options,
            )
        except OSError as error:
            raise Problem(f"{what} failed: {error}") from error
    if done.returncode:
        lines = log.read_bytes()[start:].decode(errors="replace").splitlines()
        raise Problem(f"{what} failed: {_cause(lines)} (all of it: {log})")


def read(command, what, **options):
    """Run `command` and return what it prints."""
    try:
        done = subprocess.run(
            command,
            input=options.pop("input", ""),
            capture_output=True,
            text=True,
            check=False,
            **options,
        )
    except OSError as error:
        raise Problem(f"{what} failed: {error}") from error
    if done.returncode:
        raise Problem(f"{what} failed: {_last_line(done.stderr) or f'exit {done.returncode}'}")
    return done.stdout


def become(command, env):
    """Replace this process by `command`."""
    command = [str(part) for part in command]
    os.execvpe(command[0], command, env)


def _cause(lines):
    """What a log says best of why: no network, else the first error, else the last line."""
    if any(tell in line for tell in OFFLINE for line in lines):
        return "no network"
    for line in lines:
        if line.startswith(TELLING):
            return line
    return _last_line("\n".join(lines))


def _last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
