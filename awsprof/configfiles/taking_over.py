"""
What becomes of the two shared files when a profile is given a name of the convention, and its keys leave them.

Works on one file's text at a time, the config file first; opens none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from awsprof.configfiles.document import DEFAULTS, Document
from awsprof.configfiles.editing import check_setting, edited, with_edits, with_settings
from awsprof.configfiles.masking import is_secret
from awsprof.configfiles.merged import LONG_TERM_KEYS, header, is_managed, profile_in_header
from awsprof.configfiles.splicing import Carried, SectionEdit, carried, value_of
from awsprof.errors import RefusedNameError, SharedFileError
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsprof.configfiles.document import Section
    from awsprof.model import LongTermCredentials

TOKEN_KEYS = ("aws_session_token", "aws_security_token")
# What tells of a session or of the tool that wrote it, and means nothing once the keys are in the vault.
_PASSING = (*LONG_TERM_KEYS, *TOKEN_KEYS, "expiration", "aws_mfa_device", "assumed_role", "assumed_role_arn")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


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


class TakingOver:
    """The edits of one shared file that several moves come to, made in one go; sections stay where they are."""

    def __init__(self, document: Document, credentials: Document | None = None) -> None:
        """
        Args:
            credentials: The other file, where *document* is the config file: its settings move along.
        """
        self._document = document
        self._credentials = credentials
        self._edits: dict[str, SectionEdit | None] = {}
        self._new_names: dict[str, str] = {}
        self._targets: set[str] = set()
        self._sections: dict[str, list[str]] = {}
        for section in document.sections if credentials is not None else ():
            name = profile_in_header(section)
            if name is not None:
                self._sections.setdefault(name, []).append(section)

    def add(self, move: TakeOver) -> None:
        """
        Add one move, or nothing of it.

        Raises:
            SharedFileError: The section has other keys by now, or two sections describe the profile.
            RefusedNameError: A setting that came along could not be written safely.
        """
        edits = self._in_config(move, self._credentials) if self._credentials is not None else self._in_file(move)
        if move.new in self._targets or not self._edits.keys().isdisjoint(edits):
            raise self._taken(move)
        for name, edit in edits.items():
            if edit is not None and name in self._document.sections:
                edited(self._document, self._document.sections[name], edit)
        self._targets.add(move.new)
        self._edits.update(edits)
        self._new_names.update({name: move.new for name in move.names if name != move.new})

    def to_bytes(self) -> bytes:
        """
        Return the bytes of the file after all moves; every source_profile follows them.

        Raises:
            SharedFileError: The edits could not be proven.
        """
        edits = dict(self._edits)
        if "source_profile" in self._document.text.lower():
            for name, section in self._document.sections.items():
                new = self._new_names.get(section.settings.get("source_profile", ""))
                edit = edits.get(name, SectionEdit(name))
                if new is not None and edit is not None:
                    edits[name] = SectionEdit(edit.name, {"source_profile": new, **edit.changes})
        for name, edit in edits.items():
            source = value_of(edit.changes.get("source_profile")) if edit is not None else None
            if edit is not None and source in self._new_names:
                changes = {**edit.changes, "source_profile": self._new_names[source]}
                edits[name] = SectionEdit(edit.name, changes)
        return with_edits(self._document, edits)

    def _in_config(self, move: TakeOver, credentials: Document) -> dict[str, SectionEdit | None]:
        ahead = self._sections.get(move.new, []) if move.new not in move.names else []
        if ahead and not move.finishing:
            raise self._taken(move)
        by_name = {name: self._sections.get(name, []) for name in move.names}
        for found in by_name.values():
            if len(found) > 1:
                spellings = " and ".join(f"[{printable(section)}]" for section in found)
                raise SharedFileError(
                    f"{self._document.path} has both {spellings}, and tools disagree which one counts",
                    hint="Leave one of them, then run the command again.",
                )
        sections = [*ahead, *(section for found in by_name.values() for section in found)]
        changes: dict[str, str | Carried | None] = {}
        first = self._document.sections[sections[0]] if sections else None
        for key, section in self._origins(move, credentials, ahead, by_name).items():
            # What the config file lends by its [DEFAULT] it will lend to the new section as well.
            if section is first or section in self._document.default_sections:
                continue
            if section not in credentials.sections.values() or not _stays(section, key, move):
                changes[key] = _as_written(section, key)
        changes.update(move.settings)
        if not move.keys_too:
            for name in sections:
                _check_keys(self._document, name, move)
            changes.update(dict.fromkeys(key for key in _PASSING if key not in move.settings))
        edits: dict[str, SectionEdit | None] = dict.fromkeys(sections[1:])
        if sections:
            edits[sections[0]] = SectionEdit(header(move.new), changes)
        elif any(value is not None for value in changes.values()):
            edits[header(move.new)] = SectionEdit(header(move.new), changes)
        return edits

    def _origins(
        self, move: TakeOver, credentials: Document, ahead: list[str], by_name: Mapping[str, list[str]]
    ) -> dict[str, Section]:
        """
        Return where each setting of the profile counts from, as every reader has it.

        The credentials file wins, ``[DEFAULT]`` lends to each section of its file, and of an aws-mfa pair the half that
        tools use comes before the one with the lasting keys.
        """
        origins: dict[str, Section] = {}
        for name in move.names:
            lending = [credentials.sections[name]] if name in credentials.sections and not move.keys_too else []
            # A section that was moved before stands for the first name's.
            own = [self._document.sections[section] for section in [*ahead, *by_name[name]]]
            ahead = []
            for document, sections in ((credentials, lending), (self._document, own)):
                for section in [*sections, *(document.default_sections if sections else ())]:
                    for key in section.settings:
                        if key not in _PASSING:
                            origins.setdefault(key, section)
        return origins

    def _in_file(self, move: TakeOver) -> dict[str, SectionEdit | None]:
        document = self._document
        if move.new in document.sections and move.new not in move.names:
            raise self._taken(move)
        edits: dict[str, SectionEdit | None] = {}
        staying: dict[str, Section] = {}
        for section in [document.sections[name] for name in move.names if name in document.sections]:
            edits[section.name] = None
            if not move.keys_too:
                _check_keys(document, section.name, move)
                staying.update(self._staying(section, move, staying))
            elif section.name != move.new:
                edits[section.name] = SectionEdit(move.new)
            else:
                edits.pop(section.name)
        if staying:
            first = next(iter(staying.values()))
            changes: dict[str, str | Carried | None] = {key: None for key in first.settings if key not in staying}
            changes |= {key: carried(section, key) for key, section in staying.items() if section is not first}
            edits[first.name] = SectionEdit(move.new, changes)
        return edits

    def _staying(self, section: Section, move: TakeOver, staying: Mapping[str, Section]) -> dict[str, Section]:
        """Return which secrets of other kinds stay in the file, in which only its owner can read them."""
        found = {key: section for key in section.settings if key not in _PASSING and _stays(section, key, move)}
        for key in found.keys() & staying.keys():
            if section.settings[key] != staying[key].settings[key]:
                both = f"[{printable(staying[key].name)}] and [{printable(section.name)}]"
                raise SharedFileError(
                    f"{both} in {self._document.path} have different values of {key}",
                    hint="Leave one of them, then run the command again.",
                )
        return {key: section for key in found if key not in staying}

    def _taken(self, move: TakeOver) -> SharedFileError:
        return SharedFileError(f"{self._document.path} has a profile {move.new} by now; nothing was written")


def _stays(section: Section, key: str, move: TakeOver) -> bool:
    """Whether a setting of the credentials file looks like a secret, which others could read in the config file."""
    return key not in move.settings and any(is_secret(line) for line in section.lines(key))


def _as_written(section: Section, key: str) -> str | Carried:
    """Return a setting for another section: as a plain line, or with the very lines it has where that cannot be."""
    value = section.settings[key]
    try:
        check_setting(key, value)
    except RefusedNameError:
        if any(_CONTROL.search(line.rstrip("\r\n")) for line in section.lines(key)):
            line_number = section.line + section.options[key].first
            raise RefusedNameError(
                f"The value of {printable(key)} in line {line_number} of {section.path} holds a control character, and "
                "cannot be moved",
                hint="Take that line out, or change it, then run the command again.",
            ) from None
        return carried(section, key)
    return value


def sections_of(document: Document, name: str) -> list[str]:
    """Return the sections of a config file that describe a profile: there may be more than one spelling."""
    return [section for section in document.sections if profile_in_header(section) == name]


def with_source(path: str, data: bytes, name: str, new: str) -> bytes:
    """Let every source_profile that names *name* name *new*."""
    if b"source_profile" not in data.lower():
        return data
    for section in Document(path, data).sections.values():
        if section.settings.get("source_profile") == name:
            data = with_settings(Document(path, data), section.name, {"source_profile": new})
    return data


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
