"""The data sets on disk, the running server, and the oracle's view of each project.

The server is the one SIGHTLINE_URL and SIGHTLINE_TOKENS (JSON, project id → token) and SIGHTLINE_ROOTS (organization id →
token) name, or one started here with `tests/support/serve.mjs` by the Node of SIGHTLINE_NODE. SIGHTLINE_DEMO_DIR is a
folder made by `sightline demo --to DIR`. SIGHTLINE_WAREHOUSE says where that server has its data: `parquet`, or `clickhouse`, which is
started here as well. What is missing fails the tests that need it; none is skipped.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

ORACLE = Path(__file__).parent
WAREHOUSE = os.environ.get("SIGHTLINE_WAREHOUSE", "parquet")
sys.path.insert(0, str(ORACLE))

import cases  # noqa: E402
from datasets import catalog  # noqa: E402
from lake import Lake, described  # noqa: E402
from mcp_client import Client  # noqa: E402


@pytest.fixture(scope="session")
def data_folder():
    """The adversarial lakes: those of SIGHTLINE_ORACLE_DIR (made by `python -m datasets.catalog`), or made now."""
    named = os.environ.get("SIGHTLINE_ORACLE_DIR")
    if named:
        yield Path(named)
        return
    with tempfile.TemporaryDirectory(prefix="sightline-oracle-") as folder:
        made = Path(folder) / "data"
        catalog.build(made)
        yield made


@pytest.fixture(scope="session")
def demo_folder():
    """The demo data."""
    if cases.DEMO is None:
        pytest.fail("set SIGHTLINE_DEMO_DIR to a folder made by `sightline demo --to DIR`")
    return Path(cases.DEMO)


class Lakes:
    """Every project's files, opened when first asked for."""

    def __init__(self, request):
        self._request = request
        self._open = {}

    def __getitem__(self, project_id: str) -> Lake:
        if project_id not in self._open:
            demo = project_id in cases.demo_ids()
            folder = self._request.getfixturevalue("demo_folder" if demo else "data_folder")
            (info,) = [info for info in described(folder) if info.id == project_id]
            self._open[project_id] = Lake(info, folder / project_id)
        return self._open[project_id]


@pytest.fixture(scope="session")
def lakes(request):
    """Project id → the oracle's view of its files."""
    return Lakes(request)


class Server:
    """The server under test."""

    def __init__(self, url: str, tokens: dict, roots: dict):
        self._url = url
        self._tokens = tokens
        self._roots = roots

    def of_project(self, project_id: str) -> Client:
        """As the API client that reads this project."""
        return Client(self._url, self._tokens[project_id])

    def of_organization(self, organization_id: str) -> Client:
        """As the API client that reads all of the organization."""
        return Client(self._url, self._roots[organization_id])


@pytest.fixture(scope="session")
def warehouse() -> str:
    """Where the server has its data: `parquet` or `clickhouse`."""
    return WAREHOUSE


@pytest.fixture(scope="session")
def server(request):
    """A running server that has both data sets."""
    environment = os.environ
    if "SIGHTLINE_URL" in environment:
        yield Server(
            environment["SIGHTLINE_URL"],
            json.loads(environment["SIGHTLINE_TOKENS"]),
            json.loads(environment.get("SIGHTLINE_ROOTS", "{}")),
        )
        return
    folders = [str(request.getfixturevalue(name)) for name in ("data_folder", "demo_folder")]
    command = [environment.get("SIGHTLINE_NODE", "node"), str(ORACLE.parent / "support" / "serve.mjs"), "--port", "0"]
    command += [argument for folder in folders for argument in ("--data", folder)]
    with clickhouse(folders) as more, started([*command, *more]) as answered:
        yield Server(answered["url"], answered["tokens"], answered["roots"])


@contextmanager
def clickhouse(folders: list[str]):
    """What the Worker has to be told to find its data, in a ClickHouse that runs meanwhile if it is to be there."""
    if WAREHOUSE == "parquet":
        yield []
        return
    password = secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory(prefix="sightline-clickhouse-") as store:
        front = [sys.executable, str(ORACLE.parent / "clickhouse" / "front.py"), "--store", store, "--password", password]
        with started([*front, *(argument for folder in folders for argument in ("--load", folder))]) as answered:
            yield ["--clickhouse", answered["url"], "--password", password]


@contextmanager
def started(command: list[str]):
    """A process that prints a line of JSON once it is ready."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, cwd=ORACLE.parent.parent
    ) as process:
        try:
            line = process.stdout.readline()
            if not line:
                pytest.fail(f"{' '.join(command[:2])} ended without an address")
            yield json.loads(line)
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(scope="session")
def today_in():
    """Timezone → today's date there."""
    now = datetime.now(timezone.utc)
    return lambda zone: now.astimezone(ZoneInfo(zone)).date()
