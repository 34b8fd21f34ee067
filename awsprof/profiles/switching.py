"""
From a profile's old access key to its new one, and back, in steps that can each be done again after a kill.

What carries a rotation over a kill is the vault's item ``NAME/rotation``: the keys that AWS had before, the old key,
and the new one as soon as it is known. The item ``NAME`` changes once, from a key that works to one that is proven.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from awsprof.errors import AccessDeniedError, AwsError, AwsprofError, InvalidKeyError, NotFoundError, VaultError
from awsprof.model import LongTermCredentials
from awsprof.sessions.keys import StoredKeys, load_keys
from awsprof.sessions.roles import source_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.journal.journal import Journal
    from awsprof.model import Credentials, Profile
    from awsprof.profiles.access_keys import AccessKeys
    from awsprof.sessions.login import Sessions
    from awsprof.vault import Vault


class Person(Protocol):
    """Whoever may look on."""

    def tell(self, sentence: str) -> None: ...

    def wait(self, seconds: float, reason: str) -> None:
        """Sleep, and show that and for how long; *reason* ends the sentence "Waiting 12 s …"."""
        ...


@dataclass(frozen=True, slots=True)
class Record:
    """What the vault keeps of a rotation until it is over; *started* is in epoch seconds."""

    before: tuple[str, ...]
    started: int
    old: StoredKeys
    new: StoredKeys | None

    @property
    def old_id(self) -> str:
        return self.old.credentials.access_key_id

    @property
    def new_id(self) -> str | None:
        return None if self.new is None else self.new.credentials.access_key_id

    def to_text(self) -> str:
        old, new = (None if keys is None else json.loads(keys.to_text()) for keys in (self.old, self.new))
        return json.dumps({"before": self.before, "started": self.started, "old": old, "new": new})

    @classmethod
    def from_text(cls, text: str) -> Record:
        """Read a record; raises ValueError, KeyError or TypeError for what is none."""
        table = json.loads(text)
        old, new = (
            None
            if row is None
            else StoredKeys(LongTermCredentials(str(row["access_key_id"]), str(row["secret_access_key"])), row["arn"])
            for row in (table["old"], table["new"])
        )
        if old is None:
            raise ValueError
        return cls(tuple(map(str, table["before"])), int(table["started"]), old, new)


@dataclass(frozen=True, slots=True)
class Work:
    """One key under rotation: the profile that was named, all that have the key, and the session (None without MFA)."""

    profile: Profile
    names: tuple[str, ...]
    session: Credentials | None
    keys: AccessKeys

    @property
    def name(self) -> str:
        return self.profile.name


class Switching:
    """
    Switches profiles from one key to another.

    *unfinished* names the profile whose rotation has begun and is not over, also when an exception has ended it.
    """

    def __init__(
        self,
        *,
        files: ProfileFiles,
        vault: Callable[[], Vault],
        sessions: Sessions,
        journal: Journal,
        person: Person,
    ) -> None:
        self._files = files
        self._vault = vault
        self._sessions = sessions
        self._journal = journal
        self._person = person
        self.unfinished: str | None = None

    def stored(self, name: str) -> StoredKeys:
        """Return the keys that the vault holds for a profile; raises VaultError where there are none."""
        stored = load_keys(self._vault(), name)
        if stored is None:
            raise VaultError(
                f"The vault holds no access key for {name}",
                hint=f"Store one with 'awsprof add … --replace' for {name}.",
            )
        return stored

    # --- the record

    def record(self, name: str) -> Record | None:
        """
        Return the record of an unfinished rotation.

        Raises:
            VaultError: It cannot be read; it may be all there is of a new key, so it is not thrown away.
        """
        text = self._vault().get(_item(name))
        try:
            return None if text is None else Record.from_text(text)
        except (ValueError, KeyError, TypeError):
            raise VaultError(
                f"The vault's record of an unfinished rotation of {name} is damaged",
                hint=f"'awsprof remove {name}' takes it out with the profile; then add the profile anew.",
            ) from None

    def keep(self, name: str, record: Record) -> None:
        self._vault().set(_item(name), record.to_text())
        self.unfinished = name

    def forget(self, name: str) -> None:
        """Drop the record: there is nothing left to go on with."""
        # Before it is gone: whoever is interrupted here must not be told that there is something to go on with.
        self.unfinished = None
        try:
            self._vault().delete(_item(name))
        except AwsprofError:
            self.unfinished = name
            raise

    # --- forward

    def finish(self, work: Work, record: Record, new: StoredKeys) -> bool:
        """
        Prove the new key, switch to it, and delete the old one; each step may have been done before.

        Returns:
            Whether it came to that; False: AWS does not know the new key, and everything is as before the rotation.

        Raises:
            AccessDeniedError: The user may not get rid of the old key; the new one is in use.
            AwsError: AWS refuses another step, or is out of reach; the record stays.
        """
        old_id, new_id = record.old_id, new.credentials.access_key_id
        arn = work.keys.arn_of(new.credentials)
        if arn != record.old.arn:
            self._go_back(work, record, new_id)
            if arn is None:
                return False
            raise AwsprofError(f"The new access key is of {arn}, and {work.name} is {record.old.arn}; it was deleted")
        self._switch(work, new)
        self._deactivate(work, old_id, new_id)
        # What the vault gives back is what is proven: from here on there is no other key.
        if work.keys.arn_of(self.stored(work.name).credentials) is None:
            self._go_back(work, record, new_id)
            return False
        self._note(work, old_id, new_id)
        try:
            work.keys.delete(old_id)
        except AccessDeniedError as error:
            if old_id in work.keys.statuses():
                raise _left_over(work.name, error, old_id, new_id, "is inactive and still there") from None
        self.forget(work.name)
        return True

    def _switch(self, work: Work, keys: StoredKeys) -> None:
        """Let all profiles that had the one key have the other, and forget the sessions they had."""
        for name in work.names:
            if self.stored(name).credentials != keys.credentials:
                self._vault().set(name, keys.to_text())
        profiles = self._files.profiles()
        for profile in list(profiles.values()):
            # Roles live by their source's session: theirs go with it.
            if source_of(profile, profiles).name in work.names:
                self._sessions.drop(profile.name)

    @staticmethod
    def _deactivate(work: Work, old_id: str, new_id: str) -> None:
        """Set the old key inactive, unless it is gone already."""
        try:
            work.keys.set_active(old_id, active=False)
        except NotFoundError:
            return
        except AccessDeniedError as error:
            # Somebody may have done by hand what the user may not.
            if work.keys.statuses().get(old_id):
                raise _left_over(work.name, error, old_id, new_id, "is still active") from None

    def _note(self, work: Work, old_id: str, new_id: str) -> None:
        if any(headline.deleted_key == old_id for headline in self._journal.headlines()):
            return
        summary = f"{', '.join(work.names)}: key {old_id} replaced by {new_id}"
        # Before it is deleted, so that no undo can bring the old key back.
        self._journal.begin("rotate", summary, undoable=False).deleted_key(old_id)

    # --- back

    def _go_back(self, work: Work, record: Record, new_id: str) -> None:
        """Let the old key be the one in use again, and delete the new one."""
        old, old_id = record.old, record.old_id
        # Without a session, only the old key can tell: the vault may hold the new one by now.
        keys = work.keys.acting_as(work.session or old.credentials)
        neither = AwsError(
            f"AWS accepts neither key of {work.name}: not {new_id}, the new one, nor {old_id}, the old one",
            hint=f"Activate one of them in the IAM console, then 'awsprof rotate {work.name}' goes on.",
        )
        try:
            statuses = keys.statuses()
        except InvalidKeyError:
            raise neither from None
        if old_id not in statuses:
            raise neither
        if not statuses[old_id]:
            keys.set_active(old_id, active=True)
        if any(self.stored(name).credentials.access_key_id == new_id for name in work.names):
            if keys.arn_of(old.credentials) is None:
                raise neither
            self._switch(work, old)
        if new_id in statuses:
            keys.delete(new_id)
        self.forget(work.name)

    def take_old_back(self, work: Work) -> bool:
        """
        Where a rotation stopped after the switch, let the profile have its old key again if that one works.

        For a new key that gives no session, without which nothing could be done at AWS. The record stays.
        """
        record = self.record(work.name)
        if record is None or record.new is None or self.stored(work.name).credentials != record.new.credentials:
            return False
        if work.keys.arn_of(record.old.credentials, patiently=False) is None:
            return False
        self._switch(work, record.old)
        return True


def _item(name: str) -> str:
    return f"{name}/rotation"


def _left_over(name: str, error: AwsError, old_id: str, new_id: str, state: str) -> AccessDeniedError:
    """Say what a person must do who may not get rid of the old key."""
    return AccessDeniedError(
        f"{name} has its new access key {new_id}, but the old one, {old_id}, {state}: {error.message}",
        code=error.code,
        hint=f"Have {old_id} deleted in IAM by somebody who may; then 'awsprof rotate {name}' comes to its end.",
    )
