"""Questions in plain language, each with the call that answers it and the number to expect.

`probes.json` holds them: the question, the project of the demo it is about, the tool and its arguments, where in the answer the
number lies (`at`), the number (`expected`), and the SQL that says so without asking the server. The demo's data is that of one
fixed day, so a number stays what it is until the data is made otherwise; then the SQL says what it is to be.
"""

import json
import re
from pathlib import Path

import pytest

PROBES = json.loads((Path(__file__).parent / "probes.json").read_text(encoding="utf-8"))

_STEP = re.compile(r"([A-Za-z]+)|\[(-?\d+)\]|\[([A-Za-z]+)=([^\]]*)\]")


def found(answer, at: str):
    """What lies at `at`: `totals.visitors`, `series[-1].users`, `rows[country=DE].sessions`."""
    here = answer
    for step in _STEP.finditer(at):
        name, index, key, value = step.groups()
        if name:
            here = here[name]
        elif index:
            here = here[int(index)]
        else:
            matching = [row for row in here if str(row.get(key)) == value]
            assert len(matching) == 1, f"{len(matching)} rows have {key} = {value} at {at}"
            (here,) = matching
    return here


def test_there_are_many_and_no_two_are_the_same():
    assert len(PROBES) >= 60
    assert len({probe["question"] for probe in PROBES}) == len(PROBES)


@pytest.mark.parametrize("probe", PROBES, ids=[probe["question"] for probe in PROBES])
def test_the_question_is_answered_with_the_number_expected(probe, server, lakes):
    lake = lakes[probe["project"]]
    lake.connection.execute(
        f"CREATE OR REPLACE MACRO day_of(ms) AS (timezone('{lake.info.timezone}', make_timestamptz(ms * 1000)))::DATE"
    )
    assert lake.value(probe["sql"]) == probe["expected"], "the demo's data has changed"
    answer = server.of_project(probe["project"]).call(probe["tool"], **probe["arguments"])
    assert found(answer, probe["at"]) == probe["expected"], probe["at"]
