"""
Changing one profile's settings, each checked by its own rules before anything is written.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from awsprof.configfiles.launcher import process_line
from awsprof.errors import RefusedNameError, UsageError
from awsprof.model import (
    Delivery,
    Kind,
    check_account_id,
    check_external_id,
    check_mfa_serial,
    check_region,
    check_role_arn,
    check_role_seconds,
    duration_seconds,
)
from awsprof.naming import printable
from awsprof.sessions.delivery import PROCESS, UNTIL, refuse_delivery_by_file
from awsprof.sessions.roles import chain, refuse_long_chain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.model import Profile
    from awsprof.profiles.changing import Change, Changes
    from awsprof.sessions.login import Sessions

COLOURS = ("none", "pink", "purple", "darkBlue", "lightBlue", "teal", "green", "yellow", "orange", "red")
OUTPUTS = ("json", "yaml", "yaml-stream", "text", "table", "off")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_OF_IDENTITY = frozenset({"aws_account_id", "mfa_serial", "role_arn", "source_profile", "external_id"})
# Each of these would make AWS's tools take a profile with keys of its own for something else.
_OTHER_KINDS = ("role_arn", "source_profile", "credential_source", "login_session", "web_identity_token_file")
_SECRETS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token")


class Setting:
    """Changes settings of one user's profiles."""

    def __init__(
        self,
        *,
        files: ProfileFiles,
        changes: Changes,
        sessions: Sessions,
        environ: Mapping[str, str],
        regions: Callable[[], Sequence[str]],
    ) -> None:
        """
        Args:
            regions: Every region that botocore knows.
        """
        self._files = files
        self._changes = changes
        self._sessions = sessions
        self._environ = environ
        self._regions = regions

    def check(self, profile: Profile, assignments: Sequence[str]) -> dict[str, str | None]:
        """
        Read ``KEY=VALUE`` words; ``KEY=`` takes a key out.

        Raises:
            UsageError: Not of that form, or a value that the key cannot have.
        """
        if profile.parts is None:
            raise UsageError(
                f"{printable(profile.name)} is outside the naming convention, so its settings are left to you",
                hint=f"'awsprof rename {printable(profile.name)} PRODUCT ENV USER' brings it in.",
            )
        changes: dict[str, str | None] = {}
        for word in assignments:
            key, equals, value = word.partition("=")
            if not equals:
                raise UsageError(f"'{printable(word)}' is no KEY=VALUE", hint="Take a key out with KEY= and no value.")
            key = key.strip()
            if key in changes:
                raise UsageError(f"{printable(key)} is given twice")
            self._check_key(profile, key)
            if value:
                self._check_value(profile, key, value)
            changes[key] = value or None
        after = {**profile.settings, **changes}
        if after.get("role_arn") and after.get("mfa_serial"):
            raise RefusedNameError(
                "role_arn and mfa_serial in one profile would make SDKs ask for a code themselves",
                hint="MFA comes with the session of the role's source_profile: set mfa_serial there.",
            )
        self._check_chain(profile.name, {key: value for key, value in after.items() if value})
        return {**changes, **self._delivery(profile, changes)}

    def _check_chain(self, name: str, settings: Mapping[str, str]) -> None:
        """Refuse what makes a role that could not be assumed, whichever of its settings it was."""
        made = self._files.made_of(name, settings)
        if made.kind is Kind.ROLE and "source_profile" in settings:
            hops = chain(made, self._files.get)
            asked = settings.get("duration_seconds", "")
            if len(hops) > 1 and asked.isdigit():
                refuse_long_chain(made, hops[1], int(asked))

    def preview(self, profile: Profile, changes: dict[str, str | None], change: Change) -> None:
        self._files.set(profile.name, changes, through=change)

    def set(self, profile: Profile, changes: dict[str, str | None]) -> bool:
        """Write the settings as one change that can be undone; False when all were so already."""
        if "credential_process" in changes:
            # Before the process is there again, or goes for good: keys in a file go before it.
            self._sessions.withdraw(profile.name)
        with self._changes.begin("set", f"{profile.name}: {', '.join(changes)}") as change:
            self._files.set(profile.name, changes, through=change)
            changed = bool(change.done)
        if changed and _OF_IDENTITY.intersection(changes):
            # A session of what the profile was is not one of what it is now.
            self._sessions.drop(profile.name)
        if changed:
            self._sessions.tell(self._files.get(profile.name))
        return changed

    def _delivery(self, profile: Profile, changes: Mapping[str, str | None]) -> dict[str, str | None]:
        """Return what else must change with the delivery: a process line and keys in a file are never there at once."""
        after = self._files.made_of(
            profile.name, {key: value for key, value in {**profile.settings, **changes}.items() if value}
        )
        if after.delivery is Delivery.FILE:
            refuse_delivery_by_file(after)
        if "awsprof_delivery" not in changes:
            return {}
        if profile.kind is not Kind.USER:
            refuse_delivery_by_file(profile)
        by_file = changes["awsprof_delivery"] == Delivery.FILE
        line = None if by_file else process_line(profile.name, self._environ)
        found: dict[str, str | None] = {"credential_process": line}
        return {**found, **{key: None for key in (UNTIL, PROCESS) if key in profile.settings}}

    @staticmethod
    def _check_key(profile: Profile, key: str) -> None:
        if key.lower() in _SECRETS:
            raise RefusedNameError(
                f"{key} is refused: long-term credentials belong in the vault, not in a file",
                hint="'awsprof add … --replace' gives a profile new keys.",
            )
        if key == "credential_process":
            raise RefusedNameError(f"{key} is written by awsprof itself, and is not set by hand")
        if profile.kind is Kind.USER and (key in _OTHER_KINDS or key.startswith("sso_")):
            raise RefusedNameError(f"{key} is refused: {profile.name} has keys of its own")
        if key.startswith("awsprof_") and key not in (
            "awsprof_delivery",
            "awsprof_session_duration",
            "awsprof_color",
        ):
            raise RefusedNameError(f"There is no setting '{printable(key)}'")

    def _check_value(self, profile: Profile, key: str, value: str) -> None:
        if key in _CHECKS:
            _CHECKS[key](value)
        elif key in ("region", "sso_region"):
            self._check_known_region(value)
        elif key == "source_profile":
            if value == profile.name or value not in self._files.profiles():
                raise UsageError(f"source_profile '{printable(value)}' is no other profile")
        elif key in _PATTERNS:
            pattern, form = _PATTERNS[key]
            if not pattern.fullmatch(value):
                raise UsageError(f"'{printable(value)}' is no {key}", hint=f"It looks like {form}.")
        elif key in _CHOICES and value not in _CHOICES[key]:
            raise UsageError(f"{key} is one of {', '.join(_CHOICES[key])}, not '{printable(value)}'")

    def _check_known_region(self, value: str) -> None:
        check_region(value)
        known = self._regions()
        if value not in known:
            close = difflib.get_close_matches(value, known, n=1)
            raise UsageError(f"There is no region '{value}'", hint=f"Did you mean '{close[0]}'?" if close else None)


def _check_duration_seconds(value: str) -> None:
    if not re.fullmatch("[0-9]{3,5}", value):
        raise UsageError("duration_seconds is a number from 900 to 43200")
    check_role_seconds(int(value))


_CHECKS: dict[str, Callable[[str], object]] = {
    "aws_account_id": check_account_id,
    "mfa_serial": check_mfa_serial,
    "awsprof_session_duration": duration_seconds,
    "role_arn": check_role_arn,
    "external_id": check_external_id,
    "duration_seconds": _check_duration_seconds,
}
_PATTERNS = {
    "role_session_name": (_SESSION_NAME, "2 to 64 letters, digits and +=,.@-"),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "output": OUTPUTS,
    "awsprof_color": COLOURS,
    "awsprof_delivery": tuple(map(str, Delivery)),
}
