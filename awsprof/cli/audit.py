"""The command that audits accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from awsprof.accounts.audit import Audited, OtherEnv, Status, audit, exit_status, unseen
from awsprof.accounts.auditing import each_at_once
from awsprof.accounts.looking import Look
from awsprof.cli.account_list import tree_via
from awsprof.cli.main import Command
from awsprof.cli.progress import progress
from awsprof.cli.render import echo_json, table
from awsprof.cli.selecting import Narrowing, one, selecting
from awsprof.errors import AwsError, AwsprofError, NoSingleProfileError, UsageError
from awsprof.naming import printable
from awsprof.sessions.roles import chain
from awsprof.settings import is_protected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awsprof.accounts.audit import AuditRow
    from awsprof.accounts.tree import Tree
    from awsprof.cli.world import World
    from awsprof.model import Credentials, Profile

_COLOURS = {Status.PASS: "green", Status.FAIL: "red", Status.NOT_ALLOWED: "yellow"}
_WORDS = {Status.PASS: "pass", Status.FAIL: "FAIL", Status.NOT_ALLOWED: "not allowed to see"}


@click.command("audit", cls=Command)
@click.argument("selectors", metavar="[SELECTOR]...", nargs=-1)
@click.option("--all", "everyone", is_flag=True, help="Audit the account of every profile of the convention.")
@click.option("--via", metavar="SELECTOR", help="A profile in the management account, which sees organizational units.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@selecting
@click.pass_context
def audit_command(
    context: click.Context,
    selectors: tuple[str, ...],
    everyone: bool,
    via: str | None,
    as_json: bool,
    narrowing: Narrowing,
) -> None:
    """
    Check accounts: root user, MFA, permissions, old and unused keys.

    Also password policy, alias, unused users and organizational unit. Each check is passed, failed, or not allowed
    to be seen with that profile's rights. It changes nothing. Exit status 1 means that a check failed, 7 that AWS
    could not be asked.

    \b
    awsprof audit prod
    awsprof audit autochart_dev_paul autochart_prod_paul
    awsprof audit --all --via company_main --json
    """
    world: World = context.obj
    if everyone and selectors:
        raise UsageError("--all and a selector exclude each other")
    profiles = _every(world, narrowing) if everyone else [one(world, name, narrowing) for name in selectors or (None,)]
    organization = None if via is None else tree_via(world, one(world, via, narrowing))
    results = _audited(world, list({profile.name: profile for profile in profiles}.values()), organization)
    every = [row for rows in results.values() for row in rows]
    if as_json:
        echo_json({"findings": [row.to_json() for row in every]})
    else:
        for name, rows in results.items():
            _show(name, rows)
    context.exit(exit_status(every))


def _every(world: World, narrowing: Narrowing) -> list[Profile]:
    product, user, _ = narrowing
    found = [
        profile
        for profile in world.files.profiles().values()
        if profile.parts is not None and product in (None, profile.parts.product) and user in (None, profile.parts.user)
    ]
    if not found:
        raise NoSingleProfileError("There is no profile to audit", hint="'awsprof add' makes one.")
    return found


def _audited(world: World, profiles: Sequence[Profile], organization: Tree | None) -> dict[str, list[AuditRow]]:
    """Audit each profile's account; sessions are started one after the other, since each may ask for a code."""
    sessions: dict[str, Credentials | AwsprofError] = {}
    for profile in profiles:
        try:
            sessions[profile.name] = world.sessions.serve(profile).credentials
        except AwsprofError as error:
            if len(profiles) == 1:
                raise
            sessions[profile.name] = error
    now = world.now()

    def look(profile: Profile) -> list[AuditRow]:
        credentials = sessions[profile.name]
        if isinstance(credentials, AwsprofError):
            return unseen(profile, credentials.message, credentials.hint)
        # botocore's sessions are not for several threads.
        aws, region = world.another_aws(), profile.region_for_calls(world.environ)
        try:
            identity = aws.caller_identity(credentials, region=region)
        except AwsError as error:
            if len(profiles) == 1:
                raise
            return unseen(profile, error.message, error.hint)
        seen = Look(aws, credentials, region=region, identity=identity, organization=organization)
        hops = chain(profile, world.files.get)
        serial = next((hop.mfa_serial for hop in hops if hop.mfa_serial is not None), None)
        return audit(Audited(profile, seen, _other_envs(world, profile), serial), now=now)

    with progress(world, len(profiles), "accounts audited") as done:
        rows = each_at_once(profiles, look, on_done=done)
    return {profile.name: each for profile, each in zip(profiles, rows, strict=True)}


def _other_envs(world: World, profile: Profile) -> frozenset[OtherEnv]:
    """Return the product's other envs with every account that profiles and the team file have for each."""
    if profile.parts is None:
        return frozenset()
    product, env = profile.parts.product, profile.parts.env
    found: set[tuple[str, str]] = set()
    if world.team is not None and world.team.product == product:
        found |= {(name, row.account_id) for name, row in world.team.envs.items() if row.account_id}
    for other in world.files.profiles().values():
        if other.parts is not None and other.parts.product == product and other.account_id is not None:
            found.add((other.parts.env, other.account_id))
    return frozenset(
        OtherEnv(name, account_id, is_protected(product, name, world.settings, world.team))
        for name, account_id in found
        if name != env
    )


def _show(profile: str, rows: Sequence[AuditRow]) -> None:
    click.echo(click.style(printable(profile), bold=True))
    cells = [("RESULT", "CHECK", "WHAT")] + [
        (_WORDS[row.status], row.finding.code, row.finding.message) for row in rows
    ]
    click.echo(table(cells, [None, *(_COLOURS[row.status] for row in rows)]))
    for row in rows:
        if row.status is not Status.PASS and row.finding.fix:
            click.echo(printable(f"  {row.finding.code}: {row.finding.fix}"))
    click.echo()
