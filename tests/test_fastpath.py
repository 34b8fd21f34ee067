"""The fast path: equal to platformdirs, careful with what it reads, and silent when in doubt."""

from __future__ import annotations

import os
import time
from pathlib import Path

import platformdirs
import platformdirs.macos
import platformdirs.unix
import pytest

from awsprof import fastpath
from awsprof.places import Places

ANSWER = b'{"Version": 1, "AccessKeyId": "ASIAEXAMPLE"}'
NAME = "autochart_prod_paul"


def _write(expiration: float, *, rest: bytes = b"43200\n", mode: int = 0o600) -> Path:
    path = Places.from_environ(os.environ).session_file(NAME)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(b"%d\n%b\n%b" % (expiration, ANSWER, rest))
    path.chmod(mode)
    return path


def _serve(*arguments: str) -> bytes | None:
    return fastpath.cached_answer(list(arguments or ("credential-process", NAME)))


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"XDG_CACHE_HOME": "/somewhere/else"},
        {"XDG_CACHE_HOME": "/with/slash/"},
        {"XDG_CACHE_HOME": "relative"},
        {"XDG_CACHE_HOME": ""},
        {"HOME": "/home/paul/"},
        {"HOME": "/"},
    ],
)
@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_same_directory_as_platformdirs(
    variables: dict[str, str], platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory it computes by itself is the one that platformdirs gives every other command."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    system = platformdirs.macos.MacOS if platform == "darwin" else platformdirs.unix.Unix
    expected = system("awsprof", appauthor=False).user_cache_path / "sessions"
    assert Path(fastpath.sessions_directory(platform) or "") == expected


def test_home_unknown_is_left_to_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a HOME it does not guess."""
    monkeypatch.delenv("HOME")
    assert fastpath.sessions_directory("linux") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("autochart_prod_paul", "autochart_prod_paul"),
        ("a.b-c", "a.b-c"),
        ("Prod", "%50rod"),
        (".", "%2E"),
        ("..", "%2E."),
        (".hidden", "%2Ehidden"),
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
        ("a b\n%é", "a%20b%0A%25%C3%A9"),
    ],
)
def test_file_names(name: str, expected: str) -> None:
    """Whatever a profile is called, its file stays in the directory and is not hidden."""
    assert fastpath.file_name(name) == expected


def test_serves_a_fresh_session() -> None:
    """A session with enough left is handed out as it lies there."""
    _write(time.time() + 3600)
    assert _serve() == ANSWER


@pytest.mark.parametrize(
    ("left_s", "rest", "served"),
    [
        (940, b"43200\n", True),
        (900, b"43200\n", False),
        (900, b"", False),
        (940, b"", True),
        (460, b"900\n", True),
        (440, b"900\n", False),
        (-5, b"43200\n", False),
    ],
)
def test_fresh_means_more_than_fifteen_and_a_half_minutes_or_half(left_s: int, rest: bytes, served: bool) -> None:
    """Fresh is more than the smaller of 15 min 30 s and half the session's length."""
    _write(time.time() + left_s, rest=rest)
    assert (_serve() == ANSWER) is served


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_loose_mode_is_not_served(mode: int) -> None:
    """A file that others could have read or written is as if there were none."""
    _write(time.time() + 3600, mode=mode)
    assert _serve() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another owner")
def test_another_owner_is_not_served() -> None:
    """A file of another user's is as if there were none."""
    os.chown(_write(time.time() + 3600), 12345, 12345)
    assert _serve() is None


def test_links_are_not_served() -> None:
    """Neither a symbolic link nor a second name of some other file is served."""
    path = _write(time.time() + 3600)
    other = path.with_name("other")
    path.rename(other)
    path.symlink_to(other)
    assert _serve() is None
    path.unlink()
    os.link(other, path)
    assert _serve() is None


def test_a_pipe_does_not_make_it_wait() -> None:
    """A named pipe in the file's place is neither read nor waited for."""
    path = _write(time.time() + 3600)
    path.unlink()
    os.mkfifo(path, 0o600)
    assert _serve() is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"9999999999",
        b"9999999999\n",
        b'9999999999\n{"Version": 1',
        b'9999999999\n{"Version": 1}',
        b'soon\n{"Version": 1}\n',
        b'-1\n{"Version": 1}\n',
        b'99999999999999\n{"Version": 1}\n',
        b"9999999999\nsomething else\n",
        b"9999999999\n" + b"{" + b"x" * 70_000 + b"}\n",
    ],
)
def test_torn_file_is_not_served(data: bytes) -> None:
    """Anything but a whole file is as if there were none."""
    _write(0).write_bytes(data)
    assert _serve() is None


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["credential-process"],
        ["credential-process", "--help"],
        ["credential-process", NAME, "--debug"],
        ["--debug", "credential-process", NAME],
        ["list", NAME],
        ["credential-process", ""],
        ["credential-process", "other"],
        ["credential-process", "-"],
        ["credential-process", "default"],
        ["credential-process", "DEFAULT"],
        ["credential-process", "a]b"],
        ["credential-process", "a\nb"],
        ["credential-process", "a\x1bb"],
        ["credential-process", "../" + NAME],
        ["credential-process", NAME, NAME],
    ],
)
def test_everything_else_is_left_to_the_command_line(arguments: list[str]) -> None:
    """It knows one form of one command, and takes no word for a profile's that cannot be one's."""
    path = _write(time.time() + 3600)
    if len(arguments) == 2 and arguments[1] not in ("", "other", NAME):
        # Even where a file of that name lies there.
        path.rename(path.with_name(fastpath.file_name(arguments[1])))
    assert fastpath.cached_answer(arguments) is None


def test_recursion_is_left_to_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call from within one of its own is not answered here, so that it fails with a sentence."""
    _write(time.time() + 3600)
    monkeypatch.setenv("AWSPROF_IN_PROCESS", "1")
    assert _serve() is None
