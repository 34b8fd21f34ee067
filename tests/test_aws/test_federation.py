"""The console's federation endpoint: which address is asked, what is answered, and that nothing secret is told."""

from __future__ import annotations

import logging
import os
import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest

from awsprof.aws.calls import Aws
from awsprof.errors import (
    AccessDeniedError,
    AwsError,
    ServiceFailureError,
    ThrottledError,
    UnreachableError,
    UsageError,
)
from awsprof.model import LongTermCredentials, SessionCredentials

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.localaws import LocalAWS

REGION = "eu-west-1"
OWN = "https://signin.aws.amazon.com/federation"
MADE_UP = SessionCredentials("ASIAEXAMPLE", "secret/EXAMPLEKEY", "token+EXAMPLETOKEN==", None)


class Watch:
    """Everything that a call says: traces, logs of every library, and its error."""

    def __init__(self) -> None:
        self.traces: list[str] = []
        self.aws = Aws(os.environ, self.traces.append)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("awsprof.aws.federation._BACKOFF_S", 0)


def session(aws: LocalAWS, watch: Watch) -> SessionCredentials:
    """A role's session of an hour, assumed with a user's long-term credentials."""
    account = aws.account("111111111111")
    key = account.user("paul").access_key()
    role = account.role("deploy", "111111111111")
    return watch.aws.assume_role(
        LongTermCredentials(key.id, key.secret),
        region=REGION,
        role_arn=role.arn,
        session_name="paul",
        external_id=None,
        duration_s=None,
    )


def refusal(watch: Watch, credentials: SessionCredentials, endpoint: str, duration_s: int | None = None) -> AwsError:
    """The error of one call; no part of the session stands in it or in the trace."""
    with pytest.raises(AwsError) as caught:
        watch.aws.sign_in_token(credentials, endpoint=endpoint, duration_s=duration_s)
    said = f"{caught.value.message}{caught.value.hint}{caught.value!r}{watch.traces}"
    for secret in (credentials.secret_access_key, credentials.session_token):
        assert not any(form in said for form in (secret, quote(secret), quote_plus(secret)))
    return caught.value


def test_a_session_becomes_a_token(aws: LocalAWS, watch: Watch) -> None:
    """The local endpoint is asked; the trace has its host, and neither session nor token."""
    credentials = session(aws, watch)
    watch.traces.clear()
    endpoint = watch.aws.federation_endpoint(OWN)
    token = watch.aws.sign_in_token(credentials, endpoint=endpoint, duration_s=900)
    (call,) = aws.calls_of("getSigninToken")
    assert (call.status, call.parameters["SessionDuration"]) == (200, "900")
    (trace,) = watch.traces
    assert trace.startswith(f"signin getSigninToken at {endpoint.split('/')[2]}: ok, ")
    assert token
    assert token not in trace


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [
        ({"AWS_ENDPOINT_URL": ""}, OWN),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:5000/"}, "http://127.0.0.1:5000/federation"),
        ({"AWS_ENDPOINT_URL": "http://localhost:5000"}, "http://localhost:5000/federation"),
        ({"AWS_ENDPOINT_URL": "http://[::1]:5000"}, "http://[::1]:5000/federation"),
        ({"AWS_ENDPOINT_URL": "http://localhost:5000", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, OWN),
        ({"AWS_ENDPOINT_URL": "https://aws.example.com"}, OWN),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1.example.com"}, OWN),
        ({"AWS_ENDPOINT_URL": "nonsense"}, OWN),
        ({"AWSPROF_SIGNIN_URL": "https://sign.example.com/f"}, "https://sign.example.com/f"),
        ({"AWSPROF_SIGNIN_URL": "http://127.0.0.1:1/f", "AWS_ENDPOINT_URL": "http://[::1]:5"}, "http://127.0.0.1:1/f"),
    ],
)
def test_whose_address_is_asked(environ: dict[str, str], endpoint: str) -> None:
    """AWSPROF_SIGNIN_URL first, then a local AWS, else the partition's own."""
    assert Aws(environ, print).federation_endpoint(OWN) == endpoint


@pytest.mark.parametrize("given", ["http://sign.example.com/", "sign.example.com", "https://", "https://[", "//["])
def test_no_session_goes_out_in_the_clear(given: str) -> None:
    """An address that is neither https nor this machine's is a mistake in use."""
    with pytest.raises(UsageError) as caught:
        Aws({"AWSPROF_SIGNIN_URL": given}, print).federation_endpoint(OWN)
    assert "AWSPROF_SIGNIN_URL" in caught.value.message


def test_refusals_say_what_aws_says(aws: LocalAWS, watch: Watch) -> None:
    """A user's own session, an expired one, and a duration that is too long, are denied, each with AWS's sentence."""
    credentials = session(aws, watch)
    endpoint = watch.aws.federation_endpoint(OWN)
    error = refusal(watch, credentials, endpoint, 7200)
    assert isinstance(error, AccessDeniedError)
    assert "MaxSessionDuration" in error.message
    key = aws.account("111111111111").user("anna").access_key()
    own = watch.aws._client("sts", LongTermCredentials(key.id, key.secret), REGION).read("GetSessionToken")
    parts = own["Credentials"]
    user = SessionCredentials(parts["AccessKeyId"], parts["SecretAccessKey"], parts["SessionToken"], None)
    assert "Only federation tokens or assume role tokens" in refusal(watch, user, endpoint).message
    aws.clock.shift(3600)
    assert "expired" in refusal(watch, credentials, endpoint).message


@pytest.mark.parametrize(
    ("status", "kind", "asked"),
    [(503, ServiceFailureError, 3), (429, ThrottledError, 3), (403, AccessDeniedError, 1), (302, AccessDeniedError, 1)],
)
def test_a_busy_endpoint_is_asked_again(
    aws: LocalAWS, watch: Watch, status: int, kind: type[AwsError], asked: int
) -> None:
    """Three times in all; a refusal is final."""
    aws.fail("getSigninToken", status=status, code="Ordered", times=9)
    error = refusal(watch, MADE_UP, watch.aws.federation_endpoint(OWN))
    assert (type(error), error.status, len(aws.calls_of("getSigninToken"))) == (kind, 7, asked)
    assert error.hint


def test_a_lost_answer_is_asked_for_again(aws: LocalAWS, watch: Watch) -> None:
    """Once lost, it comes the second time."""
    credentials = session(aws, watch)
    aws.fail("getSigninToken", drop="after")
    assert watch.aws.sign_in_token(credentials, endpoint=watch.aws.federation_endpoint(OWN), duration_s=None)


class _Answering(threading.Thread):
    """A server that says the same to everybody."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(daemon=True)
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._socket.getsockname()[1]}/federation"

    def run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                connection.sendall(self._answer)

    def stop(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def answering() -> Iterator[list[_Answering]]:
    started: list[_Answering] = []
    yield started
    for server in started:
        server.stop()


def answer(started: list[_Answering], body: str, status: str = "200 OK") -> str:
    data = body.encode()
    server = _Answering(f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
    server.start()
    started.append(server)
    return server.endpoint


@pytest.mark.parametrize(
    "body", ["<html>Welcome to our hotel</html>", "{}", "[]", '{"SigninToken": 7}', '{"SigninToken": ""}']
)
def test_somebody_else_answers(watch: Watch, answering: list[_Answering], body: str) -> None:
    """A captive portal, or a proxy's page, is no sign-in."""
    assert "is not AWS's sign-in" in refusal(watch, MADE_UP, answer(answering, body)).message


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<h1>No  such\n role.</h1>", ": No such role"),
        (f"<p>Bad session {MADE_UP.session_token * 3}</p>", " (HTTP 400)"),
        ("word " * 80, " (HTTP 400)"),
        ("", " (HTTP 400)"),
        ("\x1b[31mred", ": \\x1b[31mred"),
    ],
)
def test_only_a_sentence_is_repeated(watch: Watch, answering: list[_Answering], page: str, said: str) -> None:
    """What may quote the session, or is no sentence, is not shown; a terminal's escapes are no escapes."""
    error = refusal(watch, MADE_UP, answer(answering, page, "400 Bad Request"))
    assert error.message == f"AWS refuses to sign in to the console with these credentials{said}"


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1/federation", "http:///x", "http://127.0.0.1:x/"])
def test_no_answer_and_no_address(watch: Watch, endpoint: str) -> None:
    """Exit 7, and not a word of the address behind the host, which is the session."""
    error = refusal(watch, MADE_UP, endpoint)
    assert error.status == 7


def test_a_closed_port_is_out_of_reach(watch: Watch) -> None:
    """The sentence names the host."""
    error = refusal(watch, MADE_UP, "http://127.0.0.1:1/federation")
    assert isinstance(error, UnreachableError)
    assert error.message == "AWS cannot be reached at 127.0.0.1:1: no connection"


def test_a_ca_bundle_that_is_not_there(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_CA_BUNDLE is what certificates are checked by."""
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere/bundle.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"https://127.0.0.1:{server.getsockname()[1]}/federation"
        assert isinstance(refusal(watch, MADE_UP, endpoint), UnreachableError)


def test_warnings_of_libraries_hold_no_session(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    """What Python prints without being asked to: warnings of libraries about what cannot be reached."""
    with caplog.at_level(logging.WARNING):
        refusal(watch, MADE_UP, "http://127.0.0.1:1/federation")
    assert caplog.records == []
