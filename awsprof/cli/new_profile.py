"""What every command that makes a profile asks for, and what it says of the one made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from awsprof.errors import UsageError
from awsprof.model import check_region
from awsprof.naming import printable

if TYPE_CHECKING:
    from awsprof.cli.world import World
    from awsprof.model import LongTermCredentials, Profile
    from awsprof.naming import ProfileName
    from awsprof.profiles.adding import Added

_MAX_INPUT_BYTES = 65_536


def ask_key_id(world: World, name: ProfileName, *, unless: str = "") -> str:
    """Ask for the access key id of a profile; *unless* says what an empty answer means."""
    return world.terminal.ask(f"Access key id for {name}{unless}: ", option="--from")


def ask_secret(world: World, access_key_id: str) -> LongTermCredentials:
    """Ask, unseen, for the secret that belongs to an access key."""
    from awsprof.sessions.keys import check_keys

    secret = world.terminal.ask("Secret access key (hidden): ", option="--from", hidden=True)
    return check_keys(access_key_id, secret)


def read_keys(source: str) -> LongTermCredentials:
    """Read keys from a file, or from stdin with ``-``."""
    from awsprof.sessions.keys import keys_in_text

    called = "stdin" if source == "-" else printable(source)
    try:
        with click.open_file(source, "rb") as file:
            data = file.read(_MAX_INPUT_BYTES)
        return keys_in_text(data.decode("utf-8"))
    except OSError as error:
        raise UsageError(f"{called} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{called} is no text", hint="It must be UTF-8.") from None


def tell_of_source(world: World, source: str | None) -> None:
    """Say that the file which keys were taken from still has them; a pipe has nothing left."""
    if source is not None and source != "-" and os.path.isfile(source):
        world.say(f"{source} still has the key in plain text: delete it once the profile works.")


def region_of(world: World, name: ProfileName, given: str | None) -> str | None:
    """Return the region of a new profile, asked for where nothing else tells it."""
    chosen = world.adding.region(name, given)
    if chosen is None and world.terminal.can_answer():
        chosen = _ask_region(world)
    return chosen


def _ask_region(world: World) -> str | None:
    question = "Region (empty for none): "
    while True:
        answer = world.terminal.ask(question, option="--region").strip()
        try:
            return check_region(answer) if answer else None
        except UsageError as error:
            question = f"{printable(error.message)}; region (empty for none): "


def show_added(added: Added, done: str = "Added") -> None:
    profile = added.profile
    click.echo(f"{done} {profile.name}: account {profile.account_id}, {added.arn or 'not verified'}")
    show_next(profile)


def show_next(profile: Profile) -> None:
    """Say what a new profile needs before it can be used."""
    if profile.mfa_serial:
        click.echo(f"MFA device {profile.mfa_serial}. Next: awsprof login {profile.name}")
    else:
        click.echo(f"No MFA device, so no login is needed. Try: aws sts get-caller-identity --profile {profile.name}")
