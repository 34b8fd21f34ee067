"""Whether a browser runs on a browser profile, told by the arguments of the machine's processes."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from awsprof.browsers.occupancy import runs_here

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_GONE = 4_000_000  # no process has this number here


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[int]:
    """A process with these arguments behind its own; it has spoken: one that is only being made shows none yet."""
    speaks_and_waits = "print(flush=True); input()"
    command = [sys.executable, "-c", speaks_and_waits, *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
    finally:
        process.communicate(b"\n", timeout=30)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--user-data-dir={}",), True),
        (("--profile", "{}", "--class", "x"), True),
        (("{}/awsprof-sign-in-1.html", "60"), False),
        (("{}",), False),
        (("--user-data-dir={}mfa",), False),
        (("--profile", "{}mfa"), False),
        (("--user-data-dir={}/Default",), False),
    ],
)
def test_only_a_browser_on_the_directory_counts(tmp_path: Path, arguments: tuple[str, ...], expected: bool) -> None:
    """Not what deletes a page in it, an editor of a file in it, or a browser on a directory of a longer name."""
    directory = tmp_path / "autochart_dev_no"
    with running(*(argument.format(directory) for argument in arguments)) as pid:
        assert runs_here(_GONE, directory) is expected
        assert runs_here(pid, directory) is expected
    assert runs_here(pid, directory) is False
