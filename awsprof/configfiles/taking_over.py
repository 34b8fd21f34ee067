"""
What becomes of the two shared files when a profile is given a name of the convention, and its keys leave them.

Works on one file's text at a time, the config file first; opens none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from awsprof.configfiles.document import DEFAULTS, Document
from awsprof.configfiles.merged import LONG_TERM_KEYS, header, is_managed, profile_in_header
from awsprof.errors import SharedFileError
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsprof.model import LongTermCredentials

TOKEN_KEYS = ("aws_session_token", "aws_security_token")
# What tells of a session or of the tool that wrote it, and means nothing once the keys are in the vault.
_PASSING = (*LONG_TERM_KEYS, *TOKEN_KEYS, "expiration", "aws_mfa_device", "assumed_role", "assumed_role_arn")


@dataclass(frozen=True, slots=True)
class TakeOver:
    """
    One profile's new name and settings.

    *names* are what it is called today: the two halves of an aws-mfa pair are one profile. *settings* are written into
    the shared config file, and None takes one out. *keys* are the plain-text keys that may leave the files, and none
    but these; with *keys_too* the files keep what keys they have. *finishing* lets the new name be there already, as it
    is when a command was ended between the two files.
    """

    names: tuple[str, ...]
    new: str
    settings: Mapping[str, str | None] = field(default_factory=dict)
    keys: LongTermCredentials | None = None
    keys_too: bool = False
    finishing: bool = False


@dataclass(frozen=True, slots=True)
class PlainKeys:
    """A section of a shared file that has an access key in plain text: long-term, or a session's."""

    name: str
    path: str
    line: int
    in_config: bool
    settings: Mapping[str, str] = field(repr=False)


def plain_keys(document: Document, *, in_config: bool) -> list[PlainKeys]:
    """Return the sections of one file with keys of their own that awsprof did not write."""
    found = []
    for section in document.sections.values():
        name = profile_in_header(section.name) if in_config else section.name
        if name is None or section.name == DEFAULTS or LONG_TERM_KEYS[0] not in section.settings:
            continue
        if not is_managed(section.settings):
            found.append(PlainKeys(name, document.path, section.line, in_config, section.settings))
    return found


def lent_by_credentials(credentials: Document, move: TakeOver) -> dict[str, str]:
    """Return the settings beside the keys in the credentials file, which go into the shared config file."""
    if move.keys_too:
        return {}
    return {
        key: value
        for name in move.names
        if name in credentials.sections
        for key, value in credentials.sections[name].settings.items()
        if key not in _PASSING
    }


def taken_over(document: Document, move: TakeOver, *, in_config: bool, lent: Mapping[str, str]) -> bytes:
    """
    Return the bytes of one shared file after *move*; sections stay where they are.

    Args:
        lent: What the other file's sections bring along.

    Raises:
        SharedFileError: The section has other keys by now, or two sections describe the profile.
        RefusedNameError: A setting that came along could not be written safely.
    """
    data = _in_config(document, move, lent) if in_config else _in_credentials(document, move)
    for name in move.names:
        data = with_source(document.path, data, name, move.new) if name != move.new else data
    return data


def sections_of(document: Document, name: str) -> list[str]:
    """Return the sections of a config file that describe a profile: there may be more than one spelling."""
    return [section for section in document.sections if profile_in_header(section) == name]


def with_source(path: str, data: bytes, name: str, new: str) -> bytes:
    """Let every source_profile that names *name* name *new*."""
    if b"source_profile" not in data.lower():
        return data
    for section in Document(path, data).sections.values():
        if section.settings.get("source_profile") == name:
            data = Document(path, data).with_settings(section.name, {"source_profile": new})
    return data


def _in_config(document: Document, move: TakeOver, lent: Mapping[str, str]) -> bytes:
    target = header(move.new)
    sections = sections_of(document, move.new) if move.new not in move.names else []
    if sections and not move.finishing:
        raise _taken(document, move)
    for name in move.names:
        found = sections_of(document, name)
        if len(found) > 1:
            spellings = " and ".join(f"[{printable(section)}]" for section in found)
            raise SharedFileError(
                f"{document.path} has both {spellings}, and tools disagree which one counts",
                hint="Leave one of them, then run the command again.",
            )
        sections += found
    wanted: dict[str, str | None] = {**lent, **move.settings}
    for section in sections[1:]:
        # The other half of a pair.
        wanted = {**document.sections[section].settings, **wanted}
    if not move.keys_too:
        for section in sections:
            _check_keys(document, section, move)
        wanted = {**wanted, **dict.fromkeys(key for key in _PASSING if key not in move.settings)}
    data = document.to_bytes()
    for section in sections[1:]:
        data = Document(document.path, data).without_section(section)
    if sections and sections[0] != target:
        data = Document(document.path, data).with_renamed_section(sections[0], target)
    if any(value is not None for value in wanted.values()) or (sections and wanted):
        data = Document(document.path, data).with_settings(target, wanted)
    return data


def _in_credentials(document: Document, move: TakeOver) -> bytes:
    data = document.to_bytes()
    if move.new in document.sections and move.new not in move.names:
        raise _taken(document, move)
    for name in move.names:
        if name not in document.sections:
            continue
        if not move.keys_too:
            _check_keys(document, name, move)
            data = Document(document.path, data).without_section(name)
        elif name != move.new:
            data = Document(document.path, data).with_renamed_section(name, move.new)
    return data


def _taken(document: Document, move: TakeOver) -> SharedFileError:
    return SharedFileError(f"{document.path} has a profile {move.new} by now; nothing was written")


def _check_keys(document: Document, section: str, move: TakeOver) -> None:
    """Refuse to take keys out that are not in the vault: another program may have written others since."""
    settings = document.sections[section].settings
    key_id, secret = (settings.get(key) for key in LONG_TERM_KEYS)
    if key_id is None and secret is None:
        return
    passing = any(settings.get(key) for key in TOKEN_KEYS) or (key_id or "").startswith("ASIA")
    ours = move.keys is not None and (key_id, secret) == (move.keys.access_key_id, move.keys.secret_access_key)
    if not (passing or ours):
        raise SharedFileError(
            f"[{printable(section)}] in {document.path} has other keys than those that were verified; they stay",
            hint="Run the command again.",
        )
