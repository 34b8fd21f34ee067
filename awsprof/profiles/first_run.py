"""
What a newcomer should do first, by what lies on this machine.

Knows what to look for; not how it is shown, nor how anything of it is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.errors import SharedFileError
from awsprof.model import Kind
from awsprof.naming import ProfileName

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.settings import TeamFile

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One command, and what it is for."""

    command: str
    purpose: str


@dataclass(frozen=True, slots=True)
class FirstRun:
    """What was found, in one sentence without its full stop, and the three commands to begin with."""

    found: str
    steps: tuple[Step, Step, Step]


_LOGIN = Step("awsprof login ENV", "one MFA code a session; every AWS tool then just works")
_ADD = Step("awsprof add PRODUCT ENV USER", "puts an access key into the vault and writes its profile")
_IMPORT = Step("awsprof import", "moves them to good names and their keys into the vault; asks first")
_DOCTOR = Step("awsprof doctor", "says what else is wrong in the AWS files, and what mends it")


def first_run(
    *, files: Callable[[], ProfileFiles], team: Callable[[], TeamFile | None], shell_line: Callable[[], str]
) -> FirstRun | None:
    """
    Look at the files and say how to begin; None when there is a profile of the convention already.

    Args:
        shell_line: Returns what loads the integration with the user's shell.

    Raises:
        UsageError: The settings or the team file are unsound.
    """
    try:
        both = files()
        profiles = both.profiles()
        defaults = both.default_sections()
        if any(ProfileName.parse(name) for name in profiles):
            return None
        joined = team()
        keyed = [name for name in profiles if profiles[name].kind is Kind.KEYS]
    except (SharedFileError, OSError) as error:
        return _broken(error)
    init = Step(shell_line(), "in your shell's start-up file: prompt, 'use' and TAB")
    others = [name for name in profiles if name != "default"]
    # Import leaves a default alone unless it is named.
    to_import = [name for name in keyed if name != "default"]
    if joined is not None:
        found = f"{joined.path} says which accounts {joined.product} has"
        join = Step("awsprof product join", "adds a profile of yours for each of them")
        return FirstRun(found, (join, _LOGIN, _IMPORT if to_import else init))
    if to_import:
        return FirstRun(f"There are keys in plain text: {_listed(to_import)}", (_IMPORT, _LOGIN, _DOCTOR))
    if others:
        return FirstRun(f"There are profiles of other names: {_listed(others)}", (_IMPORT, _LOGIN, _DOCTOR))
    if defaults:
        return _with_default(
            f"There is a default, which every command uses that names no profile: "
            f"{defaults[0].spelling} in {defaults[0].path}",
            has_keys=bool(keyed),
        )
    return FirstRun("There is no profile yet", (_ADD, _LOGIN, init))


def _with_default(found: str, *, has_keys: bool) -> FirstRun:
    see = Step("awsprof default", "shows every default there is; --remove is rid of them")
    if not has_keys:
        return FirstRun(found, (see, _ADD, _LOGIN))
    taken = Step("awsprof import default --as PRODUCT ENV USER", "gives it a name, and its keys into the vault")
    return FirstRun(found, (taken, _LOGIN, see))


def _broken(error: SharedFileError | OSError) -> FirstRun:
    sentence = error.message if isinstance(error, SharedFileError) else f"{error.filename}: {error.strerror}"
    steps = (
        Step("awsprof doctor", "says what is wrong in the AWS files, and where"),
        Step("awsprof doctor --fix", "mends what it can; 'awsprof undo' takes it back"),
        Step("awsprof", "then again: what to begin with"),
    )
    return FirstRun(sentence, steps)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
