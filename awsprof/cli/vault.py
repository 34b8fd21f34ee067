"""The commands for the place where secrets rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from awsprof.cli.main import Group
from awsprof.cli.render import echo_json, until
from awsprof.errors import UsageError
from awsprof.model import seconds_in

if TYPE_CHECKING:
    from awsprof.cli.world import World


_MOST_UNLOCKED_S = 7 * 86_400


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
