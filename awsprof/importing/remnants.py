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
# What may be a secret access key.
_WORDS = re.compile(r"[^\s=:;#,\"']{16,}")
# Other tools' settings that name a profile of the same file.
_NAMING = ("include_profile", "parent_profile")


class Remnants:
    """Tells what is left of profiles that were imported."""

    def __init__(self, files: ProfileFiles, places: Places) -> None:
        self._files = files
        self._paths = (places.config_file, places.credentials_file)

    def comments(self) -> dict[Path, Counter[str]]:
        """Return the comments of both files, to be compared with those of later."""
        return {path: Counter(line for line in _lines(path) if _COMMENT.match(line)) for path in self._paths}

    def said_of(self, before: Mapping[Path, Counter[str]], secrets: Mapping[str, str]) -> list[str]:
        """
        Return what is to be said after keys were moved.

        Args:
            before: What `comments` told until then.
            secrets: The secret access keys that were moved, each with whose it is.
        """
        sentences = []
        after = self.comments()
        came = sum((after[path] - before[path] for path in self._paths), Counter[str]())
        for path in self._paths:
            gone = (before[path] - after[path] - came).total()
            if gone:
                went = "comments that stood beside keys have" if gone > 1 else "comment that stood beside keys has"
                sentences.append(f"{gone} {went} gone from {path}; 'awsprof undo --dry-run' shows what went")
        for path in self._paths:
            for number, line in enumerate(_lines(path), 1):
                moved = next((secrets[word] for word in _WORDS.findall(line) if word in secrets), None)
                if _KEY_IN_COMMENT.match(line):
                    sentences.append(f"{path}, line {number}, still has a secret access key in a comment")
                elif moved is not None:
                    sentences.append(f"{path}, line {number}, still has the secret access key of {printable(moved)}")
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
            yield key, _without_comment(settings[key])
    source = settings.get("source_profile", "")
    if source != _without_comment(source):
        # Without a comment behind it, it would have followed.
        yield "source_profile", _without_comment(source)
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


def _without_comment(value: str) -> str:
    """Return what is left of a value in the tools that know comments behind one."""
    return re.split(r"\s[#;]", value, maxsplit=1)[0].rstrip()


def _lines(path: Path) -> list[str]:
    return read_shared_file(path).decode("utf-8", "replace").splitlines()
