"""A home whose launcher, program and vault are in order, so that what doctor finds is what a test put there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.test_doctor.cases import PROGRAM, Side

if TYPE_CHECKING:
    from pathlib import Path

    from tests.command_line import CommandLine, Outcome


class Clinic:
    """One home, and doctor in it."""

    def __init__(self, awsprof: CommandLine, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.awsprof = awsprof
        self.home = awsprof.home
        self._program = program
        self._monkeypatch = monkeypatch
        self.aws = self.home / ".aws"
        self.aws.mkdir(mode=0o700)
        self.config, self.credentials = self.aws / "config", self.aws / "credentials"

    def lay(self, side: Side) -> None:
        self.write(side.config, side.credentials)
        for name, value in side.environ.items():
            self._monkeypatch.setenv(name, value.replace(PROGRAM, str(self._program)))

    def write(self, config: str | bytes = "", credentials: str | bytes = "") -> None:
        for path, text in ((self.config, config), (self.credentials, credentials)):
            path.touch(mode=0o600)
            data = text.replace(PROGRAM, str(self._program)).encode() if isinstance(text, str) else text
            path.write_bytes(data)

    def bytes(self) -> tuple[bytes, bytes]:
        return self.config.read_bytes(), self.credentials.read_bytes()

    def examine(self, *words: str) -> list[dict[str, Any]]:
        """What doctor finds; its exit status says whether an error is among it."""
        outcome = self.awsprof("doctor", "--json", *words)
        found: list[dict[str, Any]] = json.loads(outcome.stdout)["findings"]
        assert outcome.status == int(any(finding["severity"] == "error" for finding in found)), outcome
        return found

    def codes(self, *words: str) -> list[str]:
        return [finding["code"] for finding in self.examine(*words)]

    def fix(self, *words: str, answers: list[str] | None = None) -> Outcome:
        return self.awsprof("doctor", "--fix", *words, answers=answers)


@pytest.fixture
def clinic(awsprof: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, launcher: Path) -> Clinic:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    return Clinic(awsprof, program, monkeypatch)


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The launcher that a user would type."""
    path = tmp_path / "bin" / "awsprof"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\nexit 1\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    return path
