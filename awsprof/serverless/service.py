"""
One service: its serverless.yml as it was read, and where each thing stands in it.

Knows the file; not what its values come to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.errors import UsageError
from awsprof.findings import Finding, Severity
from awsprof.naming import printable
from awsprof.serverless.yaml_data import Data, read_data
from awsprof.storage.replace import read_shared_file

if TYPE_CHECKING:
    from pathlib import Path

    from awsprof.serverless.yaml_data import Value

PROFILE = ("provider", "profile")
_MOST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Service:
    """A service that is described in YAML."""

    path: Path
    data: Data

    @property
    def directory(self) -> Path:
        return self.path.parent

    def raw(self, *path: str) -> Value:
        """Return what stands at a path of keys, its variables as they are written; None where nothing does."""
        value = self.data.value
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def place_of_profile(self, stage: str) -> tuple[str, ...]:
        """Return the path of keys that gives a stage its profile: in the map or the params that provider names."""
        named = str(self.raw(*PROFILE))
        places = {"self:custom.profiles": ("custom", "profiles", stage), "param:profile": ("params", stage, "profile")}
        found = (path for source, path in places.items() if source in named and self.raw(*path) is not None)
        return next(found, PROFILE)

    def as_written(self, stage: str) -> str:
        """Return a stage's profile before its variables are resolved, in one line that is not too long."""
        return " ".join(str(self.raw(*self.place_of_profile(stage))).split())[:_MOST_SHOWN]

    def finding(
        self,
        stage: str,
        code: str,
        message: str,
        fix: str | None,
        *,
        profile: str | None = None,
        severity: Severity = Severity.ERROR,
        place: tuple[str, ...] | None = None,
    ) -> Finding:
        """Make a finding that stands where a stage's profile does, or at the path of keys *place*."""
        line = self.data.line_of(*(place or self.place_of_profile(stage))) or 1
        return Finding(code, severity, message, fix, file=str(self.path), line=line, profile=profile)


def read_service(path: Path) -> Service:
    """
    Read a service's file.

    Raises:
        SharedFileError: It cannot be read, or it is no YAML.
        UsageError: It is not there, or it is written in another language.
    """
    if path.suffix not in (".yml", ".yaml"):
        raise UsageError(
            f"{printable(str(path))} is no YAML, so only the framework could tell what it comes to",
            hint="'serverless print --stage STAGE' shows what it comes to.",
        )
    if not path.exists():
        raise UsageError(f"There is no file {printable(str(path))}")
    return Service(path, read_data(path, read_shared_file(path)))
