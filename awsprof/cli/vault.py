"""The commands for the place where secrets rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from awsprof.cli.main import Group
from awsprof.cli.render import echo_json, until
from awsprof.errors import UsageError
from awsprof.model import seconds_in
from awsprof.naming import printable

if TYPE_CHECKING:
    from awsprof.cli.world import World
    from awsprof.vault.moving import Moved


_MOST_UNLOCKED_S = 7 * 86_400
_PROGRESS_AFTER_S = 1.0


@click.group("vault", cls=Group)
def vault_command() -> None:
    """
    See, unlock, lock and move the place where secrets rest.

    \b
    awsprof vault status
    awsprof vault unlock --for 8h
    """


@vault_command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status_command(world: World, as_json: bool) -> None:
    """Show which back end holds secrets, and whether it is open."""
    from awsprof.sessions.store import iso

    status = world.vault.status()
    ends = status.unlocked_until
    table = {
        "backend": status.backend,
        "keyring_class": status.keyring_class,
        "location": str(status.location) if status.location else None,
        "exists": status.exists,
        "unlocked": status.unlocked,
        "unlocked_until": iso(ends) if ends else None,
    }
    if as_json:
        echo_json({"vault": table})
        return
    where = status.keyring_class or status.location
    click.echo(f"{status.backend}: {where}{'' if status.exists else ' (not made yet)'}")
    if status.unlocked is not None:
        click.echo(
            ("unlocked" if status.unlocked else "locked") + (f" until {until(ends, world.now())}" if ends else "")
        )


@vault_command.command("unlock")
@click.option("--for", "duration", metavar="TIME", default="8h", show_default=True, help="How long it stays open.")
@click.pass_obj
def unlock_command(world: World, duration: str) -> None:
    """Open the vault of files, so that later commands need no passphrase."""
    seconds = seconds_in(duration)
    if not 60 <= seconds <= _MOST_UNLOCKED_S:
        raise UsageError("The vault stays open for a minute to 7 days")
    ends = world.vault.unlock(seconds)
    click.echo(f"Unlocked until {until(ends, world.now())}." if ends else "Unlocked.")


@vault_command.command("lock")
@click.pass_obj
def lock_command(world: World) -> None:
    """Close the vault of files again."""
    click.echo("Locked." if world.vault.lock() else "It was not unlocked.")


@vault_command.command("move")
@click.argument("target", type=click.Choice(["keyring", "file"]))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="List what would be moved, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def move_command(world: World, target: str, yes: bool, dry_run: bool, as_json: bool) -> None:
    """
    Move every secret to the OS keyring, or to files that a passphrase opens, and keep them there from now on.

    All is copied and read back before the setting 'vault' is changed, and only then deleted in the old place.

    \b
    awsprof vault move keyring
    awsprof vault move file --dry-run
    """
    from awsprof.vault.moving import OTHER, WORDS, Moved, Moving

    progress = _Progress(world)
    moving = Moving(
        world.back_ends,
        setting=world.vault_setting,
        switch=lambda target: world.change_setting("vault", target),
        step=progress.step,
    )
    names = item_names(world)
    with progress:
        planned = moving.plan(target, names)
    if dry_run:
        _show_move(Moved(OTHER[target], target, planned), as_json=as_json, dry_run=True)
        return
    if planned and not yes:
        click.echo("\n".join(map(printable, planned)), err=True)
        if not world.terminal.confirm(f"Move {_items(len(planned))} from {WORDS[OTHER[target]]} to {WORDS[target]}?"):
            world.say("Nothing was moved.")
            raise click.exceptions.Exit(1)
    with progress:
        moved = moving.move(target, names, planned=planned)
    _show_move(moved, as_json=as_json, dry_run=False)
    if moved.left:
        world.warn(
            f"{', '.join(moved.left)}: {WORDS[moved.source]} holds something else than {WORDS[target]}, so both were "
            f"left; that of {WORDS[target]} is in use, and 'awsprof vault move {moved.source}' puts it in both's place"
        )


def item_names(world: World) -> list[str]:
    """Return the names of all items that there may be for the profiles there are."""
    from awsprof.journal.journal import KEY_ITEM
    from awsprof.profiles.removing import ITEMS
    from awsprof.sessions.store import READ_ONLY

    suffixes = (*ITEMS, "/session", f"/{READ_ONLY}/session")
    return [KEY_ITEM, *(f"{profile}{suffix}" for profile in world.files.profiles() for suffix in suffixes)]


def _show_move(moved: Moved, *, as_json: bool, dry_run: bool) -> None:
    from awsprof.vault.moving import WORDS

    if as_json:
        items = {"items": list(moved.names), "left": list(moved.left)}
        echo_json({"move": {"from": moved.source, "to": moved.target, **items, "dry_run": dry_run}})
        return
    source, target = WORDS[moved.source], WORDS[moved.target]
    if dry_run and moved.names:
        click.echo("\n".join(map(printable, moved.names)))
        click.echo(f"{_items(len(moved.names))} would move from {source} to {target}.")
    elif moved.names:
        click.echo(f"Moved {_items(len(moved.names))} from {source} to {target}, which is in use from now on.")
    else:
        now = "" if dry_run else f" From now on {target} is in use."
        click.echo(f"Nothing to move: {source} holds no {'other ' if moved.left else ''}item.{now}")


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"


class _Progress:
    """What a slow move is doing, on stderr: one line written over at a terminal, else one line a step."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._start = world.now()
        self._shown = ""
        self._rewrites = not world.quiet and world.terminal.shows_progress()

    def __enter__(self) -> None:
        self._start = self._world.now()

    def __exit__(self, *_: object) -> None:
        if self._rewrites and self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._shown = ""

    def step(self, doing: str, done: int, total: int) -> None:
        if (self._world.now() - self._start).total_seconds() < _PROGRESS_AFTER_S:
            return
        if self._rewrites:
            click.echo(f"\r\x1b[K{doing}: {done} of {total} … ", err=True, nl=False)
        elif doing != self._shown:
            self._world.say(f"{doing}, {_items(total)} …")
        self._shown = doing
