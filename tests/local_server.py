"""A web server of this machine for tests: serves what a subclass answers, and misbehaves on request.

Faults wait in `faults` and are used up one a request, oldest first, by the requests whose path matches:
`server.fail("jsoc_fetch", "500", "429", "garbage", "cut", "slow")`.
"""

from __future__ import annotations

import json
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SLOW_SECONDS = 0.3


class LocalServer(ThreadingHTTPServer, ABC):
    """Answers GET by `answer(path, query)`; `requests` are the paths asked for, with their queries, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[str] = []
        self.faults: list[tuple[str, str]] = []
        self.n_in_flight = 0
        self.most_in_flight = 0
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        """Address of the root, with a slash at its end."""
        return f"http://127.0.0.1:{self.server_port}/"

    @abstractmethod
    def answer(self, path: str, query: dict[str, str]) -> bytes | dict | None:
        """Body of the answer, bytes or an object to be sent as JSON; None for 404. A subclass says what it serves."""

    def fail(self, pattern: str, *faults: str) -> None:
        """The next requests whose path and query match the regular expression `pattern` meet these faults.

        A fault is a status ("404", "429", "500", ...), "garbage" (bytes that mean nothing), "cut" (half of the body
        under the length of the whole), "slow" (the right answer after SLOW_SECONDS), "drop" (no answer) or "right".
        """
        self.faults += [(pattern, fault) for fault in faults]

    def next_fault(self, asked: str) -> str:
        with self.lock:
            for i, (pattern, fault) in enumerate(self.faults):
                if re.search(pattern, asked):
                    del self.faults[i]
                    return fault
        return "right"

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that hangs up is part of the tests."""


@contextmanager
def running(server: LocalServer) -> Iterator[LocalServer]:
    """`server` answering in a thread, until the block ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: LocalServer

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""

    def do_GET(self) -> None:
        server = self.server
        with server.lock:
            server.requests.append(self.path)
            server.n_in_flight += 1
            server.most_in_flight = max(server.most_in_flight, server.n_in_flight)
        try:
            self._answer(server.next_fault(self.path))
        finally:
            with server.lock:
                server.n_in_flight -= 1

    def _answer(self, fault: str) -> None:
        if fault == "drop":
            self.close_connection = True
            return
        if fault.isdigit():
            self._send(int(fault), b"", retry_after="0" if fault in ("429", "503") else None)
            return
        if fault == "slow":
            time.sleep(SLOW_SECONDS)
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        body = self.server.answer(parts.path, query)
        if body is None:
            self._send(404, b"not found")
            return
        if isinstance(body, dict):
            body = json.dumps(body).encode("latin1")
        if fault == "garbage":
            body = b"<html>\x00\xffbusy</html>"
        self._send(200, body, cut=fault == "cut")

    def _send(self, status: int, body: bytes, *, cut: bool = False, retry_after: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = True
