"""What can be asked of the program, in Python's words."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Union

StrPath = Union[str, "os.PathLike[str]"]
Paths = Union[StrPath, Sequence[StrPath]]
Moment = Union[str, date, datetime, timedelta]
Names = Union[str, Sequence[str]]


def each(paths: Paths | None) -> list[str]:
    """The paths, whether one or several were given."""
    if paths is None:
        return []
    return (
        [os.fspath(paths)]
        if isinstance(paths, (str, os.PathLike))
        else [os.fspath(path) for path in paths]
    )


def moment(value: Moment) -> str:
    """A moment as the program reads it; a span is one before the last event."""
    if isinstance(value, timedelta):
        return f"{round(value.total_seconds())}s"
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone: give it one, such as timezone.utc")
    return value if isinstance(value, str) else value.isoformat()


def reading(
    since: Moment | None, until: Moment | None, accounts: Names, regions: Names
) -> list[str]:
    """Which records are asked for, as options."""
    bounds = (("--since", since), ("--until", until))
    options = [f"{name}={moment(value)}" for name, value in bounds if value is not None]
    options += [f"--account={one}" for one in each(accounts)]
    return options + [f"--region={one}" for one in each(regions)]


def known(policies: Paths | None, evidence: Paths | None, services: StrPath | None) -> list[str]:
    """What is known besides, as options."""
    options = [f"--policies={path}" for path in each(policies)]
    options += [f"--evidence={path}" for path in each(evidence)]
    return options + [f"--services={path}" for path in each(services)]


def saying(lang: str | None, time_zone: str | None, redact: bool) -> list[str]:
    """How it is told, as options."""
    options = [f"--lang={lang}"] if lang else []
    options += [f"--time-zone={time_zone}"] if time_zone else []
    return options + (["--redact"] if redact else [])
