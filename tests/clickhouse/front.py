"""ClickHouse's HTTP interface, as far as Sightline speaks it, before the real engine (`chdb`).

    python front.py --store DIR --password SECRET [--load DIR …] [--users FILE]

prints `{"url": …}` once it listens, and ends with whoever started it. One user, one query at a time. `--load` fills the tables of
`docs/clickhouse/schema.sql` from folders of projects. `--users` is a ClickHouse `users.xml` whose user `default` then is who queries
run as, with its grants, row filters and settings profile: the engine holds them, not this file.
"""

import argparse
import base64
import gzip
import json
import os
import signal
import sys
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import openpanel
from engine import Engine, Refused, fill, fill_as_it_is

# The HTTP status of an exception, by its code; of every other it is 500 (`exceptionCodeToHTTPStatus.cpp`).
_STATUS = {36: 400, 43: 400, 46: 404, 47: 404, 60: 404, 62: 400, 81: 404, 115: 404, 159: 408, 497: 403, 516: 403}
_REQUESTS_KEPT = 10_000


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    engine: Engine
    user: str
    password: str
    requests: deque

    def log_message(self, *_):
        """Nothing: a query's text belongs into no log."""

    def do_GET(self):
        """`/ping`, and what was asked of late, for tests."""
        path = urlsplit(self.path).path
        if path == "/ping":
            self._answer(200, b"Ok.\n")
        elif path == "/_requests":
            self._answer(200, json.dumps(list(self.requests)).encode())
        else:
            self._answer(404, b"")

    def do_POST(self):
        """A query: the body, or a form's field `query`."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        kind, _, boundary = self.headers.get("Content-Type", "").partition("; boundary=")
        form = _fields(body, boundary) if kind == "multipart/form-data" else {"query": body.decode()}
        query = asked.pop("query", "") + form.pop("query", "")
        parameters = {name[6:]: value for name, value in {**asked, **form}.items() if name.startswith("param_")}
        settings = {name: value for name, value in asked.items() if not name.startswith("param_")}
        if not self._is_let_in():
            self._exception(
                "Code: 516. DB::Exception: reader: Authentication failed: password is incorrect, or there is no user with such name. "
                "(AUTHENTICATION_FAILED)"
            )
            return
        self.requests.append({"query": query, "parameters": parameters, "settings": dict(settings)})
        try:
            self._rows(query, parameters, settings)
        except Refused as refused:
            self._exception(str(refused))
        except BrokenPipeError:
            pass

    def _is_let_in(self) -> bool:
        user, password = self.headers.get("X-ClickHouse-User"), self.headers.get("X-ClickHouse-Key")
        basic = self.headers.get("Authorization", "")
        if basic.startswith("Basic "):
            user, _, password = base64.b64decode(basic[6:]).decode().partition(":")
        return (user, password) == (self.user, self.password)

    def _rows(self, query: str, parameters: dict, settings: dict):
        data_format = settings.pop("default_format", "TabSeparated")
        head = {"X-ClickHouse-Format": data_format, "X-ClickHouse-Query-Id": settings.pop("query_id", "")}
        packed = settings.pop("enable_http_compression", "0") == "1" and "gzip" in self.headers.get("Accept-Encoding", "")
        if settings.pop("wait_end_of_query", "0") == "1":
            rows, read = self.engine.whole(query, parameters, settings, data_format)
            head["X-ClickHouse-Summary"] = json.dumps(read)
            self._answer(200, rows, head, packed)
            return
        blocks = self.engine.blocks(query, parameters, settings, data_format)
        # Until there is a first one, an exception still has a status.
        first = next(blocks, b"")
        self._head(200, {**head, "Transfer-Encoding": "chunked"})
        self._chunk(first)
        try:
            for block in blocks:
                self._chunk(block)
        except Refused as refused:
            self._chunk(_told(str(refused)))
            self.close_connection = True
            return
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, data: bytes):
        if data:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _exception(self, text: str):
        code = int(text.split("Code: ")[1].split(".")[0]) if "Code: " in text else 1002
        self._answer(_STATUS.get(code, 500), _told(text), {"X-ClickHouse-Exception-Code": str(code)})

    def _answer(self, status: int, data: bytes, head: dict | None = None, packed: bool = False):
        head = dict(head or {})
        if packed:
            data = gzip.compress(data, 1)
            head["Content-Encoding"] = "gzip"
        self._head(status, {**head, "Content-Length": str(len(data))})
        self.wfile.write(data)

    def _head(self, status: int, head: dict):
        self.send_response(status)
        for name, value in head.items():
            self.send_header(name, value)
        self.end_headers()


def _fields(body: bytes, boundary: str) -> dict[str, str]:
    """The fields of a form (RFC 7578)."""
    fields = {}
    for part in body.split(b"--" + boundary.encode())[1:-1]:
        head, _, value = part.removeprefix(b"\r\n").removesuffix(b"\r\n").partition(b"\r\n\r\n")
        fields[head.decode().split('name="')[1].split('"')[0]] = value.decode()
    return fields


def _told(text: str) -> bytes:
    """An exception as the server writes it."""
    text = text[text.find("Code: ") :] if "Code: " in text else f"Code: 1002. DB::Exception: {text} (UNKNOWN_EXCEPTION)"
    return (text.strip() + " (version 26.9.2.1)\n").encode()


def _end_with_parent():
    parent = os.getppid()

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def main():
    """Serves until it is told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", required=True, type=Path)
    parser.add_argument("--database", default="sightline")
    parser.add_argument("--user", default="reader")
    parser.add_argument("--password", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--load", action="append", default=[], type=Path)
    parser.add_argument("--load-files", type=Path, help="a project's folder, whose Parquet is taken as it is")
    parser.add_argument("--users", type=Path)
    parser.add_argument("--openpanel", action="store_true", help="what is loaded lies in OpenPanel's tables as well, in the database `openpanel`")
    asked = parser.parse_args()
    Handler.engine = Engine(asked.store, asked.users)
    if asked.load:
        fill(Handler.engine, asked.database, asked.load)
    if asked.load_files:
        fill_as_it_is(Handler.engine, asked.database, asked.load_files)
    if asked.openpanel:
        openpanel.move(Handler.engine)
    Handler.user, Handler.password = asked.user, asked.password
    Handler.requests = deque(maxlen=_REQUESTS_KEPT)
    server = ThreadingHTTPServer(("127.0.0.1", asked.port), Handler)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    _end_with_parent()
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
