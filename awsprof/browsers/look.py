"""
What tells one account's windows from another's: their colour, their label, their class and their bookmarks.

Knows a profile; no browser's way of showing any of it.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from awsprof.browsers.colours import Colour, colour_of
from awsprof.browsers.sign_in import (
    console_home,
    partition_in,
    partition_of_region,
    region_within,
    service_page,
    sign_in_page,
)
from awsprof.errors import UsageError
from awsprof.fastpath import file_name
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from awsprof.model import Profile

_ACCOUNT_ID = re.compile("[0-9]{12}")
# Where no console is known of the account's partition: the label is to be read, and leads nowhere.
_NOWHERE = "about:blank"


class Bookmark(NamedTuple):
    """One entry of the bookmark bar."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Look:
    """How the windows of one profile look, in values that each format has yet to escape by its own rules."""

    profile: str
    label: tuple[str, ...]  # the ENV, the product, the account id: each short enough for a bookmark
    window: str
    colour: Colour
    home: str
    pages: tuple[Bookmark, ...]

    @property
    def window_class(self) -> str:
        return window_class(self.profile)

    @property
    def bookmarks(self) -> tuple[Bookmark, ...]:
        """The label first: a browser's bookmark bar is the only line of it that always shows words of ours."""
        return (*(Bookmark(word, self.home) for word in self.label), *self.pages)


def window_class(profile: str) -> str:
    """Return the class of a profile's windows, by which a desktop finds the launcher they belong to."""
    return f"awsprof-{file_name(profile)}"


def look_of(profile: Profile, services: Sequence[str], *, region: str) -> Look:
    """
    Return the look of *profile*'s windows; what of it cannot be shown is left out, and keeps no window shut.

    Args:
        services: AWS's short names of those that get a bookmark each.
        region: Where the console's pages are opened; the first of the account's partition where that has none such.
    """
    account_id = profile.account_id or ""
    partition = partition_in(profile) or partition_of_region(region)
    home, pages = _NOWHERE, list[Bookmark]()
    if (within := region_within(partition, region)) is not None:
        home = console_home(partition, within)
        pages.append(Bookmark("Console", home))
        if _ACCOUNT_ID.fullmatch(account_id):
            pages.append(Bookmark("Sign in", sign_in_page(partition, account_id, within)))
        pages += _of_services(services, partition, within)
    label = label_of(profile)
    named = f"{profile.parts.product}_{profile.parts.env}" if profile.parts else printable(profile.name)
    window = " ".join(["AWS", named, *([account_id] if account_id else [])])
    return Look(profile.name, label, printable(window), colour_of(profile), home, tuple(pages))


def _of_services(services: Sequence[str], partition: str, region: str) -> Iterator[Bookmark]:
    for service in services:
        # The setting may be of a hand, and then name one that awsprof does not know.
        with contextlib.suppress(UsageError):
            yield Bookmark(service, service_page(service, partition, region))


def label_of(profile: Profile) -> tuple[str, ...]:
    """Return the words that name an account: the ENV, the product and the account id, as far as they are known."""
    words = [profile.parts.env.upper(), profile.parts.product] if profile.parts else [profile.name]
    return tuple(printable(word) for word in [*words, profile.account_id] if word)
