"""The commands that add, list, show and remove profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from awsprof.cli.main import Command
from awsprof.cli.new_profile import ask_key_id, ask_secret, read_keys, region_of, show_added, tell_of_source
from awsprof.cli.render import echo_json, profile_object, profile_table, session_object
from awsprof.cli.selecting import Narrowing, one, selecting
from awsprof.configfiles.profiles import is_listed
from awsprof.errors import UsageError
from awsprof.model import (
    check_account_id,
    check_external_id,
    check_mfa_serial,
    check_region,
    check_role_arn,
    check_role_seconds,
    seconds_in,
)
from awsprof.naming import ProfileName, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsprof.cli.world import World


@click.command("add", cls=Command)
@click.argument("product")
@click.argument("env")
@click.argument("user")
@click.option("--region", metavar="REGION", help="The profile's region, as in eu-west-1.")
@click.option("--account-id", metavar="ID", help="Refuse keys of any other account.")
@click.option("--mfa-serial", metavar="ARN", help="The MFA device; found at AWS when left out.")
@click.option("--from", "source", metavar="FILE", help="Read the keys from a file, or from stdin with '-'.")
@click.option("--role-arn", metavar="ARN", help="Add a role instead of a user with keys; needs --source.")
@click.option("--source", "source_profile", metavar="SELECTOR", help="The profile whose credentials assume the role.")
@click.option("--external-id", metavar="ID", help="What the role's trust policy asks for.")
@click.option(
    "--duration", metavar="TIME", help="How long the role's sessions last, as in 1h; its own maximum at most."
)
@click.option("--no-verify", is_flag=True, help="Ask AWS nothing; for keys it needs --account-id.")
@click.option("--force", is_flag=True, help="Allow a protected env to share its account.")
@click.option("--replace", is_flag=True, help="Give an existing profile new keys.")
@click.option("--json", "as_json", is_flag=True, help="Print the profile as JSON.")
@click.pass_obj
def add_command(
    world: World,
    product: str,
    env: str,
    user: str,
    region: str | None,
    account_id: str | None,
    mfa_serial: str | None,
    source: str | None,
    role_arn: str | None,
    source_profile: str | None,
    external_id: str | None,
    duration: str | None,
    no_verify: bool,
    force: bool,
    replace: bool,
    as_json: bool,
) -> None:
    """
    Add a profile: its keys into the vault, the rest into ~/.aws/config.

    Asks for the access key (hidden), unless --from names a file with it: two lines, the console's CSV, or the JSON
    of 'aws iam create-access-key'. AWS is asked whose key it is before anything is written.

    \b
    awsprof add autochart prod paul
    awsprof add autochart prod paul --from paul_accessKeys.csv --region eu-west-1
    awsprof add autochart prod paul --replace        new keys for a profile that is there
    awsprof add autochart audit paul --role-arn arn:aws:iam::222222222222:role/audit --source prod
    """
    if role_arn is not None:
        wrong = {"--from": source, "--mfa-serial": mfa_serial, "--replace": replace or None, "--account-id": account_id}
        _refuse(wrong, "is for keys, and a role has none")
        if source_profile is None:
            raise UsageError("A role needs a profile whose credentials assume it", hint="Name it with --source.")
        name = ProfileName.checked(product, env, user)
        role = _Role(role_arn, source_profile, external_id, duration, region, not no_verify, force)
        _add_role(world, name, role, as_json=as_json)
        return
    _refuse({"--source": source_profile, "--external-id": external_id, "--duration": duration}, "is for --role-arn")
    from awsprof.profiles.adding import AddRequest

    request = AddRequest(
        name=ProfileName.checked(product, env, user),
        region=None if region is None else check_region(region),
        account_id=None if account_id is None else check_account_id(account_id),
        mfa_serial=None if mfa_serial is None else check_mfa_serial(mfa_serial),
        verify=not no_verify,
        force=force,
        replace=replace,
    )
    there = world.adding.check(request)
    keys = read_keys(source) if source is not None else ask_secret(world, ask_key_id(world, request.name))
    chosen = region_of(world, request.name, request.region) if there is None else None
    added = world.adding.add(request, keys, region=request.region if there else chosen)
    for warning in added.warnings:
        world.warn(warning)
    if as_json:
        echo_json({"profile": profile_object(world, added.profile)})
    else:
        show_added(added, "New keys for" if there else "Added")
        tell_of_source(world, source)


class _Role(NamedTuple):
    """The words that describe a role to be added."""

    arn: str
    source: str
    external_id: str | None
    duration: str | None
    region: str | None
    verify: bool
    force: bool


def _refuse(options: Mapping[str, object], why: str) -> None:
    for option, value in options.items():
        if value is not None:
            raise UsageError(f"{option} {why}")


def _add_role(world: World, name: ProfileName, words: _Role, *, as_json: bool) -> None:
    from awsprof.profiles.adding_roles import RoleRequest

    request = RoleRequest(
        name=name,
        role_arn=check_role_arn(words.arn),
        source=one(world, words.source, (name.product, None, False)),
        external_id=None if words.external_id is None else check_external_id(words.external_id),
        duration_s=None if words.duration is None else check_role_seconds(seconds_in(words.duration)),
        region=region_of(world, name, None if words.region is None else check_region(words.region)),
        verify=words.verify,
        force=words.force,
    )
    added = world.role_adding.add(request)
    for warning in added.warnings:
        world.warn(warning)
    if as_json:
        echo_json({"profile": profile_object(world, added.profile)})
        return
    proven = "its source may assume it" if added.verified else "not verified"
    click.echo(f"Added {name}: account {added.profile.account_id}, {request.role_arn}, {proven}")
    click.echo(f"Next: aws sts get-caller-identity --profile {name}")


@click.command("list", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--names", is_flag=True, help="Print the names alone, one a line.")
@click.option("--product", metavar="PRODUCT", help="This product's profiles only.")
@click.pass_obj
def list_command(world: World, as_json: bool, names: bool, product: str | None) -> None:
    """
    List profiles with account, region, MFA and session.

    \b
    awsprof list
    awsprof list --product autochart --json
    """
    found = world.files.profiles()
    if names:
        mine = f"{product}_" if product is not None else ""
        listed = [name for name in found if name.startswith(mine) and is_listed(name)]
        click.echo("".join(f"{printable(name)}\n" for name in listed), nl=False)
        return
    profiles = [
        profile for profile in found.values() if product is None or (profile.parts and profile.parts.product == product)
    ]
    if as_json:
        echo_json({"profiles": [profile_object(world, profile) for profile in profiles]})
    elif profiles:
        click.echo(profile_table(world, profiles))
    else:
        world.say("No profiles yet. Add one with: awsprof add PRODUCT ENV USER")


@click.command("show", cls=Command)
@click.argument("selector", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@selecting
@click.pass_obj
def show_command(world: World, selector: str | None, as_json: bool, narrowing: Narrowing) -> None:
    """
    Show one profile.

    \b
    awsprof show prod
    awsprof show autochart/prod --json
    """
    profile = one(world, selector, narrowing)
    table = profile_object(world, profile)
    if as_json:
        echo_json({"profile": table})
        return
    session = session_object(world, profile)
    table["session"] = f"{session['state']}, until {session['expiration']}" if session else "none needed"
    if session and not session["expiration"]:
        table["session"] = "none"
    for key, value in table.items():
        words = {None: "-", True: "yes", False: "no"}.get(value, value)
        click.echo(f"{key.replace('_', ' '):14} {printable(str(words))}")


@click.command("remove", cls=Command)
@click.argument("selector")
@click.option("--delete-key", is_flag=True, help="Delete the access key at AWS first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@selecting
@click.pass_obj
def remove_command(world: World, selector: str, delete_key: bool, yes: bool, narrowing: Narrowing) -> None:
    """
    Remove a profile, its keys and its session from this machine.

    Its browser profile and its launcher go too.

    \b
    awsprof remove autochart_legacy_paul
    awsprof remove legacy --delete-key --yes
    """
    profile = one(world, selector, narrowing)
    world.removing.check(profile, delete_key=delete_key)
    followers = str(world.following.of(profile.name))
    along = f" with its {followers}" if followers else ""
    what = f"Remove {printable(profile.name)}{along}{' and delete its access key at AWS' if delete_key else ''}?"
    if not yes and not world.terminal.confirm(what):
        world.say("Nothing was removed.")
        raise click.exceptions.Exit(1)
    removed = world.removing.remove(profile, delete_key=delete_key)
    for sentence in world.following.remove(profile.name):
        world.warn(sentence)
    click.echo(f"Removed {printable(removed.name)}.")
    if removed.deleted_key_id:
        click.echo(f"Its access key {removed.deleted_key_id} is deleted at AWS.")
    for key_id in removed.living_key_ids:
        click.echo(f"Its access key {key_id} still lives at AWS: delete it there if nobody needs it.")
