"""What was found, as records: the tables of `trailwhy schema tables`, a class for each.

An unknown value is None. Columns that this version does not know are passed over.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Optional, TypeVar


@dataclass(frozen=True)
class Incident:
    """What one statement, one change, one missing permission or one key state causes."""

    incident_id: str
    kind: str
    title: str
    guardrail: bool
    first_seen: datetime
    last_seen: datetime
    count: int
    account_id: Optional[str]
    region: Optional[str]
    root_event_id: Optional[str]
    root_action: Optional[str]
    root_principal_arn: Optional[str]
    denied_event_id: Optional[str]
    denied_action: Optional[str]
    denied_resource: Optional[str]
    denied_principal_arn: Optional[str]
    caller_kind: Optional[str]
    invoked_by: Optional[str]
    layer: str
    effect: str
    certainty: str
    confidence: float
    policy_arn: Optional[str]
    policy_name: Optional[str]
    statement_sid: Optional[str]
    condition_keys: list[str]
    change_event_id: Optional[str]
    change_time: Optional[datetime]
    change_principal_arn: Optional[str]
    change_summary: Optional[str]
    healed_by_event_id: Optional[str]
    fix: Optional[str]
    missing_steps: list[str]
    signatures: list[str]
    related: list[str]


@dataclass(frozen=True)
class Occurrence:
    """One time an incident happened."""

    incident_id: str
    time: datetime
    root_event_id: Optional[str]
    denied_event_id: Optional[str]
    denied_action: Optional[str]


@dataclass(frozen=True)
class DeniedCall:
    """A refused call of an incident."""

    event_id: str
    incident_id: str
    time: datetime
    action: Optional[str]
    resource: Optional[str]
    principal_arn: Optional[str]
    caller_kind: Optional[str]
    invoked_by: Optional[str]
    error_code: Optional[str]
    layer: str
    is_representative: bool


@dataclass(frozen=True)
class Link:
    """A call of a chain that the report shows, and what ties it to the call it was made for."""

    incident_id: str
    chain: str
    event_id: Optional[str]
    parent_event_id: Optional[str]
    event_time: datetime
    action: str
    outcome: str
    error_code: Optional[str]
    principal_arn: Optional[str]
    caller_kind: str
    invoked_by: Optional[str]
    resource: Optional[str]
    link_kind: Optional[str]
    confidence: Optional[float]
    evidence: list[str]


@dataclass(frozen=True)
class Change:
    """A change of policies that the report names."""

    incident_id: str
    event_id: str
    event_time: datetime
    action: str
    principal_arn: Optional[str]
    summary: str
    part: str


Record = TypeVar("Record", Incident, Occurrence, DeniedCall, Link, Change)

TABLES: dict[str, type[Any]] = {
    "incidents": Incident,
    "occurrences": Occurrence,
    "denied_calls": DeniedCall,
    "links": Link,
    "changes": Change,
}
"""The class of each table."""


def columns(record: type[Any]) -> dict[str, tuple[Any, bool]]:
    """The columns of a table: of which type, and whether a value may be unknown."""
    known = typing.get_type_hints(record)
    return {field.name: _bare(known[field.name]) for field in dataclasses.fields(record)}


def _bare(hint: Any) -> tuple[Any, bool]:  # noqa: ANN401  (a type hint is of any type)
    inner = [one for one in typing.get_args(hint) if one is not type(None)]
    is_optional = typing.get_origin(hint) is typing.Union
    return (inner[0], True) if is_optional else (hint, False)


def read(folder: Path, record: type[Record]) -> Iterator[Record]:
    """The rows of a table that `--tables` wrote into a folder."""
    name = next(name for name, one in TABLES.items() if one is record)
    known = columns(record)
    times = {column for column, (kind, _) in known.items() if kind is datetime}
    for file in _files(folder, name):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield record(**{column: _value(row[column], column in times) for column in known})


def _files(folder: Path, name: str) -> list[Path]:
    # A large table is a folder of files.
    whole = folder / f"{name}.ndjson.gz"
    return [whole] if whole.exists() else sorted((folder / name).rglob("*.ndjson.gz"))


def _value(value: Any, is_time: bool) -> Any:  # noqa: ANN401  (a value of JSON)
    # Python 3.10 and before do not know the Z.
    return datetime.fromisoformat(value.replace("Z", "+00:00")) if is_time and value else value
