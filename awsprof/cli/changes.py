"""The commands that change profiles in place, and the one that takes changes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from awsprof.cli.main import Command, wants_colour
from awsprof.cli.render import echo_json, left
from awsprof.cli.selecting import Narrowing, one, selecting
from awsprof.cli.sessions import warn_of_missing_mfa
from awsprof.configfiles.diff import unified
from awsprof.errors import UsageError
from awsprof.naming import ProfileName, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from awsprof.cli.world import World
    from awsprof.journal.journal import Headline
    from awsprof.profiles.changing import DryChange

_DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def show_diff(lines: Iterable[str], *, err: bool = False) -> None:
    for line in lines:
        click.echo(click.style(line, fg=_DIFF_COLOURS.get(line[:1])), err=err, color=wants_colour())


def show_dry(change: DryChange, *, err: bool = False) -> None:
    for path, edit in change.edits.items():
        show_diff(unified(str(path), edit.before or b"", edit.after), err=err)
    for path, mode in change.modes.items():
        click.echo(f"chmod {mode:o} {printable(str(path))}", err=err)


@click.command("set", cls=Command)
@click.argument("selector")
@click.argument("assignments", metavar="KEY=VALUE...", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Show the diff and change nothing.")
@selecting
@click.pass_obj
def set_command(world: World, selector: str, assignments: tuple[str, ...], dry_run: bool, narrowing: Narrowing) -> None:
    """
    Change settings of a profile; KEY= takes one out.

    \b
    awsprof set dev region=eu-west-1 output=json
    awsprof set prod awsprof_session_duration=30m
    awsprof set prod output= --dry-run
    """
    from awsprof.profiles.changing import DryChange

    profile = one(world, selector, narrowing)
    changes = world.setting.check(profile, assignments)
    for key in world.files.overridden(profile.name, changes):
        world.warn(f"{key} stands in the credentials file too, and every tool takes it from there")
    if dry_run:
        change = DryChange()
        world.setting.preview(profile, changes, change)
        show_dry(change)
        return
    if world.setting.set(profile, changes):
        click.echo(f"{printable(profile.name)}: {', '.join(changes)} changed; 'awsprof undo' takes it back.")
    else:
        click.echo(f"{printable(profile.name)}: nothing to change.")


@click.command("rename", cls=Command)
@click.argument("selector")
@click.argument("new_product", metavar="PRODUCT")
@click.argument("new_env", metavar="ENV")
@click.argument("new_user", metavar="USER")
@click.option("--force", is_flag=True, help="Allow a protected env to share its account.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show the diff and change nothing.")
@selecting
@click.pass_obj
def rename_command(
    world: World,
    selector: str,
    new_product: str,
    new_env: str,
    new_user: str,
    force: bool,
    yes: bool,
    dry_run: bool,
    narrowing: Narrowing,
) -> None:
    """
    Rename a profile wherever it is named.

    Files, vault, sessions and every source_profile follow, and its browser profile and launcher; the sections stay
    where they are.

    \b
    awsprof rename legacy autochart legacy paul
    awsprof rename autochart_prod_paul autochart prod pauline --dry-run
    """
    from awsprof.profiles.changing import DryChange

    profile = one(world, selector, narrowing)
    name = ProfileName.checked(new_product, new_env, new_user)
    preview = DryChange()
    world.renaming.preview(profile, name, preview, force=force)
    if dry_run:
        show_dry(preview)
        return
    followers = str(world.following.of(profile.name))
    along = f", and its {followers} along" if followers else ""
    if not yes and not world.terminal.confirm(f"Rename {printable(profile.name)} to {name}{along}?"):
        world.say("Nothing was renamed.")
        raise click.exceptions.Exit(1)
    renamed = world.renaming.rename(profile, name, force=force)
    warn_of_missing_mfa(world, renamed)
    for sentence in world.following.rename(profile.name, renamed):
        world.warn(sentence)
    click.echo(f"Renamed {printable(profile.name)} to {name}; 'awsprof undo' takes it back.")


@click.command("default", cls=Command)
@click.option("--remove", is_flag=True, help="Take every default out of both files.")
@click.option("--rename", nargs=3, metavar="PRODUCT ENV USER", help="Give the default a name; its keys into the vault.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show the diff and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def default_command(
    world: World, remove: bool, rename: tuple[str, str, str] | None, yes: bool, dry_run: bool, as_json: bool
) -> None:
    """
    Show every default there is, or be rid of it.

    A default sends every command that names no profile to one account, right or wrong.

    \b
    awsprof default
    awsprof default --rename autochart dev paul
    awsprof default --remove --dry-run
    """
    if remove and rename:
        raise UsageError("--remove and --rename exclude each other")
    if remove:
        _remove_defaults(world, yes=yes, dry_run=dry_run)
    elif rename:
        _rename_default(world, ProfileName.checked(*rename), yes=yes, dry_run=dry_run)
    else:
        _show_defaults(world, as_json=as_json)


def _show_defaults(world: World, *, as_json: bool) -> None:
    found = world.defaulting.find()
    if as_json:
        rows: list[dict[str, object]] = [
            {"spelling": row.spelling, "file": row.path, "line": row.line, "keys": list(row.keys)}
            for row in found.sections
        ]
        echo_json({"defaults": rows, "variables": [{"name": row.name, "why": row.why} for row in found.variables]})
        return
    for section in found.sections:
        keys = ", ".join(map(printable, section.keys)) or "nothing"
        click.echo(f"{section.spelling:18} {section.path}, line {section.line}: {keys}")
    for variable in found.variables:
        click.echo(f"{variable.name:18} environment: {variable.why}")
    if not found.sections and not found.variables:
        click.echo("There is no default: a command that names no profile reaches no account.")
    elif found.sections:
        world.say("'awsprof default --rename PRODUCT ENV USER' gives it a name; 'awsprof default --remove' drops it.")


def _remove_defaults(world: World, *, yes: bool, dry_run: bool) -> None:
    from awsprof.profiles.changing import DryChange

    world.defaulting.check_removal()
    preview = DryChange()
    world.defaulting.remove(preview)
    if dry_run or not yes:
        show_dry(preview)
    if dry_run:
        return
    if not yes and not world.terminal.confirm("Remove every default?"):
        world.say("Nothing was removed.")
        raise click.exceptions.Exit(1)
    world.defaulting.remove_for_good()
    click.echo("Removed every default; 'awsprof undo' takes it back.")


def _rename_default(world: World, name: ProfileName, *, yes: bool, dry_run: bool) -> None:
    from awsprof.profiles.adding import AddRequest
    from awsprof.profiles.changing import DryChange

    request = AddRequest(name)
    _, keys = world.defaulting.check_rename(request)
    if dry_run:
        preview = DryChange()
        world.defaulting.preview_rename(request, preview)
        show_dry(preview)
        return
    what = f"Rename default to {name}{' and move its keys into the vault' if keys else ''}?"
    if not yes and not world.terminal.confirm(what):
        world.say("Nothing was renamed.")
        raise click.exceptions.Exit(1)
    for warning in world.defaulting.rename(request):
        world.warn(warning)
    click.echo(f"Renamed default to {name}; 'awsprof undo' takes it back.")


@click.command("undo", cls=Command)
@click.argument("number", metavar="[ID]", type=int, required=False)
@click.option("--list", "listing", is_flag=True, help="Show what can be undone.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show the diff and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_obj
def undo_command(world: World, number: int | None, listing: bool, yes: bool, dry_run: bool, as_json: bool) -> None:
    """
    Take back what an earlier command changed.

    Without an ID the newest change. Sessions are not journaled; changes at AWS are recorded and cannot be undone.

    \b
    awsprof undo
    awsprof undo --list
    awsprof undo 17 --dry-run
    """
    from awsprof.profiles.changing import DryChange
    from awsprof.profiles.undoing import ConflictError

    if as_json and number is not None:
        raise UsageError("--json prints the list, and takes no ID")
    if listing or as_json:
        _list_entries(world, as_json=as_json)
        return
    headline = world.undoing.find(number)
    try:
        preview = DryChange()
        world.undoing.undo(headline, through=preview)
        if dry_run:
            show_dry(preview)
            return
        question = f"Undo {headline.number} ({printable(headline.summary)}, {_age(world, headline)} ago)?"
        if not yes and not world.terminal.confirm(question):
            world.say("Nothing was undone.")
            raise click.exceptions.Exit(1)
        undone = world.undoing.undo(headline)
    except ConflictError as error:
        show_diff(error.diff)
        raise
    click.echo(f"Undone: {printable(headline.summary)}.")
    for key in undone.lost_keys:
        world.warn(f"Access key {key} was deleted at AWS, so it was not brought back")
    for item in undone.restored_items:
        click.echo(f"The keys of {item} are back in the vault." if "/" not in item else f"{item} is back in the vault.")


def _list_entries(world: World, *, as_json: bool) -> None:
    headlines = world.journal.headlines()
    if as_json:
        echo_json({"entries": [headline.to_json() for headline in headlines]})
        return
    for headline in headlines:
        note = f" (undone by {headline.undone_by})" if headline.undone_by else ""
        note = note if headline.undoable else " (recorded only: it changed things at AWS)"
        summary = printable(headline.summary)
        click.echo(f"{headline.number:4}  {_age(world, headline):>12} ago  {headline.command:8} {summary}{note}")
    world.say(
        "Sessions (login, logout) are not journaled; rotate, mfa and account are recorded, and cannot be undone."
        if headlines
        else "Nothing was changed yet."
    )


def _age(world: World, headline: Headline) -> str:
    seconds = (world.now() - headline.time).total_seconds()
    return f"{int(seconds // 86_400)} days" if seconds >= 172_800 else left(seconds)
