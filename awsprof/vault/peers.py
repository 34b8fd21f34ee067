"""
Reading what aws-vault and Granted keep in the Secret Service, each in a collection of its own.

Knows how the library behind both names collections and wraps items; nothing of what is in them. Only Linux's Secret
Service is read: elsewhere the library keyring cannot list what another program stored.
"""

from __future__ import annotations

import base64
import contextlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.errors import VaultError, VaultLockedError
from awsprof.naming import printable
from awsprof.vault.keyring_vault import bounded
from awsprof.vault.patience import BoundedCalls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from secretstorage import Collection

    from awsprof.vault.patience import Patience

_BUS = "DBUS_SESSION_BUS_ADDRESS"
_COLLECTIONS = {"awsvault": "aws-vault", "granted-aws-iam-credentials": "Granted"}


@dataclass(frozen=True, slots=True)
class PeerItem:
    """The name of one item, and the tool that stored it."""

    tool: str
    name: str


class PeerSecrets:
    """The items of other tools in this user's Secret Service; there are none where there is no such service."""

    def __init__(self, patience: Patience, *, environ: Mapping[str, str], platform: str = sys.platform) -> None:
        self._call = BoundedCalls(patience)
        self.can_list = platform not in ("darwin", "win32") and bool(environ.get(_BUS))

    def items(self) -> list[PeerItem]:
        """
        Return the names of all items. A collection that is locked has the desktop ask a person: its names are too.

        Raises:
            VaultError: The service does not answer, or a collection stays locked.
        """
        if not self.can_list:
            return []
        return bounded(self._call, "look for other tools' keys in the OS keyring", _labels)

    def read(self, tool: str, name: str) -> str:
        """
        Return the text that *tool* stored under *name*; a locked collection has the desktop ask a person.

        Raises:
            VaultError: It is gone, or cannot be read.
        """
        doing = f"read {tool}'s '{printable(name)}' from the OS keyring"
        text = bounded(self._call, doing, lambda: _secret(tool, name))
        if text is None:
            raise VaultError(f"{tool}'s '{printable(name)}' is not in the OS keyring any more")
        return text


@contextlib.contextmanager
def _collections() -> Iterator[list[tuple[str, Collection]]]:
    from secretstorage import dbus_init, get_all_collections

    with contextlib.closing(dbus_init()) as connection:
        found = [
            (_COLLECTIONS[label], collection)
            for collection in get_all_collections(connection)
            if (label := collection.get_label()) in _COLLECTIONS
        ]
        for tool, collection in found:
            # True: the person has dismissed the dialog.
            if collection.is_locked() and collection.unlock():
                raise VaultLockedError(f"{tool}'s collection in the OS keyring is locked")
        yield found


def _labels() -> list[PeerItem]:
    with _collections() as found:
        items = {PeerItem(tool, item.get_label()) for tool, collection in found for item in collection.get_all_items()}
    return sorted(items, key=lambda item: (item.name, item.tool))


def _secret(tool: str, name: str) -> str | None:
    with _collections() as found:
        for owner, collection in found:
            for item in collection.get_all_items() if owner == tool else ():
                if item.get_label() == name:
                    return _unwrapped(item.get_secret())
    return None


def _unwrapped(secret: bytes) -> str:
    """Take an item's data out of the JSON that the tools' library wraps it in."""
    try:
        return base64.b64decode(json.loads(secret)["Data"], validate=True).decode()
    except (ValueError, KeyError, TypeError):
        raise VaultError("What that tool stored is not in the form it used to be") from None
