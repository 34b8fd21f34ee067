"""
A user's first access key on this machine: made once, and never left at AWS without its secret here.

Knows the record that carries it over a kill, the vault's item ``NAME/first-key``: the keys AWS had before, when it was
begun, and the new key as soon as it is known. The profile takes the key over, and the record goes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.accounts.steps import Seen, Step, ok, skipped, to_do, unseen
from awsprof.errors import AwsError, AwsprofError, LimitExceededError, NotFoundError, VaultError
from awsprof.model import LongTermCredentials
from awsprof.profiles.access_keys import AccessKeys, unanswered
from awsprof.sessions.keys import StoredKeys, load_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from awsprof.accounts.entry import Entry
    from awsprof.accounts.steps import Person
    from awsprof.aws.calls import Aws
    from awsprof.model import AccessKey
    from awsprof.naming import ProfileName
    from awsprof.vault import Vault

_SETTLING_S = 5
# AWS's clock and ours differ by less, else no signature would hold.
_SAME_TIME_S = 900
_MOST_KEYS = 2


@dataclass(frozen=True, slots=True)
class Record:
    """What the vault keeps of a key in the making; *started* is in epoch seconds, *keys* None until they are known."""

    account_id: str
    before: tuple[str, ...]
    started: int
    keys: StoredKeys | None

    def to_text(self) -> str:
        keys = None if self.keys is None else json.loads(self.keys.to_text())
        table = {"account_id": self.account_id, "before": self.before, "started": self.started, "keys": keys}
        return json.dumps(table)

    @classmethod
    def from_text(cls, text: str) -> Record:
        """Read a record; raises ValueError, KeyError or TypeError for what is none."""
        table = json.loads(text)
        row = table["keys"]
        keys = None
        if row is not None:
            credentials = LongTermCredentials(str(row["access_key_id"]), str(row["secret_access_key"]))
            keys = StoredKeys(credentials, row["arn"])
        return cls(str(table["account_id"]), tuple(map(str, table["before"])), int(table["started"]), keys)


class FirstKey:
    """The access key that the profile *name* is to have, in the account behind *entry*."""

    def __init__(
        self,
        name: ProfileName,
        *,
        aws: Callable[[], Aws],
        entry: Entry,
        vault: Callable[[], Vault],
        now: Callable[[], datetime],
        person: Person,
    ) -> None:
        self._name = str(name)
        self._entry = entry
        self._vault = vault
        self._now = now
        self._person = person
        self._keys = AccessKeys(
            self._name,
            aws=aws,
            region=entry.via.first_region,
            acting=lambda: entry.caller["credentials"],
            wait=person.wait,
            user_name=name.user,
        )

    def step(self) -> Step:
        return Step("access key", self._look, self._make)

    def made(self) -> LongTermCredentials | None:
        """Return the key that the profile has not taken over yet."""
        record = self._record()
        return record.keys.credentials if record is not None and record.keys is not None else None

    def is_proven(self, credentials: LongTermCredentials) -> bool:
        """Whether AWS has come to know a key as this user's."""
        return self._keys.arn_of(credentials) is not None

    def is_inactive(self, credentials: LongTermCredentials) -> bool:
        """Whether AWS has the key, and somebody has set it inactive."""
        return any(key.id == credentials.access_key_id and not key.active for key in self._at_aws())

    def forget(self) -> None:
        """Drop the record: the profile has the key."""
        self._vault().delete(self._item)

    def _look(self) -> Seen:
        if not self._entry.is_open:
            return unseen("made, straight into the vault")
        at_aws = self._at_aws()
        held = self._held()
        if held is not None and held in [key.id for key in at_aws]:
            active = next(key.active for key in at_aws if key.id == held)
            return ok(f"{held}" if active else f"{held}, which is inactive at AWS")
        record = self._record()
        others = [key for key in at_aws if record is None or not self._is_lost(record, key)]
        if len(others) >= _MOST_KEYS:
            listed = " and ".join(key.id for key in others)
            return skipped(f"the user has two already, {listed}, and AWS allows no third")
        beside = f", beside {others[0].id}, whose secret is not in this vault" if others else ""
        return to_do(f"made, straight into the vault{beside}")

    def _make(self) -> str:
        earlier = self._record()
        if earlier is not None and earlier.keys is not None and self.is_proven(earlier.keys.credentials):
            # AWS's list comes later than the key.
            return f"{earlier.keys.credentials.access_key_id}, in the vault"
        may_be_lost = earlier is not None and earlier.keys is None
        if earlier is not None and may_be_lost:
            self._delete_lost(earlier)
        before = tuple(key.id for key in self._keys.listed())
        if len(before) >= _MOST_KEYS:
            raise AwsprofError(f"The user of {self._name} has two access keys, and AWS allows no third")
        record = Record(self._entry.id, before, int(self._now().timestamp()), None)
        self._save(record)
        try:
            credentials, is_second = self._create(record)
        except AwsError as error:
            if not unanswered(error):
                self.forget()
            raise
        try:
            self._save(Record(record.account_id, before, record.started, StoredKeys(credentials, None)))
        except (AwsprofError, OSError):
            # Nobody will ever know its secret; where even this fails, the record without it says so.
            self._keys.delete(credentials.access_key_id)
            self.forget()
            raise
        if is_second or may_be_lost:
            # The list may have come too late for the one before.
            self._settle()
            self._delete_lost(record, but_for=credentials.access_key_id)
        return f"{credentials.access_key_id}, in the vault"

    def _create(self, record: Record) -> tuple[LongTermCredentials, bool]:
        """Create the key, and tell whether it is the second: where an answer is lost, that key is deleted first."""
        try:
            return self._keys.create(), False
        except AwsError as error:
            if not unanswered(error):
                raise
        self._settle()
        self._delete_lost(record)
        try:
            return self._keys.create(), True
        except AwsError as error:
            if unanswered(error) or isinstance(error, LimitExceededError):
                self._delete_lost(record)
            raise

    def _settle(self) -> None:
        self._person.wait(_SETTLING_S, "to see whether AWS made a key whose secret was lost on the way")

    def _delete_lost(self, record: Record, *, but_for: str = "") -> None:
        """Delete a key that was made for *record* and whose secret never arrived."""
        for key in self._keys.listed():
            if key.id != but_for and self._is_lost(record, key) and self._keys.use(key).last_used is None:
                self._keys.delete(key.id)
                self._person.tell(f"Deleted {key.id}, whose secret never arrived here.")

    def _is_lost(self, record: Record, key: AccessKey) -> bool:
        return (
            record.account_id == self._entry.id
            and record.keys is None
            and key.id not in record.before
            and abs(key.created.timestamp() - record.started) <= _SAME_TIME_S
        )

    def _at_aws(self) -> list[AccessKey]:
        try:
            return self._keys.listed()
        except NotFoundError:
            return []  # the user is not there yet

    def _held(self) -> str | None:
        """Return the id of the key that this vault has for the profile, or will have."""
        made = self.made()
        if made is not None:
            return made.access_key_id
        stored = load_keys(self._vault(), self._name)
        return stored.credentials.access_key_id if stored else None

    @property
    def _item(self) -> str:
        return f"{self._name}/first-key"

    def _record(self) -> Record | None:
        text = self._vault().get(self._item)
        try:
            record = None if text is None else Record.from_text(text)
        except (ValueError, KeyError, TypeError):
            raise VaultError(
                f"The vault's item {self._item} is damaged",
                hint=f"Look in IAM for an access key of that user that nobody has; 'awsprof remove {self._name}', once "
                "there is such a profile, takes the item out.",
            ) from None
        # One of another account's was for an account that is no longer this env's.
        return record if record is None or record.account_id == self._entry.account_id else None

    def _save(self, record: Record) -> None:
        self._vault().set(self._item, record.to_text())
