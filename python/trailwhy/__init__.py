"""Why did the call to AWS fail, silently or not, and what repairs it?

Reads CloudTrail with the program `trailwhy` that comes with this package, and hands out what it
found as records. On Spark: `trailwhy.spark`.
"""

from __future__ import annotations

from . import binary, options, result
from .binary import TrailwhyError
from .options import Moment, Names, Paths, StrPath
from .records import Change, DeniedCall, Incident, Link, Occurrence
from .result import Result

__all__ = [
    "Change",
    "DeniedCall",
    "Incident",
    "Link",
    "Occurrence",
    "Result",
    "TrailwhyError",
    "analyze",
]


def analyze(
    paths: Paths,
    *,
    policies: Paths | None = None,
    evidence: Paths | None = None,
    services: StrPath | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    accounts: Names = (),
    regions: Names = (),
    lang: str | None = None,
    time_zone: str | None = None,
    redact: bool = False,
    program: StrPath | None = None,
) -> Result:
    """Analyses files, folders or `s3://…` on this machine.

    `policies` are dumps that people have, `evidence` what AWS told of single denials, `services` a
    service table of your own. `since` and `until` are moments; a `timedelta`, or text such as "2h",
    is before the last event. `redact` takes out names, accounts and addresses. That incidents were
    found is no error; what `trailwhy` refuses is a `TrailwhyError` with its message.
    """
    arguments = [
        "analyze",
        *options.reading(since, until, accounts, regions),
        *options.known(policies, evidence, services),
        *options.saying(lang, time_zone, redact),
        "--",
        *options.each(paths),
    ]
    return Result(result.make(binary.find(program), arguments))
