"""get_schema: row counts, covered days, columns and the commonest property keys."""

import pytest

import answers
import cases
from columns import TABLES
from definitions import events


@pytest.mark.parametrize("project", cases.all_ids())
def test_tables_have_their_rows_days_and_columns(project, server, lakes, warehouse):
    lake = lakes[project]
    tables = answers.tables(server.of_project(project).call("get_schema"))
    for table in TABLES:
        facts = events.table_facts(lake, table)
        if table not in tables:
            # Only what the project has must be there.
            assert facts["rows"] == 0, (project, table)
            continue
        assert set(TABLES[table]) <= set(tables[table]["columns"]), (project, table)
        # ClickHouse has all sessions stored.
        derived = warehouse == "parquet" and table == "sessions" and not lake.has_stored_sessions
        assert tables[table]["derived"] == derived, (project, table)
        if tables[table]["derived"]:
            # Choice: the rows of what is not stored are not counted.
            assert tables[table]["rows"] is None, (project, table)
            continue
        assert tables[table]["rows"] == facts["rows"], (project, table)
        assert tables[table]["first_day"] == facts["first_day"], (project, table)
        assert tables[table]["last_day"] == facts["last_day"], (project, table)


@pytest.mark.parametrize("project", ["site", "site_hive", "texts", "nulls", *cases.demo_ids()])
def test_the_commonest_property_keys_are_named(project, server, lakes):
    lake = lakes[project]
    answer = server.of_project(project).call("get_schema")
    for table in ("events", "profiles"):
        carried = {row["key"]: row["carrying"] for row in events.property_keys(lake, table)}
        named = answers.schema_property_keys(answer, table)
        assert len(named) == len(set(named)) and set(named) <= set(carried), (project, table)
        # None that is left out is commoner than one that is named.
        least = min((carried[key] for key in named), default=0)
        assert all(count <= least for key, count in carried.items() if key not in named), (project, table)
        assert named or not carried, (project, table)


@pytest.mark.parametrize("table", ["events", "sessions"])
def test_one_table_can_be_asked_for(table, server, lakes):
    tables = answers.tables(server.of_project("site_stored").call("get_schema", table=table))
    assert list(tables) == [table]
    assert tables[table]["rows"] == events.table_facts(lakes["site_stored"], table)["rows"]
