"""
The HTTP server: sockets, headers, and the control paths for other processes. It knows no AWS rule.

It listens on 127.0.0.1 alone, so that ``/_local/`` is no one else's.
"""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import asdict
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from . import totp
from .calls import Fault
from .clock import aws_time
from .wire import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from .cloud import Cloud


class Server:
    """A :class:`Cloud` behind a port of the loopback interface."""

    def __init__(self, cloud: Cloud) -> None:
        handler = type("Handler", (_Handler,), {"cloud": cloud})
        self._http = _HTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128  # tests start many processes at once

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet: clients that are killed in the middle of a request are part of tests."""


class _Handler(BaseHTTPRequestHandler):
    cloud: Cloud
    protocol_version = "HTTP/1.1"
    # Headers and body go out in one packet; two would wait for each other's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def do_HEAD(self) -> None:
        self._handle()

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = urlsplit(self.path)
        if target.path.startswith("/_local/"):
            self._send(self._control(target.path.removeprefix("/_local/"), target.query, body), "local")
            return
        names = {name.lower() for name in self.headers}
        headers = {name: ",".join(self.headers.get_all(name) or []) for name in names}
        outcome = self.cloud.handle(Request(self.command, target.path, target.query, headers, body))
        if outcome.answer is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(outcome.answer, outcome.request_id)

    def _send(self, answer: Answer, request_id: str) -> None:
        self.send_response(answer.status)
        self.send_header("x-amzn-RequestId", request_id)
        self.send_header("Content-Type", answer.content_type)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The ``Date`` header's value: the server's clock, and not the machine's."""
        return formatdate(self.cloud.clock.now().timestamp() if timestamp is None else timestamp, usegmt=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep tests' output clean; the calls are logged in the cloud."""

    def _control(self, name: str, query: str, body: bytes) -> Answer:
        controls: dict[tuple[str, str], Callable[[str, bytes], object]] = {
            ("GET", "calls"): self._calls,
            ("GET", "code"): self._code,
            ("POST", "clock"): self._shift,
            ("POST", "fail"): self._fail,
        }
        control = controls.get((self.command, name))
        if control is None:
            return _plain(404, {"error": f"There is no {self.command} /_local/{name}."})
        try:
            return _plain(200, control(query, body))
        except (KeyError, TypeError, ValueError) as wrong:
            return _plain(400, {"error": str(wrong)})

    def _calls(self, query: str, body: bytes) -> object:
        with self.cloud.lock:
            return {"calls": [asdict(call) | {"at": aws_time(call.at)} for call in self.cloud.calls]}

    def _code(self, query: str, body: bytes) -> object:
        wanted = parse_qs(query)
        device = self.cloud.devices.by_serial(wanted["serial"][0])
        if device is None or device.seed is None:
            raise ValueError("No device that makes codes has this serial.")
        step = totp.step_at(self.cloud.clock.now()) + int(wanted.get("offset_steps", ["0"])[0])
        return {"code": totp.code_of_step(device.seed, step)}

    def _shift(self, query: str, body: bytes) -> object:
        self.cloud.clock.shift(float(json.loads(body)["shift_s"]))
        return {"now": aws_time(self.cloud.clock.now())}

    def _fail(self, query: str, body: bytes) -> object:
        self.cloud.faults.order(Fault(**json.loads(body)))
        return {}


def _plain(status: int, document: object) -> Answer:
    return Answer(status, json.dumps(document).encode(), "application/json")
