"""A server over the demo data, started by the same script the oracle uses."""

import json
import os
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent


NODE = os.environ.get("SIGHTLINE_NODE", "node")


@pytest.fixture(scope="session")
def started():
    """`{url, tokens, roots, people}` of a running server."""
    yield from serve()


@pytest.fixture(scope="session")
def brief():
    """The same of one whose access tokens last two seconds."""
    yield from serve("--access-token-seconds", "2")


def serve(*options):
    command = [NODE, str(TESTS / "support" / "serve.mjs"), "--data", os.environ["SIGHTLINE_DEMO_DIR"], *options]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, cwd=TESTS.parent) as process:
        line = process.stdout.readline()
        assert line, f"{' '.join(command)} ended without an address"
        yield json.loads(line)
        process.terminate()


def answer_of(address, person):
    """What an app is told after `person` opened its address in a browser, signed in and agreed."""
    command = [NODE, str(TESTS / "support" / "visit.mjs"), address]
    done = subprocess.run(command, input=json.dumps(person), stdout=subprocess.PIPE, text=True, cwd=TESTS.parent, check=True, timeout=60)
    return done.stdout.strip()
