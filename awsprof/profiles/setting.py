"""
Changing one profile's settings, each checked by its own rules before anything is written.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from awsprof.errors import RefusedNameError, UsageError
from awsprof.model import Delivery, Kind, check_account_id, check_mfa_serial, check_region, duration_seconds
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.model import Profile
    from awsprof.profiles.changing import Change, Changes
    from awsprof.sessions.store import SessionStore

COLOURS = ("none", "pink", "purple", "darkBlue", "lightBlue", "teal", "green", "yellow", "orange", "red")
OUTPUTS = ("json", "yaml", "yaml-stream", "text", "table", "off")
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_OF_IDENTITY = frozenset({"aws_account_id", "mfa_serial", "role_arn", "source_profile", "external_id"})
# Each of these would make AWS's tools take a profile with keys of its own for something else.
_OTHER_KINDS = ("role_arn", "source_profile", "credential_source", "login_session", "web_identity_token_file")
_SECRETS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token")


class Setting:
    """Changes settings of one user's profiles."""

    def __init__(
        self, *, files: ProfileFiles, changes: Changes, store: SessionStore, regions: Callable[[], Sequence[str]]
    ) -> None:
        """
        Args:
            regions: Every region that botocore knows.
        """
        self._files = files
        self._changes = changes
        self._store = store
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
        return changes

    def preview(self, profile: Profile, changes: dict[str, str | None], change: Change) -> None:
        self._files.set(profile.name, changes, through=change)

    def set(self, profile: Profile, changes: dict[str, str | None]) -> bool:
        """Write the settings as one change that can be undone; False when all were so already."""
        with self._changes.begin("set", f"{profile.name}: {', '.join(changes)}") as change:
            self._files.set(profile.name, changes, through=change)
            changed = bool(change.done)
        if changed and _OF_IDENTITY.intersection(changes):
            # A session of what the profile was is not one of what it is now.
            self._store.delete(profile.name)
        return changed

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
        if key in ("region", "sso_region"):
            self._check_known_region(value)
        elif key == "aws_account_id":
            check_account_id(value)
        elif key == "mfa_serial":
            check_mfa_serial(value)
        elif key == "awsprof_session_duration":
            duration_seconds(value)
        elif key == "duration_seconds":
            if not re.fullmatch("[0-9]{3,5}", value) or not 900 <= int(value) <= 43_200:
                raise UsageError("duration_seconds is 900 to 43200: a role's session lasts 15 minutes to 12 hours")
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


_PATTERNS = {
    "role_arn": (_ROLE_ARN, "arn:aws:iam::111111111111:role/deploy"),
    "external_id": (_EXTERNAL_ID, "2 to 1224 letters, digits and +=,.@:/-"),
    "role_session_name": (_SESSION_NAME, "2 to 64 letters, digits and +=,.@-"),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "output": OUTPUTS,
    "awsprof_color": COLOURS,
    # The other one, 'file', needs a login that writes to the credentials file.
    "awsprof_delivery": (str(Delivery.PROCESS),),
}
