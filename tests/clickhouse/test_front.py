"""The front speaks ClickHouse's interface right; and what the server itself holds when nothing else does.

Isolation has three layers. The first, the guard, is tested beside its code. Here are the other two, each on its own: any statement at
all is sent, as whoever got past the guard could, first with nothing but the filters the Worker sends, then with nothing but the user's
grants and row policy.
"""

import http.client
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "oracle"))

from datasets import catalog  # noqa: E402


FORMAT = "JSONCompactEachRow"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store that holds the oracle's projects, filled by a front that has ended: one process opens a store."""
    folder = tmp_path_factory.mktemp("clickhouse")
    catalog.build(folder / "data")
    with running(folder / "store", "--load", str(folder / "data")) as process:
        process.stdout.readline()
        process.terminate()
    return folder / "store"


class Front:
    """A running front."""

    def __init__(self, url: str):
        self.url = url

    def ask(self, query: str, parameters: dict | None = None, password: str = "pw", **settings):
        """Status, headers and body of a question sent as the Worker sends it."""
        boundary = "b0undary"
        fields = {"query": query, **{f"param_{name}": value for name, value in (parameters or {}).items()}}
        form = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
        )
        request = urllib.request.Request(
            f"{self.url}/?{urlencode({'default_format': FORMAT, **settings})}",
            data=(form + f"--{boundary}--\r\n").encode(),
            headers={
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "X-ClickHouse-User": "reader",
                "X-ClickHouse-Key": password,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, response.headers, _read(response)
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def rows(self, query: str, **settings) -> list:
        """The rows, of what must have some."""
        status, _, body = self.ask(query, **settings)
        assert status == 200, body
        return [json.loads(line) for line in body.splitlines()]


def _read(response) -> str:
    """A body, perhaps one that was broken off."""
    try:
        return response.read().decode()
    except http.client.IncompleteRead as broken:
        return broken.partial.decode()


def running(store: Path, *more: str):
    """A front over the store."""
    command = [sys.executable, str(HERE / "front.py"), "--store", str(store), "--password", "pw", *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def front(store):
    """A front whose user may do anything."""
    with running(store) as process:
        yield Front(json.loads(process.stdout.readline())["url"])
        process.terminate()


def test_values_are_bound_and_settings_hold(front):
    status, headers, body = front.ask("SELECT {p1:String}, {p2:Nullable(Int64)}", {"p1": "it's\\n", "p2": "\\N"}, query_id="q1")
    assert (status, json.loads(body)) == (200, ["it's\n", None])
    assert headers["X-ClickHouse-Query-Id"] == "q1" and headers["X-ClickHouse-Format"] == FORMAT
    assert front.rows("SELECT number FROM numbers(10)", limit=2, offset=3) == [[3], [4]]


def test_a_wrong_password_lets_nobody_in(front):
    status, headers, body = front.ask("SELECT 1", password="no")
    assert (status, headers["X-ClickHouse-Exception-Code"]) == (403, "516") and "AUTHENTICATION_FAILED" in body


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [("SELECT nothing FROM events", 404, "47"), ("SELECT * FROM nowhere", 404, "60"), ("SELECT (", 400, "62")],
)
def test_an_exception_has_its_status_and_code(front, query, status, code):
    answered, headers, body = front.ask(query, database="sightline")
    assert (answered, headers["X-ClickHouse-Exception-Code"]) == (status, code)
    assert body.startswith(f"Code: {code}. DB::Exception: ")


def test_an_exception_may_come_in_the_middle_of_a_body(front):
    query = "SELECT throwIf(number = 500000) AS fine, number FROM numbers(1000000)"
    status, _, body = front.ask(query, max_block_size=10000)
    assert status == 200 and body.startswith("[0, 0]")
    assert "Code: 395. DB::Exception: " in body.splitlines()[-1]
    # Asked to wait for the end, the server has no body to be in the middle of.
    status, headers, body = front.ask(query, max_block_size=10000, wait_end_of_query=1)
    assert (status, headers["X-ClickHouse-Exception-Code"]) == (500, "395") and body.startswith("Code: 395")


def test_nothing_is_written_when_readonly(front):
    for statement in ("INSERT INTO events (project_id, timestamp) SELECT 'x', now()", "DROP TABLE events", "CREATE TABLE x (a Int8) ENGINE = Memory"):
        status, headers, _ = front.ask(statement, database="sightline", readonly=2, wait_end_of_query=1)
        assert (status, headers["X-ClickHouse-Exception-Code"]) == (500, "164"), statement


# Ways to read all of a table, whatever stands in front of the statement.
READS_ALL = [
    "SELECT DISTINCT project_id FROM sightline.events",
    "SELECT DISTINCT project_id FROM events UNION DISTINCT SELECT DISTINCT project_id FROM sessions",
    "WITH x AS (SELECT project_id FROM events) SELECT DISTINCT project_id FROM x",
    "SELECT DISTINCT e.project_id FROM events AS e JOIN sessions AS s ON s.session_id = e.session_id",
    "SELECT DISTINCT project_id FROM (SELECT * FROM events PREWHERE 1)",
    "SELECT DISTINCT p FROM (SELECT arrayJoin(groupUniqArray(project_id)) AS p FROM events)",
    "SELECT DISTINCT project_id FROM profiles WHERE project_id IN (SELECT project_id FROM profiles)",
]


@pytest.mark.parametrize("query", READS_ALL)
def test_the_filters_the_worker_sends_hold_whatever_the_statement_says(front, query):
    assert len(front.rows(query, database="sightline")) > 3
    tables = ("events", "sessions", "profiles", "groups")
    filters = ", ".join(f"'sightline.{table}': '`project_id` = \\'site\\''" for table in tables)
    assert front.rows(query, database="sightline", readonly=2, additional_table_filters=f"{{{filters}}}") == [["site"]]


USERS = """<clickhouse>
  <profiles><default/><reader><readonly>2</readonly></reader></profiles>
  <quotas><default/></quotas>
  <users><default>
    <password></password><networks><ip>::/0</ip></networks><profile>reader</profile><quota>default</quota>
    <grants><query>GRANT SELECT ON sightline.events</query><query>GRANT SELECT ON sightline.sessions</query>
      <query>GRANT SELECT ON sightline.profiles</query></grants>
    <databases><sightline>
      <events><filter>project_id = 'site'</filter></events><sessions><filter>project_id = 'site'</filter></sessions>
      <profiles><filter>project_id = 'site'</filter></profiles>
    </sightline></databases>
  </default></users>
</clickhouse>"""


@pytest.fixture(scope="module")
def restricted(store, tmp_path_factory):
    """A front whose user may read three tables, and of these the rows of one project: ClickHouse's own grants and row policies."""
    own = tmp_path_factory.mktemp("clickhouse") / "store"
    subprocess.run(["cp", "-r", str(store), str(own)], check=True)
    users = own.parent / "users.xml"
    users.write_text(USERS, encoding="utf-8")
    with running(own, "--users", str(users)) as process:
        yield Front(json.loads(process.stdout.readline())["url"])
        process.terminate()


@pytest.mark.parametrize("query", READS_ALL)
def test_a_row_policy_holds_whatever_is_asked(restricted, query):
    assert restricted.rows(query, database="sightline") == [["site"]]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM sightline.groups",
        "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')",
        "SELECT * FROM file('/etc/passwd', LineAsString, 'a String')",
        "INSERT INTO sightline.events (project_id, timestamp) SELECT 'x', now()",
        "DROP TABLE sightline.events",
        "CREATE TABLE sightline.x (a Int8) ENGINE = Memory",
    ],
)
def test_a_user_with_few_rights_can_do_no_more(restricted, statement):
    status, headers, body = restricted.ask(statement, wait_end_of_query=1)
    assert status in (403, 500) and headers["X-ClickHouse-Exception-Code"] in ("164", "497", "291"), body


def checked(front, **environment) -> tuple[int, str]:
    """How `sightline check` ends, and what it prints."""
    variables = {**os.environ, "CLICKHOUSE_URL": front.url, "CLICKHOUSE_USER": "reader", "CLICKHOUSE_PASSWORD": "pw", **environment}
    ended = subprocess.run([os.environ["SIGHTLINE_CLI"], "check", "--project", "site"], env=variables, capture_output=True, text=True, timeout=60)
    return ended.returncode, ended.stdout + ended.stderr


def test_check_is_content_with_a_user_of_few_rights_but_for_the_tables_it_may_not_see(restricted):
    code, told = checked(restricted)
    assert code == 0 and "Tools can answer from there" in told, told
    assert "may do more" not in told
    assert "groups: The server shows no table `sightline.groups` to this user." in told


def test_check_tells_of_too_many_rights(front):
    code, told = checked(front)
    assert code == 0 and "rights: The user may do more than read the project's tables" in told, told


@pytest.mark.parametrize(
    ("environment", "tells"),
    [
        ({"CLICKHOUSE_PASSWORD": "no"}, "The server said code 516"),
        ({"CLICKHOUSE_URL": "http://127.0.0.1:9"}, "No server could be reached there."),
        ({"CLICKHOUSE_DATABASE": "nowhere"}, "The server said code 81: Database nowhere does not exist."),
        ({"CLICKHOUSE_MAPPING": "openpanel", "CLICKHOUSE_DATABASE": "sightline"}, "events: The server said code 47"),
        ({"CLICKHOUSE_MAPPING": "openpanle"}, "neither `sightline` nor `openpanel`"),
        ({"CLICKHOUSE_MAPPING": '{"database": "sightline", "tables": {"events": {"from": "events"}}}'}, "sessions: The mapping does not name it."),
        (
            {"CLICKHOUSE_MAPPING": '{"database": "sightline", "tables": {"events": {"from": "events", "project": "tenant"}, "sessions": {"from": "sessions"}}}'},
            "`sightline.events` has no column `tenant`, which is to hold the project's id.",
        ),
    ],
)
def test_check_says_what_is_wrong(front, environment, tells):
    code, told = checked(front, **environment)
    assert code == 1 and tells in told, told
