"""The command that shows an organization's accounts, and which profiles reach each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from awsprof.accounts.tree import Tree
from awsprof.cli.main import Command
from awsprof.cli.selecting import Narrowing, one, selecting
from awsprof.errors import AccessDeniedError
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from awsprof.accounts.tree import Place
    from awsprof.aws.answers import Organization
    from awsprof.cli.world import World
    from awsprof.model import Profile


@click.command("list", cls=Command)
@click.option("--via", metavar="SELECTOR", help="A profile in the management account; else AWS_PROFILE.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@selecting
@click.pass_obj
def list_command(world: World, via: str | None, as_json: bool, narrowing: Narrowing) -> None:
    """
    Show an organization's accounts by organizational unit, and which of your profiles reach each.

    Only the management account, or a delegated administrator of Organizations, may list them.

    \b
    awsprof account list --via company_main
    awsprof account list --via company_main --json
    """
    tree = tree_via(world, one(world, via, narrowing))
    reaching = _reaching(world)
    try:
        organization = tree.organization()
        places = tree.walk(organization)
        if as_json:
            _print_json(places, reaching)
        else:
            _print_tree(organization, places, reaching)
    except AccessDeniedError as error:
        error.hint = error.hint or "Name a profile of the management account with --via."
        raise


def tree_via(world: World, profile: Profile) -> Tree:
    """Return the organization as a profile sees it, starting a session where that is needed."""
    credentials = world.sessions.serve(profile).credentials
    return Tree(world.aws, credentials, region=profile.region_for_calls(world.environ))


def _reaching(world: World) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for profile in world.files.profiles().values():
        if profile.account_id is not None:
            found.setdefault(profile.account_id, []).append(profile.name)
    return found


def _print_tree(organization: Organization, places: Iterator[Place], reaching: Mapping[str, Sequence[str]]) -> None:
    """Print each line as it becomes known: there may be thousands."""
    click.echo(printable(f"organization {organization.id}, management account {organization.management_account_id}"))
    for place in places:
        if place.account is None:
            click.echo(printable(f"{'  ' * len(place.units)}{place.units[-1]}/"))
            continue
        account = place.account
        words = [f"{account.id}  {account.name}  <{account.email}>"]
        words += [account.status.lower()] if account.status != "ACTIVE" else []
        words += ["management account"] if place.is_management else []
        words += [", ".join(reaching[account.id])] if account.id in reaching else []
        click.echo(printable("  ".join(["  " * len(place.units), *words])))


def _print_json(places: Iterator[Place], reaching: Mapping[str, Sequence[str]]) -> None:
    """Print one object, account by account, and nothing of it before AWS has told of the first."""
    opening, before = '{\n  "version": 1,\n  "accounts": [', ""
    for place in places:
        if place.account is not None:
            row = {
                "id": place.account.id,
                "name": place.account.name,
                "email": place.account.email,
                "status": place.account.status,
                "ou": "/".join(place.units) or None,
                "profiles": reaching.get(place.account.id, []),
            }
            click.echo(f"{opening}{before}\n    {json.dumps(row)}", nl=False)
            opening, before = "", ","
    click.echo(f"{opening}\n  ]\n}}")
