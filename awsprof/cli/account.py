"""The commands that make accounts, set them up, list them, and give people a place in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from awsprof.cli.account_list import list_command
from awsprof.cli.account_request import as_planned, conclude, first_password, request, setting_up
from awsprof.cli.account_steps import Manner, accounts, carry_out
from awsprof.cli.account_user import user_command
from awsprof.cli.main import Group
from awsprof.cli.mfa import warn_of_stored_seed
from awsprof.cli.selecting import one
from awsprof.errors import UsageError
from awsprof.model import check_account_id
from awsprof.naming import ProfileName

if TYPE_CHECKING:
    from awsprof.accounts.entry import Entry
    from awsprof.accounts.setup import SetupRequest
    from awsprof.cli.world import World

_ANYWHERE = (None, None, False)


@click.group("account", cls=Group)
def account_command() -> None:
    """
    Make, set up and list accounts of an organization.

    \b
    awsprof account create autochart dev --email paul@example.com --via company_main_paul
    awsprof account setup autochart dev --via company_main_paul
    awsprof account user autochart dev anna
    awsprof account password prod --copy
    awsprof account list --via company_main_paul
    """


@account_command.command("create")
@click.argument("product")
@click.argument("env")
@click.option("--email", metavar="ADDRESS", required=True, help="Base of the account's address: paul+PRODUCT_ENV@…")
@click.option("--email-exact", is_flag=True, help="Take the address as it is.")
@click.option(
    "--ou", metavar="UNIT", help="The organizational unit, as a path or an id; else the one named like the product."
)
@click.option("--create-organization", is_flag=True, help="Make an organization where there is none.")
@setting_up
@as_planned
@click.pass_obj
def create_command(
    world: World,
    /,
    product: str,
    env: str,
    email: str,
    email_exact: bool,
    ou: str | None,
    create_organization: bool,
    via: str | None,
    manner: Manner,
    **options: Any,
) -> None:
    """
    Make an account in the company's organization, and set it up.

    Acts through a profile of the management account. AWS closes no account at once and keeps its e-mail address for
    ever, so the plan is shown first, with what is there already. The same command goes on after any failure.

    \b
    awsprof account create autochart dev --email paul@example.com --via company_main_paul
    awsprof account create autochart prod --email paul@example.com --mfa store-seed --yes
    awsprof account create autochart dev --email paul@example.com --dry-run
    """
    from awsprof.accounts.documents import account_name
    from awsprof.accounts.new_account import address_of
    from awsprof.accounts.setup import NewAccountRequest
    from awsprof.accounts.unit import check_unit

    wanted = request(world, product, env, manner, **options)
    address = address_of(email, account_name(product, env), exact=email_exact)
    new = NewAccountRequest(wanted.name, address, check_unit(ou) if ou is not None else None, create_organization)
    service, actor = accounts(world), one(world, via, _ANYWHERE)
    known = service.known_account_id(wanted.name, None)
    service.check(wanted, known)
    entry = service.entry(service.via(actor), actor, known)
    account = service.new_account(new, entry)
    there = account.find()
    service.check(wanted, there, new=True)
    if there is not None and account.email.lower() != address.lower():
        world.say(f"Account {there} is there already, with the address {account.email}; {address} is not used.")
    if there is not None:
        _check_account(world, wanted.name, entry)
    _warn_of_seed(world, wanted, manner)
    steps = [*account.steps(), *service.steps(wanted, entry)]
    done = carry_out(world, wanted.name, f"{product}_{env} made", steps, manner)
    conclude(world, wanted.name, manner, entry, done=done, password=options["password"], email=account.email)


@account_command.command("setup")
@click.argument("product")
@click.argument("env")
@click.option("--account-id", metavar="ID", help="The account; else by the team file, or by its name PRODUCT_ENV.")
@setting_up
@as_planned
@click.pass_obj
def setup_command(
    world: World,
    /,
    product: str,
    env: str,
    account_id: str | None,
    via: str | None,
    manner: Manner,
    **options: Any,
) -> None:
    """
    Give an account alias, group, user, keys, MFA, profile and browser window.

    Shows a plan first. Each step is looked at and done only where it is missing, so the same command goes on after
    any failure. A new user's first password and access key go straight into the vault. For a protected env, the group
    is denied nearly all without MFA once the device is proven.

    \b
    awsprof account setup autochart dev --via company_main_paul --dry-run
    awsprof account setup autochart prod --via company_main_paul --mfa store-seed --yes
    awsprof account setup autochart dev --account-id 111111111111 --via company_main_paul
    """
    if account_id is not None:
        check_account_id(account_id)
    wanted = request(world, product, env, manner, **options)
    service, actor = accounts(world), one(world, via, _ANYWHERE)
    service.check(wanted, service.known_account_id(wanted.name, account_id))
    acting = service.via(actor)
    found = service.account_id(acting, wanted.name, account_id)
    service.check(wanted, found)
    entry = service.entry(acting, actor, found)
    _check_account(world, wanted.name, entry)
    _warn_of_seed(world, wanted, manner)
    steps = [entry.account_step(), *service.steps(wanted, entry)]
    done = carry_out(world, wanted.name, f"{product}_{env} set up", steps, manner)
    conclude(world, wanted.name, manner, entry, done=done, password=options["password"], email=None)


def _check_account(world: World, name: ProfileName, entry: Entry) -> None:
    """Refuse the management account, and warn of one that is another product's."""
    entry.refuse_management()
    there = [it for it in world.files.profiles().values() if it.account_id == entry.id]
    others = [it.name for it in there if it.parts is not None and it.parts.product != name.product]
    if others:
        world.warn(f"Account {entry.id} is another product's already: {', '.join(others)} leads there")


def _warn_of_seed(world: World, wanted: SetupRequest, manner: Manner) -> None:
    from awsprof.accounts.own_profile import Mfa

    profile = world.files.profiles().get(str(wanted.name))
    if wanted.mfa is Mfa.STORE_SEED and not manner.dry_run and (profile is None or profile.mfa_serial is None):
        warn_of_stored_seed(world)


@account_command.command("password")
@click.argument("selector")
@click.option("--copy", is_flag=True, help="Put it into the clipboard.")
@click.option("--show", is_flag=True, help="Print it.")
@click.pass_obj
def password_command(world: World, selector: str, copy: bool, show: bool) -> None:
    """
    Copy or show the first console password of a user that awsprof made.

    It must be changed at the first login, and is good for nothing after that.

    \b
    awsprof account password prod --copy
    awsprof account password autochart_prod_anna --show
    """
    from awsprof.cli.clipboard import clipboard

    if copy == show:
        raise UsageError("Where the password is to go is not said", hint="Say --copy or --show.")
    # A colleague's has no profile here, so its full name will do.
    whole = ProfileName.parse(selector)
    name = str(whole) if whole is not None else one(world, selector, _ANYWHERE).name
    put = clipboard("say --show") if copy else click.echo
    put(first_password(world, name))
    if copy:
        click.echo("Copied")


account_command.add_command(user_command)
account_command.add_command(list_command)
