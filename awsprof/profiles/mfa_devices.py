"""
The MFA devices that profiles' users have at AWS: listed, looked for, and taken away.

Knows which credentials may do what; not how a device comes about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from awsprof.configfiles.launcher import process_line
from awsprof.errors import (
    AccessDeniedError,
    AwsError,
    AwsprofError,
    NotFoundError,
    ServiceFailureError,
    UnreachableError,
    VaultError,
)
from awsprof.model import Delivery, Kind, MfaDevice
from awsprof.naming import printable
from awsprof.sessions.keys import load_keys
from awsprof.storage.replace import edit_shared_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.journal.journal import Journal
    from awsprof.model import CallerIdentity, Credentials, NewMfaDevice, Profile
    from awsprof.places import Places
    from awsprof.profiles.seeds import Seeds
    from awsprof.sessions.login import Sessions
    from awsprof.sessions.store import SessionStore
    from awsprof.vault import Vault

IN_USE = "DeleteConflict"


class AwsCalls(Protocol):
    """What devices need of AWS."""

    def caller_identity(self, credentials: Credentials, *, region: str) -> CallerIdentity: ...

    def mfa_devices(self, credentials: Credentials, *, region: str) -> list[MfaDevice]: ...

    def virtual_mfa_serials(self, credentials: Credentials, *, region: str) -> list[str]: ...

    def create_virtual_mfa_device(self, credentials: Credentials, *, region: str, name: str) -> NewMfaDevice: ...

    def enable_mfa_device(
        self, credentials: Credentials, *, region: str, user_name: str, serial: str, codes: tuple[str, str]
    ) -> None: ...

    def deactivate_mfa_device(self, credentials: Credentials, *, region: str, user_name: str, serial: str) -> None: ...

    def delete_virtual_mfa_device(self, credentials: Credentials, *, region: str, serial: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose credentials a call is made with, and in which region."""

    credentials: Credentials
    region: str


@dataclass(frozen=True, slots=True)
class User(Caller):
    """An IAM user, as AWS itself names them."""

    name: str
    account_id: str
    partition: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One MFA device of a profile's user."""

    device: MfaDevice
    used: bool
    seed_stored: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """A device that was taken away; *others* are the user's that still give codes."""

    serial: str
    others: tuple[str, ...]
    warning: str | None


class MfaDevices:
    """The MFA devices of the users behind one person's profiles."""

    def __init__(
        self,
        *,
        files: ProfileFiles,
        places: Places,
        environ: Mapping[str, str],
        vault: Callable[[], Vault],
        aws: Callable[[], AwsCalls],
        sessions: Sessions,
        store: SessionStore,
        seeds: Seeds,
        journal: Journal,
        now: Callable[[], datetime],
        can_answer: Callable[[], bool],
    ) -> None:
        self._files = files
        self._places = places
        self._environ = environ
        self._vault = vault
        self._aws = aws
        self._sessions = sessions
        self._store = store
        self._seeds = seeds
        self._journal = journal
        self._now = now
        self._can_answer = can_answer

    def check(self, profile: Profile) -> None:
        """
        Refuse a profile whose device is not awsprof's to change.

        Raises:
            AwsprofError: It has no keys in the vault, or is none of the convention.
        """
        self._check_kind(profile)
        name = printable(profile.name)
        if profile.parts is None:
            raise AwsprofError(
                f"{name} is outside the naming convention, so its settings are left to you",
                hint=f"'awsprof rename {name} PRODUCT ENV USER' brings it in.",
            )
        if self._files.overridden(profile.name, ["mfa_serial"]):
            raise AwsprofError(
                f"mfa_serial of {name} stands in the credentials file, and every tool takes it from there",
                hint="Take it out there, then run the command again.",
            )

    def caller(self, profile: Profile) -> Caller:
        """
        Come by credentials that may change devices: long-term ones without MFA, else those of a live session.

        Raises:
            NoLiveSessionError: A session is needed, and nobody is there to answer.
        """
        if profile.mfa_serial is None or not MfaDevice(profile.mfa_serial).gives_codes:
            return self._long_term(profile)
        if self._can_answer():
            # A live one may end while a person is still typing codes.
            self._sessions.login(profile)
        return Caller(self._sessions.serve(profile).credentials, profile.region_for_calls(self._environ))

    def user(self, profile: Profile, caller: Caller) -> User:
        """
        Ask AWS who the caller is.

        Raises:
            AwsprofError: No IAM user, or one of another account than the profile's.
        """
        identity = self._aws().caller_identity(caller.credentials, region=caller.region)
        if profile.account_id not in (None, identity.account_id):
            raise AwsprofError(
                f"The keys are of account {identity.account_id}, and {profile.name} claims {profile.account_id}; "
                "nothing was changed",
                hint="Give the profile its own account's keys with 'awsprof add … --replace'.",
            )
        if identity.user_name is None:
            raise AwsprofError(f"{profile.name} is {identity.arn}, and only an IAM user can be given an MFA device")
        return User(caller.credentials, caller.region, identity.user_name, identity.account_id, identity.partition)

    def unchanged(self, profile: Profile) -> Profile:
        """
        Read a profile again, under its lock.

        Raises:
            AwsprofError: Another command has given it another device, or taken its device away, since it was read.
        """
        found = self._files.get(profile.name)
        if found.mfa_serial != profile.mfa_serial:
            raise AwsprofError(
                f"Another command has changed the MFA device of {profile.name} meanwhile; nothing was changed",
                hint=f"'awsprof mfa list {profile.name}' shows what there is.",
            )
        return found

    def is_enabled(self, caller: Caller, serial: str) -> bool:
        """Whether the caller has the device *serial*."""
        return serial in (it.serial for it in self._aws().mfa_devices(caller.credentials, region=caller.region))

    def delete(self, caller: Caller, serial: str) -> None:
        """Delete a virtual device that no user has; it may be gone already. A lost answer is asked for once more."""
        for last in (False, True):
            try:
                self._aws().delete_virtual_mfa_device(caller.credentials, region=caller.region, serial=serial)
                return
            except NotFoundError:
                return
            except AwsError as error:
                if last or not may_be_done(error):
                    raise

    def listed(self, profile: Profile) -> list[Listed]:
        """
        List the devices of the user that *profile* lives by, without ever asking for a code.

        Raises:
            AccessDeniedError: The user may not list them.
        """
        holder = self._sessions.identity(profile)
        self._check_kind(holder)
        caller = self._reader(holder)
        stored = self._seeds.stored(holder)
        return [
            Listed(device, device.serial == holder.mfa_serial, stored and device.serial == holder.mfa_serial)
            for device in self._aws().mfa_devices(caller.credentials, region=caller.region)
        ]

    def check_taking(self, profile: Profile, *, force: bool) -> str:
        """
        Refuse, before anybody is asked, to take a device away that is not there or guards a protected env.

        Returns:
            Its serial.

        Raises:
            AwsprofError: The profile has none, or is protected and *force* was not given.
        """
        self.check(profile)
        if profile.mfa_serial is None:
            raise AwsprofError(
                f"{profile.name} has no MFA device to remove",
                hint=f"'awsprof mfa remove {profile.name}' forgets a stored seed.",
            )
        protected = [one.name for one in (profile, *self._sharing(profile)) if one.protected]
        if protected and not force:
            raise AwsprofError(
                f"{', '.join(protected)} is protected, and without an MFA device its key alone opens the account",
                hint="Say --force if it must be so.",
            )
        if profile.delivery is Delivery.FILE:
            process_line(profile.name, self._environ)
        return profile.mfa_serial

    def _sharing(self, profile: Profile) -> list[Profile]:
        """Return the other profiles that use the same device."""
        profiles = self._files.profiles()
        if profile.mfa_serial is None or not profiles.mention(profile.mfa_serial):
            return []
        return [it for it in profiles.values() if it.mfa_serial == profile.mfa_serial and it.name != profile.name]

    def take_away(self, profile: Profile) -> Taken:
        """
        Take the profile's device from its user, delete it if it is a virtual one, and let the profile go on without.

        It may be run again after a kill: what is done already is passed over.

        Raises:
            AwsError: AWS does not let it be taken away; then nothing was changed here.
        """
        serial, name = profile.mfa_serial, profile.name
        assert serial is not None  # check_taking() saw to it
        reader = self._reader(profile)
        found = self._found(reader)
        there = found is None or serial in found
        caller = self.caller(profile) if there else reader
        user = self.user(profile, caller)
        with self._sessions.identity_lock(name):
            self.unchanged(profile)
            if there:
                self._deactivate(user, serial)
            warning = self._delete_taken(user, serial, there=there) if ":mfa/" in serial else None
            self._journal.note("mfa", f"{name}: device {serial} removed")
            self._let_go(profile)
        others = [one for one in found or () if one != serial and MfaDevice(one).gives_codes]
        return Taken(serial, tuple(others), warning)

    def forget_gone(self, profile: Profile) -> None:
        """Let a profile, and those that share its device, go on without one that its user no longer has."""
        with self._sessions.identity_lock(profile.name):
            self.unchanged(profile)
            self._journal.note("mfa", f"{profile.name}: device {profile.mfa_serial} is gone at AWS")
            self._let_go(profile)

    def _let_go(self, profile: Profile) -> None:
        for one in (*(it.name for it in self._sharing(profile) if it.kind is Kind.USER), profile.name):
            self._seeds.forget(one)
            self._sessions.drop(one)
            self._files.set(one, self._without_device(one), through=self)

    def edit(self, path: Path, change: Callable[[bytes], bytes], *, most_mode: int | None) -> None:
        """Change a shared file at once: what is done at AWS no undo takes back, so the journal has no bytes of it."""
        edit_shared_file(path, change, locks=self._places.locks, most_mode=most_mode)

    def use(self, name: str, serial: str) -> None:
        """Let a profile use the device *serial*."""
        self._files.set(name, {"mfa_serial": serial}, through=self)

    def _deactivate(self, user: User, serial: str) -> None:
        try:
            self._aws().deactivate_mfa_device(user.credentials, region=user.region, user_name=user.name, serial=serial)
        except NotFoundError:
            return
        except AwsError as error:
            if not may_be_done(error) or self.is_enabled(user, serial):
                raise

    def _delete_taken(self, caller: Caller, serial: str, *, there: bool) -> str | None:
        """Delete a virtual device that was taken from its user; returns what to warn of where AWS denies that."""
        try:
            self.delete(caller, serial)
        except AccessDeniedError as error:
            return f"The device {serial} is left at AWS without a user ({error.message})" if there else None
        except AwsError as error:
            # Somebody else has it by now.
            if there or error.code != IN_USE:
                raise
        return None

    def _without_device(self, name: str) -> dict[str, str | None]:
        settings: dict[str, str | None] = {"mfa_serial": None}
        if self._files.get(name).delivery is Delivery.FILE:
            # A profile without MFA has no session that could stand in a file.
            settings |= {"credential_process": process_line(name, self._environ), "awsprof_delivery": None}
        return settings

    def _found(self, reader: Caller) -> list[str] | None:
        """Return the serials of the caller's devices; None where they may not be listed."""
        try:
            return [it.serial for it in self._aws().mfa_devices(reader.credentials, region=reader.region)]
        except AccessDeniedError:
            return None

    def _reader(self, profile: Profile) -> Caller:
        """Come by credentials that may look, and need nobody: of the session there is, else the long-term ones."""
        session = self._store.load(profile.name, account_id=profile.account_id) if profile.mfa_serial else None
        if session is None or not session.is_live(self._now()):
            return self._long_term(profile)
        return Caller(session.credentials(), profile.region_for_calls(self._environ))

    def _long_term(self, profile: Profile) -> Caller:
        stored = load_keys(self._vault(), profile.name)
        if stored is None:
            raise VaultError(
                f"The vault holds no access key for {profile.name}",
                hint="Give it one with 'awsprof add PRODUCT ENV USER --replace'.",
            )
        return Caller(stored.credentials, profile.region_for_calls(self._environ))

    @staticmethod
    def _check_kind(profile: Profile) -> None:
        if profile.kind is not Kind.USER:
            raise AwsprofError(
                f"{printable(profile.name)} has no keys in the vault ({profile.kind}), and only a user has MFA devices"
            )


def may_be_done(error: AwsError) -> bool:
    """Whether a call that failed may have been carried out all the same."""
    return isinstance(error, ServiceFailureError) or (isinstance(error, UnreachableError) and error.sent)
