"""The official Python SDK with its own OAuth code: given the address alone, a person signs in, and it goes on by refreshing."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import answer_of
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

CALLBACK = "http://localhost:33419/callback"
# Longer than an access token lasts.
OUTLIVED_S = 2.5


class Memory:
    """Keeps what the SDK asks it to keep, and counts."""

    def __init__(self):
        self.tokens = None
        self.client = None
        self.saved = 0

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.saved += 1
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


class App:
    """A program that uses the SDK: its memory, and its way to open the browser."""

    def __init__(self, url, person):
        self.memory = Memory()
        self.opened = 0
        self.person = person
        self.answer = None
        self.url = f"{url}/mcp"

    async def open_browser(self, address):
        self.opened += 1
        self.answer = await asyncio.to_thread(answer_of, address, self.person)

    async def wait_for_answer(self):
        query = parse_qs(urlsplit(self.answer).query)
        return AuthorizationCodeResult(**{name: query[name][0] for name in ("code", "state", "iss")})

    def provider(self):
        metadata = OAuthClientMetadata(client_name="Python SDK", redirect_uris=[CALLBACK], token_endpoint_auth_method="none")
        return OAuthClientProvider(self.url, metadata, self.memory, self.open_browser, self.wait_for_answer)

    async def connected(self, mode, use):
        async with create_mcp_http_client(auth=self.provider()) as http:
            async with Client(streamable_http_client(self.url, http_client=http), mode=mode) as client:
                await use(client)


@pytest.fixture
def app(brief):
    return App(brief["url"], next(iter(brief["people"].values())))


MODES = {"initialize": "legacy", "negotiated": "auto", "2026-07-28": "2026-07-28"}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES.keys())
def test_it_signs_its_person_in_once_and_goes_on_by_refreshing(app, mode):
    async def use(client):
        assert "get_analytics_overview" in [tool.name for tool in (await client.list_tools()).tools]
        for _ in range(3):
            said = (await client.call_tool("whoami", {})).structured_content
            assert (said["kind"], said["app"]) == ("person", "Python SDK")
            await asyncio.sleep(OUTLIVED_S)
        assert app.memory.saved >= 3

    asyncio.run(app.connected(mode, use))
    assert app.opened == 1


def test_a_program_started_again_with_its_memory_asks_nobody(app):
    async def use(client):
        assert not (await client.call_tool("whoami", {})).is_error

    asyncio.run(app.connected("legacy", use))
    asyncio.run(app.connected("legacy", use))
    assert app.opened == 1
