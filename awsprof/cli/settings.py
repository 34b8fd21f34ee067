"""The commands for awsprof's own settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from awsprof.cli.main import Group
from awsprof.cli.render import echo_json
from awsprof.cli.vault import item_names
from awsprof.errors import UsageError, VaultError
from awsprof.settings import KEYS, Settings, check_key, from_words

if TYPE_CHECKING:
    from awsprof.cli.world import World


@click.group("settings", cls=Group)
def settings_command() -> None:
    """
    Get, set and list awsprof's own settings.

    \b
    awsprof settings list
    awsprof settings set region eu-west-1
    awsprof settings set protected_envs legacy qa
    """


@settings_command.command("get")
@click.argument("key")
@click.pass_obj
def get_command(world: World, key: str) -> None:
    """Print one setting; an unset one prints an empty line."""
    click.echo(_words(getattr(world.settings, check_key(key))))


@settings_command.command("set")
@click.argument("key")
@click.argument("values", nargs=-1)
@click.option("--unset", is_flag=True, help="Take the setting out again.")
@click.pass_obj
def set_command(world: World, key: str, values: tuple[str, ...], unset: bool) -> None:
    """
    Set KEY to one value, or to several for a list.

    \b
    awsprof settings set user paul
    awsprof settings set mfa_command -- op item get aws --otp
    awsprof settings set region --unset
    """
    check_key(key)
    if unset == bool(values):
        raise UsageError(f"{key} needs a value", hint="Give one, or take the setting out with --unset.")
    value = None if unset else from_words(key, values)
    if key == "prompt_format" and value is not None:
        from awsprof.shells.prompt import check_format

        check_format(str(value))
    if key == "session_store":
        _change_session_store(world, value)
        return
    world.change_setting(key, value)
    if key == "vault":
        _warn_of_other_vault(world, value)


def _change_session_store(world: World, value: str | None) -> None:
    """Change where sessions rest, and leave none in the old place: what lies there would be served or kept for ever."""
    if world.settings.session_store == (value or Settings().session_store):
        world.change_setting("session_store", value)
        return
    ended = False
    try:
        for name in world.files.profiles():
            ended = world.sessions.drop(name) or ended
    except VaultError as error:
        # No reason to stay with a vault that fails.
        world.warn(f"Sessions were left in the vault, until they expire: {error.message}")
    world.change_setting("session_store", value)
    # And those of profiles that are gone, or of a login that ended just now.
    ended = bool(world.store.delete_all()) or ended
    if ended:
        world.say("The sessions there were are forgotten: 'awsprof login' starts new ones.")


def _warn_of_other_vault(world: World, value: str | None) -> None:
    """Say when secrets are left where they are looked for no more; opens no keyring that is locked."""
    if value == "keyring":
        count = len(world.back_ends.files.items())
        left = f"The vault of files still holds {count} item{'s' if count != 1 else ''}" if count else None
    else:
        left = _left_in_keyring(world) if value == "file" else None
    if left:
        world.warn(f"{left}, which awsprof reads no more: 'awsprof vault move {value}' moves what is there")


def _left_in_keyring(world: World) -> str | None:
    try:
        keyring = world.back_ends.keyring
        if keyring is None:
            return None
        if keyring.status().unlocked is not False:
            names = [*item_names(world), *keyring.items()]
            return "The OS keyring still holds secrets" if any(map(keyring.get, names)) else None
    except VaultError:
        pass
    return "The OS keyring cannot be looked into now and may hold secrets"


@settings_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_command(world: World, as_json: bool) -> None:
    """Print every setting and its value."""
    values = {key: getattr(world.settings, key) for key in KEYS}
    if as_json:
        echo_json({"settings": values})
        return
    for key, value in values.items():
        click.echo(f"{key} = {_words(value)}".rstrip())


def _words(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
