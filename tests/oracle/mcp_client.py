"""Calls tools of a running server by plain JSON-RPC over HTTP, one stateless request each."""

import json
import time
import urllib.error
import urllib.request

PROTOCOL_VERSION = "2025-06-18"
_TIMEOUT_S = 60


class ToolError(Exception):
    """A tool's own refusal (`isError`): the text meant for the model."""


class RpcError(Exception):
    """A JSON-RPC error or an HTTP status that carries no result."""


class Client:
    """One server, as one API client sees it."""

    def __init__(self, url: str, token: str):
        self._url = url.rstrip("/") + "/mcp"
        self._token = token
        self._id = 0

    def call(self, tool: str, **arguments) -> dict:
        """The tool's `structuredContent`."""
        result = self.request("tools/call", {"name": tool, "arguments": arguments})
        text = "\n".join(block.get("text", "") for block in result.get("content", []))
        if result.get("isError"):
            raise ToolError(text)
        answer = result.get("structuredContent")
        if not isinstance(answer, dict):
            raise RpcError(f"{tool} answered without structuredContent: {text[:500]}")
        return answer

    def refusal(self, tool: str, **arguments) -> str:
        """What the tool says when it refuses, as it must."""
        try:
            answer = self.call(tool, **arguments)
        except ToolError as error:
            return str(error)
        raise AssertionError(f"{tool} answered what it should refuse: {json.dumps(answer)[:500]}")

    def walk(self, tool: str, **arguments):
        """Every page of an answer, by its cursor."""
        seen = set()
        while True:
            answer = self.call(tool, **arguments)
            yield answer
            cursor = answer.get("nextCursor")
            if not cursor:
                return
            if cursor in seen:
                raise RpcError(f"{tool} returned the same cursor twice")
            seen.add(cursor)
            arguments["cursor"] = cursor

    def request(self, method: str, params: dict) -> dict:
        """The result of a JSON-RPC request. Waits when told that it asks too often."""
        self._id += 1
        body = json.dumps({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}).encode()
        request = urllib.request.Request(
            self._url,
            body,
            {
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                "Accept": "application/json, text/event-stream",
                "MCP-Protocol-Version": PROTOCOL_VERSION,
            },
        )
        for _ in range(60):
            try:
                with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:
                    return self._result(method, response.headers.get_content_type(), response.read().decode())
            except urllib.error.HTTPError as error:
                if error.code != 429:
                    raise RpcError(
                        f"{method}: HTTP {error.code}: {error.read().decode(errors='replace')[:2_000]}"
                    ) from error
                time.sleep(float(error.headers.get("Retry-After", "1")))
        raise RpcError(f"{method}: still too many requests")

    def _result(self, method: str, content_type: str, text: str) -> dict:
        message = json.loads(text) if content_type == "application/json" else _last_event(text, self._id)
        if message.get("id") != self._id:
            raise RpcError(f"{method}: answer to another request: {text[:500]}")
        if "error" in message:
            raise RpcError(f"{method}: {json.dumps(message['error'])[:2_000]}")
        return message["result"]


def _last_event(text: str, request_id: int) -> dict:
    """The response in a stream of server-sent events."""
    for block in text.replace("\r\n", "\n").split("\n\n"):
        data = "\n".join(line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:"))
        if data:
            message = json.loads(data)
            if message.get("id") == request_id:
                return message
    raise RpcError(f"the stream ended without an answer: {text[:500]}")
