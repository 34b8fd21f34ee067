"""
All checks, made of one look at files, environment, vault and profiles.

Knows their order; each check is known where it is made.
"""

from __future__ import annotations

import contextlib
import gc
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.doctor.environment_checks import check_environment
from awsprof.doctor.file_checks import check_files
from awsprof.doctor.machine_checks import check_left_over, check_vault, left_over, loose_places
from awsprof.doctor.planning import honest
from awsprof.doctor.profile_checks import ProfileChecks
from awsprof.doctor.shared import SharedFiles
from awsprof.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from awsprof.doctor.online_checks import Online
    from awsprof.model import Profile
    from awsprof.places import Places
    from awsprof.vault import ChosenVault

_RANKS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True)
class Patient:
    """
    What is looked at.

    Args:
        make: Makes a profile of its name and settings.
        online: The way to AWS; None: it is not asked.
    """

    places: Places
    environ: Mapping[str, str]
    now: datetime
    make: Callable[[str, Mapping[str, str]], Profile]
    vault: Callable[[], ChosenVault]
    online: Online | None = None


def examine(patient: Patient) -> list[Finding]:
    """Return all that is wrong, the worst first, and then in the order of files and lines; raises for no bytes."""
    with _collector_at_rest():
        return _examine(patient)


@contextlib.contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep Python from going through all that was read again and again, in search of circles that are not there."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _examine(patient: Patient) -> list[Finding]:
    shared = SharedFiles.look(patient.places, patient.make)
    of_profiles = ProfileChecks(shared, patient.environ, patient.now).run()
    found = [
        *check_environment(patient.environ, shared.profiles),
        *honest([*check_files(shared), *of_profiles], shared, patient.environ, patient.now),
        *(loose.finding() for loose in loose_places(shared, patient.places)),
        *check_left_over(left_over(shared, patient.places)),
        *check_vault(patient.vault, shared, patient.environ),
    ]
    if patient.online is not None:
        from awsprof.doctor.online_checks import check_online

        found += check_online(shared, patient.online, patient.now)
    files = {str(file.path): index for index, file in enumerate(shared.files, 1)}

    def rank(finding: Finding) -> tuple[int, int, int]:
        # What is in no file, such as a variable, comes before what is in one.
        place = 0 if finding.file is None else files.get(finding.file, len(files) + 1)
        return _RANKS[finding.severity], place, finding.line or 0

    return sorted(found, key=rank)
