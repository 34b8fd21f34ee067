"""
The organizational unit that an account is to be in: as a person names it, else the one named after its product.

Knows where in the tree it is, and which part of its path is to be made; not what is in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError, NotFoundError, UsageError
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.accounts.entry import Via
    from awsprof.aws.answers import OrganizationalUnit
    from awsprof.aws.calls import Aws

_ID = re.compile(r"ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}")
_PATH = re.compile(r"[^/\x00-\x1f\x7f]{1,128}(/[^/\x00-\x1f\x7f]{1,128})*")


def check_unit(text: str) -> str:
    """Refuse what is neither a unit's id nor a path of names from the root down; a mistyped id is no name."""
    if text.startswith(("ou-", "r-")) and not _ID.fullmatch(text):
        raise UsageError(
            f"'{printable(text)}' is no organizational unit's id, and an account is to be in a unit",
            hint="Give a path like Workloads/apps, or an id like ou-ab12-abcdefgh.",
        )
    if not _PATH.fullmatch(text):
        raise UsageError(
            f"'{printable(text)}' cannot be an organizational unit", hint="Give a path like Workloads/apps, or its id."
        )
    return text


class Unit:
    """The unit *words*: an id, a path, or (where it is not *given*) a product's name, anywhere in the tree."""

    def __init__(self, words: str, *, given: bool, aws: Callable[[], Aws], via: Via) -> None:
        self.words = words
        self.given = given
        self.id: str | None = None
        self._aws = aws
        self._via = via

    def find(self) -> str | None:
        """
        Look for the unit, and take note of its id.

        Raises:
            AwsprofError: Several units have the product's name.
            NotFoundError: There is none of that id.
        """
        if _ID.fullmatch(self.words):
            try:
                self._aws().unit_name(**self._via.caller, unit_id=self.words)
            except NotFoundError as error:
                error.hint = "'awsprof account list' shows the units there are."
                raise
            self.id = self.words
        elif self.given:
            found, missing = self._walked()
            self.id = None if missing else found
        else:
            self.id = self._anywhere()
        return self.id

    def make(self) -> str:
        """Make the unit, and those of its path that are not there."""
        parent, missing = self._walked()
        for name in missing:
            parent = self._aws().create_organizational_unit(**self._via.caller, parent_id=parent, name=name).id
        self.id = parent
        return self.words

    def holds(self, account_id: str) -> str | None:
        """
        Tell, where the account may stay where it is, in which unit that is.

        Unless a person names one: any unit that somebody moved it into, though not the root, where new accounts are.
        """
        parent = self.parent_of(account_id)
        if self.given and parent != self.id:
            return None
        return self.name_of(parent) if parent.startswith("ou-") else None

    def parent_of(self, account_id: str) -> str:
        return self._aws().parent_id(**self._via.caller, child_id=account_id)

    def name_of(self, parent_id: str) -> str:
        if not parent_id.startswith("ou-"):
            return "the root"
        return self._aws().unit_name(**self._via.caller, unit_id=parent_id)

    def _walked(self) -> tuple[str, list[str]]:
        """Follow the path; returns the id of the last unit that is there, and the names that are missing."""
        parent, names = self._aws().root_id(**self._via.caller), self.words.split("/")
        for number, name in enumerate(names):
            below = next((unit.id for unit in self._below(parent) if unit.name == name), None)
            if below is None:
                return parent, names[number:]
            parent = below
        return parent, []

    def _anywhere(self) -> str | None:
        """Look for the name level by level, the root's own units first."""
        parents = [self._aws().root_id(**self._via.caller)]
        while parents:
            units = [unit for parent in parents for unit in self._below(parent)]
            named = [unit.id for unit in units if unit.name == self.words]
            if len(named) > 1:
                raise AwsprofError(
                    f"The organization has {len(named)} units named {self.words}: {', '.join(named)}",
                    hint="Name one with --ou ID.",
                )
            if named:
                return named[0]
            parents = [unit.id for unit in units]
        return None

    def _below(self, parent_id: str) -> list[OrganizationalUnit]:
        return list(self._aws().organizational_units(**self._via.caller, parent_id=parent_id))
