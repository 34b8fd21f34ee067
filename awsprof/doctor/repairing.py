"""
The repairs of what doctor found: planned, shown, and made as one change that ``undo`` takes back.

Knows how a plan becomes one change; never changes which account a tool reaches.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.configfiles.merged import is_managed
from awsprof.doctor.machine_checks import left_over, loose_places
from awsprof.doctor.planning import planned
from awsprof.doctor.shared import SharedFiles
from awsprof.errors import SharedFileError
from awsprof.profiles.undoing import REPAIR
from awsprof.storage.private import sweep
from awsprof.storage.replace import edit_shared_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from awsprof.doctor.examination import Patient
    from awsprof.profiles.changing import Change, Changes


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What would be mended.

    Args:
        edits: Each file's bytes, before and after.
        modes: The permission bits that files and directories should have.
        temps: Temporary files to remove.
        sessions: Whether sessions of awsprof's in the credentials file have ended, or stand beside a process.
        by_hand: What keeps the rest from being mended, and what a person has to know of it, in sentences.
    """

    edits: dict[Path, tuple[bytes, bytes]]
    modes: dict[Path, int]
    temps: tuple[Path, ...]
    sessions: bool
    by_hand: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.edits or self.modes or self.temps or self.sessions)

    def apply(self, change: Change) -> None:
        """Make the journaled part of it."""
        for path, mode in self.modes.items():
            change.set_mode(path, mode)
        for path, (before, after) in self.edits.items():

            def edit(data: bytes, path: Path = path, before: bytes = before, after: bytes = after) -> bytes:
                if data != before:
                    raise SharedFileError(f"{path} has changed since it was looked at", hint="Run the command again.")
                return after

            change.edit(path, edit, most_mode=None)


class Repairing:
    """Mends what can be mended without a decision of a person's."""

    def __init__(self, patient: Patient, *, changes: Callable[[], Changes], sweep_sessions: Callable[[], None]) -> None:
        """
        Args:
            sweep_sessions: Takes what has ended of awsprof's own out of the credentials file.
        """
        self._patient = patient
        self._changes = changes
        self._sweep_sessions = sweep_sessions

    def plan(self) -> Plan:
        """Look, and return what would be mended; changes nothing."""
        patient = self._patient
        shared = SharedFiles.look(patient.places, patient.make)
        texts = planned(shared, patient.environ, patient.now)
        modes = {loose.path: loose.mode for loose in loose_places(shared, patient.places)}
        temps = tuple(left_over(shared, patient.places))
        # They can be taken out of sound files only.
        sound = all(file.is_sound or file.path in texts.edits for file in shared.files)
        return Plan(texts.edits, modes, temps, sound and self._has_ended_sessions(shared), texts.by_hand)

    def repair(self, plan: Plan) -> None:
        """
        Carry a plan out, as one entry of the journal.

        Raises:
            SharedFileError: A file has changed since, or cannot be changed; then nothing has.
            VaultError: The journal has no key, and no vault can be made to keep one.
        """
        if plan.edits or plan.modes:
            # Paths that have both are named once.
            count = len({*plan.edits, *plan.modes})
            with self._changes().begin(REPAIR, f"{count} file{'s' if count > 1 else ''} mended") as change:
                plan.apply(change)
        places = self._patient.places
        for path in (places.config_file, places.credentials_file) if plan.temps else ():
            # An edit that changes nothing sweeps them, under the lock that tells that nobody uses them.
            with contextlib.suppress(SharedFileError):
                edit_shared_file(path, lambda data: data, locks=places.locks, most_mode=None)
        for directory in places.own_directories if plan.temps else ():
            sweep(directory)
        if plan.sessions:
            self._sweep_sessions()

    def _has_ended_sessions(self, shared: SharedFiles) -> bool:
        from awsprof.sessions.store import iso

        present = iso(self._patient.now)
        for seen in shared.profiles.values():
            managed = seen.credentials is not None and is_managed(seen.credentials.values())
            if managed and (
                "credential_process" in seen.profile.settings or seen.profile.settings.get("expiration", "") <= present
            ):
                return True
        return False
