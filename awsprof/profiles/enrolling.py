"""
Giving an IAM user a virtual MFA device so that a kill at any step costs nothing.

Knows the order of the steps and which device may be deleted; how a person sees and types is told to it.

A device in the making belongs to no user, and AWS does not say who made it. What says so is a record in the vault,
written before the device is: it names the device's ARN, which is known beforehand, and whether an unassigned device
of that ARN must be *ours*. It must when ListVirtualMFADevices did not show it just before, or when AWS has answered
that it made it. Where that list is denied, only the answer counts: after a kill in between, the device is left alone.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from awsprof.errors import (
    AccessDeniedError,
    AlreadyThereError,
    AwsError,
    AwsprofError,
    InvalidTokenCodeError,
    LimitExceededError,
    RefusedCodeError,
    RefusedNameError,
)
from awsprof.naming import printable
from awsprof.profiles.mfa_devices import IN_USE, may_be_done
from awsprof.sessions.codes import check_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.journal.journal import Journal
    from awsprof.model import NewMfaDevice, Profile
    from awsprof.profiles.mfa_devices import AwsCalls, Caller, MfaDevices, User
    from awsprof.profiles.seeds import Seeds
    from awsprof.sessions.login import Sessions
    from awsprof.sessions.store import SessionStore
    from awsprof.vault import Vault

_TRIES = 3
_MOST_NAMES = 8
_DEVICE_NAME = re.compile(r"[\w+=,.@-]{1,226}", re.ASCII)


@dataclass(frozen=True)
class Person:
    """Whoever may sit at the terminal, as enrolling sees them; *show_seed* takes whose seed it is, and the seed."""

    ask: Callable[[str], str]
    show_seed: Callable[[str, str], None]
    warn: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A device that its profile uses now; *earlier* when an enrolment that was cut off had enabled it."""

    name: str
    serial: str
    earlier: bool


@dataclass(frozen=True, slots=True)
class _Record:
    """What the vault keeps of a device while it is made; *seed* only where it is to be stored."""

    name: str
    serial: str
    seed: str | None = field(repr=False)
    ours: bool

    @classmethod
    def from_text(cls, text: str) -> _Record:
        table = json.loads(text)
        seed = table["seed"]
        return cls(str(table["name"]), str(table["serial"]), None if seed is None else str(seed), table["ours"] is True)


class Enrolling:
    """Makes MFA devices for the users behind one person's profiles."""

    def __init__(
        self,
        *,
        devices: MfaDevices,
        files: ProfileFiles,
        vault: Callable[[], Vault],
        aws: Callable[[], AwsCalls],
        sessions: Sessions,
        store: SessionStore,
        seeds: Seeds,
        journal: Journal,
        person: Person,
    ) -> None:
        self.devices = devices
        self._files = files
        self._vault = vault
        self._aws = aws
        self._sessions = sessions
        self._store = store
        self._seeds = seeds
        self._journal = journal
        self._person = person

    def check(self, profile: Profile, *, device_name: str | None = None) -> None:
        """
        Refuse what can have no device of awsprof's, before anything is asked or made.

        Raises:
            AwsprofError: The profile has no keys in the vault, or is none of the convention.
            RefusedNameError: AWS takes no device of that name.
        """
        self.devices.check(profile)
        if device_name is not None and not _DEVICE_NAME.fullmatch(device_name):
            raise RefusedNameError(
                f"'{printable(device_name)}' cannot be an MFA device's name",
                hint="It has letters, digits and +=,.@_- only, at most 226 of them.",
            )

    def resume(self, profile: Profile) -> Enrolled | None:
        """
        Come to an end with an enrolment that was cut off, if there was one.

        Returns:
            The device, where it had been enabled, so that nothing is left to do; None: a new one can be made.

        Raises:
            AwsError: AWS does not say, or does not delete the device that was left.
        """
        record = self._record(profile.name)
        if record is None:
            return None
        # The profile uses it already, so what is left needs no word with AWS.
        caller = None if record.serial == profile.mfa_serial else self.devices.caller(profile)
        with self._sessions.identity_lock(profile.name):
            return self._resume(profile.name, caller)

    def enroll(self, profile: Profile, *, device_name: str | None, store_seed: bool) -> Enrolled:
        """
        Make a virtual MFA device, prove it to AWS with two codes, and let the profile use it.

        Whatever fails before AWS has enabled it, the device is deleted again; what fails after that, the next
        enrolment of the profile finishes.

        Raises:
            AlreadyThereError: The account has devices of that name, or of all that would be tried.
            InvalidTokenCodeError: AWS refused the codes.
            AwsprofError: The keys are of no IAM user, or of another account.
        """
        caller = self.devices.caller(profile)
        with self._sessions.identity_lock(profile.name):
            finished = self._resume(profile.name, caller)
            if finished is not None:
                return finished
            profile = self.devices.unchanged(profile)
            user = self.devices.user(profile, caller)
            taken = self._taken(user)
            names = [device_name] if device_name is not None else _names(user.name)
            for name in names:
                serial = f"arn:{user.partition}:iam::{user.account_id}:mfa/{name}"
                # Never the profile's own: a record of that would look as if all were done.
                if serial == profile.mfa_serial or serial.casefold() in (taken or ()):
                    continue
                record = _Record(name, serial, None, ours=taken is not None)
                made = self._make(profile, user, record, store_seed=store_seed)
                if made is not None:
                    return self._finish(profile, made, earlier=False)
        tried = f"'{names[0]}'" if len(names) == 1 else f"'{names[0]}', and '{names[1]}' to '{names[-1]}'"
        raise AlreadyThereError(
            f"Account {user.account_id} has a virtual MFA device {tried} already", hint="Give another --device-name."
        )

    def _make(self, profile: Profile, user: User, record: _Record, *, store_seed: bool) -> _Record | None:
        """Make one device and have it enabled; None when its name is taken."""
        maybe_made = False
        lost: AwsError | None = None
        try:
            self._save(profile.name, record)
            maybe_made = True
            try:
                device = self._aws().create_virtual_mfa_device(user.credentials, region=user.region, name=record.name)
            except AwsError as error:
                # A clear no made nothing. AlreadyThereError above all: that device is older, and somebody's.
                maybe_made = may_be_done(error)
                lost = error if maybe_made else None
                raise
            made = replace(record, serial=device.serial, seed=device.seed if store_seed else None, ours=True)
            if made != record:
                record = made
                self._save(profile.name, record)
            self._person.show_seed(self._holder(profile, user), device.seed)
            self._enable(user, device, store_seed=store_seed)
        except BaseException as error:
            gone = self._give_up(profile.name, user, record, maybe_made=maybe_made)
            if isinstance(error, AlreadyThereError) and not maybe_made:
                return None
            if lost is not None and gone:
                lost.hint = "Its seed is lost with the answer, so the device was deleted again: try anew."
            _explain(profile.name, error)
            raise
        return record

    def _enable(self, user: User, device: NewMfaDevice, *, store_seed: bool) -> None:
        """Prove the device with two consecutive codes; a person who types them has three tries."""
        for tries_left in reversed(range(_TRIES)):
            codes = self._sessions.devices.pair(device.serial, device.seed) if store_seed else self._ask_codes()
            try:
                self._aws().enable_mfa_device(
                    user.credentials, region=user.region, user_name=user.name, serial=device.serial, codes=codes
                )
            except InvalidTokenCodeError as error:
                if store_seed:
                    error.hint = "Set this machine's clock, which the codes were made by, then try again."
                if store_seed or not tries_left:
                    raise
                self._person.warn(error.message)
                continue
            except AwsError as error:
                # After a lost answer AWS is asked what became of it.
                lost = may_be_done(error) or isinstance(error, AlreadyThereError)
                if not lost or not self.devices.is_enabled(user, device.serial):
                    raise
            if not store_seed:
                # A device of that name, deleted since, may have used this step.
                with contextlib.suppress(InvalidTokenCodeError):
                    self._sessions.devices.note_used(device.serial, codes[1])
            return

    def _ask_codes(self) -> tuple[str, str]:
        first = self._ask_code("The code the device shows: ")
        second = self._ask_code("The next code the device shows: ")
        while second == first:
            second = self._ask_code("That is the same code; wait for the next one: ")
        return first, second

    def _ask_code(self, question: str) -> str:
        while True:
            try:
                return check_code(self._person.ask(question))
            except RefusedCodeError:
                question = "A token code is six digits: "

    def _give_up(self, name: str, user: User, record: _Record, *, maybe_made: bool) -> bool:
        """Delete a device in the making, and then its record; False when AWS may still have it."""
        if maybe_made and record.ours:
            try:
                self.devices.delete(user, record.serial)
            except AwsError as error:
                again = f"'awsprof mfa enroll {name}'"
                self._person.warn(
                    f"{record.serial} is enabled at AWS already; {again} finishes it"
                    if error.code == IN_USE
                    else f"The device {record.serial} is left at AWS without a user ({error.message}); "
                    f"{again} cleans up next time"
                )
                return False
        elif maybe_made:
            self._person.warn(_unproven(record.serial))
        # What led here matters more; a record without a device costs the next enrolment one call.
        with contextlib.suppress(AwsprofError, OSError):
            self._forget(name)
        return record.ours

    def _resume(self, name: str, caller: Caller | None) -> Enrolled | None:
        """Finish, or clear away, what a record tells of; under the identity's lock."""
        profile, record = self._files.get(name), self._record(name)
        if record is None:
            return None
        if profile.mfa_serial == record.serial:
            return self._finish(profile, record, earlier=True)
        if caller is None:
            return None  # it changed just now; whoever goes on to make a device comes by here again
        if self.devices.is_enabled(caller, record.serial):
            return self._finish(profile, record, earlier=True)
        if record.ours:
            try:
                self.devices.delete(caller, record.serial)
            except AccessDeniedError as error:
                # Tried twice and told twice: to be stuck here would help nobody.
                self._person.warn(
                    f"The device {record.serial} of an earlier enrolment is left at AWS without a user "
                    f"({error.message}); an administrator can delete it"
                )
            except AwsError as error:
                error.hint = f"The device {record.serial} of an earlier enrolment must go first: try again in a minute."
                raise
        else:
            self._person.warn(_unproven(record.serial))
        self._forget(name)
        return None

    def _finish(self, profile: Profile, record: _Record, *, earlier: bool) -> Enrolled:
        """Let the profile use a device that AWS has enabled; every step may be done again."""
        name = profile.name
        try:
            if profile.mfa_serial != record.serial:
                self._journal.note("mfa", f"{name}: device {record.serial} enrolled")
                # First: until then the older device, and its seed, are the way to the account.
                self.devices.use(name, record.serial)
            if record.seed is not None:
                self._seeds.keep(name, record.seed, serial=record.serial)
            else:
                self._seeds.forget_other(name, record.serial)
            self._sessions.drop(name)
            self._forget(name)
        except BaseException:
            self._person.warn(
                f"{record.serial} is enabled at AWS, and {name} is not done with it yet; "
                f"'awsprof mfa enroll {name}' finishes that"
            )
            raise
        return Enrolled(name, record.serial, earlier)

    def _taken(self, user: User) -> set[str] | None:
        """Return the serials of the account's virtual devices, in one case; None where they may not be listed."""
        try:
            serials = self._aws().virtual_mfa_serials(user.credentials, region=user.region)
        except AccessDeniedError:
            return None
        return {serial.casefold() for serial in serials}

    def _holder(self, profile: Profile, user: User) -> str:
        return f"{profile.name}@{self._store.alias(user.account_id) or user.account_id}"

    def _record(self, name: str) -> _Record | None:
        text = self._vault().get(_item(name))
        if text is None:
            return None
        try:
            return _Record.from_text(text)
        except (ValueError, KeyError, TypeError):
            self._person.warn(f"The vault's item {_item(name)} is damaged, so an earlier enrolment is left as it is")
            return None

    def _save(self, name: str, record: _Record) -> None:
        self._vault().set(_item(name), json.dumps(asdict(record)))

    def _forget(self, name: str) -> None:
        self._vault().delete(_item(name))


def _item(name: str) -> str:
    return f"{name}/enrolment"


def _names(user_name: str) -> list[str]:
    """Return the device names to try: the user's, then with a number."""
    base = re.sub(r"[^\w+=,.@-]", "-", user_name, flags=re.ASCII)
    return [base, *(f"{base}-{number}" for number in range(2, _MOST_NAMES + 1))]


def _explain(name: str, error: BaseException) -> None:
    """Name what helps against two of AWS's refusals."""
    if isinstance(error, LimitExceededError):
        error.hint = f"A user has eight devices at most: 'awsprof mfa list {name}' shows them."
    elif isinstance(error, AccessDeniedError) and error.code == "AccessDenied":
        error.hint = "An administrator must let the user manage its own MFA devices."


def _unproven(serial: str) -> str:
    return f"Whether the enrolment that was cut off made {serial} cannot be told, so it is left alone if it is there"
