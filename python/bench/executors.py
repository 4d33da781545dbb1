"""What an export costs on one machine, on one executor and on two: `python bench/executors.py DIR`.

Executors are processes of this machine with one core each, so the figures say what Spark adds, not
what more machines take away. TRAILWHY_BIN names the program.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import trailwhy
import trailwhy.spark
from pyspark.sql import SparkSession


def session(executors: int) -> SparkSession:
    """So many executors of one core."""
    builder = SparkSession.builder.master(f"local-cluster[{executors},1,1024]").appName("bench")
    fixed = {"spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1"}
    for name, value in fixed.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    # Starting executors is no part of the work.
    spark.sparkContext.parallelize(range(64), 64).count()
    return spark


def timed(name: str, runs: int, work: Callable[[], trailwhy.result.Report]) -> dict[str, object]:
    """Runs it, prints the medians, and gives the report."""
    passed, cpu = [], []
    for _ in range(runs):
        before, begun = children(), time.monotonic()
        report = work().report
        passed.append(time.monotonic() - begun)
        cpu.append(children() - before)
    extremes = f"{min(passed):.1f} to {max(passed):.1f}"
    own = f"{statistics.median(cpu):.1f}"
    print(f"| {name} | {statistics.median(passed):.1f} s | {extremes} | {own} s |", flush=True)
    return report


def children() -> float:
    """Processor time of programs that this process ran and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Prints a table, and errs where reports differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=Path)
    parser.add_argument("--parts", type=int, default=64)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    export = asked.export.absolute()
    print("| | median | extremes | processor time on the driver's side |\n|---|---|---|---|")
    whole = timed("one machine, all cores", asked.runs, lambda: trailwhy.analyze(export))
    same = True
    for executors in (1, 2):
        spark = session(executors)
        name = f"Spark, {executors} executor{'s' if executors > 1 else ''}, {asked.parts} parts"
        found = timed(
            name,
            asked.runs,
            lambda spark=spark: trailwhy.spark.analyze(spark, export, parts=asked.parts),
        )
        spark.stop()
        same = same and found == whole
    print("the reports are the same" if same else "the reports DIFFER")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
