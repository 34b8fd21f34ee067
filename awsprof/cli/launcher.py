"""The commands for launchers on the desktop's menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from awsprof.cli.main import Group
from awsprof.cli.render import echo_json, table
from awsprof.cli.selecting import Narrowing, one, selecting
from awsprof.configfiles.profiles import is_listed
from awsprof.errors import AwsprofError, UsageError
from awsprof.naming import printable

if TYPE_CHECKING:
    from awsprof.browsers.launchers import Launcher
    from awsprof.cli.world import World
    from awsprof.model import Profile


@click.group("launcher", cls=Group)
def launcher_command() -> None:
    """
    Put a launcher for each account into the desktop's menu.

    It opens the account's console, and the desktop groups the account's windows under it.

    \b
    awsprof launcher install --all
    awsprof launcher remove dev
    """


@launcher_command.command("install")
@click.argument("selector", required=False)
@click.option("--all", "everyone", is_flag=True, help="One for each profile.")
@selecting
@click.pass_obj
def install_command(world: World, selector: str | None, everyone: bool, narrowing: Narrowing) -> None:
    """
    Write a launcher, or write it anew.

    With --all, one that cannot be written keeps none of the others back.

    On macOS and Windows, where awsprof writes none yet, the command line for one is printed.
    """
    from awsprof.configfiles.launcher import find_launcher

    launcher, failures = find_launcher(world.environ), list[AwsprofError]()
    for profile in _chosen(world, selector, everyone, narrowing):
        try:
            click.echo(_installed(world, profile, launcher))
        except AwsprofError as error:
            if not everyone:
                raise
            world.warn(error.message)
            failures.append(error)
    if failures:
        raise click.exceptions.Exit(failures[0].status)


def _installed(world: World, profile: Profile, launcher: str) -> str:
    from awsprof.browsers.launchers import command_line, runs_launchers

    if not runs_launchers(world.platform):
        return command_line(profile, launcher=launcher, platform=world.platform)
    return f"Wrote {printable(str(world.launchers.install(profile, launcher=launcher).entry))}"


def _chosen(world: World, selector: str | None, everyone: bool, narrowing: Narrowing) -> list[Profile]:
    _refuse_both(selector, everyone)
    if everyone:
        return [profile for name, profile in world.files.profiles().items() if is_listed(name)]
    return [one(world, selector, narrowing)]


def _refuse_both(selector: str | None, everyone: bool) -> None:
    if everyone and selector is not None:
        raise UsageError("--all takes no SELECTOR")


@launcher_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_command(world: World, as_json: bool) -> None:
    """List the launchers that awsprof wrote, and whether they still are as it wrote them."""
    found = world.launchers.all()
    if as_json:
        rows = [
            {"profile": each.profile, "path": str(each.entry), "icon": str(each.icon), "state": str(each.state)}
            for each in found
        ]
        echo_json({"launchers": rows})
    elif found:
        lines = [(each.profile, str(each.state), str(each.entry)) for each in found]
        click.echo(table([("PROFILE", "STATE", "PATH"), *lines]))
    else:
        world.say("No launchers yet: 'awsprof launcher install SELECTOR' writes one.")


@launcher_command.command("remove")
@click.argument("selector", required=False)
@click.option("--all", "everyone", is_flag=True, help="Every one that awsprof wrote.")
@selecting
@click.pass_obj
def remove_command(world: World, selector: str | None, everyone: bool, narrowing: Narrowing) -> None:
    """
    Take a launcher away whole.

    One that was changed by hand is left, and exit 1 says so.
    """
    from awsprof.browsers.launchers import left_alone

    left = False
    for launcher in _written(world, selector, everyone, narrowing):
        if world.launchers.remove(launcher):
            click.echo(f"Removed {printable(str(launcher.entry))}")
        else:
            world.warn(left_alone(launcher))
            left = True
    if left:
        raise click.exceptions.Exit(1)


def _written(world: World, selector: str | None, everyone: bool, narrowing: Narrowing) -> list[Launcher]:
    _refuse_both(selector, everyone)
    if everyone:
        return world.launchers.all()
    # A launcher may outlive its profile, so its full name will do.
    named = world.launchers.of(selector) if selector is not None else None
    name = named.profile if named else one(world, selector, narrowing).name
    launcher = named or world.launchers.of(name)
    if launcher is None:
        raise AwsprofError(f"{printable(name)} has no launcher", hint="'awsprof launcher list' shows them.")
    return [launcher]
