"""The commands for the browser profiles of accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from awsprof.cli.main import Group
from awsprof.cli.render import echo_json, table
from awsprof.cli.selecting import Narrowing, one, selecting
from awsprof.errors import BrowserError
from awsprof.naming import printable

if TYPE_CHECKING:
    from awsprof.browsers.directories import BrowserProfile
    from awsprof.cli.world import World


@click.group("browser", cls=Group)
def browser_command() -> None:
    """
    List, reset and remove the browser profiles of accounts.

    Each account's console opens in a browser profile of its own, in its own colour, made on first use. What awsprof
    did not make is never touched, nor what is running.

    \b
    awsprof browser list
    awsprof browser reset prod
    """


@browser_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_command(world: World, as_json: bool) -> None:
    """List browser profiles with their size, and whether they are running."""
    found = world.browser_directories.all()
    rows = [
        {
            "profile": each.profile,
            "browser": each.kind.name,
            "path": str(each.path),
            "size": each.size_bytes,
            "running": each.occupant is not None,
        }
        for each in found
    ]
    if as_json:
        echo_json({"browser_profiles": rows})
        return
    if not rows:
        world.say("No browser profiles yet: 'awsprof console SELECTOR' makes one.")
        return
    head = ("PROFILE", "BROWSER", "SIZE", "RUNNING", "PATH")
    lines = [
        (str(row["profile"]), str(row["browser"]), _size(each), "yes" if row["running"] else "no", str(row["path"]))
        for row, each in zip(rows, found, strict=True)
    ]
    click.echo(table([head, *lines]))


@browser_command.command("reset")
@click.argument("selector")
@click.option("--yes", is_flag=True, help="Do not ask.")
@selecting
@click.pass_obj
def reset_command(world: World, selector: str, yes: bool, narrowing: Narrowing) -> None:
    """
    Forget all that a browser profile holds; the next use makes it anew.

    Cookies, history, bookmarks and extensions of that account's windows go.
    """
    name = one(world, selector, narrowing).name
    _remove(world, name, yes=yes, verb="reset")


@browser_command.command("remove")
@click.argument("selector")
@click.option("--yes", is_flag=True, help="Do not ask.")
@selecting
@click.pass_obj
def remove_command(world: World, selector: str, yes: bool, narrowing: Narrowing) -> None:
    """
    Remove a profile's browser profile.

    That of a profile which is gone is removed by its full name.
    """
    orphans = {each.profile for each in world.browser_directories.all()} - set(world.files.profiles())
    name = selector if selector in orphans else one(world, selector, narrowing).name
    _remove(world, name, yes=yes, verb="remove")


def _remove(world: World, name: str, *, yes: bool, verb: str) -> None:
    found = world.browser_directories.of(name)
    if not found:
        raise BrowserError(f"{printable(name)} has no browser profile", hint="'awsprof browser list' shows them.")
    for each in found:
        world.browser_directories.check_free(each)
    kinds = ", ".join(f"{each.kind.title} ({_size(each)})" for each in found)
    question = f"{verb.capitalize()} the browser profile of {printable(name)}: {kinds}?"
    if not yes and not world.terminal.confirm(question):
        world.say("Nothing was removed.")
        raise click.exceptions.Exit(1)
    for each in found:
        world.browser_directories.remove(each)
        again = "; the next use makes it anew" if verb == "reset" else ""
        click.echo(f"Removed the browser profile of {printable(name)} ({each.kind.title}){again}.")


def _size(each: BrowserProfile) -> str:
    return f"{each.size_bytes / 1_000_000:.1f} MB"
