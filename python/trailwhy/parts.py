"""What an executor does: reads a part of an export, or makes one part of several.

Parts travel in pieces: they may be larger than Spark takes in one value, and a task holds one piece
in memory, not one part. Spark sends what stands here to executors as it is, so it needs nothing but
Python itself. A task that is tried again gives the same pieces.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from . import binary

Piece = tuple[int, int, int, bytes]
"""Of which part, which piece of how many, and what it holds."""

_PIECE = 1 << 20


@dataclass(frozen=True)
class How:
    """What holds for all parts."""

    options: tuple[str, ...]
    """What `--partial` is asked for."""
    services: bytes | None
    """A service table of the user's."""
    threads: int
    """Cores of a task."""
    shipped: str | None
    """The name under which Spark brought the program along."""


def read(lines: Iterable[tuple[int, str]], how: How) -> Iterator[Piece]:
    """Reads the files that lines of a plan name."""
    with _folder() as folder:
        program, to = _program(how), folder / "part"
        options = (*how.options, *_services(how, folder), f"--threads={how.threads}")
        for number, line in lines:
            arguments = ["analyze", "--quiet", "--files-from=-", f"--partial={to}", *options]
            _run(program, arguments, line, how)
            yield from pieces(to, number)
            to.unlink()


def merge(given: Iterable[Piece], name: int, how: How) -> Iterator[Piece]:
    """Makes one part, called `name`, of all that came in pieces."""
    with _folder() as folder:
        parts = gather(given, folder)
        if len(parts) > 1:
            to = folder / "merged"
            options = ("--quiet", f"--partial={to}", *_services(how, folder))
            _run(_program(how), ["merge", *options, *map(str, parts)], "", how)
            for part in parts:
                part.unlink()
            parts = [to]
        for part in parts:
            yield from pieces(part, name)


def pieces(file: Path, part: int) -> Iterator[Piece]:
    """A part, cut to travel."""
    of = math.ceil(file.stat().st_size / _PIECE)
    with file.open("rb") as source:
        for number in range(of):
            yield part, number, of, source.read(_PIECE)


def gather(given: Iterable[Piece], folder: Path) -> list[Path]:
    """Puts parts together again, in whatever order their pieces come; errs where one is missing."""
    expected: dict[int, int] = {}
    met: Counter[int] = Counter()
    for part, number, of, held in given:
        file = folder / f"{part}.part"
        with file.open("r+b" if file.exists() else "wb") as out:
            out.seek(number * _PIECE)
            out.write(held)
        expected[part] = of
        met[part] += 1
    if met != expected:
        raise binary.TrailwhyError("a part came incomplete")
    return [folder / f"{part}.part" for part in sorted(expected)]


def _run(program: str, arguments: list[str], stdin: str, how: How) -> None:
    try:
        binary.run(program, arguments, stdin, how.threads)
    except binary.TrailwhyError as error:
        # Alone: the driver reads what a failed task printed, and would find the first of two.
        raise binary.TrailwhyError(f"{error}\n(on {os.uname().nodename})", error.status) from None


def _program(how: How) -> str:
    if how.shipped is None:
        return binary.find()
    from pyspark import SparkFiles

    return binary.find(SparkFiles.get(how.shipped))


def _services(how: How, folder: Path) -> list[str]:
    if how.services is None:
        return []
    table = folder / "services.toml"
    table.write_bytes(how.services)
    return [f"--services={table}"]


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder on the disks that Spark was given, which are larger than that of the system."""
    given = os.environ.get("SPARK_LOCAL_DIRS") or os.environ.get("LOCAL_DIRS") or ""
    roots = (root for root in given.split(",") if root and os.access(root, os.W_OK))
    with TemporaryDirectory(prefix="trailwhy-", dir=next(roots, None)) as folder:
        yield Path(folder)
