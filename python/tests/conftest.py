"""What the tests share: the program, an S3 on loopback, and Spark with executors of their own."""

import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CHECKOUT = HERE.parent.parent
SAMPLES = sorted(CHECKOUT.glob("samples/[0-9]*"))

# Executors, and what they run, are to reach nothing but what the tests start.
os.environ.update(
    AWS_ACCESS_KEY_ID="key",
    AWS_SECRET_ACCESS_KEY="secret",
    AWS_REGION="us-east-1",
    LC_ALL="C.UTF-8",
    SPARK_LOCAL_IP="127.0.0.1",
    PYSPARK_PYTHON=sys.executable,
)


def cases():
    """Folders with `logs` and `policies`: the samples, and what TRAILWHY_CASES names."""
    more = os.environ.get("TRAILWHY_CASES")
    return [*SAMPLES, *(sorted(Path(more).glob("*/logs/..")) if more else [])]


@pytest.fixture(scope="session")
def program():
    """The program, built with the feature `s3`."""
    path = os.environ.pop("TRAILWHY_BIN", None) or CHECKOUT / "target/debug/trailwhy"
    assert Path(path).exists(), f"{path}: cargo build --features s3, or name one in TRAILWHY_BIN"
    return str(Path(path).absolute())


@pytest.fixture
def installed(program, monkeypatch):
    """The program, found without being named."""
    monkeypatch.setenv("TRAILWHY_BIN", program)
    return program


class Store:
    """An S3 on this machine."""

    def __init__(self, endpoint):
        import boto3

        self.client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")

    def put(self, folder):
        """Makes a bucket of a folder."""
        bucket = f"trail-{uuid.uuid4().hex[:12]}"
        self.client.create_bucket(Bucket=bucket)
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                key = file.relative_to(folder).as_posix()
                self.client.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
        return f"s3://{bucket}"


@pytest.fixture(scope="session")
def store():
    """The S3 that the environment of the tests names."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
    yield Store(os.environ["AWS_ENDPOINT_URL"])
    server.stop()


@pytest.fixture(scope="session")
def spark(store, program):
    """Two executors of one core, each a process of its own, which find the program by its name."""
    assert shutil.which("java"), "Java 17 is needed"
    os.environ["TRAILWHY_BIN"] = program
    session = started()
    yield session
    session.stop()


def started(**settings):
    """A session on `local-cluster`."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("trailwhy")
    fixed = {
        "spark.ui.showConsoleProgress": "false",
        "spark.ui.port": "0",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.session.timeZone": "Asia/Tokyo",
        "spark.sql.shuffle.partitions": "2",
        **settings,
    }
    for name, value in fixed.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session


@pytest.fixture(scope="session")
def export(tmp_path_factory, program):
    """A generated export of 64 parts: TRAILWHY_EXPORT says how large (1.4GB: a million records)."""
    folder = tmp_path_factory.mktemp("export")
    made = os.environ.get("TRAILWHY_MAKE_EXPORT") or CHECKOUT / "target/debug/examples/make-export"
    size = os.environ.get("TRAILWHY_EXPORT", "40MB")
    subprocess.run([made, "--bytes", size, "--out", folder], check=True, capture_output=True)
    plan = [program, "plan", "--quiet", "--parts=64", folder]
    assert len(subprocess.run(plan, check=True, capture_output=True).stdout.splitlines()) == 64
    return folder
