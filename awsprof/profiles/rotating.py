"""
Replacing a profile's access key by a new one so that a kill at any step leaves a key that works, and a way on.

Knows what must hold before a key is made, and how a lost answer is dealt with; who is told, and where AWS and the
vault are, is handed in.
"""

from __future__ import annotations

import contextlib
import enum
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from awsprof.errors import (
    AnswerNeededError,
    AwsError,
    AwsprofError,
    InvalidKeyError,
    LimitExceededError,
    NoLiveSessionError,
    VaultError,
    VaultLockedError,
    VaultUnavailableError,
)
from awsprof.model import Kind, SessionCredentials
from awsprof.profiles.access_keys import PATIENCE_S, AccessKeys, unanswered
from awsprof.profiles.switching import Record, Switching, Work
from awsprof.sessions.keys import StoredKeys, load_keys
from awsprof.sessions.roles import source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.journal.journal import Journal
    from awsprof.model import AccessKey, Credentials, LongTermCredentials, Profile
    from awsprof.profiles.access_keys import AwsCalls, KeyUse
    from awsprof.profiles.switching import Person
    from awsprof.sessions.login import Sessions
    from awsprof.vault import Vault

_SETTLING_S = 5
_SHORTEST_SESSION = timedelta(minutes=5)
# AWS's clock and ours differ by less, else no signature would hold.
_SAME_TIME_S = 900


class Status(enum.StrEnum):
    """What became of one profile's key."""

    ROTATED = "rotated"
    KEPT = "kept"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Rotation:
    """
    What became of one profile's key.

    *names* are the profiles that have that key, *key* is None where an unfinished rotation was gone on with, and
    *new_key_id* where no new key is known yet.
    """

    status: Status
    names: tuple[str, ...]
    old_key_id: str
    new_key_id: str | None = None
    key: KeyUse | None = None
    resumed: bool = False


class Rotating:
    """Rotates the access keys of one user's profiles."""

    def __init__(
        self,
        *,
        files: ProfileFiles,
        vault: Callable[[], Vault],
        aws: Callable[[], AwsCalls],
        sessions: Sessions,
        journal: Journal,
        environ: Mapping[str, str],
        now: Callable[[], datetime],
        person: Person,
    ) -> None:
        self._files = files
        self._vault = vault
        self._aws = aws
        self._sessions = sessions
        self._journal = journal
        self._environ = environ
        self._now = now
        self._person = person
        self._switching = Switching(files=files, vault=vault, sessions=sessions, journal=journal, person=person)

    @property
    def unfinished(self) -> str | None:
        """The profile whose rotation has begun and is not over, also when an exception has ended it."""
        return self._switching.unfinished

    def candidates(self) -> list[Profile]:
        """Return every profile of the convention that has keys in the vault."""
        users = [one for one in self._files.profiles().values() if one.kind is Kind.USER and one.parts is not None]
        return [one for one in users if self._vault().get(one.name) is not None]

    def plan(self, profile: Profile, *, older_than: timedelta | None, show: Callable[[KeyUse], None]) -> Rotation:
        """Look at what `rotate` would do; changes nothing but that it may start a session."""
        stored = self._check(profile)
        work = self._work(profile, stored, self._session(profile))
        record = self._switching.record(work.name)
        if record is not None and stored.credentials.access_key_id in (record.old_id, record.new_id):
            return Rotation(Status.PLANNED, work.names, record.old_id, record.new_id, resumed=True)
        return self._look(work, work.keys.listed(), older_than, show)

    def rotate(self, profile: Profile, *, older_than: timedelta | None, show: Callable[[KeyUse], None]) -> Rotation:
        """
        Replace the access key of *profile*, and of every profile that has the same one.

        Args:
            older_than: Keep a key that is younger.
            show: Is handed the key as it is before anything is changed.

        Raises:
            AwsprofError: The profile has no key of its own, or its user has two already.
            VaultError: The vault has no key for it, or cannot take what must be kept; nothing was made then.
            AwsError: AWS refuses a step.
            NoLiveSessionError: A session is needed, and nobody is there to answer.
        """
        before = self._check(profile)
        try:
            session = self._session(profile)
        except InvalidKeyError:
            work = self._work(profile, before, None)
            with self._alone(work):
                if not self._switching.take_old_back(work):
                    raise
            before = self._check(profile)
            session = self._session(profile)
        work = self._work(profile, before, session)
        with self._alone(work):
            if self._stored(work.name).credentials != before.credentials:
                raise AwsprofError(
                    f"Another command has just given {work.name} another key; this one changed nothing",
                    hint=f"'awsprof rotate {work.name}' looks again.",
                )
            try:
                return self._rotate(work, older_than, show)
            except AwsprofError as error:
                if self.unfinished == work.name and "awsprof rotate" not in (error.hint or ""):
                    more = f"'awsprof rotate {work.name}' goes on from where it stopped."
                    error.hint = f"{error.hint} {more}" if error.hint else more
                raise

    def _rotate(self, work: Work, older_than: timedelta | None, show: Callable[[KeyUse], None]) -> Rotation:
        record = self._switching.record(work.name)
        held = self._stored(work.name).credentials.access_key_id
        if record is not None and held not in (record.old_id, record.new_id):
            self._person.tell(f"{work.name} has been given another key: its unfinished rotation is dropped.")
            self._switching.forget(work.name)
            record = None
        keys = None
        if record is not None:
            self._switching.unfinished = work.name
            if record.new is not None:
                self._person.tell(f"Going on with the unfinished rotation of {work.name}.")
                if self._switching.finish(work, record, record.new):
                    return Rotation(Status.ROTATED, work.names, record.old_id, record.new_id, resumed=True)
                self._person.tell(f"AWS does not know its new key: {work.name} is as it was, and is rotated anew.")
            else:
                self._person.tell(f"Going back from the unfinished rotation of {work.name}, to begin anew.")
                keys = self._delete_lost(work, record)
                self._switching.forget(work.name)
        looked = self._look(work, work.keys.listed() if keys is None else keys, older_than, show)
        return looked if looked.status is Status.KEPT else self._begin(work, looked)

    # --- before anything is changed

    def _check(self, profile: Profile) -> StoredKeys:
        if profile.kind is not Kind.USER:
            source = source_of(profile, self._files.profiles())
            raise AwsprofError(
                f"{profile.name} has no access key in the vault to rotate: its kind is {profile.kind}",
                hint=f"Its keys are those of {source.name}: 'awsprof rotate {source.name}'."
                if source.kind is Kind.USER
                else "Only an IAM user's profile has one; 'awsprof list' shows every profile's kind.",
            )
        return self._stored(profile.name)

    def _stored(self, name: str) -> StoredKeys:
        return self._switching.stored(name)

    def _session(self, profile: Profile) -> Credentials | None:
        """Come by a session that lasts to the end; it is kept in memory, so that nobody is asked a second time."""
        if not profile.needs_session:
            return None
        served = self._sessions.serve(profile).credentials
        ends = served.expiration if isinstance(served, SessionCredentials) else None
        if ends is None or ends - self._now() >= _SHORTEST_SESSION:
            return served
        try:
            session = self._sessions.login(profile, force=True).session
        except AnswerNeededError:
            raise NoLiveSessionError(
                f"The session of {profile.name} ends too soon for a rotation",
                hint=f"Run 'awsprof login {profile.name} --force'.",
            ) from None
        return served if session is None else session.credentials()

    def _work(self, profile: Profile, stored: StoredKeys, session: Credentials | None) -> Work:
        ids = [stored.credentials.access_key_id]
        record = self._switching.record(profile.name)
        if record is not None and ids[0] in (record.old_id, record.new_id):
            # After a kill in the middle of the switch, some have the old key still.
            ids += [record.old_id, record.new_id or record.old_id]
        sharing = [one for one, keys in self._relatives(profile) if keys and keys.credentials.access_key_id in ids]
        keys = AccessKeys(
            profile.name,
            aws=self._aws,
            region=profile.region_for_calls(self._environ),
            # Without MFA, the key that the vault holds at that moment: after the switch, the new one.
            acting=lambda: session or self._stored(profile.name).credentials,
            wait=self._person.wait,
        )
        return Work(profile, (profile.name, *sharing), session, keys)

    @contextlib.contextmanager
    def _alone(self, work: Work) -> Iterator[None]:
        """Keep other processes from logging in to the profiles of *work*, and from changing their keys."""
        with contextlib.ExitStack() as locks:
            for name in sorted(work.names):
                locks.enter_context(self._sessions.identity_lock(name))
            yield

    def _relatives(self, profile: Profile) -> list[tuple[str, StoredKeys | None]]:
        """Return the other profiles that may be of the same account, with their keys."""
        found: list[tuple[str, StoredKeys | None]] = []
        for other in list(self._files.profiles().values()):
            apart = None not in (profile.account_id, other.account_id) and profile.account_id != other.account_id
            if other.name == profile.name or other.kind is not Kind.USER or apart:
                continue
            try:
                found.append((other.name, load_keys(self._vault(), other.name)))
            except (VaultLockedError, VaultUnavailableError):
                raise
            except VaultError:
                found.append((other.name, None))  # its item is damaged, which is not this profile's business
        return found

    def _look(
        self, work: Work, keys: Sequence[AccessKey], older_than: timedelta | None, show: Callable[[KeyUse], None]
    ) -> Rotation:
        """Look at the user's keys, and refuse what cannot be rotated."""
        key_id = self._stored(work.name).credentials.access_key_id
        own = next((key for key in keys if key.id == key_id), None)
        if own is None:
            raise InvalidKeyError(
                f"AWS no longer has the access key {key_id}, which the vault holds for {work.name}",
                hint="Make a new one in IAM and store it with 'awsprof add … --replace'.",
            )
        use = work.keys.use(own)
        show(use)
        now = self._now()
        if older_than is not None and own.created > now - older_than:
            return Rotation(Status.KEPT, work.names, key_id, key=use)
        for other, _ in self._relatives(work.profile):
            record = self._record_of(other)
            if record is not None and key_id in (record.old_id, record.new_id):
                raise AwsprofError(
                    f"The key {key_id} of {work.name} is under an unfinished rotation of {other}",
                    hint=f"'awsprof rotate {other}' goes on with it.",
                )
        if len(keys) > 1:
            other_use = work.keys.use(next(key for key in keys if key.id != key_id))
            described = " and ".join(
                f"{one.id} ({whose}, {'active' if one.active else 'inactive'}, {one.words(now)})"
                for one, whose in ((use, f"the key of {work.name}"), (other_use, "not used by it"))
            )
            holder = next((it for it, kept in self._relatives(work.profile) if _is_key(kept, other_use.id)), None)
            if holder is not None:
                raise AwsprofError(
                    f"The user of {work.name} has two access keys, and AWS allows no third: {described}",
                    hint=f"{holder} uses {other_use.id}: give both profiles one key with 'awsprof add … --replace', "
                    "delete the other, then rotate.",
                )
            delete = f"aws iam delete-access-key --access-key-id {other_use.id} --profile {work.name}"
            raise AwsprofError(
                f"The user of {work.name} has two access keys, and AWS allows no third: {described}",
                hint=f"If nobody needs the other one, delete it with '{delete}', then rotate.",
            )
        if self._files.profiles().mention(key_id):
            self._person.tell(f"{key_id} also stands in the shared files: what uses it from there stops working.")
        return Rotation(Status.PLANNED, work.names, key_id, key=use)

    def _record_of(self, other: str) -> Record | None:
        """Return another profile's record; a damaged one is not this profile's business."""
        try:
            return self._switching.record(other)
        except (VaultLockedError, VaultUnavailableError):
            raise
        except VaultError:
            return None

    # --- the new key

    def _begin(self, work: Work, looked: Rotation) -> Rotation:
        """Make the new key, and switch to it; until it is made, every failure leaves all as it was."""
        stored = self._stored(work.name)
        arn = stored.arn or work.keys.own_arn()
        account_id, resource = arn.split(":", 5)[4:]
        if not resource.startswith("user/") or work.profile.account_id not in (None, account_id):
            raise AwsprofError(f"The key of {work.name} is of {arn}, which is not the profile's IAM user")
        # The journal makes its key now, since it must be able to take the note at the end.
        self._journal.begin("rotate", "", undoable=False)
        old = StoredKeys(stored.credentials, arn)
        record = Record((looked.old_key_id,), int(self._now().timestamp()), old, None)
        self._switching.keep(work.name, record)
        new = StoredKeys(self._create(work, record), arn)
        record = replace(record, new=new)
        try:
            self._switching.keep(work.name, record)
        except (AwsprofError, OSError):
            # Nobody will ever know its secret; where even this fails, the record without it says so.
            with contextlib.suppress(AwsError):
                work.keys.delete(new.credentials.access_key_id)
                self._switching.forget(work.name)
            raise
        if not self._switching.finish(work, record, new):
            raise AwsError(
                f"AWS did not accept the new access key of {work.name} for {PATIENCE_S} s, so it was deleted; "
                f"{work.name} has its old one",
                hint="Try again later.",
            )
        return replace(looked, status=Status.ROTATED, new_key_id=new.credentials.access_key_id)

    def _create(self, work: Work, record: Record) -> LongTermCredentials:
        """Create the key; where the answer is lost, the key is deleted, and made once more."""
        try:
            return work.keys.create()
        except AwsError as error:
            if not unanswered(error):
                self._switching.forget(work.name)
                raise
        self._person.wait(_SETTLING_S, "to see whether AWS made a key whose secret was lost on the way")
        self._delete_lost(work, record)
        try:
            return work.keys.create()
        except AwsError as error:
            if unanswered(error) or isinstance(error, LimitExceededError):
                self._delete_lost(work, record)
            if unanswered(error):
                error.hint = f"{work.name} is as it was, and no new key is left at AWS. Try again later."
            self._switching.forget(work.name)
            raise

    def _delete_lost(self, work: Work, record: Record) -> list[AccessKey]:
        """Delete the key that was made without its secret ever arriving, and return the others."""
        keys = work.keys.listed()
        for key in [key for key in keys if self._is_lost(work, record, key)]:
            work.keys.delete(key.id)
            self._person.tell(f"Deleted {key.id}, whose secret never arrived here.")
            keys.remove(key)
        return keys

    def _is_lost(self, work: Work, record: Record, key: AccessKey) -> bool:
        """Tell the key of *record* from one that somebody made since, by hand or on another machine."""
        if key.id in record.before or abs(key.created.timestamp() - record.started) > _SAME_TIME_S:
            return False
        relatives = self._relatives(work.profile)
        if any(keys is not None and keys.credentials.access_key_id == key.id for _, keys in relatives):
            return False
        return work.keys.use(key).last_used is None


def _is_key(stored: StoredKeys | None, key_id: str) -> bool:
    return stored is not None and stored.credentials.access_key_id == key_id
