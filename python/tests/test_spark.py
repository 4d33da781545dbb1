"""On Spark: the report of one machine, whatever happens to executors."""

import json
import os
import signal
import stat
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from conftest import SAMPLES, cases, started

import trailwhy
import trailwhy.spark
from trailwhy import records

SAMPLE = SAMPLES[0]
TABLES = ("incidents", "occurrences", "denied_calls", "links", "changes")


def same(found, whole):
    """Both tell the same, of files with the same names."""
    assert found.report == whole.report
    for table in TABLES:
        rows = [tuple(row) for row in getattr(found, table).collect()]
        of_one = [tuple(vars(row).values()) for row in getattr(whole, table)]
        # Spark hands out moments without a zone, in that of this process.
        of_one = [tuple(map(_local, row)) for row in of_one]
        assert rows == of_one, table


def _local(value):
    return value.astimezone().replace(tzinfo=None) if hasattr(value, "astimezone") else value


@pytest.mark.parametrize("case", cases(), ids=lambda path: path.resolve().name)
def test_the_report_is_that_of_one_machine(case, spark, store):
    bucket = store.put(case / "logs")
    policies = case / "policies"
    whole = trailwhy.analyze(bucket, policies=policies)
    # s3a is how Spark spells it.
    found = trailwhy.spark.analyze(
        spark, bucket.replace("s3:", "s3a:") + "/", policies=policies, parts=5
    )
    same(found, whole)


@pytest.mark.parametrize(("parts", "depth"), [(1, 2), (40, 1), (40, 2), (40, 4)])
def test_however_it_is_cut_and_merged(parts, depth, spark, installed):
    logs = SAMPLE / "logs"
    found = trailwhy.spark.analyze(spark, logs, parts=parts, depth=depth)
    same(found, trailwhy.analyze(logs))


def test_a_part_that_holds_nothing_and_options_reach_executors(spark, installed):
    logs = SAMPLE / "logs"
    asked = {"since": "2026-09-15T10:00:00Z", "regions": "ap-northeast-1", "until": "2026-09-16"}
    same(trailwhy.spark.analyze(spark, logs, parts=9, **asked), trailwhy.analyze(logs, **asked))


def test_a_large_export_in_64_parts(spark, store, export):
    bucket = store.put(export)
    begun = time.monotonic()
    found = trailwhy.spark.analyze(spark, bucket, parts=64)
    on_spark = time.monotonic()
    whole = trailwhy.analyze(bucket)
    records_read = found.report["coverage"]["events"]["read"]
    print(
        f"{records_read:,} records: {on_spark - begun:.1f} s on two executors, "
        f"{time.monotonic() - on_spark:.1f} s on one machine"
    )
    same(found, whole)


def executors():
    """The processes of executors of this session."""
    mine, found = {os.getpid()}, []
    processes = [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]
    for process in sorted(processes):
        try:
            status = Path(f"/proc/{process}/stat").read_text()
            command = Path(f"/proc/{process}/cmdline").read_bytes()
        except OSError:
            continue
        if int(status.rpartition(")")[2].split()[1]) in mine:
            mine.add(process)
            if b"CoarseGrainedExecutorBackend" in command:
                found.append(process)
    return found


def test_a_killed_executor_changes_nothing(spark, store, export):
    """In the middle of reading, and in the middle of merging."""
    bucket = store.put(export)
    whole = trailwhy.analyze(bucket)
    context = spark.sparkContext
    for doing in ("read 64 parts", "merge 64 parts into 8"):
        killed = []

        def kill(doing=doing, killed=killed):
            tracker = context.statusTracker()
            while not killed:
                for stage in map(tracker.getStageInfo, tracker.getActiveStageIds()):
                    is_it = stage and doing in stage.name and stage.numActiveTasks
                    if is_it and stage.numCompletedTasks >= min(4, stage.numTasks // 8):
                        killed.append(executors()[-1])
                        os.kill(killed[0], signal.SIGKILL)
                        return
                time.sleep(0.02)

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        found = trailwhy.spark.analyze(spark, bucket, parts=64)
        killer.join(5)
        assert killed, doing
        assert killed[0] not in executors()
        same(found, whole)


def wrapped(folder, program, script):
    """The program behind a script, to be brought to executors."""
    wrapper = folder / "wrapped"
    wrapper.write_text(f'#!/bin/sh\nprogram="{program}"; folder="{folder}"\n{script}\n')
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    return wrapper


def test_a_task_that_fails_is_tried_again_and_counts_once(spark, program, tmp_path):
    once = """
case "$*" in
*--files-from*|*merged*)
  "$program" "$@"; status=$?
  held=$(mktemp "$folder/tried-XXXXXX"); tried=$(ls "$folder"/tried-* | wc -l)
  # Every second one is lost after its work is done.
  if [ $((tried % 2)) = 1 ]; then exit 3; fi
  exit $status;;
esac
exec "$program" "$@"
"""
    wrapper = wrapped(tmp_path, program, once)
    logs = SAMPLE / "logs"
    found = trailwhy.spark.analyze(spark, logs, parts=12, program=wrapper, ship_program=True)
    assert len(list(tmp_path.glob("tried-*"))) > 12
    same(found, trailwhy.analyze(logs, program=program))


def test_what_an_executor_says_is_told_without_java(spark, program, tmp_path):
    refused = 'case "$*" in *--files-from*) echo "trailwhy: no room left" >&2; exit 2;; esac'
    wrapper = wrapped(tmp_path, program, refused + '\nexec "$program" "$@"')
    with pytest.raises(trailwhy.TrailwhyError) as error:
        trailwhy.spark.analyze(spark, SAMPLE / "logs", program=wrapper, ship_program=True)
    assert str(error.value).startswith("no room left\n(on ")
    assert "\tat " not in str(error.value)


def test_stages_carry_names_and_what_was_set_before_stays(spark, installed):
    context = spark.sparkContext
    context.setJobGroup("of the caller", "what the caller does")
    trailwhy.spark.analyze(spark, SAMPLE / "logs", parts=20)
    assert context.getLocalProperty("spark.jobGroup.id") == "of the caller"
    assert context.getLocalProperty("spark.job.description") == "what the caller does"
    of_ui = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}"
    with urllib.request.urlopen(f"{of_ui}/stages") as answer:
        names = {stage["name"] for stage in json.load(answer)}
    assert {"trailwhy: read 20 parts", "trailwhy: merge 20 parts into 4"} <= names
    assert any(name == "trailwhy: fetch 4 merged parts" for name in names)
    with urllib.request.urlopen(f"{of_ui}/storage/rdd") as answer:
        assert json.load(answer) == [], "nothing is kept on executors"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"paths": "hdfs://trail/logs"}, "neither in S3 nor a path that every executor has"),
        ({"paths": SAMPLE / "logs", "since": "2h"}, "before the last event"),
        ({"paths": "/no/such/export"}, "is not there"),
        ({"paths": "s3://no-such-bucket/"}, "no-such-bucket"),
        ({"paths": SAMPLE / "logs", "policies": "/no/such/folder", "parts": 2}, "no/such/folder"),
    ],
)
def test_what_cannot_be_is_refused_on_the_driver(given, said, spark, installed):
    with pytest.raises(trailwhy.TrailwhyError, match=said):
        trailwhy.spark.analyze(spark, **given)


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        ("s3://bucket/a", "s3://bucket/a"),
        ("s3a://bucket/a", "s3://bucket/a"),
        ("s3n://bucket", "s3://bucket"),
        ("file:///var/trail", "/var/trail"),
        ("file:/var/trail", "/var/trail"),
        ("dbfs:/Volumes/main/audit/trail", "/Volumes/main/audit/trail"),
        ("dbfs:/mnt/trail", "/dbfs/mnt/trail"),
        ("/var/trail", "/var/trail"),
    ],
)
def test_paths_as_spark_spells_them(path, spelled):
    assert trailwhy.spark._spelled(path) == spelled


def test_policies_that_spark_reads_keep_their_names(spark, installed, tmp_path):
    policies = SAMPLE / "policies"
    fetched = trailwhy.spark._fetched(spark, f"file:{policies}", tmp_path)
    assert fetched == str(policies)
    copied = Path(trailwhy.spark._copied(spark, f"file:{policies}", tmp_path))
    names = [file.relative_to(policies) for file in policies.rglob("*") if file.is_file()]
    assert [(copied / name).read_bytes() for name in names] == [
        (policies / name).read_bytes() for name in names
    ]


@pytest.mark.parametrize("table", records.TABLES)
def test_schemas_say_what_may_be_unknown(table):
    schema = trailwhy.spark.schema(records.TABLES[table])
    assert schema["incident_id"].nullable is False
    assert [field.name for field in schema] == list(records.columns(records.TABLES[table]))


def test_rounds_of_merging():
    plan = [json.dumps({"bytes": 1_000})] * 64
    assert trailwhy.spark.rounds(plan, 1) == []
    assert trailwhy.spark.rounds(plan, 2) == [8]
    assert trailwhy.spark.rounds(plan * 16, 3) == [94, 9]
    assert trailwhy.spark.rounds(plan[:4], 2) == []
    # No merged part becomes larger than Spark hands over.
    large = [json.dumps({"bytes": 1 << 30})] * 64
    assert trailwhy.spark.rounds(large, 2) == [32]


def test_the_page_and_the_notebook(spark, installed, tmp_path):
    found = trailwhy.spark.analyze(spark, SAMPLE / "logs", parts=2)
    found.write_html(tmp_path / "report.html")
    assert "ec2:CreateVolume" in (tmp_path / "report.html").read_text()
    assert "<table" in found._repr_html_()


def test_an_executor_without_the_program_says_so(spark, program, monkeypatch):
    """Last, for it needs a session of its own."""
    spark.stop()
    monkeypatch.setenv("TRAILWHY_BIN", program)
    hidden = started(
        **{"spark.executorEnv.TRAILWHY_BIN": "", "spark.executorEnv.PATH": "/usr/bin:/bin"}
    )
    try:
        with pytest.raises(
            trailwhy.TrailwhyError, match=r"no program `trailwhy` on .*\n.*pip install"
        ):
            trailwhy.spark.analyze(hidden, SAMPLE / "logs", parts=2)
        found = trailwhy.spark.analyze(hidden, SAMPLE / "logs", parts=2, ship_program=True)
        assert found.incidents.count() == 1
    finally:
        hidden.stop()
