"""An export of any size, on Spark: read in parts where the executors are, merged, told here.

The driver plans, executors run the program on parts (and read S3 themselves), other executors merge
them, and the driver makes the report of what is left. `python -m trailwhy.spark` does it from a
shell.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pyspark import StorageLevel, cloudpickle
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as sql
from pyspark.traceback_utils import SCCallSiteSync

from . import binary, options, parts, records, result
from .binary import TrailwhyError
from .options import Moment, Names, Paths, StrPath
from .parts import How, Piece
from .records import Change, DeniedCall, Incident, Link, Occurrence

if TYPE_CHECKING:
    from pyspark import RDD, SparkContext

PART_BYTES = "32MB"
"""How much of an export, as it is stored, makes a part: read in some 250 MB of memory."""

# A part takes some 30 % of what it was made of, and Spark hands over less than 2 GB at once.
_LARGEST = 2 << 30

# How Spark and Databricks spell what the program spells otherwise.
_SPELLINGS = (
    (re.compile(r"s3[an]?://"), "s3://"),
    (re.compile(r"file:/+"), "/"),
    (re.compile(r"dbfs:/+Volumes/"), "/Volumes/"),
    (re.compile(r"dbfs:/+"), "/dbfs/"),
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


class SparkResult(result.Report):
    """What was found on Spark: records as DataFrames."""

    def __init__(self, spark: SparkSession, folder: TemporaryDirectory[str]) -> None:
        super().__init__(folder)
        self._spark = spark

    @cached_property
    def incidents(self) -> DataFrame:
        """One row for each thing that failed, the worst first."""
        return self._frame(Incident)

    @cached_property
    def occurrences(self) -> DataFrame:
        """Each time an incident happened."""
        return self._frame(Occurrence)

    @cached_property
    def denied_calls(self) -> DataFrame:
        """Each refused call of an incident."""
        return self._frame(DeniedCall)

    @cached_property
    def links(self) -> DataFrame:
        """The calls of the chains that the report shows."""
        return self._frame(Link)

    @cached_property
    def changes(self) -> DataFrame:
        """The changes that the report names."""
        return self._frame(Change)

    def _frame(self, record: type[Any]) -> DataFrame:
        rows = [tuple(vars(row).values()) for row in self._rows(record)]
        return self._spark.createDataFrame(rows, schema(record))


_TYPES: dict[Any, sql.DataType] = {
    str: sql.StringType(),
    bool: sql.BooleanType(),
    int: sql.LongType(),
    float: sql.DoubleType(),
    datetime: sql.TimestampType(),
    list[str]: sql.ArrayType(sql.StringType(), containsNull=False),
}


def schema(record: type[Any]) -> sql.StructType:
    """The columns of a table, as Spark's types."""
    columns = records.columns(record).items()
    return sql.StructType(
        [sql.StructField(name, _TYPES[kind], null) for name, (kind, null) in columns]
    )


def analyze(
    spark: SparkSession,
    paths: Paths,
    *,
    policies: Paths | None = None,
    evidence: Paths | None = None,
    services: StrPath | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    accounts: Names = (),
    regions: Names = (),
    parts: int | None = None,
    depth: int = 2,
    lang: str | None = None,
    time_zone: str | None = None,
    redact: bool = False,
    program: StrPath | None = None,
    ship_program: bool = False,
) -> SparkResult:
    """Analyses `s3://…`, or files that every executor has under the same name, on Spark.

    `parts` is how many tasks read (by default one for every 32 MB), `depth` in how many rounds
    parts are merged, as of `RDD.treeReduce`. `since` and `until` are moments: what is before the
    last event of all, no executor knows. `policies` and `evidence` lie where the driver is, or
    where Spark reads (`s3://…`, `dbfs:/…`). `program` is the program on the driver, and with
    `ship_program` Spark brings it to the executors, which then need nothing but Python. For the
    rest see `trailwhy.analyze`.
    """
    found = binary.find(program)
    asked = options.reading(since, until, accounts, regions)
    table = Path(services).read_bytes() if services is not None else None
    _probe(found, [*asked, *options.known(None, None, services)])
    cut = f"--parts={parts}" if parts is not None else f"--part-bytes={PART_BYTES}"
    sources = [_spelled(path) for path in options.each(paths)]
    plan = binary.run(found, ["plan", "--quiet", cut, *asked, "--", *sources]).splitlines()
    with TemporaryDirectory(prefix="trailwhy-") as place:
        folder = Path(place)
        known = options.known(
            [_fetched(spark, path, folder / "policies") for path in options.each(policies)],
            [_fetched(spark, path, folder / "evidence") for path in options.each(evidence)],
            services,
        )
        context = _context(spark)
        how = How(
            options=tuple(asked),
            services=table,
            threads=int(context.getConf().get("spark.task.cpus", "1") or 1),
            shipped=_ship(context, found) if ship_program else None,
        )
        merged = _merged(context, plan, rounds(plan, depth), how, folder)
        arguments = [*known, *options.saying(lang, time_zone, redact), *map(str, merged)]
        return SparkResult(spark, result.make(found, ["merge", *arguments]))


def rounds(plan: Sequence[str], depth: int) -> list[int]:
    """How many parts are left after each round of merging."""
    size = sum(json.loads(line)["bytes"] for line in plan)
    least = math.ceil(size / _LARGEST)
    left = len(plan)
    scale = max(math.ceil(left ** (1 / max(depth, 1))), 2)
    sizes = []
    # As RDD.treeReduce: no round where it would save less than it costs.
    while left > scale + math.ceil(left / scale) and left > least:
        left = max(math.ceil(left / scale), least)
        sizes.append(left)
    return sizes


def _probe(program: str, asked: Sequence[str]) -> None:
    """Refuses here what every executor would refuse, by reading nothing."""
    with TemporaryDirectory(prefix="trailwhy-") as folder:
        empty = Path(folder, "empty")
        empty.mkdir()
        part = f"--partial={Path(folder, 'part')}"
        binary.run(program, ["analyze", "--quiet", part, *asked, "--", str(empty)])


def _merged(
    context: SparkContext, plan: Sequence[str], sizes: Sequence[int], how: How, folder: Path
) -> list[Path]:
    """Lets executors read and merge; what is left lies in files of the driver."""
    with _sent_whole(), _said(context), _clearly():
        first = context.parallelize(list(enumerate(plan)), len(plan)).setName("trailwhy: plan")
        left: RDD[Piece] = first.mapPartitions(lambda lines: parts.read(lines, how))
        left.setName("trailwhy: parts")
        count, doing = len(plan), f"read {len(plan)} parts"
        for size in sizes:
            with _stage(context, doing):
                left = _round(left, count, size, how)
            count, doing = size, f"merge {count} parts into {size}"
        left = left.persist(StorageLevel.DISK_ONLY)
        try:
            with _stage(context, doing):
                left.count()
            with _stage(
                context, f"fetch {count} merged parts" if sizes else f"fetch {count} parts"
            ):
                return parts.gather(left.toLocalIterator(), folder)
        finally:
            left.unpersist()


def _round(left: RDD[Piece], count: int, size: int, how: How) -> RDD[Piece]:
    """Merges neighbours: those of an account and a day are most alike."""
    keyed = left.map(lambda piece: (piece[0] * size // count, piece))
    together = keyed.partitionBy(size, lambda group: group)
    merged = together.mapPartitionsWithIndex(
        lambda group, pairs: parts.merge((piece for _, piece in pairs), group, how)
    )
    return merged.setName(f"trailwhy: parts merged into {size}")


def _context(spark: SparkSession) -> SparkContext:
    try:
        return spark.sparkContext
    except Exception as error:
        raise TrailwhyError(
            "this session is one of Spark Connect, which has no RDDs\nhint: on Databricks, take "
            "compute with dedicated access mode"
        ) from error


def _ship(context: SparkContext, program: str) -> str:
    context.addFile(program)
    return Path(program).name


@contextmanager
def _sent_whole() -> Iterator[None]:
    """Sends what executors do along, that they need the program and no module."""
    modules = (binary, parts)
    for module in modules:
        cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)  # type: ignore[no-untyped-call]


_KEPT = ("spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel")


@contextmanager
def _said(context: SparkContext) -> Iterator[None]:
    """Groups the jobs, and gives back afterwards what the caller's jobs are called."""
    before = {name: context.getLocalProperty(name) for name in _KEPT}
    context.setJobGroup(f"trailwhy-{uuid.uuid4()}", "trailwhy", interruptOnCancel=True)
    try:
        yield
    finally:
        for name, value in before.items():
            context.setLocalProperty(name, value)  # type: ignore[arg-type]


@contextmanager
def _stage(context: SparkContext, doing: str) -> Iterator[None]:
    """Says in Spark's pages what a stage does, where it would say `count at spark.py:99`."""
    context.setJobDescription(f"trailwhy: {doing}")
    with SCCallSiteSync(context):  # type: ignore[no-untyped-call]
        context.setLocalProperty("callSite.short", f"trailwhy: {doing}")
        yield


_OF_EXECUTOR = re.compile(r"TrailwhyError: (.+?)(?:\n\s*\n|\n\s+at |\Z)", re.DOTALL)


@contextmanager
def _clearly() -> Iterator[None]:
    """Raises what an executor says without the pages of Java around it."""
    try:
        yield
    except TrailwhyError:
        raise
    except Exception as error:
        said = _OF_EXECUTOR.search(str(error))
        if said is None:
            raise
        raise TrailwhyError(said[1].strip()) from error


def _spelled(path: str) -> str:
    """A path as the program spells it, the same on every machine."""
    for pattern, instead in _SPELLINGS:
        if found := pattern.match(path):
            return instead + path[found.end() :]
    if found := _SCHEME.match(path):
        raise TrailwhyError(
            f"`{path}` is neither in S3 nor a path that every executor has\n"
            f"hint: copy it to S3, or to a file system that is mounted on all of them"
        )
    return str(Path(path).absolute())


def _fetched(spark: SparkSession, path: str, folder: Path) -> str:
    """A path on the driver; what only Spark reads is copied to a folder."""
    if path.startswith("file:/"):
        return _spelled(path)
    return _copied(spark, path, folder) if _SCHEME.match(path) else path


def _copied(spark: SparkSession, path: str, folder: Path) -> str:
    """What lies where only Spark reads, in a folder of its own."""
    found = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(path)
    files = {row.path: bytes(row.content) for row in found.select("path", "content").collect()}
    shared = os.path.commonpath([str(Path(name).parent) for name in files]) if files else ""
    number = len(list(folder.iterdir())) if folder.exists() else 0
    into = folder / str(number)
    for name, content in files.items():
        to = into / Path(name).relative_to(shared)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(content)
    return str(into)


def _arguments(given: Iterable[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m trailwhy.spark", description=__doc__.split("\n")[0])
    parser.add_argument("paths", nargs="+", help="s3://…, or what every executor has")
    parser.add_argument(
        "--policies", action="append", help="policies that people have (repeatable)"
    )
    parser.add_argument("--since", help="only events from this moment on")
    parser.add_argument("--until", help="only events up to this moment")
    parser.add_argument("--parts", type=int, help="tasks that read (default: one for every 32 MB)")
    parser.add_argument("--ship-program", action="store_true", help="bring it to the executors")
    parser.add_argument("-o", "--output", help="write the report as one self-contained page")
    parser.add_argument("--master", help="such as local[2]; spark-submit says it otherwise")
    return parser.parse_args(None if given is None else list(given))


def main(given: Iterable[str] | None = None) -> int:
    """What `python -m trailwhy.spark` does; the exit status is that of `trailwhy`."""
    asked = vars(_arguments(given))
    builder = SparkSession.builder.appName("trailwhy")
    master, output = asked.pop("master"), asked.pop("output")
    spark = (builder.master(master) if master else builder).getOrCreate()
    try:
        found = analyze(spark, **asked)
    except TrailwhyError as error:
        print(f"trailwhy: {error}", file=sys.stderr)
        return 2
    finally:
        spark.stop()
    print(found)
    if output:
        found.write_html(output)
    return int(bool(found.report["incidents"]))


if __name__ == "__main__":
    sys.exit(main())
