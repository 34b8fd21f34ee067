"""The commands for awsprof's own settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from awsprof.cli.main import Group
from awsprof.cli.render import echo_json
from awsprof.errors import UsageError
from awsprof.settings import KEYS, check_key, from_words

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
    world.change_setting(key, value)


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
