"""
What an import does not move: comments that went with their section, keys in comments, and names in others' lines.

Reads the shared files; changes nothing.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from typing import TYPE_CHECKING

from awsprof.naming import printable
from awsprof.storage.replace import read_shared_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.places import Places

_COMMENT = re.compile(r"\s*[#;]")
_KEY_IN_COMMENT = re.compile(r"\s*[#;][#;\s]*aws_secret_access_key\s*[=:]\s*\S", re.IGNORECASE)
# Other tools' settings that name a profile of the same file.
_NAMING = ("include_profile", "parent_profile")


class Remnants:
    """Tells what is left of profiles that were imported."""

    def __init__(self, files: ProfileFiles, places: Places) -> None:
        self._files = files
        self._places = places

    def comments(self) -> Counter[str]:
        """Return the comments of the credentials file, to be compared with those of later."""
        return Counter(line for line in _lines(self._places.credentials_file) if _COMMENT.match(line))

    def said_of(self, before: Counter[str]) -> list[str]:
        """Return what is to be said after keys were moved; *before* is what `comments` told until then."""
        sentences = []
        gone = (before - self.comments()).total()
        if gone:
            went = "comments that stood beside keys have" if gone > 1 else "comment that stood beside keys has"
            sentences.append(
                f"{gone} {went} gone from {self._places.credentials_file}; 'awsprof undo --dry-run' shows what went"
            )
        for path in (self._places.config_file, self._places.credentials_file):
            sentences += [
                f"{path}, line {number}, still has a secret access key in a comment"
                for number, line in enumerate(_lines(path), 1)
                if _KEY_IN_COMMENT.match(line)
            ]
        return sentences

    def naming(self, names: Collection[str]) -> list[str]:
        """Return a sentence for each line of a profile that names one of *names* where no import changes it."""
        if not names:
            return []
        return [
            f"The {key} of {printable(profile.name)} names {printable(name)}, which import does not change"
            for profile in self._files.profiles().values()
            for key, name in _named(profile.settings)
            if name in names and profile.name not in names
        ]


def _named(settings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the settings that name another profile, each with that name."""
    for key in _NAMING:
        if key in settings:
            yield key, settings[key]
    if "--profile" not in settings.get("credential_process", ""):
        return
    try:
        words = shlex.split(settings["credential_process"])
    except ValueError:
        return
    for place, word in enumerate(words):
        if word == "--profile" and place + 1 < len(words):
            yield "credential_process", words[place + 1]
        elif word.startswith("--profile="):
            yield "credential_process", word.partition("=")[2]


def _lines(path: Path) -> list[str]:
    return read_shared_file(path).decode("utf-8", "replace").splitlines()
