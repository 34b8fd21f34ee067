"""Every test runs in a home of its own, and can reach nothing but this machine."""

from __future__ import annotations

import os
import shutil
import socket
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from tests.command_line import CommandLine
from tests.localaws import LocalAWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.clients import LendingSession

_REAL_HOME = os.environ.get("HOME", "")
_OWN_VARIABLES = ("AWS", "XDG_", "DBUS_", "GNOME_KEYRING", "PYTHON_KEYRING", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_DEAD_END = "http://127.0.0.1:9"

# How long one example takes says nothing on a machine that is shared.
hypothesis.settings.register_profile("suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """Fail a test that would open a connection to another machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            pytest.fail(f"a test tried to reach {address[0]}", pytrace=True)
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign,assignment]  # a guard, not a fake
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home directory of the test's own; what would lead out of it is taken from the environment."""
    for name in list(os.environ):
        if name.upper().startswith(_OWN_VARIABLES):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # A call that no test expected ends here instead of at AWS.
    monkeypatch.setenv("AWS_ENDPOINT_URL", _DEAD_END)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, _DEAD_END)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(home)
    before = _look_at_real_files()
    yield home
    assert _look_at_real_files() == before, "a test changed the real ~/.aws"


def _look_at_real_files() -> list[tuple[str, int] | None]:
    found: list[tuple[str, int] | None] = []
    for name in ("config", "credentials"):
        path = os.path.join(_REAL_HOME, ".aws", name)
        found.append((path, os.stat(path).st_mtime_ns) if os.path.exists(path) else None)
    return found


@pytest.fixture(scope="session")
def _aws_server() -> Iterator[LocalAWS]:
    with LocalAWS() as server:
        yield server


@pytest.fixture
def aws(_aws_server: LocalAWS, home: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAWS:
    """A strict local AWS, empty, that every tool in the test reaches instead of the real one."""
    _aws_server.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", _aws_server.url)
    return _aws_server


@pytest.fixture(scope="session")
def _lending_session() -> LendingSession:
    from tests.clients import LendingSession

    return LendingSession()


@pytest.fixture
def lent_clients(_lending_session: LendingSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line's calls of AWS by botocore clients that all tests of a process have together."""
    monkeypatch.setattr("awsprof.aws.service.isolated_session", lambda: _lending_session)


@pytest.fixture
def awsprof(home: Path) -> CommandLine:
    """The command line in this process, with a fake vault, terminal and sleep, against files in the test's home."""
    return CommandLine(home)


@pytest.fixture
def tool() -> Callable[[str], str]:
    """Find a program the test needs; a missing one skips the test, and fails it where CI promised to have it."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None and os.environ.get("CI"):
            pytest.fail(f"{name} is missing, and CI must have it")
        if path is None:
            pytest.skip(f"needs {name}, which is not installed")
        return path

    return find
