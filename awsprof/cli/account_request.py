"""What the commands that set up an account ask for, checked before AWS is asked; and what is said at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from awsprof.cli.account_steps import Manner
from awsprof.cli.new_profile import region_of
from awsprof.cli.selecting import user_in_context
from awsprof.errors import AwsprofError, UsageError
from awsprof.model import check_region
from awsprof.naming import ProfileName, printable
from awsprof.settings import is_protected

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.accounts.entry import Entry
    from awsprof.accounts.setup import SetupRequest
    from awsprof.cli.world import World

SHOW = "show"


def as_planned(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a plan; it gets them as one ``manner``."""

    def command(*arguments: Any, yes: bool, dry_run: bool, as_json: bool, **options: Any) -> Any:
        return function(*arguments, manner=Manner(yes, dry_run, as_json), **options)

    command.__name__, command.__doc__ = function.__name__, function.__doc__
    command.__dict__.update(function.__dict__)
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the steps as JSON."),
        click.option("--dry-run", is_flag=True, help="Show the plan and change nothing; at most logs in."),
        click.option("--yes", is_flag=True, help="Do not ask."),
    ):
        command = option(command)
    return command


def setting_up(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of an account's set-up, which `request` takes."""
    for option in (
        click.option("--password", type=click.Choice(["keep", SHOW]), default="keep", help="Show the first password."),
        click.option("--no-require-mfa", is_flag=True, help="Let a protected env be used without MFA."),
        click.option("--mfa", type=click.Choice(["ask", "store-seed", "skip"]), help="How the MFA device is made."),
        click.option("--policy", metavar="ARN", help="What the group may do, as a managed policy."),
        click.option("--group", metavar="NAME", help="The group the user is put into; sysadmins when left out."),
        click.option("--alias", metavar="NAME", help="The account's alias; PRODUCT-ENV when left out."),
        click.option("--region", metavar="REGION", help="The new profile's region."),
        click.option("--user", metavar="USER", help="The user to make; the setting 'user' when left out."),
        click.option("--via", metavar="SELECTOR", help="The profile that acts; AWS_PROFILE when left out."),
    ):
        function = option(function)
    return function


def request(
    world: World,
    product: str,
    env: str,
    manner: Manner,
    *,
    user: str | None,
    region: str | None,
    alias: str | None,
    group: str | None,
    policy: str | None,
    mfa: str | None,
    no_require_mfa: bool,
    password: str,
) -> SetupRequest:
    """
    Check what a person asks for.

    Raises:
        UsageError: Something that no account can have, or that must be said and is not.
    """
    from awsprof.accounts.documents import account_name, alias_of, check_alias
    from awsprof.accounts.group import check_group, check_policy
    from awsprof.accounts.setup import SetupRequest, chosen_mfa

    name = ProfileName.checked(product, env, whose(world, user))
    account_name(product, env)
    if password == SHOW and manner.as_json:
        raise UsageError("--password show and --json exclude each other", hint="'awsprof account password' shows it.")
    profile = world.files.profiles().get(str(name))
    if region is not None:
        check_region(region)
        if profile is not None and profile.region != region:
            has = f"has the region {profile.region}" if profile.region else "has no region"
            world.warn(f"{name} {has}, which stays: 'awsprof set {name} region={region}' changes it")
    protected = is_protected(product, env, world.settings, world.team)
    can_answer = manner.dry_run or world.terminal.can_answer()
    asks = not (manner.dry_run or manner.yes or profile is not None)
    return SetupRequest(
        name,
        check_alias(alias) if alias is not None else alias_of(product, env),
        alias is not None,
        region_of(world, name, region) if asks else world.adding.region(name, region),
        check_group(group) if group is not None else None,
        check_policy(policy) if policy is not None else None,
        chosen_mfa(mfa, protected=protected, yes=manner.yes, can_answer=can_answer),
        protected and not no_require_mfa,
    )


def whose(world: World, user: str | None) -> str:
    """Return the user that an account is set up for; raises UsageError where nobody is named."""
    chosen = user or user_in_context(world)
    if chosen is None:
        raise UsageError(
            "Whose account it is to be is not said", hint="Say --user NAME, or 'awsprof settings set user NAME' once."
        )
    return chosen


def conclude(
    world: World, name: ProfileName, manner: Manner, entry: Entry, *, done: bool, password: str, email: str | None
) -> None:
    """Say how one goes on, and what no call of AWS's can do; where nothing was *done*, only what is asked for."""
    from awsprof.accounts.setup import what_no_call_can_do

    if manner.as_json or manner.dry_run or not (done or password == SHOW):
        return
    first = first_password_left(world, name, entry)
    if first is None:
        world.say(f"{name.user} has had a console password already, so there is no first one.")
    elif password == SHOW:
        click.echo(f"First console password of {name.user}: {first}")
    else:
        world.say(f"The first console password: 'awsprof account password {name} --copy'.")
    if not done:
        return
    team = world.team
    if team is not None and team.product == name.product and not getattr(team.envs.get(name.env), "account_id", None):
        world.say(f"{team.path} does not tell the account of {name.env} yet: 'awsprof product init' adds it.")
    world.say("What no call of AWS's can do:")
    for sentence in what_no_call_can_do(email):
        world.say(f"- {sentence}")
    profile = world.files.get(str(name))
    try_it = f"awsprof login {name}" if profile.needs_session else f"aws sts get-caller-identity --profile {name}"
    if profile.protected and profile.mfa_serial is None:
        # Others of the group may have to give MFA by now, and then the key alone opens nothing.
        try_it = f"awsprof mfa enroll {name}"
    click.echo(f"{name} is ready. Next: {try_it}")


def first_password_left(world: World, name: ProfileName, entry: Entry) -> str | None:
    """Return a user's first console password, unless it was changed, or made elsewhere."""
    from awsprof.accounts import member

    login = world.aws.login_profile(**entry.caller, user_name=name.user)
    return member.first_password_left(login, world.vault, str(name))


def first_password(world: World, name: str) -> str:
    """Return a first console password; raises AwsprofError where the vault has none."""
    from awsprof.accounts.member import console_item

    password = world.vault.get(console_item(name))
    if password is None:
        raise AwsprofError(
            f"The vault holds no first console password for {printable(name)}",
            hint="Only those that awsprof made up are kept there: 'awsprof account setup' or 'account user'.",
        )
    return password
