"""The official Python SDK as a user's program uses it, in both eras: it validates what it receives."""

import asyncio

import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

RANGE = {"startDate": "2026-06-01", "endDate": "2026-06-30"}


def walk(started, mode, use):
    """Connects as the client of the demo's first project, in an event loop of its own, and hands the client over."""

    async def main():
        project, token = next(iter(started["tokens"].items()))
        headers = {"Authorization": f"Bearer {token}"}
        async with create_mcp_http_client(headers=headers) as http:
            transport = streamable_http_client(started["url"] + "/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                await use(client, project)

    asyncio.run(main())


MODES = {"initialize": "legacy", "negotiated": "auto", "2026-07-28": "2026-07-28"}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES.keys())
def test_it_connects_lists_calls_and_reads(started, mode):
    async def use(client, project):
        tools = (await client.list_tools()).tools
        assert "get_analytics_overview" in [tool.name for tool in tools]

        called = await client.call_tool("get_analytics_overview", RANGE)
        assert not called.is_error
        assert called.structured_content["project"]["id"] == project
        assert called.structured_content["range"]["start"].startswith("2026-06-01")

        resources = (await client.list_resources()).resources
        assert "sightline://schema" in [str(resource.uri) for resource in resources]
        contents = (await client.read_resource("sightline://schema")).contents
        assert "profile_id" in contents[0].text

        assert (await client.list_resource_templates()).resource_templates

    walk(started, mode, use)


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES.keys())
def test_a_mistake_comes_back_as_a_result_the_model_can_read(started, mode):
    async def use(client, _project):
        called = await client.call_tool("get_analytics_overview", {"startDate": "yesterday-ish"})
        assert called.is_error
        assert "YYYY-MM-DD" in called.content[0].text

    walk(started, mode, use)


def test_negotiation_finds_the_newest_revision(started):
    async def use(client, _project):
        assert client.protocol_version == "2026-07-28"

    walk(started, "auto", use)


def test_without_a_token_it_does_not_connect(started):
    async def main():
        async with Client(started["url"] + "/mcp", mode="legacy"):
            pass

    with pytest.raises(BaseException) as raised:
        asyncio.run(main())
    assert "error response" in text_of(raised.value)


def text_of(error):
    """The words of an error and of all it groups."""
    inner = getattr(error, "exceptions", ())
    return " ".join([repr(error), *map(text_of, inner)])
