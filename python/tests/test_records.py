"""The classes of the tables are those that the program publishes."""

import json
import subprocess
from datetime import datetime

import pytest

from trailwhy import records

KINDS = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": float,
    "array": list[str],
}


@pytest.mark.parametrize("name", records.TABLES)
def test_a_table_has_the_published_columns(name, program):
    shown = subprocess.run([program, "schema", "tables"], check=True, capture_output=True)
    published = json.loads(shown.stdout)["$defs"][name]["properties"]
    columns = records.columns(records.TABLES[name])
    assert list(columns) == list(published)
    for column, (kind, may_be_unknown) in columns.items():
        types = published[column]["type"]
        types = [types] if isinstance(types, str) else types
        assert may_be_unknown == ("null" in types), column
        expected = KINDS[types[0]]
        is_time = kind is datetime
        assert expected is str if is_time else kind == expected, column
        assert is_time == (column in TIMES), column


TIMES = {"first_seen", "last_seen", "change_time", "time", "event_time"}
