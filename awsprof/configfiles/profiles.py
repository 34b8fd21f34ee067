"""
Profiles as the two shared files describe them together, and the edits that add, change and remove one.

Knows AWS's settings and what they make of a profile; nothing of where secrets rest.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from awsprof.configfiles.document import DEFAULTS, Document
from awsprof.configfiles.editing import with_renamed_section, with_settings, without_lines_of, without_sections
from awsprof.configfiles.merged import (
    LONG_TERM_KEYS,
    MANAGED,
    Profiles,
    header,
    is_managed,
    is_own_process,
    kind_of,
    profile_in_header,
)
from awsprof.configfiles.taking_over import (
    PlainKeys,
    TakeOver,
    TakingOver,
    plain_keys,
    sections_of,
    with_source,
)
from awsprof.errors import AwsprofError, ExistsError, NoSingleProfileError, SharedFileError
from awsprof.model import Delivery, Kind, Profile
from awsprof.naming import ProfileName, is_default, printable
from awsprof.settings import Settings, TeamFile, is_protected
from awsprof.storage.replace import read_shared_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from awsprof.places import Places


SESSION_KEYS = (*LONG_TERM_KEYS, "aws_session_token", "expiration")


class Edits(Protocol):
    """Where changes to a shared file go: to the file, or to a preview of it."""

    def edit(self, path: Path, change: Callable[[bytes], bytes], *, most_mode: int | None) -> None: ...


class ProfileFiles:
    """The shared config and credentials files of one user."""

    def __init__(self, places: Places, settings: Settings, team: TeamFile | None) -> None:
        self._places = places
        self._settings = settings
        self._team = team
        self._known: dict[Path, tuple[bytes, Document]] = {}
        self._profiles: Profiles | None = None
        self._plain_keys: tuple[list[Document], list[PlainKeys]] | None = None

    def check_two_files(self) -> None:
        """Refuse a credentials file that is the config file by another name: each profile would be there twice."""
        one, other = self._places.credentials_file, self._places.config_file
        with contextlib.suppress(OSError):
            if one.samefile(other):
                raise SharedFileError(
                    f"{one} and {other} are one file, and its sections would be read twice",
                    hint="Take the link or the variable away, so that each is a file of its own.",
                )

    def profiles(self) -> Profiles:
        """
        Read both files.

        Raises:
            SharedFileError: A file is unreadable, or botocore would refuse it.
        """
        read = (self._read(self._places.config_file), self._credentials())
        if self._profiles is None or (self._profiles.config, self._profiles.credentials) != read:
            self._profiles = Profiles(*read, self._profile)
        return self._profiles

    def made_of(self, name: str, settings: Mapping[str, str]) -> Profile:
        """Return the profile that *settings* make, without reading a file."""
        return self._profile(name, dict(settings))

    def overridden(self, name: str, keys: Iterable[str]) -> list[str]:
        """Return those of *keys* that the credentials file has for a profile too, and every reader takes from there."""
        section = self._credentials().sections.get(name)
        return [key for key in keys if section is not None and key in section.settings]

    def get(self, name: str) -> Profile:
        """Return one profile; raises NoSingleProfileError when there is none of that name."""
        profile = self.profiles().get(name)
        if profile is None:
            raise unknown(name)
        return profile

    def add(self, name: str, settings: Mapping[str, str], *, through: Edits) -> None:
        """
        Write a new profile into the shared config file.

        Raises:
            ExistsError: It is there, in either file.
            SharedFileError: A file is unreadable, unparsable, locked or unwritable; nothing was written.
        """
        path = self._places.config_file

        def change(data: bytes) -> bytes:
            document = self._document(path, data)
            if sections_of(document, name) or name in self._credentials().sections:
                raise exists(name)
            return with_settings(document, header(name), settings)

        through.edit(path, change, most_mode=None)

    def set(self, name: str, changes: Mapping[str, str | None], *, through: Edits) -> None:
        """
        Change settings of a profile in the shared config file, however its header is spelled; None takes one out.

        Raises:
            NoSingleProfileError: The profile is not there (any more).
            SharedFileError: The file cannot be changed.
        """
        path = self._places.config_file

        def change(data: bytes) -> bytes:
            document = self._document(path, data)
            sections = sections_of(document, name)
            if not sections and name not in self._credentials().sections:
                raise unknown(name)
            if not sections and not any(changes.values()):
                return data
            # Of several spellings botocore uses the last one, whole.
            return with_settings(document, sections[-1] if sections else header(name), changes)

        through.edit(path, change, most_mode=None)

    def remove(self, name: str, *, through: Edits) -> None:
        """
        Take a profile's sections out of both files.

        Raises:
            SharedFileError: A file is unreadable, unparsable, locked or unwritable.
        """
        self._edit_both(
            lambda document, in_config: without_sections(
                document, lambda section: _profile_of(section, in_config) == name
            ),
            through,
        )

    def rename(self, name: str, new: str, *, process: str | None, through: Edits) -> None:
        """
        Change a profile's headers, and the lines of other profiles that name it.

        Args:
            process: Its new credential_process, where the old one is ours.

        Raises:
            SharedFileError: A file cannot be changed.
        """

        def change(document: Document, in_config: bool) -> bytes:
            new_header = header(new) if in_config else new
            data = document.to_bytes()
            for section in sections_of(document, name) if in_config else [name]:
                if section not in document.sections:
                    continue
                data = with_renamed_section(Document(document.path, data), section, new_header)
                if process is not None and "credential_process" in document.sections[section].options:
                    data = with_settings(Document(document.path, data), new_header, {"credential_process": process})
            return with_source(document.path, data, name, new)

        self._edit_both(change, through)

    def managed_sessions(self) -> dict[str, Mapping[str, str]]:
        """Return the sections of the credentials file that hold a session awsprof wrote, by profile."""
        document = self._credentials()
        if MANAGED not in document.text:
            return {}
        sections = [section for section in document.sections.values() if section.name != DEFAULTS]
        return {section.name: section.settings for section in sections if is_managed(section.settings)}

    def set_session(self, name: str, settings: Mapping[str, str | None], *, through: Edits) -> None:
        """
        Write a session into the credentials file.

        Raises:
            AwsprofError: The section has keys that awsprof did not write.
            SharedFileError: The file cannot be changed.
        """
        path = self._places.credentials_file

        def change(data: bytes) -> bytes:
            document = self._document(path, data)
            section = document.sections.get(name)
            there = {} if section is None else section.settings
            if not is_managed(there) and any(key in there for key in SESSION_KEYS):
                raise AwsprofError(
                    f"[{printable(name)}] in {path} has keys that awsprof did not write; nothing was changed",
                    hint="Take them out, then run the command again.",
                )
            # No blank line, which nobody could tell from the user's own when the section goes again.
            return with_settings(document, name, settings, apart=False)

        through.edit(path, change, most_mode=0o600)

    def without_session(self, name: str, is_doomed: Callable[[Mapping[str, str]], bool], *, through: Edits) -> bool:
        """
        Take a session that awsprof wrote out of the credentials file.

        Args:
            is_doomed: Asked of the section as it is when the file is changed, which may be another than it was.

        Returns:
            False when there is none.
        """
        if name not in self.managed_sessions():
            return False
        path = self._places.credentials_file

        def change(data: bytes) -> bytes:
            document = self._document(path, data)
            section = document.sections.get(name)
            if section is None or not is_managed(section.settings) or not is_doomed(section.settings):
                return data
            if set(section.options) <= {*SESSION_KEYS, MANAGED}:
                return without_lines_of(document, name)
            return with_settings(document, name, dict.fromkeys((*SESSION_KEYS, MANAGED)))

        through.edit(path, change, most_mode=0o600)
        return True

    def default_sections(self) -> list[DefaultSection]:
        """Return every section of the two files that is a default, in the order of their lines."""
        return [
            DefaultSection(f"[{section.name}]", document.path, section.line, tuple(section.options), in_config)
            for document, in_config in self._documents()
            for section in document.sections.values()
            if _is_default_section(section.name, in_config)
        ]

    def remove_defaults(self, *, through: Edits) -> None:
        """
        Take every default out of both files; what ``[DEFAULT]`` lends is copied to the profiles it lends to first.

        Raises:
            SharedFileError: A file cannot be changed.
            RefusedNameError: A lent value could not be written to a profile safely.
        """

        def change(document: Document, in_config: bool) -> bytes:
            data = document.to_bytes()
            for section in document.sections.values():
                if _is_default_section(section.name, in_config) or _profile_of(section.name, in_config) is None:
                    continue
                lent = {key: value for key, value in document.defaults.items() if key not in section.options}
                data = with_settings(Document(document.path, data), section.name, lent) if lent else data
            return without_sections(
                Document(document.path, data), lambda section: _is_default_section(section, in_config)
            )

        self._edit_both(change, through)

    def take_over(self, moves: Sequence[TakeOver], *, through: Edits) -> None:
        """
        Give profiles new names and settings, and let plain-text keys leave the files; one edit of each file for all.

        The config file comes first: between the two, a profile has its keys in the vault and in the file.

        Raises:
            SharedFileError: A file cannot be changed, or holds other keys than it should.
            RefusedNameError: A setting could not be written safely.
        """
        credentials = self._credentials()

        def after(document: Document, lending: Document | None) -> bytes:
            taking_over = TakingOver(document, lending)
            for move in moves:
                taking_over.add(move)
            return taking_over.to_bytes()

        # What the second file refuses, it refuses before the first is written.
        after(credentials, None)
        for path, in_config in ((self._places.config_file, True), (self._places.credentials_file, False)):

            def change(data: bytes, path: Path = path, in_config: bool = in_config) -> bytes:
                return after(self._document(path, data), credentials if in_config else None)

            if in_config or credentials.text:
                through.edit(path, change, most_mode=None if in_config else 0o600)

    def refusals(self, moves: Sequence[TakeOver]) -> dict[int, AwsprofError]:
        """Return what would stand in the way of each of several moves, by its place among them."""
        credentials = self._credentials()
        files = (TakingOver(credentials), TakingOver(self._read(self._places.config_file), credentials))
        refused = {}
        for number, move in enumerate(moves):
            try:
                for file in files:
                    file.add(move)
            except AwsprofError as error:
                refused[number] = error
        return refused

    def plain_keys(self) -> list[PlainKeys]:
        """Return every section with keys of its own that awsprof did not write, the config file's first."""
        read = self._documents()
        documents = [document for document, _ in read]
        if self._plain_keys is None or self._plain_keys[0] != documents:
            found = [keys for document, in_config in read for keys in plain_keys(document, in_config=in_config)]
            self._plain_keys = (documents, found)
        return list(self._plain_keys[1])

    def naming_as_source(self, name: str) -> list[str]:
        """Return the other profiles whose source_profile is *name*."""
        profiles = self.profiles()
        if not profiles.mention("source_profile"):
            return []
        return [
            profile.name
            for profile in profiles.values()
            if profile.settings.get("source_profile") == name != profile.name
        ]

    def _documents(self) -> list[tuple[Document, bool]]:
        """Return both files, each with whether it is the config file."""
        return [(self._read(self._places.config_file), True), (self._credentials(), False)]

    def _credentials(self) -> Document:
        return self._read(self._places.credentials_file)

    def _read(self, path: Path) -> Document:
        return self._document(path, read_shared_file(path))

    def _document(self, path: Path, data: bytes) -> Document:
        """Return the document of *data*; one command asks for the same bytes several times."""
        known = self._known.get(path)
        if known is None or known[0] != data:
            known = self._known[path] = (data, Document(path, data))
        return known[1]

    def _edit_both(self, change: Callable[[Document, bool], bytes], through: Edits) -> None:
        """Edit both files; neither is touched when either is refused."""
        for document, in_config in self._documents():
            if not document.text:
                continue
            path = self._places.config_file if in_config else self._places.credentials_file

            def edit(data: bytes, path: Path = path, in_config: bool = in_config) -> bytes:
                return change(self._document(path, data), in_config)

            through.edit(path, edit, most_mode=None if in_config else 0o600)

    def _profile(self, name: str, settings: dict[str, str]) -> Profile:
        parts = ProfileName.parse(name)
        kind = kind_of(name, settings)
        delivery = None
        if settings.get("awsprof_delivery") == "file":
            delivery = Delivery.FILE
        elif kind is not Kind.KEYS and is_own_process(name, settings):
            delivery = Delivery.PROCESS
        protected = parts is not None and is_protected(parts.product, parts.env, self._settings, self._team)
        return Profile(name, parts, kind, delivery, protected, settings)


@dataclass(frozen=True, slots=True)
class DefaultSection:
    """A section that tools use when no profile is named, or that botocore lends to all of them."""

    spelling: str
    path: str
    line: int
    keys: tuple[str, ...]
    in_config: bool


def _profile_of(section: str, in_config: bool) -> str | None:
    return profile_in_header(section) if in_config else section


def _is_default_section(section: str, in_config: bool) -> bool:
    return section == DEFAULTS or _profile_of(section, in_config) == "default"


def exists(name: str, *, hint: str | None = None) -> ExistsError:
    usual = f"Give it new keys with --replace, or 'awsprof remove {name}' first."
    return ExistsError(f"Profile {name} exists already", hint=hint or usual)


def unknown(name: str) -> NoSingleProfileError:
    return NoSingleProfileError(
        f"There is no profile '{printable(name)}'", hint="'awsprof list' shows the profiles there are."
    )


def is_listed(name: str) -> bool:
    """Whether a selector may ever mean *name*: ``default`` is shown, and never used."""
    return not is_default(name)
