"""list_group_types, find_groups, get_group against DuckDB."""

import pytest

import cases
from definitions.text import literal
from shapes.people import group, profile, wanted_group, wanted_profile


def walk(client, **arguments) -> list[dict]:
    return [row for answer in client.walk("find_groups", **arguments) for row in answer["groups"]]


def groups(lake, condition="TRUE") -> list[dict]:
    return lake.rows(f"SELECT * FROM groups WHERE {condition} ORDER BY coalesce(name, ''), group_id")


@pytest.mark.parametrize("project", cases.all_ids())
def test_groups_types_and_members(project, server, lakes):
    lake, client = lakes[project], server.of_project(project)
    listed = {tool["name"] for tool in client.request("tools/list", {})["tools"]}
    assert ("find_groups" in listed) == ("groups" in lake.stored), project
    if "groups" not in lake.stored:
        for tool, arguments in [("list_group_types", {}), ("find_groups", {}), ("get_group", {"groupId": "x"})]:
            assert "no groups" in client.refusal(tool, **arguments)
        return
    types = lake.rows(
        "SELECT coalesce(nullif(type, ''), '(not set)') AS type, count(*) AS groups FROM groups GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    assert client.call("list_group_types")["types"] == types
    assert [group(row) for row in walk(client, limit=7)] == [wanted_group(row) for row in groups(lake)]
    for row in types:
        if row["type"] != "(not set)":
            want = groups(lake, f"type = {literal(row['type'])}")
            assert [item["groupId"] for item in walk(client, type=row["type"], limit=100)] == [item["group_id"] for item in want]
    for part in ("A", "_", "'", "é", "werke"):
        within = f"contains(lower(coalesce(name, '')), lower({literal(part)})) OR contains(lower(group_id), lower({literal(part)}))"
        want = groups(lake, within)
        assert [item["groupId"] for item in walk(client, search=part, limit=100)] == [item["group_id"] for item in want], part
    for row in groups(lake)[:4]:
        answer = client.call("get_group", groupId=row["group_id"], memberLimit=3)
        assert group(answer["group"]) == wanted_group(row)
        belongs = f"list_contains(groups, {literal(row['group_id'])})"
        table = "profiles" if "profiles" in lake.stored else "events"
        count = lake.value(f"SELECT count(DISTINCT nullif(profile_id, '')) FROM {table} WHERE {belongs}")
        assert answer["memberCount"] == count
        members = lake.rows(f"SELECT * FROM profiles WHERE {belongs} ORDER BY coalesce(created_at_ms, 0) DESC, profile_id DESC")
        assert [profile(item) for item in answer["members"]] == [wanted_profile(item) for item in members[:3]]
        assert answer["truncated"] == (len(members) > 3)


def test_an_unknown_group_is_a_mistake(server):
    assert "find_groups" in server.of_project("app").refusal("get_group", groupId="nobody")
