"""A self-hosted OpenPanel as the warehouse: the oracle's questions about the demo, out of OpenPanel's own tables by the mapping that
comes along.

OpenPanel knows no signals of friction and no feedback of a session: what asks for these is left out, by name.
"""

import json
import os
import secrets
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "oracle"))

import cases  # noqa: E402
from conftest import Server, started  # noqa: E402
from test_probes import PROBES, found  # noqa: E402

# Words of questions about what OpenPanel does not record.
UNKNOWN = ["rage", "frustrat", "dead_click", "deadClick", "jsErrors", "js_error", "errorClick", "error_click", "signals", "friction", "feedback", "Abandon", "form_abandon", "get_session\"", "eventId", "event_id", "derived"]

KNOWN = [probe for probe in PROBES if not any(word in json.dumps(probe) for word in UNKNOWN)]


@pytest.fixture(scope="module")
def openpanel(tmp_path_factory):
    """A Worker over OpenPanel's tables."""
    password = secrets.token_urlsafe(16)
    store = tmp_path_factory.mktemp("openpanel") / "store"
    front = [sys.executable, str(HERE / "front.py"), "--store", str(store), "--password", password, "--load", cases.DEMO, "--openpanel"]


    with started(front) as answered:
        serve = [os.environ.get("SIGHTLINE_NODE", "node"), str(HERE.parent / "support" / "serve.mjs"), "--data", cases.DEMO]
        with started([*serve, "--clickhouse", answered["url"], "--password", password, "--mapping", "openpanel"]) as served:
            yield Server(served["url"], served["tokens"], served["roots"])


def test_most_questions_can_be_asked():
    assert len(KNOWN) >= 35


@pytest.mark.parametrize("probe", KNOWN, ids=[probe["question"] for probe in KNOWN])
def test_the_question_is_answered_out_of_openpanels_tables(probe, openpanel):
    answer = openpanel.of_project(probe["project"]).call(probe["tool"], **probe["arguments"])
    assert found(answer, probe["at"]) == probe["expected"], probe["at"]
