"""Where the program is, and how it is run: on this machine, or on an executor of Spark.

Spark sends what stands here to executors as it is, so it needs nothing but Python itself.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

VARIABLE = "TRAILWHY_BIN"
"""The environment variable that names the program."""

_NAME = "trailwhy.exe" if sys.platform == "win32" else "trailwhy"

# `trailwhy help analyze`: 0 is no incident, 1 is incidents found.
_DONE = (0, 1)


class TrailwhyError(Exception):
    """What the program says when it cannot do what was asked.

    `status` is its exit status where it ran: 2 is wrong usage or nothing readable.
    """

    def __init__(self, said: str, status: int | None = None) -> None:
        super().__init__(said)
        self.status = status


def _installed() -> Iterator[Path]:
    """Folders into which an installer puts the program, the likeliest first."""
    schemes = [sysconfig.get_default_scheme()] if hasattr(sysconfig, "get_default_scheme") else []
    schemes.append("nt_user" if os.name == "nt" else "posix_user")
    # A packed environment is moved: its Python knows where it is, and its schemes may not.
    yield Path(sys.executable or "python").parent
    for scheme in schemes:
        if scheme in sysconfig.get_scheme_names():
            yield Path(sysconfig.get_path("scripts", scheme))
    package = importlib.util.find_spec("trailwhy")
    for folder in (package.submodule_search_locations or []) if package else []:
        # `pip install --target DIR` makes DIR/trailwhy and DIR/bin.
        yield Path(folder).parent / "bin"


def find(given: str | os.PathLike[str] | None = None) -> str:
    """The program: the one given, of `TRAILWHY_BIN`, beside the interpreter, or on PATH."""
    named = os.fspath(given) if given is not None else os.environ.get(VARIABLE)
    if named:
        whole = shutil.which(named)
        if whole is None:
            whose = "" if given is not None else f" ({VARIABLE})"
            raise TrailwhyError(f"`{named}`{whose} is no program on {socket.gethostname()}")
        return whole
    for folder in _installed():
        if os.access(folder / _NAME, os.X_OK):
            return str(folder / _NAME)
    found = shutil.which(_NAME)
    if found is None:
        raise TrailwhyError(
            f"no program `{_NAME}` on {socket.gethostname()}: neither beside {sys.executable} nor "
            f"on PATH\nhint: `{sys.executable} -m pip install trailwhy` there, or say "
            f"in {VARIABLE} where it is"
        )
    return found


def run(program: str, arguments: Sequence[str], stdin: str = "", threads: int | None = None) -> str:
    """Runs the program and returns what it prints; errs with its message where it says one.

    `threads` is how many cores it may take where others work on the same machine.
    """
    environment = dict(os.environ)
    if threads is not None:
        environment.update(RAYON_NUM_THREADS=str(threads), TOKIO_WORKER_THREADS=str(threads))
    try:
        done = subprocess.run(
            [program, *arguments],
            input=stdin.encode(),
            capture_output=True,
            check=False,
            env=environment,
        )
    except OSError as error:
        raise TrailwhyError(f"`{program}` cannot be run: {error}") from error
    if done.returncode not in _DONE:
        raise TrailwhyError(_message(done), done.returncode)
    return done.stdout.decode()


def _message(done: subprocess.CompletedProcess[bytes]) -> str:
    said = done.stderr.decode(errors="replace").strip()
    said = said[len("trailwhy: ") :] if said.startswith("trailwhy: ") else said
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        # The kernel, YARN and Kubernetes end what takes too much memory in this way.
        more = ", perhaps for want of memory" if name == "SIGKILL" else ""
        return f"was ended by {name}{more}{': ' + said if said else ''}"
    return said or f"ended with status {done.returncode}"
