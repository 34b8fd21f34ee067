"""
What comes of an import: which profiles were moved, which were left, and why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from awsprof.errors import (
    AnswerNeededError,
    AwsprofError,
    InvalidKeyError,
    UnreachableError,
    VaultLockedError,
    VaultUnavailableError,
)

if TYPE_CHECKING:
    from awsprof.model import LongTermCredentials, Profile

# With these there is no sense in going on with the next profile.
FINAL = (UnreachableError, VaultLockedError, VaultUnavailableError)
_UNKNOWN_KEY = (
    "For China and GovCloud write region into the profile. If it was deleted, take its two lines out; if it is "
    "inactive, make it active again in IAM."
)


@dataclass(frozen=True, slots=True)
class Moved:
    """
    One profile that was imported.

    *arn* is None when AWS was not asked, *keys* without any. *undoable* is False where nothing was left to change.
    """

    name: str
    profile: Profile
    arn: str | None
    keys: LongTermCredentials | None
    warnings: tuple[str, ...]
    undoable: bool = True
    has_new_device: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """One profile that was left as it was, and why."""

    name: str
    error: AwsprofError

    @property
    def is_everybodys(self) -> bool:
        """Whether what went wrong is nothing of this one profile's."""
        return isinstance(self.error, FINAL)


@dataclass(slots=True)
class Outcome:
    """What came of an import."""

    moved: list[Moved] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def answered(error: AwsprofError) -> AwsprofError:
    """Let an answer that was needed be given where an import takes it from."""
    if isinstance(error, AnswerNeededError):
        error.hint = "Write the right one into the profile as mfa_serial, or run the command at a terminal."
    elif isinstance(error, InvalidKeyError) and error.hint is None:
        # With a wrong secret the key itself may be good.
        error.hint = _UNKNOWN_KEY if error.code != "SignatureDoesNotMatch" else "Mend its secret where it stands."
    return error
