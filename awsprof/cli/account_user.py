"""The command that gives a colleague a place in an account, and takes it away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from awsprof.cli.account_request import as_planned, first_password_left
from awsprof.cli.account_steps import Manner, accounts, carry_out
from awsprof.cli.main import Command
from awsprof.cli.selecting import one
from awsprof.errors import NoSingleProfileError, UsageError
from awsprof.naming import ProfileName, printable
from awsprof.settings import is_protected

if TYPE_CHECKING:
    from awsprof.accounts.colleague import ColleagueRequest
    from awsprof.accounts.entry import Entry
    from awsprof.cli.world import World


@click.command("user", cls=Command)
@click.argument("product")
@click.argument("env")
@click.argument("user")
@click.option(
    "--group", metavar="NAME", help="sysadmins, readonly, or another; else what the user is in, or sysadmins."
)
@click.option("--policy", metavar="ARN", help="What a group made anew may do, as a managed policy.")
@click.option("--no-require-mfa", is_flag=True, help="Do not see to it that a protected env demands MFA of the group.")
@click.option("--reset-mfa", is_flag=True, help="Take a lost phone's MFA device away, so that another can be enrolled.")
@click.option("--disable", is_flag=True, help="Take all ways in and all rights away; the user stays.")
@click.option("--via", metavar="SELECTOR", help="The profile that acts; your own of PRODUCT ENV when left out.")
@as_planned
@click.pass_obj
def user_command(
    world: World,
    /,
    product: str,
    env: str,
    user: str,
    group: str | None,
    policy: str | None,
    no_require_mfa: bool,
    reset_mfa: bool,
    disable: bool,
    via: str | None,
    manner: Manner,
) -> None:
    """
    Give a colleague a user in an account, reset their MFA, or disable them.

    Makes the user, the group and a first console password, and prints what to send them. The password is in the
    vault: 'awsprof account password' copies it, to be sent another way.

    \b
    awsprof account user autochart dev anna
    awsprof account user autochart prod anna --group readonly
    awsprof account user autochart prod anna --reset-mfa
    awsprof account user autochart prod anna --disable --dry-run
    """
    from awsprof.accounts.access import Access, anybody
    from awsprof.accounts.colleague import ColleagueRequest, group_of, steps
    from awsprof.accounts.group import check_group, check_policy

    if (reset_mfa and disable) or ((reset_mfa or disable) and (group or policy or no_require_mfa)):
        raise UsageError("--reset-mfa and --disable go with none of the others, nor with each other")
    name = (anybody if reset_mfa or disable else ProfileName.checked)(product, env, user)
    protected = is_protected(product, env, world.settings, world.team)
    if group is not None:
        check_group(group)
    if policy is not None:
        check_policy(policy)
    entry = _entry(world, name, via)
    if reset_mfa or disable:
        access = Access(name, aws=lambda: world.aws, entry=entry, vault=lambda: world.vault)
        access.check()
        what = access.disable_steps() if disable else access.reset_steps()
        done = carry_out(world, name, f"{name} {'disabled' if disable else 'without MFA'}", what, manner)
        if done and not manner.as_json:
            _tell_of_the_rest(world, name, disabled=disable)
        return
    request = ColleagueRequest(
        name,
        group or group_of(name, aws=lambda: world.aws, entry=entry),
        group is not None,
        policy,
        protected and not no_require_mfa,
    )
    what = steps(request, aws=lambda: world.aws, entry=entry, vault=lambda: world.vault)
    carry_out(world, name, f"{name} given a place", what, manner)
    if not (manner.dry_run or manner.as_json):
        _show_words(world, request, entry)


def _entry(world: World, name: ProfileName, via: str | None) -> Entry:
    from awsprof.accounts.setup import own_entry

    service = accounts(world)
    try:
        actor = one(world, via or f"{name.product}_{name.env}", (None, None, False))
    except NoSingleProfileError as error:
        error.hint = error.hint if via else "Name the profile that acts with --via."
        raise
    return own_entry(service, actor, name, is_own=via is None)


def _tell_of_the_rest(world: World, name: ProfileName, *, disabled: bool) -> None:
    if disabled:
        world.say(
            "Sessions that had begun have no rights any more, but for what a resource's own policy grants the user by "
            "name; those of roles they had assumed last until they end, 12 hours at most. The user is still there."
        )
        if str(name) in world.files.profiles():
            world.say(f"'awsprof remove {name}' takes the profile off this machine.")
        return
    here = f"on their machine with 'awsprof set {name} mfa_serial=' and 'awsprof mfa enroll {name}', or "
    can_be_profile = ProfileName.parse(str(name)) is not None
    world.say(f"{name.user} can enrol another device: {here if can_be_profile else ''}in the console.")


def _show_words(world: World, request: ColleagueRequest, entry: Entry) -> None:
    from awsprof.accounts.colleague import words_to_send
    from awsprof.accounts.group import Group

    name = request.name
    first_password = first_password_left(world, name, entry) is not None
    group = Group(aws=lambda: world.aws, entry=entry, name=request.group, policy_arn=None)
    alias = world.aws.account_alias(**entry.caller)
    region = world.adding.region(name, None) or entry.via.region
    words = words_to_send(
        name,
        account_id=entry.id,
        alias=alias,
        partition=entry.via.partition,
        region=region,
        needs_mfa=group.is_guarded(),
        first_password=first_password,
    )
    click.echo("")
    for line in words:
        click.echo(printable(line))
    if first_password:
        world.say(f"The first password: 'awsprof account password {name} --copy'; send it another way.")
