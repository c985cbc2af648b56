"""query: the same statement in the server's SQL and in DuckDB's, over the same files.

Where the dialects spell a thing differently, the second text is DuckDB's. Statements that may return rows in any order say
how to order them.
"""

import re
from datetime import date, datetime, timezone

import pytest

import answers
import cases
from compare import same_cell

# name: SQL both understand, or (the server's, DuckDB's)
STATEMENTS = {
    "a literal": "SELECT 1 AS one, 'two' AS two, NULL AS nothing, 1.5 AS half, TRUE AS yes",
    "count": "SELECT count(*) AS n FROM events",
    "counts with and without null": "SELECT count(*) AS n, count(country) AS c, count(DISTINCT country) AS d FROM events",
    "group and order": "SELECT name, count(*) AS n FROM events GROUP BY name ORDER BY n DESC, name LIMIT 50",
    "having": "SELECT path, count(*) AS n FROM events GROUP BY path HAVING count(*) > 5 ORDER BY n DESC, path LIMIT 100",
    "distinct": "SELECT DISTINCT device, os FROM events ORDER BY device NULLS LAST, os NULLS LAST",
    "min and max": "SELECT min(timestamp) AS a, max(timestamp) AS b FROM events",
    "by day": "SELECT date_trunc('day', timestamp) AS day, count(*) AS n FROM events GROUP BY 1 ORDER BY 1 LIMIT 200",
    "by month": "SELECT date_trunc('month', timestamp) AS m, count(DISTINCT profile_id) AS n FROM events GROUP BY 1 ORDER BY 1",
    "by hour": "SELECT date_trunc('hour', timestamp) AS h, count(*) AS n FROM events GROUP BY 1 ORDER BY 1 LIMIT 300",
    "parts of an instant": (
        "SELECT date_part('hour', timestamp) AS h, count(*) AS n FROM events GROUP BY 1 ORDER BY 1",
        "SELECT date_part('hour', timestamp)::BIGINT AS h, count(*) AS n FROM events GROUP BY 1 ORDER BY 1",
    ),
    "where on instants": (
        "SELECT count(*) AS n FROM events WHERE timestamp >= '2026-10-05T00:00:00Z' AND timestamp < '2026-10-12T00:00:00Z'",
        "SELECT count(*) AS n FROM events WHERE timestamp >= '2026-10-05 00:00:00' AND timestamp < '2026-10-12 00:00:00'",
    ),
    # Here a backslash makes the next character an ordinary one; DuckDB has to be told.
    "like": (
        "SELECT count(*) AS n FROM events WHERE path LIKE '/doc%' OR path LIKE '%\\_%'",
        "SELECT count(*) AS n FROM events WHERE path LIKE '/doc%' OR path LIKE '%\\_%' ESCAPE '\\'",
    ),
    "case": (
        "SELECT CASE WHEN revenue > 100000 THEN 'large' WHEN revenue IS NULL THEN 'none' ELSE 'small' END AS size, "
        "count(*) AS n FROM events GROUP BY 1 ORDER BY 1"
    ),
    "arithmetic and averages": (
        "SELECT sum(revenue) AS s, avg(revenue) AS a, min(revenue) AS lo, max(revenue) AS hi, sum(revenue) / 100.0 AS major "
        "FROM events WHERE name = 'revenue'"
    ),
    "filtered aggregate": (
        "SELECT count(*) FILTER (WHERE name = 'screen_view') AS views, sum(CASE WHEN name = 'revenue' THEN 1 ELSE 0 END) AS sales "
        "FROM events"
    ),
    "property of events": (
        "SELECT properties['plan'] AS plan, count(*) AS n FROM events WHERE name = 'signup' GROUP BY 1 ORDER BY n DESC, plan NULLS LAST"
    ),
    "property as a number": (
        "SELECT avg(CAST(properties['seats'] AS DOUBLE)) AS seats FROM events WHERE name = 'revenue'"
    ),
    "property that no event has": "SELECT count(properties['no such key']) AS n FROM events",
    "join with profiles": (
        "SELECT p.first_name, count(*) AS n FROM events e JOIN profiles p ON p.profile_id = e.profile_id "
        "GROUP BY 1 ORDER BY n DESC, 1 NULLS LAST LIMIT 100"
    ),
    "left join": (
        "SELECT p.profile_id IS NULL AS unknown, count(*) AS n FROM events e LEFT JOIN profiles p "
        "ON p.profile_id = e.profile_id GROUP BY 1 ORDER BY 1"
    ),
    "join with sessions": (
        "SELECT s.is_bounce, count(*) AS n FROM events e JOIN sessions s ON s.session_id = e.session_id GROUP BY 1 ORDER BY 1"
    ),
    "sessions alone": (
        "SELECT count(*) AS n, sum(duration_ms) AS d, sum(screen_view_count) AS v, sum(event_count) AS e FROM sessions"
    ),
    "semi and anti join": (
        "SELECT count(*) AS n FROM profiles p WHERE EXISTS (SELECT 1 FROM events e WHERE e.profile_id = p.profile_id) "
        "AND p.profile_id NOT IN (SELECT profile_id FROM events WHERE name = 'revenue' AND profile_id IS NOT NULL)"
    ),
    "union all": (
        "SELECT 'views' AS kind, count(*) AS n FROM events WHERE name = 'screen_view' UNION ALL "
        "SELECT 'sales', count(*) FROM events WHERE name = 'revenue' UNION ALL SELECT 'sessions', count(*) FROM sessions ORDER BY 1"
    ),
    "union, intersect, except": (
        "(SELECT country FROM events UNION SELECT device FROM events) EXCEPT "
        "(SELECT country FROM events INTERSECT SELECT country FROM sessions) ORDER BY 1 NULLS LAST"
    ),
    "common table expressions": (
        "WITH daily AS (SELECT date_trunc('day', timestamp) AS day, profile_id FROM events), "
        "active AS (SELECT day, count(DISTINCT profile_id) AS n FROM daily GROUP BY day) "
        "SELECT max(n) AS most, min(n) AS least, avg(n) AS mean FROM active"
    ),
    "row number": (
        "SELECT name, path, n FROM (SELECT name, path, n, row_number() OVER (PARTITION BY name ORDER BY n DESC, path) AS place "
        "FROM (SELECT name, path, count(*) AS n FROM events GROUP BY name, path) c) r WHERE place <= 2 "
        "ORDER BY name, n DESC, path LIMIT 200"
    ),
    "running sum": (
        "SELECT day, sum(n) OVER (ORDER BY day ROWS UNBOUNDED PRECEDING) AS total FROM "
        "(SELECT date_trunc('day', timestamp) AS day, count(*) AS n FROM events GROUP BY 1) d ORDER BY day LIMIT 200"
    ),
    "lag": (
        "SELECT day, n - lag(n) OVER (ORDER BY day) AS more FROM "
        "(SELECT date_trunc('day', timestamp) AS day, count(*) AS n FROM events GROUP BY 1) d ORDER BY day LIMIT 200"
    ),
    "rank and share": (
        "SELECT country, n, rank() OVER (ORDER BY n DESC) AS place, 100.0 * n / sum(n) OVER () AS share FROM "
        "(SELECT country, count(*) AS n FROM events GROUP BY country) c ORDER BY n DESC, country NULLS LAST"
    ),
    "subquery in select": (
        "SELECT name, count(*) * 100.0 / (SELECT count(*) FROM events) AS share FROM events GROUP BY name ORDER BY share DESC, name LIMIT 50"
    ),
    "self join": (
        "SELECT count(*) AS n FROM (SELECT DISTINCT profile_id FROM events WHERE name = 'signup') a "
        "JOIN (SELECT DISTINCT profile_id FROM events WHERE name = 'revenue') b ON a.profile_id = b.profile_id"
    ),
    "text functions": (
        "SELECT upper(country) AS u, lower(city) AS l, length(city) AS n, substr(city, 1, 3) AS s, "
        "replace(city, 'n', 'N') AS r, concat(country, '-', region) AS c FROM sessions "
        "GROUP BY country, region, city ORDER BY city NULLS LAST, country NULLS LAST, region NULLS LAST LIMIT 100"
    ),
    "coalesce and nullif": (
        "SELECT coalesce(nullif(referrer_name, ''), '(direct)') AS source, count(*) AS n FROM sessions GROUP BY 1 ORDER BY n DESC, 1 LIMIT 100"
    ),
    "medians": "SELECT median(revenue) AS middle FROM events WHERE name = 'revenue'",
    "limit and offset": "SELECT event_id, timestamp, name FROM events WHERE event_id IS NOT NULL ORDER BY timestamp, event_id LIMIT 17 OFFSET 23",
    "no rows": "SELECT name, count(*) AS n FROM events WHERE name = 'nothing is called this' GROUP BY name",
    "groups as a list": (
        "SELECT count(*) AS n FROM events WHERE array_has(groups, 'g3')",
        "SELECT count(*) AS n FROM events WHERE list_contains(groups, 'g3')",
    ),
    "group members": "SELECT type, count(*) AS n FROM groups GROUP BY type ORDER BY type",
}

# What the warehouse's own SQL spells or means otherwise in ClickHouse: the months of a date, aggregates and neighbours of nothing, which
# are zeros there, and lists.
CLICKHOUSE = {
    "by month": "SELECT toDateTime(date_trunc('month', timestamp)) AS m, count(DISTINCT profile_id) AS n FROM events GROUP BY 1 ORDER BY 1",
    "min and max": "SELECT minOrNull(timestamp) AS a, maxOrNull(timestamp) AS b FROM events",
    "where on instants": (
        "SELECT count(*) AS n FROM events WHERE timestamp >= '2026-10-05 00:00:00' AND timestamp < '2026-10-12 00:00:00'"
    ),
    "filtered aggregate": (
        "SELECT count(*) FILTER (WHERE name = 'screen_view') AS views, "
        "sumOrNull(CASE WHEN name = 'revenue' THEN 1 ELSE 0 END) AS sales FROM events"
    ),
    "property of events": (
        "SELECT CASE WHEN mapContains(properties, 'plan') THEN properties['plan'] END AS plan, count(*) AS n FROM events "
        "WHERE name = 'signup' GROUP BY 1 ORDER BY n DESC, plan NULLS LAST"
    ),
    "property as a number": "SELECT avg(toFloat64OrNull(properties['seats'])) AS seats FROM events WHERE name = 'revenue'",
    "property that no event has": "SELECT countIf(mapContains(properties, 'no such key')) AS n FROM events",
    "left join": (
        "SELECT CAST(p.profile_id IS NULL AS Bool) AS unknown, count(*) AS n FROM events e LEFT JOIN profiles p "
        "ON p.profile_id = e.profile_id GROUP BY 1 ORDER BY 1"
    ),
    "common table expressions": (
        "WITH daily AS (SELECT date_trunc('day', timestamp) AS day, profile_id FROM events), "
        "active AS (SELECT day, count(DISTINCT profile_id) AS n FROM daily GROUP BY day) "
        "SELECT maxOrNull(n) AS most, minOrNull(n) AS least, avgOrNull(n) AS mean FROM active"
    ),
    "lag": (
        "SELECT day, n - lagInFrame(toNullable(n)) OVER (ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS more FROM "
        "(SELECT date_trunc('day', timestamp) AS day, count(*) AS n FROM events GROUP BY 1) d ORDER BY day LIMIT 200"
    ),
    "groups as a list": "SELECT count(*) AS n FROM events WHERE has(groups, 'g3')",
    "parts of an instant": "SELECT toHour(timestamp) AS h, count(*) AS n FROM events GROUP BY 1 ORDER BY 1",
    # Of characters, where the plain functions are of bytes; and what is put together with nothing is nothing.
    "text functions": (
        "SELECT upper(country) AS u, lowerUTF8(city) AS l, lengthUTF8(city) AS n, substringUTF8(city, 1, 3) AS s, "
        "replaceAll(city, 'n', 'N') AS r, concat(ifNull(country, ''), '-', ifNull(region, '')) AS c FROM sessions "
        "GROUP BY country, region, city ORDER BY city NULLS LAST, country NULLS LAST, region NULLS LAST LIMIT 100"
    ),
}

PROJECTS = [
    "site",
    "site_stored",
    "site_hive",
    "texts",
    "texts_hive",
    "nulls",
    "minimal",
    "ties",
    "empty",
    *cases.demo_ids(),
]


def normal(value, column: str):
    """A cell in a form both sides can be compared in: instants as milliseconds since 1970."""
    if isinstance(value, datetime):
        return round(value.replace(tzinfo=timezone.utc).timestamp() * 1000)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and column in ("day", "m", "h", "a", "b", "timestamp") and "T" in value:
        return answers.instant_ms(value)
    if value is not None and type(value).__name__ == "Decimal":
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def assert_same_result(client, lake, theirs: str, ours: str, where) -> None:
    """The same columns and rows."""
    cursor = lake.connection.execute(ours)
    want_names = [column[0] for column in cursor.description]
    want = cursor.fetchall()
    got = []
    for answer in client.walk("query", sql=theirs, limit=1000):
        names, page = answers.result(answer)
        assert names == want_names, where
        # A page may be shorter than asked for only where the answer says that it was to be kept short.
        assert len(page) + answers.left_out(answer) == min(1000, len(want) - len(got)), where
        got += page
        if len(got) >= 1000:
            break
    for number, (have, row) in enumerate(zip(got, want[: len(got)], strict=True)):
        for name, cell, expected in zip(names, have, row, strict=True):
            assert same_cell(normal(cell, name), normal(expected, name)), (where, number, name, cell, expected)


def missing_tables(lake, statement: str) -> set[str]:
    """The tables a statement names that the project has no files of. Events, and sessions as they follow from them, are always there."""
    optional = {"profiles", "groups"} - lake.stored
    return {table for table in optional if re.search(rf"\b(FROM|JOIN) {table}\b", statement)}


@pytest.mark.parametrize("name", STATEMENTS)
@pytest.mark.parametrize("project", PROJECTS)
def test_a_statement_gives_what_duckdb_gives(project, name, server, lakes, warehouse):
    statement = STATEMENTS[name]
    theirs, ours = statement if isinstance(statement, tuple) else (statement, statement)
    if warehouse == "clickhouse":
        theirs = CLICKHOUSE.get(name, theirs)
    client, lake = server.of_project(project), lakes[project]
    # In ClickHouse a table is everybody's: one of which a project has no rows is empty.
    if warehouse == "parquet" and (missing := missing_tables(lake, theirs)):
        # "Refuses … other tables": a table that get_schema does not list is no table, not an empty one.
        refusal = client.refusal("query", sql=theirs)
        assert any(f"There is no table `{table}`" in refusal for table in missing), refusal
        assert "The tables are events, sessions" in refusal
        return
    assert_same_result(client, lake, theirs, ours, (project, name))


@pytest.mark.parametrize("project", ["site", "site_hive", "texts", "texts_hive", "nulls", "ties"])
def test_every_text_comes_back_as_it_is(project, server, lakes):
    columns = (
        "event_id, name, profile_id, device_id, session_id, path, title, city, utm_term, os_version, revenue, latitude"
    )
    statement = f"SELECT {columns} FROM events WHERE event_id IS NOT NULL ORDER BY event_id LIMIT 400"
    assert_same_result(server.of_project(project), lakes[project], statement, statement, project)


@pytest.mark.parametrize("project", ["texts", "texts_hive"])
def test_every_awkward_key_and_value_is_a_property(project, server, lakes, warehouse):
    from datasets.texts import KEYS

    for key in KEYS:
        access = "properties['" + key.replace("'", "''") + "']"
        statement = "SELECT {} AS v, count(*) AS n FROM events GROUP BY 1 ORDER BY n DESC, v NULLS LAST LIMIT 200".format
        theirs = access
        if warehouse == "clickhouse":
            # A backslash in a text is written twice there, and a property that is absent reads as empty.
            literal = "'" + key.replace("\\", "\\\\").replace("'", "''") + "'"
            theirs = f"CASE WHEN mapContains(properties, {literal}) THEN properties[{literal}] END"
        assert_same_result(server.of_project(project), lakes[project], statement(theirs), statement(access), (project, key))


@pytest.mark.parametrize("project", ["site", "minimal", *cases.demo_ids()])
def test_pages_of_a_result_are_the_whole_of_it(project, server, lakes):
    statement = "SELECT timestamp, name, profile_id FROM events ORDER BY timestamp, name, profile_id NULLS LAST"
    if project in cases.demo_ids():
        statement += " LIMIT 3000"
    rows = []
    for answer in server.of_project(project).walk("query", sql=statement, limit=700):
        names, page = answers.result(answer)
        assert len(page) <= 700
        rows += [[normal(cell, name) for name, cell in zip(names, row, strict=True)] for row in page]
    want = [[normal(cell, name) for name, cell in row.items()] for row in lakes[project].rows(statement)]
    assert rows == want
