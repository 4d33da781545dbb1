"""What was found: the report, its tables, and the page to pass on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from . import binary, records
from .options import StrPath
from .records import Change, DeniedCall, Incident, Link, Occurrence, Record

# Rows in a notebook: what comes first is worst, and the page has all of them.
_SHOWN = 20


class Report:
    """A report, as JSON and as a page; its files go when nobody holds it any more."""

    def __init__(self, folder: TemporaryDirectory[str]) -> None:
        self._folder = folder

    def __repr__(self) -> str:
        return self.text.rstrip("\n")

    @cached_property
    def text(self) -> str:
        """The report as at a terminal."""
        return self._path("report.txt").read_text(encoding="utf-8")

    @cached_property
    def report(self) -> dict[str, Any]:
        """The JSON report (`trailwhy schema`)."""
        whole: dict[str, Any] = json.loads(self._path("report.json").read_bytes())
        return whole

    def write_html(self, path: StrPath) -> None:
        """Writes the report as one self-contained page."""
        shutil.copyfile(self._path("report.html"), path)

    def _repr_html_(self) -> str:
        incidents = self._rows(Incident)
        rows = "".join(map(_row, incidents[:_SHOWN]))
        left = len(incidents) - _SHOWN
        more = f"<p>… and {left} more: <code>write_html(path)</code></p>" if left > 0 else ""
        head = "".join(f"<th>{name}</th>" for name in _COLUMNS)
        table = (
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
        )
        found, _, _ = self.text.strip().partition("\n\n")
        return f"<p>{escape(found)}</p>{table}{more}"

    def _path(self, name: str) -> Path:
        return Path(self._folder.name) / name

    def _rows(self, record: type[Record]) -> list[Record]:
        return list(records.read(self._path("tables"), record))


class Result(Report):
    """What was found on this machine: records as lists."""

    @cached_property
    def incidents(self) -> list[Incident]:
        """One for each thing that failed, the worst first."""
        return self._rows(Incident)

    @cached_property
    def occurrences(self) -> list[Occurrence]:
        """Each time an incident happened."""
        return self._rows(Occurrence)

    @cached_property
    def denied_calls(self) -> list[DeniedCall]:
        """Each refused call of an incident."""
        return self._rows(DeniedCall)

    @cached_property
    def links(self) -> list[Link]:
        """The calls of the chains that the report shows."""
        return self._rows(Link)

    @cached_property
    def changes(self) -> list[Change]:
        """The changes that the report names."""
        return self._rows(Change)


def make(program: str, arguments: Sequence[str]) -> TemporaryDirectory[str]:
    """Lets the program write a report in all the forms that [`Report`] hands out."""
    folder: TemporaryDirectory[str] = TemporaryDirectory(prefix="trailwhy-")
    place = Path(folder.name)
    reports = [f"--output={place / name}" for name in ("report.json", "report.html", "report.txt")]
    command, *rest = arguments
    binary.run(program, [command, "--quiet", f"--tables={place / 'tables'}", *reports, *rest])
    return folder


_COLUMNS = ("kind", "times", "what", "layer", "certainty", "first seen (UTC)", "repair")


def _row(incident: Incident) -> str:
    seen = incident.first_seen.strftime("%Y-%m-%d %H:%M")
    certainty = f"{incident.certainty} {incident.confidence:.0%}"
    cells = (
        *(incident.kind, f"{incident.count:,}", incident.title, incident.layer),
        *(certainty, seen, incident.fix or ""),
    )
    inside = "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in cells)
    return f'<tr title="{escape(incident.incident_id)}">{inside}</tr>'
