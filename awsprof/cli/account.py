"""The commands that make, set up and list accounts."""

from __future__ import annotations

import click

from awsprof.cli.account_list import list_command
from awsprof.cli.main import Group


@click.group("account", cls=Group)
def account_command() -> None:
    """List the accounts of an organization."""


account_command.add_command(list_command)
