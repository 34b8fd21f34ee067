"""
One profile's way under the convention: what is proven of it before anything is changed.

Knows what stands in a profile's way and whose its keys are; not how profiles are moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.configfiles.profiles import exists
from awsprof.configfiles.taking_over import TakeOver
from awsprof.errors import AwsprofError
from awsprof.model import Delivery
from awsprof.naming import printable
from awsprof.profiles.adding import AddRequest, Verified

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.importing.found import Found
    from awsprof.importing.searching import Searching
    from awsprof.model import LongTermCredentials, Profile
    from awsprof.naming import ProfileName
    from awsprof.profiles.adding import Adding


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be imported, the name it gets, and its keys where a person hands them over."""

    found: Found
    name: ProfileName
    keys: LongTermCredentials | None = None

    @property
    def has_keys(self) -> bool:
        return self.keys is not None or self.found.has_keys

    @property
    def is_new_name(self) -> bool:
        return str(self.name) not in self.found.names and bool(self.found.names)


@dataclass(frozen=True, slots=True)
class Move:
    """
    A choice, and what becomes of its profile.

    *verified* is None without keys, and before they are proven; *device_before* is the MFA device that it had.
    """

    choice: Choice
    take_over: TakeOver
    verified: Verified | None
    region: str
    device_before: str | None = None

    @property
    def name(self) -> str:
        return self.choice.found.name

    @property
    def account_id(self) -> str | None:
        return self.verified.account_id if self.verified else self.choice.found.account_id

    @property
    def keys(self) -> LongTermCredentials | None:
        return self.take_over.keys


class Proving:
    """Finds out of each profile to be imported whether it can be, and what becomes of it."""

    def __init__(
        self, *, files: ProfileFiles, searching: Searching, adding: Adding, environ: Mapping[str, str]
    ) -> None:
        self._files = files
        self._searching = searching
        self._adding = adding
        self._environ = environ

    def check_free(self, choice: Choice) -> bool:
        """Refuse a name that is taken; True when it is by this very profile, half of which was moved before."""
        name = str(choice.name)
        if name in choice.found.names or name not in self._files.profiles():
            return False
        if choice.found.has_keys and self._searching.holds_already(name, choice.found):
            return True
        raise exists(name, hint=f"Choose another with --as; 'awsprof add --replace' gives {name} new keys.")

    def unasked(self, choice: Choice, *, verify: bool) -> Move:
        """
        Return what becomes of a profile as far as it is known without AWS.

        Args:
            verify: Whether AWS is asked later; else the files must say the account.

        Raises:
            AwsprofError: Its name is taken, or its keys cannot be had.
        """
        finishing = self.check_free(choice)
        profile, keys = self._profile(choice), self._keys(choice)
        if keys is None:
            return Move(choice, _renamed(choice), None, "")
        if not verify:
            _check_account_said(choice, profile)
        known = Verified(profile.account_id or "", None, profile.mfa_serial, ())
        return Move(choice, self._take_over(choice, profile, keys, known, finishing=finishing), None, "")

    def verified(self, choice: Choice, beside: Mapping[ProfileName, str | None], *, verify: bool, force: bool) -> Move:
        """
        Prove of a profile all that can be proven before anything is changed.

        Args:
            beside: The accounts of those that are moved with it.
            verify: Ask AWS whose the keys are; else the files must say the account.
            force: Allow a protected env to share its account.

        Raises:
            AwsprofError: It cannot be imported; says why.
        """
        found, name = choice.found, choice.name
        finishing = self.check_free(choice)
        profile = self._profile(choice)
        region = profile.region_for_calls(self._environ)
        keys = self._keys(choice)
        if keys is None:
            self._adding.check_place(name, profile.account_id, force=force, instead_of=found.name, beside=beside)
            return Move(choice, _renamed(choice), None, region)
        if not verify:
            _check_account_said(choice, profile)
        request = AddRequest(name, account_id=None if verify else profile.account_id, verify=verify, force=True)
        verified = self._adding.verify(request, keys, region=profile.region, there=profile)
        if profile.account_id not in (None, verified.account_id):
            raise AwsprofError(
                f"The key of {printable(found.name)} is of account {verified.account_id}, and its settings say "
                f"{profile.account_id}; it stays as it is",
                hint="Mend whichever is wrong, then run the command again.",
            )
        self._adding.check_place(name, verified.account_id, force=force, instead_of=found.name, beside=beside)
        take_over = self._take_over(choice, profile, keys, verified, finishing=finishing)
        return Move(choice, take_over, verified, region, profile.mfa_serial)

    def _take_over(
        self, choice: Choice, profile: Profile, keys: LongTermCredentials, verified: Verified, *, finishing: bool
    ) -> TakeOver:
        region = None if profile.region else self._adding.region(choice.name, None)
        there = _by_file(profile)
        settings = self._adding.settings(AddRequest(choice.name), verified, region=region, there=there)
        # What is not known yet stays out.
        known = {key: value or None for key, value in settings.items()}
        return TakeOver(choice.found.names, str(choice.name), known, keys, finishing=finishing)

    def _profile(self, choice: Choice) -> Profile:
        """Return the profile as it is; where half of it was moved before, with the settings that went ahead."""
        profile = self._searching.profile(choice.found)
        ahead = self._files.profiles().get(str(choice.name))
        if ahead is None or ahead.name in choice.found.names:
            return profile
        return self._files.made_of(profile.name, {**ahead.settings, **profile.settings})

    def _keys(self, choice: Choice) -> LongTermCredentials | None:
        return choice.keys or (self._searching.keys(choice.found) if choice.found.has_keys else None)


def _renamed(choice: Choice) -> TakeOver:
    return TakeOver(choice.found.names, str(choice.name), keys_too=True)


def _check_account_said(choice: Choice, profile: Profile) -> None:
    """Refuse keys whose account nobody says, where AWS is not asked for it."""
    if profile.account_id is None:
        raise AwsprofError(
            f"--no-verify asks AWS nothing, and {printable(choice.found.name)} does not say its account",
            hint=f"Leave it out, or say the account: {_to_say_account(choice)}.",
        )


def _by_file(profile: Profile) -> Profile | None:
    """Return the profile where its delivery is by file, and a process line must not be written."""
    return profile if profile.delivery is Delivery.FILE else None


def _to_say_account(choice: Choice) -> str:
    if choice.found.names:
        return "write aws_account_id into the profile"
    return f"'awsprof add {' '.join(str(choice.name).split('_'))} --from FILE --no-verify --account-id ID'"
