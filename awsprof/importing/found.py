"""
What there is to import: profiles, where each one's secret lies, and the name proposed for it.

Plain values; nothing here holds a secret that its ``repr`` would show.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.model import Kind

if TYPE_CHECKING:
    from awsprof.naming import ProfileName


class Place(enum.StrEnum):
    """Where a profile's long-term credentials lie."""

    CREDENTIALS = "credentials-file"
    CONFIG = "config-file"
    PAIR = "aws-mfa"
    KEYRING = "keyring"
    OUT_OF_REACH = "out-of-reach"
    VAULT = "vault"


@dataclass(frozen=True, slots=True)
class Found:
    """
    One profile, or another tool's key, as it is now.

    *names* are its sections: two for an aws-mfa pair. *place* is None where it has no long-term credentials. *tool* is
    whose keyring it is. *why* says what stands in the way, where nothing is *proposed* or nothing can be moved.
    *movable* is False where there is nothing to do.
    """

    name: str
    names: tuple[str, ...]
    kind: Kind
    account_id: str | None
    place: Place | None
    tool: str | None
    file: str | None
    line: int | None
    proposed: ProfileName | None
    why: str | None
    movable: bool = True

    @property
    def has_keys(self) -> bool:
        return self.place in (Place.CREDENTIALS, Place.CONFIG, Place.PAIR, Place.KEYRING)

    @property
    def takes_keys(self) -> bool:
        """Whether keys that a person hands over can become this profile's."""
        return self.kind in (Kind.KEYS, Kind.OTHER, Kind.PROCESS)

    @property
    def where(self) -> str:
        """Say for a person where the secret lies."""
        words = {
            Place.CREDENTIALS: "credentials file",
            Place.CONFIG: "config file",
            Place.PAIR: "aws-mfa pair",
            Place.KEYRING: f"{self.tool}'s keyring",
            Place.OUT_OF_REACH: f"{self.tool}, out of reach",
            Place.VAULT: "vault already",
        }
        return "-" if self.place is None else words[self.place]

    def to_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "kind": str(self.kind),
            "account_id": self.account_id,
            "where": None if self.place is None else str(self.place),
            "tool": self.tool,
            "file": self.file,
            "line": self.line,
            "proposed": None if self.proposed is None else str(self.proposed),
            "why": self.why,
        }
