"""What an export costs on one machine, on one executor and on two: `python bench/executors.py DIR`.

Executors are processes of this machine with one core each, so the figures say what Spark adds, not
what more machines take away. TRAILWHY_BIN names the program.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pyspark.sql import SparkSession

import trailwhy
import trailwhy.spark


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
        before, begun = used(), time.monotonic()
        report = work().report
        passed.append(time.monotonic() - begun)
        cpu.append(used() - before)
    extremes = f"{min(passed):.1f} to {max(passed):.1f}"
    own = f"{statistics.median(cpu):.1f}"
    print(f"| {name} | {statistics.median(passed):.1f} s | {extremes} | {own} s |", flush=True)
    return report


def used() -> float:
    """Processor time of this process and of all below it, and of those they waited for."""
    ticks, mine = 0, {os.getpid()}
    for process in sorted(int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()):
        try:
            of_it = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if process in mine or int(of_it[1]) in mine:
            mine.add(process)
            # utime, stime, cutime and cstime (proc(5)).
            ticks += sum(map(int, of_it[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


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
    print("| | median | extremes | processor time |\n|---|---|---|---|")
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
