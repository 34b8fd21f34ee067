"""Each row of the traps is run again, so that the table stays true of the frameworks it speaks of."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from awsprof.configfiles.profiles import ProfileFiles
from awsprof.errors import UsageError
from awsprof.findings import worst_is_error
from awsprof.places import Places
from awsprof.serverless.check import Check
from awsprof.serverless.service import read_service
from awsprof.serverless.variables import Resolver
from awsprof.settings import Settings, TeamEnv, TeamFile
from tests.test_real.frameworks import FRAMEWORKS, Framework, require_frameworks
from tests.test_real.serverless_traps import DEV, LEGACY, PROD, TRAPS, Trap, TrapDesk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.test_real.machine import Machine

ALL = bool(os.environ.get("AWSPROF_TEST_ALL"))


def _chosen() -> Iterator[tuple[Trap, str]]:
    """Every row in every framework with --all; else every sixth row, in one of those that do the same, by turns."""
    for turn, trap in enumerate(TRAPS if ALL else TRAPS[::6]):
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


TEAM = TeamFile(
    Path(".awsprof.toml"),
    "autochart",
    "eu-west-1",
    {
        "dev": TeamEnv(DEV, None, False, ("dev",)),
        "prod": TeamEnv(PROD, None, True, ("prod", "prod-eu")),
        "legacy": TeamEnv(LEGACY, None, False, ("legacy",)),
    },
)
# What check does not look at: options of a command line, which exec does, and what the framework asks of itself.
UNSEEN = ("--aws-profile", "--param", "-s", "frameworkVersion")
# Whose the keys in a section are, only AWS could say; with --online it is asked.
ONLY_ONLINE = ("a process profile that has keys too",)


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("trap", [one for one in TRAPS if one.name not in UNSEEN], ids=lambda trap: trap.name)
def test_check_said_so(desk: TrapDesk, trap: Trap, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a stage reaches its own env by its own profile check finds no error, and wherever it does not, one."""
    for variable, value in desk.machine.environ.items():
        monkeypatch.setenv(variable, value)
    environ = {**desk.machine.environ, **desk.environ(trap)}
    with desk.laid(trap) as files:
        service = read_service(Framework.on(desk.machine, name, files).directory / "serverless.yml")
        profiles = ProfileFiles(Places.from_environ(environ), Settings(), TEAM).profiles()
        stage = trap.stage
        if stage is None:
            stage = Resolver(service.data.value, directory=service.directory, environ=environ, stage=None).stage
        try:
            found = Check(service, TEAM, profiles, environ).run(stage)
            said_error = worst_is_error(found)
        except UsageError:
            # The team file knows no such stage.
            said_error = True
    own_env = "prod" if stage.startswith("prod") else stage
    well = re.fullmatch(f"profile autochart_{own_env}_paul", trap.what_happens[name]) is not None
    assert said_error is (not well and trap.name not in ONLY_ONLINE), found
