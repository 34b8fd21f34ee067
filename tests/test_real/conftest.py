"""Machines with an unlocked vault: the slow seconds of its passphrase are spent once for each worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.test_real.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.localaws import LocalAWS


@pytest.fixture(scope="session")
def _made_vault(tmp_path_factory: pytest.TempPathFactory, _aws_server: LocalAWS) -> Machine:
    """A machine whose vault is made and unlocked, and holds nothing."""
    machine = Machine.below(tmp_path_factory.mktemp("vault"), _aws_server)
    name = ("made", "dev", "paul")
    keys = "AKIAEXAMPLEEXAMPLE00\nwJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
    machine.succeed("add", *name, "--from", "-", "--no-verify", "--account-id", "111111111111", stdin=keys)
    machine.succeed("vault", "unlock")
    machine.succeed("remove", "_".join(name), "--yes")
    return machine


@pytest.fixture
def bare_machine(home: Path, aws: LocalAWS) -> Machine:
    """A machine on which awsprof has never run."""
    return Machine.below(home.parent, aws)


@pytest.fixture
def machine(bare_machine: Machine, _made_vault: Machine) -> Machine:
    """A machine with an unlocked vault and no profile."""
    bare_machine.take_vault_of(_made_vault)
    return bare_machine


@pytest.fixture(scope="module")
def shared_machine(
    tmp_path_factory: pytest.TempPathFactory, _aws_server: LocalAWS, _made_vault: Machine
) -> Iterator[Machine]:
    """A machine, and an empty local AWS, for all tests of a module; none of them may ask for ``aws`` too."""
    _aws_server.reset()
    machine = Machine.below(tmp_path_factory.mktemp("shared"), _aws_server)
    machine.take_vault_of(_made_vault)
    yield machine
    _aws_server.reset()
