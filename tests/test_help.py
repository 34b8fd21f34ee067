"""What --help says of a command is what the command says of itself."""

from __future__ import annotations

import click
import pytest

from awsprof.cli.main import _COMMANDS, main

CONTEXT = click.Context(main)


@pytest.mark.parametrize("name", _COMMANDS)
def test_short_help(name: str) -> None:
    """The table that --help prints without importing a command holds its first sentence."""
    command = main.get_command(CONTEXT, name)
    assert command is not None
    assert (command.help or "").strip().splitlines()[0] == _COMMANDS[name].help


@pytest.mark.parametrize("name", [name for name in _COMMANDS if name != "credential-process"])
def test_every_command_shows_examples(name: str) -> None:
    """Each command's help has an example that can be copied."""
    command = main.get_command(CONTEXT, name)
    assert command is not None
    assert f"awsprof {name}" in (command.help or "")
