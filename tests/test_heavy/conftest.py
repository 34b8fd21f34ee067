"""A home with an unlocked vault, whose programs run as processes of their own and reach no network."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL = bool(os.environ.get("AWSPROF_TEST_ALL"))
BIN = Path(sys.executable).parent
KEYS = "AKIAIOSFODNN7EXAMPLE\nwJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
ADD = ("--no-verify", "--account-id", "111111111111", "--region", "eu-west-1", "--from", "-")
_DEAD_END = "http://127.0.0.1:9"


@dataclass
class Home:
    """One home, and the environment in which programs see it."""

    path: Path
    environ: dict[str, str]

    @property
    def config(self) -> Path:
        return self.path / ".aws" / "config"

    @property
    def state(self) -> Path:
        return self.path / ".local" / "state" / "awsprof"

    def start(self, *words: str, stdin: str = "") -> subprocess.Popen[bytes]:
        """Start a program in a session of its own; it gets *stdin* at once, and nobody reads what it says."""
        reader, writer = os.pipe()
        os.write(writer, stdin.encode())
        os.close(writer)
        process = subprocess.Popen(
            [BIN / words[0], *words[1:]],
            env=self.environ,
            cwd=self.path,
            stdin=reader,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        os.close(reader)
        return process

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        return subprocess.run(
            [BIN / words[0], *words[1:]],
            env=self.environ,
            cwd=self.path,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def write(self, text: str) -> None:
        self.config.parent.mkdir(mode=0o700, exist_ok=True)
        self.config.write_text(text)

    def temps(self) -> list[Path]:
        """Every temporary file that awsprof makes beside a file and should have taken away."""
        return [path for path in self.path.rglob(".awsprof-*") if path.is_file()]


def _home(path: Path) -> Home:
    path.mkdir()
    runtime = path.parent / f"{path.name} runtime"
    runtime.mkdir(mode=0o700)
    environ = {
        "HOME": str(path),
        "XDG_RUNTIME_DIR": str(runtime),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "TZ": "UTC",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": _DEAD_END,
        "HTTPS_PROXY": _DEAD_END,
        "AWSPROF_VAULT": "file",
        "AWSPROF_VAULT_PASSPHRASE": "of the heavy tests",
    }
    return Home(path, environ)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Home]:
    """A home whose vault is made and open and whose journal has its key, as after the first command of the day."""
    home = _home(tmp_path / "machine")
    added = home.run("awsprof", "add", "made", "dev", "paul", *ADD, stdin=KEYS)
    assert added.returncode == 0, added.stderr
    unlocked = home.run("awsprof", "vault", "unlock")
    assert unlocked.returncode == 0, unlocked.stderr
    yield home
