"""
What a check found: a stable code, how bad it is, where it stands, and what mends it.

Plain values without I/O; which checks there are is known where they are made.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(enum.StrEnum):
    """How bad a finding is; an error makes the exit status 1."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing found.

    *line* counts from 1. *message* says what is so and what comes of it; *fix* is the command or the change that mends
    it. Both are for a person and hold no secret.
    """

    code: str
    severity: Severity
    message: str
    fix: str | None = None
    file: str | None = None
    line: int | None = None
    profile: str | None = None

    def to_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "severity": str(self.severity),
            "file": self.file,
            "line": self.line,
            "profile": self.profile,
            "message": self.message,
            "fix": self.fix,
        }


def worst_is_error(findings: Iterable[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)
