"""
Long-term keys that stand in the shared files in plain text, by themselves or as aws-mfa's pairs of profiles.

Knows sections and what tools make of their keys; not what a profile is to be called.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from awsprof.configfiles.merged import LONG_TERM_KEYS, is_own_process
from awsprof.configfiles.taking_over import TOKEN_KEYS
from awsprof.errors import UsageError
from awsprof.naming import is_default, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awsprof.configfiles.merged import Profiles
    from awsprof.configfiles.taking_over import PlainKeys

_LONG_TERM = "-long-term"
# Beside keys, these make a profile another one in some tools than in others.
_SOURCES = ("role_arn", "sso_session", "sso_start_url", "login_session", "web_identity_token_file")


def base_of(name: str) -> str:
    return name.removesuffix(_LONG_TERM)


def is_long_term(settings: Mapping[str, str]) -> bool:
    temporary = settings.get(LONG_TERM_KEYS[0], "").startswith("ASIA")
    return LONG_TERM_KEYS[0] in settings and not temporary and not any(settings.get(key) for key in TOKEN_KEYS)


def is_pair(name: str, plain: Mapping[str, list[PlainKeys]], profiles: Profiles) -> bool:
    """
    Whether *name* is the lasting half of what aws-mfa keeps.

    The other half is a profile of its own, whatever its name, unless it has a session's keys or settings alone.
    """
    if not name.endswith(_LONG_TERM) or name == _LONG_TERM:
        return False
    base = base_of(name)
    if not any(is_long_term(keys.settings) for keys in plain[name]):
        return False
    if base not in profiles:
        return True
    settings = profiles[base].settings
    if any(is_long_term(keys.settings) for keys in plain.get(base, [])) or any(key in settings for key in _SOURCES):
        return False
    # One of ours is there after an import that was ended between the two files.
    return "credential_process" not in settings or is_own_process(base, settings)


def why_role(name: str, profiles: Profiles) -> str | None:
    """Say what to do by hand where the pair's session is not the key's user but a role that it assumes."""
    base = base_of(name)
    session = profiles[base].settings if base in profiles else {}
    role = profiles[name].settings.get("assume_role")
    if not role and session.get("assumed_role", "").lower() != "true":
        return None
    role = role or session.get("assumed_role_arn")
    return (
        f"its sessions are those of {role or 'a role'}, assumed with the key: take out the line assume_role, and "
        f"[{base}] in the credentials file, and import the key for its user; then the role is added with "
        f"'awsprof add PRODUCT ENV USER --role-arn {role or 'ARN'} --source NAME'"
    )


def check_readable(keys: PlainKeys) -> None:
    """Refuse what no tool takes for a key either, with a word of what is wrong with it."""
    if LONG_TERM_KEYS[1] not in keys.settings:
        raise UsageError(
            f"{place_of(keys)} has an access key id and no {LONG_TERM_KEYS[1]} beside it",
            hint="Write both into that section; AWS's tools take no key of two files.",
        )
    for key in LONG_TERM_KEYS:
        if re.search(r"\s[#;]", keys.settings[key]):
            raise UsageError(
                f"{place_of(keys)} has a comment behind {key}, which AWS's tools read as part of it",
                hint="Give the comment a line of its own, then run the command again.",
            )


def place_of(keys: PlainKeys) -> str:
    header = f"profile {keys.name}" if keys.in_config and not is_default(keys.name) else keys.name
    return f"[{printable(header)}] in {keys.path}, line {keys.line},"


def why_unsafe(own: Sequence[PlainKeys], settings: Mapping[str, str]) -> str | None:
    if len({tuple(keys.settings.get(key) for key in LONG_TERM_KEYS) for keys in own}) > 1:
        return "it has two different access keys, one in each file; take out the one that is not used"
    other = next((key for key in _SOURCES if key in settings), None)
    if other is not None:
        return f"it has keys and {other}, and tools disagree which counts; take one of them out"
    return None
