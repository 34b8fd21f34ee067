"""Each row of the traps is run again, so that the table stays true of the frameworks it speaks of."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.test_real.frameworks import FRAMEWORKS, Framework, require_frameworks
from tests.test_real.serverless_traps import TRAPS, Trap, TrapDesk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.test_real.machine import Machine

ALL = bool(os.environ.get("AWSPROF_TEST_ALL"))


def _chosen() -> Iterator[tuple[Trap, str]]:
    """Every row in every framework with --all; else in one of those that do the same, by turns."""
    for turn, trap in enumerate(TRAPS):
        for what in dict.fromkeys(trap.what_happens.values()):
            alike = [name for name in FRAMEWORKS if trap.what_happens[name] == what]
            for name in alike if ALL else [alike[turn % len(alike)]]:
                yield trap, name


@pytest.fixture(scope="module")
def desk(shared_machine: Machine) -> TrapDesk:
    require_frameworks()
    return TrapDesk.on(shared_machine)


@pytest.mark.parametrize(("trap", "name"), [pytest.param(*one, id=f"{one[0].name}-{one[1]}") for one in _chosen()])
def test_trap(desk: TrapDesk, trap: Trap, name: str) -> None:
    """The framework reaches whom the table says, or stops with that sentence."""
    stage = () if trap.stage is None else ("--stage", trap.stage)
    with desk.laid(trap) as files:
        framework = Framework.on(desk.machine, name, files)
        answer = framework.run("info", *stage, *trap.options, **desk.environ(trap))
        assert desk.what_happened(answer) == trap.what_happens[name]
