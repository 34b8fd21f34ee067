"""
The new user's profile on this machine: written, with an MFA device, proven, and with a browser window of its own.

Knows the order and what each needs of the one before; each is done by the service whose business it is.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Protocol

from awsprof.accounts.steps import Seen, Step, ok, skipped, to_do, unseen
from awsprof.errors import AwsprofError, BrowserError, InvalidKeyError, NotFoundError
from awsprof.profiles.adding import AddRequest
from awsprof.sessions.keys import load_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from awsprof.accounts.entry import Entry
    from awsprof.accounts.first_key import FirstKey
    from awsprof.aws.calls import Aws
    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.model import LongTermCredentials, Profile
    from awsprof.naming import ProfileName
    from awsprof.profiles.adding import Adding
    from awsprof.profiles.enrolling import Enrolling
    from awsprof.vault import Vault


class Mfa(enum.StrEnum):
    """What is to become of the second factor."""

    ASK = "ask"
    STORE_SEED = "store-seed"
    SKIP = "skip"


class BrowserProfiles(Protocol):
    """What this needs of browsers."""

    def has_directory(self, profile: Profile) -> bool: ...

    def directory(self, profile: Profile) -> Path: ...


class DesktopLaunchers(Protocol):
    """What this needs of the desktop."""

    def is_installed(self, profile: Profile) -> bool | None:
        """Whether the profile has a launcher; None where none can be written."""
        ...

    def install(self, profile: Profile) -> str:
        """Write it; returns where."""
        ...


class OwnProfile:
    """The profile *name*, which is or will be of the user in the account behind *entry*."""

    def __init__(
        self,
        name: ProfileName,
        *,
        aws: Callable[[], Aws],
        entry: Entry,
        key: FirstKey,
        files: ProfileFiles,
        vault: Callable[[], Vault],
        adding: Adding,
        enrolling: Callable[[], Enrolling],
        browsers: Callable[[], BrowserProfiles],
        launchers: DesktopLaunchers,
        region: str | None,
        mfa: Mfa,
        warn: Callable[[str], None],
        keep_alias: Callable[[str, str | None], None],
    ) -> None:
        self._parts = name
        self._name = str(name)
        self._aws = aws
        self._entry = entry
        self._key = key
        self._files = files
        self._vault = vault
        self._adding = adding
        self._enrolling = enrolling
        self._browsers = browsers
        self._launchers = launchers
        self._region = region
        self._mfa = mfa
        self._warn = warn
        self._keep_alias = keep_alias

    def steps(self) -> list[Step]:
        return [
            Step("profile", self._look, self._write),
            Step("MFA device", self._look_device, self._enroll),
            Step("proof", self._look_proof, self._prove),
        ]

    def desktop_steps(self) -> list[Step]:
        return [
            Step("browser profile", self._look_browser, self._make_browser),
            Step("launcher", self._look_launcher, self._make_launcher),
        ]

    def without_device(self) -> Seen | None:
        """Tell why MFA must not be demanded yet: who demands it without a device is locked out."""
        profile = self._profile()
        if profile is not None and self._has_device(profile):
            return None
        if profile is not None and self._mfa is Mfa.SKIP:
            return skipped(f"{self._name} has no MFA device; 'awsprof mfa enroll {self._name}', then run this again")
        return unseen("once there is a device, and it is proven")

    # --- the profile

    def _profile(self) -> Profile | None:
        return self._files.profiles().get(self._name)

    def _look(self) -> Seen:
        profile = self._profile()
        if profile is None:
            return to_do(self._name)
        return to_do(f"{self._name} is given its new key") if self._key.made() is not None else ok(self._name)

    def _write(self) -> str:
        keys = self._key.made()
        if keys is None:
            raise AwsprofError(
                f"There is no access key for {self._name}: its user has two whose secrets are not in this vault",
                hint="Delete one of them in IAM, then run this again; or 'awsprof add' the profile with one you have.",
            )
        profile = self._profile()
        stored = load_keys(self._vault(), self._name)
        if profile is None or stored is None or stored.credentials != keys:
            if not self._key.is_proven(keys):
                raise InvalidKeyError(
                    f"AWS does not accept the new access key of {self._name} yet", hint="Run this again in a minute."
                )
            request = AddRequest(
                self._parts,
                account_id=self._entry.id,
                replace=profile is not None,
                ask_in=self._entry.via.first_region,
            )
            region = self._region if profile is None else None  # a profile that is there keeps its own
            for warning in self._adding.add(request, keys, region=region).warnings:
                if "without an MFA device" not in warning:  # the next step's business
                    self._warn(warning)
        self._key.forget()
        return self._name

    # --- its MFA device

    def _look_device(self) -> Seen:
        profile = self._profile()
        serial = profile.mfa_serial if profile is not None else None
        if profile is not None and serial is not None and not self._is_enrolling():
            if not self._entry.is_open:
                return unseen(serial)
            if self._has_device(profile):
                return ok(serial)
        if profile is None and self._mfa is Mfa.SKIP:
            return unseen("the one that the user has already, if any")
        gone = f", in place of {serial}, which is gone at AWS" if serial is not None else ""
        if self._mfa is Mfa.SKIP:
            way = f"'awsprof set {self._name} mfa_serial=', then " if gone else ""
            return skipped(f"as you say; {way}'awsprof mfa enroll {self._name}' makes one{gone}")
        words = "a virtual device, its seed into the vault" if self._stores_seed else "a virtual device, to scan"
        return to_do(f"{words}{gone}")

    def _has_device(self, profile: Profile) -> bool:
        """Whether the user has the profile's device at AWS: it may have been reset, or deleted in the console."""
        if profile.mfa_serial is None or not self._entry.is_open:
            return False
        try:
            there = self._aws().mfa_devices(**self._entry.caller, user_name=self._parts.user)
        except NotFoundError:
            return False  # the user is to be made yet
        return profile.mfa_serial in [device.serial for device in there]

    @property
    def _stores_seed(self) -> bool:
        return self._mfa is Mfa.STORE_SEED

    def _is_enrolling(self) -> bool:
        """Whether an enrolment was cut off that is not at its end."""
        return self._vault().get(f"{self._name}/enrolment") is not None

    def _enroll(self) -> str:
        profile = self._files.get(self._name)
        enrolling = self._enrolling()
        enrolling.check(profile)
        if profile.mfa_serial is not None and not self._is_enrolling():
            # Else a session would be started with it, to be let at the user's devices.
            enrolling.devices.forget_gone(profile)
            profile = self._files.get(self._name)
        # The phone shows the account by it.
        self._keep_alias(self._entry.id, self._aws().account_alias(**self._entry.caller))
        done = enrolling.resume(profile) or enrolling.enroll(profile, device_name=None, store_seed=self._stores_seed)
        return done.serial

    # --- whether it all works

    def _look_proof(self) -> Seen:
        keys = self._stored()
        if self._profile() is None or keys is None:
            return unseen("GetCallerIdentity with the profile's own key")
        try:
            identity = self._aws().caller_identity(keys, region=self._entry.via.first_region)
        except InvalidKeyError:
            if self._entry.is_open and self._key.is_inactive(keys):
                way = "make it active in IAM, or delete it there and run this again"
                return skipped(f"{keys.access_key_id} is inactive at AWS: {way}")
            return unseen(f"AWS does not know the key {keys.access_key_id}")
        if identity.account_id != self._entry.account_id or identity.user_name != self._parts.user:
            raise AwsprofError(
                f"{self._name} is {identity.arn}, and should be {self._parts.user} in account {self._entry.account_id}",
                hint="Give it that user's key with 'awsprof add … --replace'.",
            )
        return ok(identity.arn)

    def _prove(self) -> str:
        raise AwsprofError(f"{self._name} cannot be proven")  # a look is all there is to it

    def _stored(self) -> LongTermCredentials | None:
        stored = load_keys(self._vault(), self._name)
        return stored.credentials if stored else None

    # --- its window

    def _look_browser(self) -> Seen:
        profile = self._profile()
        try:
            if profile is None:
                return unseen("in the account's colour")
            return ok(self._name) if self._browsers().has_directory(profile) else to_do("in the account's colour")
        except BrowserError as error:
            return skipped(error.message)

    def _make_browser(self) -> str:
        self._browsers().directory(self._files.get(self._name))
        return self._name

    def _look_launcher(self) -> Seen:
        profile = self._profile()
        if profile is None:
            return unseen("on the desktop's menu")
        there = self._launchers.is_installed(profile)
        if there is None:
            return skipped(f"'awsprof launcher install {self._name}' prints the line for one")
        return ok(self._name) if there else to_do("on the desktop's menu")

    def _make_launcher(self) -> str:
        return self._launchers.install(self._files.get(self._name))
