"""list_projects against the projects' description and their files."""

import pytest

import answers
import cases
from definitions import events


def assert_facts(row: dict, lake) -> None:
    """What an answer says of a project is what its files hold."""
    info, facts = lake.info, events.project_facts(lake)
    assert row["name"] == info.name
    assert row["organization"] == info.organization_name
    assert row["domain"] == info.domain
    assert sorted(row["types"]) == sorted(info.types)
    assert row["timezone"] == info.timezone
    for key, value in facts.items():
        assert row[key] == value, (info.id, key, row[key], value)


@pytest.mark.parametrize("project", cases.all_ids())
def test_a_reader_sees_its_one_project_with_its_numbers(project, server, lakes):
    (row,) = answers.projects(server.of_project(project).call("list_projects"))
    assert row["id"] == project
    assert_facts(row, lakes[project])


def test_a_root_client_sees_all_of_its_organization_and_nothing_else(server, lakes):
    by_organization = {}
    for project in cases.all_ids():
        by_organization.setdefault(lakes[project].info.organization_id, []).append(project)
    assert len(by_organization) >= 3
    for organization, projects in by_organization.items():
        rows = answers.projects(server.of_organization(organization).call("list_projects"))
        assert sorted(row["id"] for row in rows) == sorted(projects)
        for row in rows:
            assert_facts(row, lakes[row["id"]])


@pytest.mark.parametrize("search", ["MIDNIGHT", "site", "'", "%", "nobody is called this"])
def test_search_finds_projects_by_name_or_id(search, server, lakes):
    rows = answers.projects(server.of_organization("org_oracle").call("list_projects", search=search))
    ours = [project for project in cases.adversarial_ids() if lakes[project].info.organization_id == "org_oracle"]
    want = [
        project
        for project in ours
        if search.lower() in lakes[project].info.name.lower() or search.lower() in project.lower()
    ]
    assert sorted(row["id"] for row in rows) == sorted(want)
