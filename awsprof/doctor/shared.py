"""
Both shared files as doctor sees them: each read as far as it can be, and the profiles that they make together.

Knows which section is whose; judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.configfiles.document import DEFAULTS, Document
from awsprof.configfiles.merged import profile_in_header
from awsprof.doctor.lenient import Reading
from awsprof.errors import SharedFileError, UnparsableFileError
from awsprof.findings import Finding
from awsprof.storage.replace import read_shared_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from awsprof.doctor.lenient import Block, Setting
    from awsprof.findings import Severity
    from awsprof.model import Profile
    from awsprof.places import Places


@dataclass(frozen=True, slots=True)
class SeenFile:
    """
    One of the two files.

    *unreadable* says why there is nothing to read although there is a file; *refused* is the strict reader's verdict.
    """

    path: Path
    reading: Reading
    sections: Mapping[str, Block]
    in_config: bool
    unreadable: SharedFileError | None
    refused: UnparsableFileError | None

    @classmethod
    def look(cls, path: Path, *, in_config: bool) -> SeenFile:
        try:
            return cls.of(path, read_shared_file(path), in_config=in_config)
        except SharedFileError as error:
            return cls.of(path, b"", in_config=in_config, unreadable=error)

    @classmethod
    def of(cls, path: Path, data: bytes, *, in_config: bool, unreadable: SharedFileError | None = None) -> SeenFile:
        refused = None
        try:
            Document(path, data)
        except UnparsableFileError as error:
            refused = error
        reading = Reading(str(path), data)
        return cls(path, reading, reading.sections(), in_config, unreadable, refused)

    @property
    def is_sound(self) -> bool:
        return self.unreadable is None and self.refused is None

    @property
    def lent(self) -> dict[str, str]:
        """What ``[DEFAULT]`` lends to every section, in botocore."""
        return self.sections[DEFAULTS].values() if DEFAULTS in self.sections else {}


@dataclass(frozen=True, slots=True)
class SeenProfile:
    """A profile, and its sections in the two files; *headers* are all those in the config file that spell its name."""

    profile: Profile
    config: Block | None
    credentials: Block | None
    headers: tuple[Block, ...]

    def find(self, key: str) -> tuple[bool, Setting] | None:
        """Return where the setting for *key* stands that every tool goes by, and whether in the config file."""
        for block, in_config in ((self.credentials, False), (self.config, True)):
            found = None if block is None else block.find(key)
            if found is not None:
                return in_config, found
        return None


class SharedFiles:
    """The two shared files of one user, looked at once."""

    @classmethod
    def look(cls, places: Places, make: Callable[[str, Mapping[str, str]], Profile]) -> SharedFiles:
        config = SeenFile.look(places.config_file, in_config=True)
        return cls(config, SeenFile.look(places.credentials_file, in_config=False), make)

    def __init__(
        self, config: SeenFile, credentials: SeenFile, make: Callable[[str, Mapping[str, str]], Profile]
    ) -> None:
        """
        Args:
            make: Makes a profile of its name and settings.
        """
        self.files = (config, credentials)
        self._make = make
        headers: dict[str, list[Block]] = {}
        for block in self.config.sections.values():
            name = None if block.name == DEFAULTS else profile_in_header(block.name)
            if name is not None:
                headers.setdefault(name, []).append(block)
        self.profiles: dict[str, SeenProfile] = {}
        lent = {True: self.config.lent, False: self.credentials.lent}
        for name in dict.fromkeys([*headers, *self.credentials.sections]):
            if name == DEFAULTS:
                continue
            spelled = tuple(headers.get(name, ()))
            # Of several spellings botocore takes the last one, whole.
            in_config = spelled[-1] if spelled else None
            in_credentials = self.credentials.sections.get(name)
            settings: dict[str, str] = {}
            for own, of_config in ((in_config, True), (in_credentials, False)):
                if own is not None:
                    settings.update(lent[of_config])
                    settings.update(own.values())
            self.profiles[name] = SeenProfile(make(name, settings), in_config, in_credentials, spelled)

    def with_texts(self, texts: Mapping[Path, bytes]) -> SharedFiles:
        """Return the files as they would be with other bytes, by path."""
        config, credentials = (
            SeenFile.of(file.path, texts[file.path], in_config=file.in_config) if file.path in texts else file
            for file in self.files
        )
        return SharedFiles(config, credentials, self._make)

    @property
    def config(self) -> SeenFile:
        return self.files[0]

    @property
    def credentials(self) -> SeenFile:
        return self.files[1]

    def place(self, name: str, *keys: str) -> tuple[str | None, int | None]:
        """Return the file and line of the first of *keys* that the profile *name* has, else of its header."""
        seen = self.profiles[name]
        for key in keys:
            found = seen.find(key)
            if found is not None:
                return str((self.config if found[0] else self.credentials).path), found[1].line
        if seen.config is not None:
            return str(self.config.path), seen.config.line
        if seen.credentials is not None:
            return str(self.credentials.path), seen.credentials.line
        return None, None

    def where(self, name: str, *keys: str) -> str:
        """Return the same in words."""
        file, line = self.place(name, *keys)
        return f"{file}, line {line}"

    def finding(self, code: str, severity: Severity, name: str, message: str, fix: str | None, *keys: str) -> Finding:
        """Make a finding about the profile *name*, placed at the first of *keys* that it has."""
        file, line = self.place(name, *keys)
        return Finding(code, severity, message, fix, file, line, name)
