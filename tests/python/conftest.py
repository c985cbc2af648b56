"""A server over the demo data, started by the same script the oracle uses."""

import json
import os
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def started():
    """`{url, tokens, roots}` of a running server."""
    command = [
        os.environ.get("SIGHTLINE_NODE", "node"),
        str(TESTS / "support" / "serve.mjs"),
        "--data",
        os.environ["SIGHTLINE_DEMO_DIR"],
    ]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, cwd=TESTS.parent) as process:
        line = process.stdout.readline()
        assert line, f"{' '.join(command)} ended without an address"
        yield json.loads(line)
        process.terminate()
