"""
Taking a user's ways into an account away: keys, console password, other credentials, MFA devices, and all rights.

Knows how a device that was taken from its user, and not deleted yet, is found again: the vault's item
``NAME/mfa-reset`` holds the serials of those that are to go.
"""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING

from awsprof.accounts.member import console_item
from awsprof.accounts.steps import Seen, Step, ok, to_do
from awsprof.errors import AwsError, AwsprofError, NotFoundError, UsageError
from awsprof.naming import ProfileName, check_part, printable
from awsprof.profiles.mfa_devices import IN_USE

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.accounts.entry import Entry
    from awsprof.aws.answers import AttachedPolicy
    from awsprof.aws.calls import Aws
    from awsprof.aws.iam_leaving import OtherCredential
    from awsprof.vault import Vault


_USER = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


def anybody(product: str, env: str, user: str) -> ProfileName:
    """
    Make the name of a user that is there already, and need not follow the convention: others make users too.

    Raises:
        UsageError: A part that cannot be.
    """
    check_part("product", product)
    check_part("env", env)
    if not _USER.fullmatch(user):
        raise UsageError(
            f"'{printable(user)}' cannot be an IAM user", hint="It has 1 to 64 letters, digits and +=,.@_- only."
        )
    return ProfileName(product, env, user)


class Access:
    """What the user that *name* is named after has in the account behind *entry*."""

    def __init__(self, name: ProfileName, *, aws: Callable[[], Aws], entry: Entry, vault: Callable[[], Vault]) -> None:
        self._name = str(name)
        self._user = name.user
        self._aws = aws
        self._entry = entry
        self._vault = vault

    def check(self) -> None:
        """
        Refuse what would lock out whoever acts, or would be of nobody.

        Raises:
            NotFoundError: There is no such user.
            AwsprofError: It is the very user that acts.
        """
        acting = self._entry.via
        # IAM takes a name in whatever case for the same user's.
        if acting.account_id == self._entry.id and (acting.user_name or "").lower() == self._user.lower():
            raise AwsprofError(
                f"{acting.name} acts as {self._user} itself, who would be locked out",
                hint=f"'awsprof mfa remove {acting.name} --device' takes one's own device away; or name another "
                "profile with --via.",
            )
        if self._aws().user(**self._entry.caller, user_name=self._user) is None:
            raise NotFoundError(
                f"Account {self._entry.id} has no user {self._user}",
                hint=f"'aws iam list-users --profile {acting.name}' shows them.",
            )

    def reset_steps(self) -> list[Step]:
        """Return the steps that let a user who lost a phone enrol another."""
        return [self._devices_step()]

    def disable_steps(self) -> list[Step]:
        """
        Return the steps that leave a user there, with no way in and no rights.

        The rights go first: whatever way in a later step fails to close leads to nothing then.
        """
        return [
            # Before the groups, one of which may carry the demand for MFA.
            Step("own policies", self._look_policies, self._drop_policies),
            Step("groups", self._look_groups, self._leave_groups),
            Step("access keys", self._look_keys, self._stop_keys),
            Step("console password", self._look_password, self._take_password),
            self._devices_step(),
            Step("other credentials", self._look_others, self._stop_others),
        ]

    def _devices_step(self) -> Step:
        return Step("MFA devices", self._look_devices, self._take_devices)

    # --- keys

    def _active_keys(self) -> list[str]:
        keys = self._aws().access_keys(**self._entry.caller, user_name=self._user)
        return [key.id for key in keys if key.active]

    def _look_keys(self) -> Seen:
        active = self._active_keys()
        return to_do(f"{', '.join(active)} set inactive") if active else ok("none is active")

    def _stop_keys(self) -> str:
        active = self._active_keys()
        for key_id in active:
            self._aws().set_access_key_active(
                **self._entry.caller, access_key_id=key_id, active=False, user_name=self._user
            )
        return f"{', '.join(active)} set inactive"

    # --- password

    def _look_password(self) -> Seen:
        there = self._aws().login_profile(**self._entry.caller, user_name=self._user) is not None
        # One that was taken away by hand is of no use in the vault either.
        kept = self._vault().get(console_item(self._name)) is not None
        return to_do("taken away") if there or kept else ok("there is none")

    def _take_password(self) -> str:
        with contextlib.suppress(NotFoundError):
            self._aws().delete_login_profile(**self._entry.caller, user_name=self._user)
        self._vault().delete(console_item(self._name))
        return "taken away"

    # --- devices

    @property
    def _item(self) -> str:
        return f"{self._name}/mfa-reset"

    def _begun(self) -> list[str]:
        """Return the serials of devices that an earlier run was to take away."""
        with contextlib.suppress(ValueError, TypeError):
            return [str(serial) for serial in json.loads(self._vault().get(self._item) or "[]")]
        return []

    def _serials(self) -> list[str]:
        return [it.serial for it in self._aws().mfa_devices(**self._entry.caller, user_name=self._user)]

    def _look_devices(self) -> Seen:
        serials = list(dict.fromkeys([*self._serials(), *self._begun()]))
        return to_do(f"{', '.join(serials)} taken away") if serials else ok("there is none")

    def _take_devices(self) -> str:
        of_user = self._serials()
        serials = list(dict.fromkeys([*of_user, *self._begun()]))
        self._vault().set(self._item, json.dumps(serials))
        for serial in of_user:
            with contextlib.suppress(NotFoundError):
                self._aws().deactivate_mfa_device(**self._entry.caller, user_name=self._user, serial=serial)
        for serial in serials:
            self._delete(serial)
        self._vault().delete(self._item)
        return f"{', '.join(serials)} taken away"

    def _delete(self, serial: str) -> None:
        """Delete a virtual device that nobody has; the others are gone with their user."""
        if ":mfa/" not in serial:
            return
        try:
            self._aws().delete_virtual_mfa_device(**self._entry.caller, serial=serial)
        except NotFoundError:
            return
        except AwsError as error:
            # Somebody has enrolled one of that name since.
            if error.code != IN_USE or serial in self._serials():
                raise

    # --- SSH keys, signing certificates, service-specific credentials

    def _look_others(self) -> Seen:
        active = self._others()
        return to_do(f"{_listed(active)} set inactive") if active else ok("none is active")

    def _stop_others(self) -> str:
        active = self._others()
        for credential in active:
            self._aws().stop_credential(**self._entry.caller, user_name=self._user, credential=credential)
        return f"{_listed(active)} set inactive"

    def _others(self) -> list[OtherCredential]:
        return self._aws().other_credentials(**self._entry.caller, user_name=self._user)

    # --- policies of the user's own: with them a session that had begun would keep its rights

    def _look_policies(self) -> Seen:
        attached, inline = self._attached(), self._inline()
        return to_do(_gone(attached, inline)) if attached or inline else ok("there is none")

    def _drop_policies(self) -> str:
        attached, inline = self._attached(), self._inline()
        for policy in attached:
            self._aws().detach_user_policy(**self._entry.caller, user_name=self._user, policy_arn=policy.arn)
        for name in inline:
            self._aws().delete_inline_user_policy(**self._entry.caller, user_name=self._user, policy=name)
        return _gone(attached, inline)

    def _attached(self) -> list[AttachedPolicy]:
        return self._aws().attached_user_policies(**self._entry.caller, user_name=self._user)

    def _inline(self) -> list[str]:
        return self._aws().inline_user_policies(**self._entry.caller, user_name=self._user)

    # --- groups

    def _groups(self) -> list[str]:
        return self._aws().groups_of_user(**self._entry.caller, user_name=self._user)

    def _look_groups(self) -> Seen:
        groups = self._groups()
        return to_do(f"{', '.join(groups)} left") if groups else ok("in none")

    def _leave_groups(self) -> str:
        groups = self._groups()
        for group in groups:
            with contextlib.suppress(NotFoundError):
                self._aws().remove_user_from_group(**self._entry.caller, user_name=self._user, group=group)
        return f"{', '.join(groups)} left"


def _listed(credentials: list[OtherCredential]) -> str:
    return ", ".join(f"{it.words} {it.id}" for it in credentials)


def _gone(attached: list[AttachedPolicy], inline: list[str]) -> str:
    return ", ".join(
        [*(f"{it.name} detached" for it in attached), *(f"{name}, an inline one, deleted" for name in inline)]
    )
