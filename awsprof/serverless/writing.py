"""
A service's own file: which one it is, what has to stand in it, and how that comes into it.

Knows where the framework looks; how a person is asked is the caller's business.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from awsprof.errors import UsageError
from awsprof.naming import printable
from awsprof.serverless.merging import Wanted, merged
from awsprof.serverless.snippets import as_javascript, as_json
from awsprof.serverless.stages import Style, stages_of, wanted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from awsprof.profiles.changing import Change, Changes
    from awsprof.serverless.stages import Tree
    from awsprof.settings import TeamFile

_YAML = (".yml", ".yaml")
_SCRIPTS = (".ts", ".js", ".mjs", ".cjs")
_ENDINGS = (*_YAML, ".json", *_SCRIPTS)


def service_file(directory: Path) -> Path:
    """
    Return the file of the service in *directory*, as Serverless finds it.

    Raises:
        UsageError: There is none.
    """
    for ending in _ENDINGS:
        path = directory / f"serverless{ending}"
        if path.is_file():
            return path
    raise UsageError(f"There is no serverless.yml in {directory.absolute()}", hint="Name the file, or go where it is.")


def check_service_file(path: Path) -> None:
    """Raise UsageError unless *path* is there and ends as Serverless wants it."""
    if path.suffix in _ENDINGS and not path.exists():
        raise UsageError(f"There is no file {path}", hint="Name the service's file, as in serverless.yml.")
    # A link's target is what undo finds noted, and it tells a service's file by its ending, too.
    if path.suffix not in _ENDINGS or path.resolve().suffix not in _ENDINGS:
        raise UsageError(f"{path} is no service's file", hint=f"It ends in {', '.join(_ENDINGS)}.")


def snippet_for(path: Path, tree: Tree) -> str | None:
    """Return what to paste into a file that is not edited, in its own language; None for YAML, which is."""
    if path.suffix in _YAML:
        return None
    return as_json(tree) if path.suffix == ".json" else as_javascript(tree)


def why_not_edited(path: Path) -> str:
    """Say why a file is left to its owner's hand."""
    if path.suffix == ".json":
        return f"{path} is JSON, and awsprof edits YAML only, so nothing was written."
    return f"{path} is a program, whose text awsprof does not edit, so nothing was written."


def wanted_in_file(team: TeamFile, style: Style) -> Wanted:
    """
    Return what a service's file has to say of all stages.

    Raises:
        AwsprofError: The team file does not tell enough.
    """
    tree = wanted(team, stages_of(team), style)
    return Wanted(tree, absent=(("provider", "profile"),) if style is Style.ENV else ())


class FileEdit:
    """What one file has to say, put into whatever bytes it has at that moment."""

    def __init__(self, path: Path, wanted: Wanted, *, force: bool) -> None:
        self.path = path
        # Shown and then written: the same bytes need not be read as YAML twice.
        self._merged: Callable[[bytes], bytes] = functools.lru_cache(maxsize=1)(
            lambda data: merged(str(path), data, wanted, force=force)
        )

    def make(self, change: Change) -> None:
        """
        Make the edit through *change*.

        Raises:
            DisagreementError: Other values stand there, and it is not to force them.
            CannotMergeError: What stands there cannot be changed from here.
            SharedFileError: Unreadable, unparsable, or unwritable.
        """
        change.edit(self.path, self._merged, most_mode=None)

    def write(self, changes: Changes, summary: str) -> None:
        """Make the edit for good, as an entry of the journal."""
        with changes.begin("serverless", f"{printable(self.path.name)}: {summary}") as change:
            self.make(change)
