"""On one machine: what the program says, as records."""

import dataclasses
import json
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from conftest import SAMPLES

import trailwhy

SAMPLE = SAMPLES[0]
TABLES = ("incidents", "occurrences", "denied_calls", "links", "changes")


def told(program, *arguments):
    shown = subprocess.run(
        [program, *map(str, arguments), "-q", "--format", "json"], capture_output=True, check=False
    )
    assert shown.returncode in (0, 1), shown.stderr
    return json.loads(shown.stdout)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_the_report_is_that_of_the_program(sample, installed):
    logs, policies = sample / "logs", sample / "policies"
    found = trailwhy.analyze(logs, policies=policies)
    assert found.report == told(installed, "analyze", logs, "--policies", policies)
    for incident, record in zip(found.report["incidents"], found.incidents):
        assert (record.incident_id, record.title) == (incident["id"], incident["title"])
        assert record.first_seen.isoformat() == incident["first_seen"].replace("Z", "+00:00")
    assert len(found.incidents) == len(found.report["incidents"])
    assert {call.incident_id for call in found.denied_calls} <= {
        i.incident_id for i in found.incidents
    }
    assert sum(len(getattr(found, table)) for table in TABLES) > len(found.incidents)


def test_what_is_asked_for_is_asked_of_the_program(installed):
    logs = SAMPLE / "logs"
    since, until = datetime(2026, 9, 15, 12, tzinfo=timezone.utc), "2026-09-16"
    for given, same in [
        ({"since": since, "until": until}, ["--since", "2026-09-15T12:00:00Z", "--until", until]),
        ({"since": timedelta(hours=2)}, ["--since", "2h"]),
        ({"regions": "us-east-1"}, ["--region", "us-east-1"]),
        ({"accounts": ["111122223333", "444455556666"]}, ["--account", "111122223333"]),
        ({"lang": "ja", "time_zone": "Asia/Tokyo"}, ["--lang", "ja"]),
    ]:
        assert trailwhy.analyze(logs, **given).report == told(installed, "analyze", logs, *same)


def test_several_paths_are_one_export(installed):
    days = sorted((SAMPLE / "logs").rglob("2026/09/*"))
    assert len(days) > 1
    assert trailwhy.analyze(days).report == told(installed, "analyze", *days)


def test_what_is_redacted_is_redacted_everywhere(installed, tmp_path):
    found = trailwhy.analyze(SAMPLE / "logs", redact=True)
    found.write_html(tmp_path / "report.html")
    everything = [json.dumps(found.report), found._repr_html_(), repr(found)]
    everything += [repr(getattr(found, table)) for table in TABLES]
    everything += [(tmp_path / "report.html").read_text()]
    assert not [text[:80] for text in everything if "111122223333" in text]


def test_a_notebook_shows_text_from_a_log_as_text(installed, monkeypatch):
    hostile = "<img src=x onerror=alert(1)>"
    found = trailwhy.analyze(SAMPLE / "logs")
    texts = {
        name: hostile for name, value in vars(found.incidents[0]).items() if value.__class__ is str
    }
    incident = dataclasses.replace(found.incidents[0], **texts)
    monkeypatch.setattr(found, "_rows", lambda _: [incident])
    shown = found._repr_html_()
    assert shown.startswith("<p>1 silent incident.")
    assert "&lt;img src=x" in shown
    assert "<img" not in shown


def test_a_notebook_shows_what_comes_first_and_says_what_is_left(installed, monkeypatch):
    found = trailwhy.analyze([sample / "logs" for sample in SAMPLES])
    monkeypatch.setattr(trailwhy.result, "_SHOWN", 2)
    shown = found._repr_html_()
    assert shown.count("<tr title=") == 2
    assert f"and {len(found.incidents) - 2} more" in shown


def test_nothing_found_is_a_result_too(installed):
    found = trailwhy.analyze(SAMPLE / "logs", until="2026-09-15T08:00:00Z")
    assert (found.incidents, found.report["incidents"]) == ([], [])
    assert "<table" not in found._repr_html_()


def test_the_page_is_whole(installed, tmp_path):
    trailwhy.analyze(SAMPLE / "logs").write_html(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert page.startswith("<!")
    assert "ec2:CreateVolume" in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"paths": "no-such-export"}, "is not there"),
        ({"paths": SAMPLE / "logs", "since": "yesterday"}, "yesterday"),
        ({"paths": SAMPLE / "logs", "policies": "no-such-folder"}, "no-such-folder"),
        ({"paths": []}, "hint: name the folder or files"),
    ],
)
def test_what_the_program_refuses_is_an_error_with_its_message(given, said, installed, monkeypatch):
    monkeypatch.chdir("/")
    with pytest.raises(trailwhy.TrailwhyError, match=said) as error:
        trailwhy.analyze(**given)
    assert error.value.status == 2


def test_a_moment_without_a_time_zone_is_refused(installed):
    with pytest.raises(ValueError, match="has no time zone"):
        trailwhy.analyze(SAMPLE / "logs", since=datetime(2026, 9, 15))


def test_without_the_program_it_is_said_what_to_install(monkeypatch, tmp_path):
    monkeypatch.delenv("TRAILWHY_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(trailwhy.binary, "_installed", lambda: iter([tmp_path]))
    with pytest.raises(trailwhy.TrailwhyError, match="-m pip install trailwhy"):
        trailwhy.analyze(SAMPLE / "logs")
    monkeypatch.setenv("TRAILWHY_BIN", "/no/such/program")
    with pytest.raises(trailwhy.TrailwhyError, match=r"TRAILWHY_BIN\) is no program"):
        trailwhy.analyze(SAMPLE / "logs")
    no_program = tmp_path / "trailwhy"
    no_program.write_bytes(b"\x7fELF of another machine")
    no_program.chmod(0o755)
    with pytest.raises(trailwhy.TrailwhyError, match="cannot be run"):
        trailwhy.analyze(SAMPLE / "logs", program=no_program)


def test_a_program_that_is_ended_is_an_error(tmp_path):
    ended = tmp_path / "ended"
    ended.write_text("#!/bin/sh\nkill -9 $$\n")
    ended.chmod(0o755)
    with pytest.raises(trailwhy.TrailwhyError, match="SIGKILL, perhaps for want of memory"):
        trailwhy.analyze(SAMPLE / "logs", program=ended)


def test_files_of_a_result_go_with_it(installed):
    found = trailwhy.analyze(SAMPLE / "logs")
    folder = Path(found._folder.name)
    assert folder.exists()
    del found
    assert not folder.exists()
