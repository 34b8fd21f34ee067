"""
How both files' texts would be mended, so that no tool gets other credentials of any profile than before.

Knows what is worth mending, and leaves out what it cannot show to be harmless; writes nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from awsprof.configfiles.launcher import process_line
from awsprof.configfiles.merged import is_own_process
from awsprof.doctor.advice import FIX
from awsprof.doctor.file_checks import UNTOUCHED, better_header, check_files, owner
from awsprof.doctor.mending import CannotMendError, Wishes, mended
from awsprof.doctor.profile_checks import ProfileChecks, program_in
from awsprof.doctor.reach import differences, reach, spoken, woken
from awsprof.doctor.role_checks import mfa_comes_with_source
from awsprof.errors import AwsprofError
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from awsprof.doctor.shared import SeenFile, SharedFiles
    from awsprof.findings import Finding
    from awsprof.readers.source import Tool

_LEFT = "Mend it by hand; 'awsprof doctor --fix' leaves it."
# How often what changes is looked for before every spelling is kept.
_TRIES = 4
# What is found of profiles and mended in the texts, and what is not mended there.
_OF_PROFILES = ("mfa-serial-on-role", "moved-executable")
_SWEPT = ("stale-session-triple", "keys-shadow-process")
_LARGE_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class Texts:
    """
    Both files as they would be.

    Args:
        edits: Each changed file's bytes, before and after.
        by_hand: What keeps the rest from being mended, and what a person has to know of it, in sentences.
    """

    edits: dict[Path, tuple[bytes, bytes]]
    by_hand: tuple[str, ...]

    def on(self, shared: SharedFiles) -> SharedFiles:
        return shared.with_texts({path: after for path, (_, after) in self.edits.items()})


def planned(shared: SharedFiles, environ: Mapping[str, str], now: datetime) -> Texts:
    """Return how the texts are mended; what would give a tool other credentials is left out, and said."""
    planning = _Planning(shared, environ, now)
    said: dict[str, None] = {}
    before = None
    for fully, files in planning.attempts():
        texts = planning.texts(fully, files)
        if texts.edits:
            before = before or reach(shared)
            after = reach(texts.on(shared))
            changed = list(differences(before, after))
            if changed:
                said |= dict.fromkeys(planning.leave(changed, texts.edits))
                continue
            tools = woken(before, after)
            if tools:
                default = f"mended, the files are read by {spoken(tools)} again, and with them the default"
                said[f"{default}: 'awsprof default' shows it"] = None
        break
    return Texts(texts.edits, (*texts.by_hand, *said))


def honest(found: Iterable[Finding], shared: SharedFiles, environ: Mapping[str, str], now: datetime) -> list[Finding]:
    """
    Return what was found in the texts, with no promise that ``--fix`` mends what would still be there after it.

    Planning takes several times as long as looking, so files of thousands of profiles are left to ``--fix`` itself,
    which says what it leaves.
    """
    findings = list(found)
    promised = [finding for finding in findings if _is_promised(finding)]
    size = sum(len(file.reading.data) for file in shared.files if file.unreadable is None)
    if size > _LARGE_BYTES or not promised:
        return findings
    after = planned(shared, environ, now).on(shared)
    left = Counter(_told(finding) for finding in check_files(after))
    if any(finding.code in _OF_PROFILES for finding in promised):
        left.update(_told(finding) for finding in ProfileChecks(after, environ, now).run())
    kept = []
    for finding in reversed(findings):
        stays = _is_promised(finding) and left[_told(finding)] > 0
        left[_told(finding)] -= stays
        kept.append(replace(finding, fix=_LEFT) if stays else finding)
    return kept[::-1]


def _is_promised(finding: Finding) -> bool:
    """Whether a finding says that ``--fix`` mends it in the texts; sessions of awsprof's are swept, and modes set."""
    return finding.fix == FIX and finding.code not in _SWEPT


def _told(finding: Finding) -> tuple[str, str | None, str]:
    # Its line may be another afterwards.
    return finding.code, finding.file, finding.message


class _Planning:
    """Tries less and less until no tool is led elsewhere."""

    def __init__(self, shared: SharedFiles, environ: Mapping[str, str], now: datetime) -> None:
        self._shared = shared
        self._environ = environ
        self._by_hand: list[str] = []
        self._checks = ProfileChecks(shared, environ, now)
        self._wishes = {file.path: self._wishes_for(file) for file in shared.files if file.unreadable is None}
        self._left: dict[str, None] = {}

    def attempts(self) -> Iterator[tuple[bool, Sequence[SeenFile]]]:
        """Yield whether more is mended than what botocore refuses, and in which files."""
        both = self._shared.files
        for _ in range(_TRIES):
            known = len(self._left)
            yield True, both
            if len(self._left) == known:
                break
        for files in (both, both[:1], both[1:], ()):
            yield False, files

    def texts(self, fully: bool, files: Sequence[SeenFile]) -> Texts:
        edits: dict[Path, tuple[bytes, bytes]] = {}
        by_hand = list(self._by_hand)
        for file in files:
            if file.path not in self._wishes:
                continue
            kept = frozenset(
                block.name for block in file.sections.values() if not fully or owner(file, block) in self._left
            )
            wishes = self._wishes[file.path]
            headers = {name: better for name, better in wishes.headers.items() if name not in kept}
            try:
                after = mended(file.reading, replace(wishes, headers=headers, kept=kept))
            except CannotMendError as error:
                by_hand.append(error.message)
                continue
            if after != file.reading.data:
                edits[file.path] = file.reading.data, after
        return Texts(edits, tuple(by_hand))

    def leave(self, changed: Iterable[tuple[Tool, str]], edits: Mapping[Path, object]) -> Iterator[str]:
        """Keep these profiles as they are, and say which line of each a person has to decide about."""
        for tool, name in changed:
            if name in self._left:
                continue
            self._left[name] = None
            file, line = self._lines.get(name) or self._of_file(edits)
            yield (
                f"{file}, line {line}: mended, {spoken([tool])} would get other credentials for '{printable(name)}', "
                "so it was left; decide which are meant, and mend it by hand"
            )

    @cached_property
    def _lines(self) -> dict[str | None, tuple[str | None, int | None]]:
        """Where the first thing stands that would be mended, by profile."""
        found = [finding for finding in check_files(self._shared) if finding.fix == FIX]
        return {finding.profile: (finding.file, finding.line) for finding in reversed(found)}

    def _of_file(self, edits: Mapping[Path, object]) -> tuple[str, int]:
        """Return where something stands that is of a whole file, such as how it begins."""
        edited = [file for file in self._shared.files if file.path in edits]
        faulty = next((file for file in edited if file.reading.faults), None)
        return (str(edited[0].path), 1) if faulty is None else (str(faulty.path), faulty.reading.faults[0].line)

    def _wishes_for(self, file: SeenFile) -> Wishes:
        shared = self._shared
        headers: dict[str, str] = {}
        values: dict[tuple[str, str], str | None] = {}
        for block in file.sections.values() if file.in_config else ():
            better = better_header(shared, block)
            if better is not None:
                headers[block.name] = better
        for name, seen in shared.profiles.items():
            own = seen.config if file.in_config else seen.credentials
            if own is None:
                continue
            of_role = "role_arn" in seen.profile.settings and own.find("mfa_serial") is not None
            if of_role and mfa_comes_with_source(shared, name):
                values[own.name, "mfa_serial"] = None
            process = own.find("credential_process")
            if process is not None and is_own_process(name, {"credential_process": process.value}):
                program = program_in(process.value)
                if program is not None and not self._checks.is_there(program):
                    line = self._process_line(name)
                    if line is not None:
                        values[own.name, "credential_process"] = line
        return Wishes(headers, values, UNTOUCHED)

    def _process_line(self, name: str) -> str | None:
        if self._by_hand:
            return None  # what keeps one from being written keeps all
        try:
            return process_line(name, self._environ)
        except AwsprofError as error:
            self._by_hand.append(
                f"{error.message}, so no credential_process was mended. {error.hint or ''}".rstrip(". ")
            )
            return None
