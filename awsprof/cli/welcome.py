"""What ``awsprof`` alone shows: the help, or to a newcomer the three commands to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from awsprof.naming import printable
from awsprof.profiles.first_run import first_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsprof.cli.world import World


def show_welcome(context: click.Context, world: World) -> None:
    """Print how to begin, where there is no profile of the convention yet; else the help."""
    start = first_run(
        files=lambda: world.files, team=lambda: world.team, shell_line=lambda: _loading_line(world.environ)
    )
    if start is None:
        click.echo(context.get_help())
        return
    click.echo("awsprof keeps access keys in a vault, and gives every AWS account a profile PRODUCT_ENV_USER.")
    click.echo(f"{printable(start.found)}. Begin with:\n")
    width = max(len(step.command) for step in start.steps)
    for step in start.steps:
        click.echo(f"  {step.command.ljust(width)}  {step.purpose}")
    click.echo("\n'awsprof --help' shows all commands.")


def _loading_line(environ: Mapping[str, str]) -> str:
    """Return what loads the integration with the user's shell, if there is one for it; else with bash."""
    from awsprof.shells.integration import SHELLS, rc_line

    name = environ.get("SHELL", "").rpartition("/")[2]
    name = "powershell" if name == "pwsh" else name
    return rc_line(name if name in SHELLS else "bash")
