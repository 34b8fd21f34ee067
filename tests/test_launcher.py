"""The launcher that a credential_process line names is one that is still there tomorrow."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from awsprof.configfiles.launcher import find_launcher, process_line
from awsprof.errors import AwsprofError

if TYPE_CHECKING:
    from pathlib import Path


def _launcher(directory: Path) -> str:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "awsprof"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def _path(*directories: Path) -> dict[str, str]:
    return {"PATH": ":".join(map(str, directories))}


@pytest.fixture(autouse=True)
def _run_from_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["-m"])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere" / "python"))


def test_link_on_path_is_kept(tmp_path: Path) -> None:
    """The link that an upgrade moves is named, not the version it points to today."""
    tool = _launcher(tmp_path / "tools" / "awsprof-1.0" / "bin")
    link = tmp_path / "bin" / "awsprof"
    link.parent.mkdir()
    link.symlink_to(tool)
    assert find_launcher(_path(tmp_path / "bin")) == str(link)


def test_shims_are_passed_over(tmp_path: Path) -> None:
    """A version manager's shim costs many times a Python start, so the next launcher is named."""
    _launcher(tmp_path / ".pyenv" / "shims")
    real = _launcher(tmp_path / "venv" / "bin")
    assert find_launcher(_path(tmp_path / ".pyenv" / "shims", tmp_path / "venv" / "bin")) == real


@pytest.mark.parametrize(
    "cache", ["cache/uv/archive-v0/abc/bin", ".cache/uv/environments-v2/x/bin", ".local/pipx/.cache/x/bin"]
)
def test_temporary_launcher_is_refused(tmp_path: Path, cache: str) -> None:
    """A runner's own cache is gone tomorrow: status 1, and how to install."""
    _launcher(tmp_path / cache)
    with pytest.raises(AwsprofError) as error:
        find_launcher(_path(tmp_path / cache))
    assert error.value.status == 1
    assert "uv tool install awsprof" in (error.value.hint or "")


def test_lasting_launcher_is_found_behind_a_temporary_one(tmp_path: Path) -> None:
    """Run by uvx beside an installed awsprof, the installed one is named."""
    _launcher(tmp_path / "uv" / "archive-v0" / "bin")
    lasting = _launcher(tmp_path / "bin")
    assert find_launcher(_path(tmp_path / "uv" / "archive-v0" / "bin", tmp_path / "bin")) == lasting


def test_nothing_below_the_temp_directory_is_temporary_for_that(tmp_path: Path) -> None:
    """A launcher is not temporary because it lies below /tmp."""
    path = _launcher(tmp_path)
    assert find_launcher(_path(tmp_path)) == path


def test_program_that_runs_is_taken_when_path_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Called by its full path, that path is named."""
    path = _launcher(tmp_path / "venv" / "bin")
    monkeypatch.setattr(sys, "argv", [path, "add"])
    assert find_launcher({"PATH": ""}) == path


def test_blank_in_the_path_is_quoted(tmp_path: Path) -> None:
    """Single quotes stand round a path only where it needs them."""
    _launcher(tmp_path / "my tools")
    line = process_line("a_b_c", _path(tmp_path / "my tools"))
    assert line == f"'{tmp_path}/my tools/awsprof' credential-process a_b_c"


@pytest.mark.parametrize("name", ["a#b", "a;b", "it's", 'a"b'])
def test_path_that_no_reader_would_take_is_refused(tmp_path: Path, name: str) -> None:
    """A path that some reader would cut or misread is refused with what to do."""
    _launcher(tmp_path / name)
    with pytest.raises(AwsprofError, match="cannot stand in a shared config file"):
        process_line("a_b_c", _path(tmp_path / name))
