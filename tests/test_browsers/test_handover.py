"""A secret address on its way to a browser: who can see it, where it leads, and that it is gone from disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awsprof.browsers import deleter, handover
from awsprof.browsers.handover import hand_over, sweep
from awsprof.errors import AwsprofError
from tests.browsers import Opened

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://signin.aws.amazon.com/federation?Action=login&SigninToken=EXAMPLETOKEN%2B%3D"
NAME = f"awsprof-sign-in-{'0' * 32}.html"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "browsers" / "acme prod %23 ü"
    path.mkdir(mode=0o700, parents=True)
    return path


@pytest.fixture
def short_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second instead of a minute."""
    monkeypatch.setattr(handover, "LIFE_S", 1)


def seen(address: str) -> Opened:
    """What a browser finds at the address it is given."""
    assert address.startswith("file:///")
    path = Path(unquote(urlsplit(address).path))
    return Opened("", address, None, path, os.lstat(path).st_mode & 0o7777, path.read_text("ascii"))


def deleters(directory: Path) -> list[int]:
    """The processes that have a page in *directory* among their arguments; none of all has the secret there."""
    if not Path("/proc/self").exists():
        pytest.skip("needs /proc")
    found = []
    for about in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (about / "cmdline").read_bytes()
        except OSError:
            continue  # ended meanwhile
        assert b"EXAMPLETOKEN" not in arguments
        if bytes(directory) in arguments:
            found.append(int(about.name))
    return found


def wait_for(condition: Callable[[], bool], *, limit_s: float = 30) -> None:
    ends = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_the_page_leads_on_and_only_its_owner_can_read_it(directory: Path, short_life: None) -> None:
    """Mode 0600, a random name, nothing but ASCII; the address given to the browser tells nothing."""
    found: list[Opened] = []
    for _ in range(2):
        hand_over(URL, directory, lambda address: found.append(seen(address)))
    for page in found:
        assert (page.mode, page.leads_to) == (0o600, URL)
        assert "EXAMPLETOKEN" not in page.url
    assert found[0].path != found[1].path
    wait_for(lambda: not list(directory.iterdir()))


def test_the_page_is_deleted_by_a_process_that_then_ends(directory: Path, short_life: None) -> None:
    """It lives on behind the command, in a session of its own, shows no secret, and leaves nothing."""
    hand_over(URL, directory, lambda _: None)
    (page,) = directory.iterdir()
    (process,) = deleters(directory)
    assert os.getsid(process) not in (os.getsid(0), 0)
    assert os.getppid() != process
    wait_for(lambda: not page.exists())
    wait_for(lambda: not deleters(directory))


def test_the_page_lives_a_minute_at_most(directory: Path) -> None:
    """As the process that deletes it is told."""
    hand_over(URL, directory, lambda _: None)
    (process,) = deleters(directory)
    assert Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[-2] == b"60"
    os.kill(process, signal.SIGTERM)
    wait_for(lambda: not list(directory.iterdir()))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_the_page_goes_with_the_desktop(directory: Path, number: signal.Signals) -> None:
    """A signal that ends the process deletes the page first."""
    hand_over(URL, directory, lambda _: None)
    (process,) = deleters(directory)
    os.kill(process, number)
    wait_for(lambda: not deleters(directory))
    assert list(directory.iterdir()) == []


def test_the_page_goes_with_a_desktop_that_insists(directory: Path) -> None:
    """Two signals at once, as a session's end may send them, delete the page as one does."""
    for _ in range(5):
        hand_over(URL, directory, lambda _: None)
        (process,) = deleters(directory)
        os.kill(process, signal.SIGSTOP)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGCONT):
            os.kill(process, number)
        wait_for(lambda: not deleters(directory))
        assert list(directory.iterdir()) == []


def test_the_process_ends_with_the_page(directory: Path) -> None:
    """A page that is gone needs nobody to delete it."""
    hand_over(URL, directory, lambda _: None)
    for page in directory.iterdir():
        page.unlink()
    wait_for(lambda: not deleters(directory))


def test_the_process_has_nothing_of_ours(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable, no descriptor and no directory of the command lives on in it."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "EXAMPLEKEY")
    hand_over(URL, directory, lambda _: None)
    (process,) = deleters(directory)
    about = Path(f"/proc/{process}")
    assert b"EXAMPLEKEY" not in (about / "environ").read_bytes()
    assert os.readlink(about / "cwd") == "/"
    opened = {os.readlink(one) for one in (about / "fd").iterdir()}
    assert opened == {"/dev/null"}
    os.kill(process, signal.SIGTERM)


def test_a_browser_that_does_not_open_leaves_nothing(directory: Path) -> None:
    """The page is gone before the error is told."""

    def fail(_: str) -> None:
        raise AwsprofError("There is no display")

    with pytest.raises(AwsprofError):
        hand_over(URL, directory, fail)
    assert list(directory.iterdir()) == []
    wait_for(lambda: not deleters(directory))


@pytest.mark.parametrize("how", ["gone", "failing"])
def test_no_secret_is_written_that_nothing_would_delete(
    directory: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    """Where the process cannot be started, no page is opened and none is left."""
    python = tmp_path / "python"
    if how == "failing":
        python.write_text("#!/bin/sh\nexit 1\n")
        python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    opened: list[str] = []
    with pytest.raises(AwsprofError) as caught:
        hand_over(URL, directory, opened.append)
    assert "deletes the sign-in page" in caught.value.message
    assert (opened, list(directory.iterdir())) == ([], [])


def test_others_may_not_look_into_the_directory(directory: Path, tmp_path: Path) -> None:
    """One that others may read, and a link to wherever, are refused before anything is written."""
    link = tmp_path / "link"
    link.symlink_to(directory)
    with pytest.raises(AwsprofError):
        hand_over(URL, link, lambda _: None)
    for mode in (0o750, 0o701, 0o777):
        directory.chmod(mode)
        with pytest.raises(AwsprofError) as caught:
            hand_over(URL, directory, lambda _: None)
        assert "chmod 700" in (caught.value.hint or "")
    assert list(directory.iterdir()) == []


def test_sweep_deletes_what_outlived_its_minute(directory: Path) -> None:
    """Here and in the browser profiles beside it; nothing else, however much it looks like one."""
    beside = directory.parent / "acme_dev"
    beside.mkdir()
    old = [directory / NAME, beside / NAME]
    others = [directory / "Preferences", beside / "awsprof-sign-in-x.html", beside / f"{NAME}.bak"]
    young = beside / NAME.replace("0", "1")
    for path in (*old, *others, young):
        path.write_text("x")
        if path is not young:
            os.utime(path, (time.time() - 61, time.time() - 61))
    sweep(directory)
    assert [path.exists() for path in (*old, *others, young)] == [False, False, True, True, True, True]


def target(url: str, directory: Path) -> str | None:
    """Where the page for *url* leads; None where it is refused."""
    found: list[Opened] = []
    try:
        hand_over(url, directory, lambda address: found.append(seen(address)))
    except AwsprofError:
        assert not url.isascii() or not url.isprintable()
        return None
    return found[0].leads_to


@given(url=st.text() | st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_no_address_breaks_out_of_the_page(url: str) -> None:
    """Whatever its characters: one script, one refresh, and both lead there, or there is no page at all."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as directory:
        patch.setattr(handover, "_delete_later", lambda _: None)
        assert target(url, Path(directory)) in (None, url)


@pytest.mark.parametrize(
    "url", ["</script><script>alert(1)//", '"><img src=x onerror=alert(1)>', "<!--<script>", "\u2028'", "'\"&lt;&amp;#"]
)
def test_known_ways_out_of_a_page(url: str, directory: Path, short_life: None) -> None:
    """Each leads where it says, or nowhere."""
    assert target(f"https://x/{url}", directory) in (None, f"https://x/{url}")


def test_the_deleter_imports_nothing_of_ours() -> None:
    """It is run by its path in a bare interpreter."""
    code = f"import sys; sys.argv[1:] = []; import runpy; runpy.run_path({deleter.__file__!r}, run_name='x')"
    code += "; sys.exit(any(name.startswith('awsprof') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-I", "-S", "-c", code], check=False).returncode == 0
