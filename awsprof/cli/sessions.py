"""The commands that start, end and show sessions, and the one that AWS's tools call."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from awsprof.cli.main import Command
from awsprof.cli.render import echo_json, profile_object, profile_table, session_object, until
from awsprof.cli.selecting import Narrowing, one, selecting
from awsprof.errors import AwsprofError, NoLiveSessionError, UsageError
from awsprof.model import Kind, duration_seconds
from awsprof.naming import printable, refuse_default

if TYPE_CHECKING:
    from awsprof.cli.world import World
    from awsprof.model import Profile
    from awsprof.sessions.login import Login


@click.command("login", cls=Command)
@click.argument("selectors", metavar="[SELECTOR]...", nargs=-1)
@click.option("--all", "everyone", is_flag=True, help="Log in every profile that has an MFA device.")
@click.option("--code", metavar="CODE", help="The device's six digits, or '-' to read them from stdin.")
@click.option("--duration", metavar="TIME", help="How long the session lasts, as in 12h or 90m.")
@click.option("--force", is_flag=True, help="Start a new session even beside a fresh one.")
@click.option("--write", is_flag=True, help="Write this session to the credentials file too, until it ends.")
@click.option("--json", "as_json", is_flag=True, help="Print the profiles as JSON.")
@selecting
@click.pass_obj
def login_command(
    world: World,
    selectors: tuple[str, ...],
    everyone: bool,
    code: str | None,
    duration: str | None,
    force: bool,
    write: bool,
    as_json: bool,
    narrowing: Narrowing,
) -> None:
    """
    Start a session with one MFA code; every AWS tool then just works.

    A role logs in as its source; profiles of IAM Identity Center and of 'aws login' sign in through the AWS CLI.
    --write is for tools that know no credential_process, such as Serverless Framework 3.

    \b
    awsprof login prod
    awsprof login dev prod
    awsprof login autochart_prod_paul --code 123456 --duration 2h
    """
    duration_s = None if duration is None else duration_seconds(duration)
    chosen = _chosen(world, selectors, everyone, narrowing)
    _check_write(chosen if write else [])
    # A role logs in as its source, so several profiles may be one identity.
    profiles = list({identity.name: identity for identity in map(world.sessions.identity, chosen)}.values())
    if code is not None and len(profiles) > 1:
        raise UsageError("A code is good for one profile only", hint="Name one, or leave out --code to be asked.")
    typed = sys.stdin.readline() if code == "-" else code
    if typed is not None:
        from awsprof.sessions.codes import check_code

        typed = check_code(typed)
    for profile in chosen:
        warn_of_missing_mfa(world, profile)
    failures: list[AwsprofError] = []
    for profile in profiles:
        try:
            login = world.sessions.login(profile, code=typed, duration_s=duration_s, force=force)
            if write:
                world.sessions.write_once(profile)
        except AwsprofError as error:
            # One of many that cannot be logged in now is no reason to leave out the others.
            if not everyone:
                raise
            failures.append(error)
            continue
        if not as_json:
            show_login(world, login, written=write)
        world.sessions.learn_alias(login)
        if duration_s is not None and login.session is not None and not login.renewed:
            world.say("Its length is as it was: --force starts a new session.")
    if as_json:
        echo_json({"profiles": [profile_object(world, world.files.get(profile.name)) for profile in chosen]})
    _raise_first(world, failures)


def _check_write(profiles: list[Profile]) -> None:
    """Refuse, before anybody is asked for a code, what has no session that could be written."""
    from awsprof.sessions.delivery import refuse_delivery_by_file

    for profile in profiles:
        refuse_delivery_by_file(profile)


def _raise_first(world: World, failures: list[AwsprofError]) -> None:
    """Say what else failed, and let the first failure be the command's."""
    for error in failures[1:]:
        world.say(error.message)
    if failures:
        raise failures[0]


def _chosen(world: World, selectors: tuple[str, ...], everyone: bool, narrowing: Narrowing) -> list[Profile]:
    if everyone and selectors:
        raise UsageError("--all and a selector exclude each other")
    if everyone:
        return [profile for profile in world.files.profiles().values() if profile.needs_session]
    wanted = [one(world, selector, narrowing) for selector in (selectors or [None])]
    return list({profile.name: profile for profile in wanted}.values())


def show_login(world: World, login: Login, *, written: bool = False) -> None:
    name = printable(login.profile.name)
    if login.profile.kind in (Kind.SSO, Kind.LOGIN):
        click.echo(f"{name}: {'signed in' if login.renewed else 'already signed in'} through the AWS CLI")
        return
    if login.session is None:
        why = "has no MFA device" if login.profile.kind is Kind.USER else "has credentials of its own"
        click.echo(f"{name} {why}: it needs no session and works as it is.")
        return
    words = "logged in" if login.renewed else "already logged in"
    account = printable(login.profile.account_id or "unknown")
    click.echo(f"{name}: {words} until {until(login.session.expiration, world.now())}, account {account}")
    if written:
        click.echo(f"Its session stands in {world.places.credentials_file} until it ends.")


def warn_of_missing_mfa(world: World, profile: Profile) -> None:
    """Say once, on stderr, that nothing but a key protects a protected env."""
    if not profile.protected or profile.mfa_serial:
        return
    if profile.kind is Kind.USER:
        world.warn(f"{profile.name} is protected and has no MFA device: its key alone opens the account")
    elif profile.kind is Kind.ROLE:
        from awsprof.sessions.roles import source_of

        source = source_of(profile, world.files.profiles())
        if source.kind is Kind.USER and not source.mfa_serial:
            world.warn(f"{profile.name} is protected, and its source {source.name} has no MFA device")


@click.command("logout", cls=Command)
@click.argument("selector", required=False)
@click.option("--all", "everyone", is_flag=True, help="Forget every session.")
@selecting
@click.pass_obj
def logout_command(world: World, selector: str | None, everyone: bool, narrowing: Narrowing) -> None:
    """
    Forget sessions.

    AWS has no call that ends a session: what is forgotten here stays valid there until its expiration.

    \b
    awsprof logout prod
    awsprof logout --all
    """
    from awsprof.sessions.roles import lives_by

    if everyone and selector:
        raise UsageError("--all and a selector exclude each other")
    profiles = world.files.profiles()
    if everyone:
        doomed = list(profiles.values())
    else:
        chosen = one(world, selector, narrowing)
        # Roles live by their source's session: theirs go with it.
        doomed = [it for it in profiles.values() if it.name == chosen.name or lives_by(it, chosen.name, profiles)]
    names, failures = [], []
    marked = {it.name for it in doomed if world.store.is_marked_protected(it.name)}
    for profile in doomed:
        try:
            if world.sessions.drop(profile.name):
                names.append(profile.name)
        except AwsprofError as error:
            failures.append(error)
        except OSError as error:
            failures.append(AwsprofError(f"{profile.name}: {error.strerror}"))
    for profile in doomed:
        if profile.kind is Kind.ROLE:
            # What its source still has, its prompt still shows.
            world.sessions.tell(profile, marked=profile.name in marked)
    if everyone:
        # And those of profiles that somebody took out of the files by hand.
        names += world.store.delete_all()
    for name in names:
        click.echo(f"{printable(name)}: logged out")
    if not names and not failures:
        world.say("No session to forget.")
    _raise_first(world, failures)


@click.command("status", cls=Command)
@click.argument("selector", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@selecting
@click.pass_context
def status_command(context: click.Context, selector: str | None, as_json: bool, narrowing: Narrowing) -> None:
    """
    Show which sessions are live, and for how long.

    With a selector, the exit status is 8 when that profile needs a session and has no live one.

    \b
    awsprof status
    awsprof status prod && make deploy
    """
    world: World = context.obj
    profiles = list(world.files.profiles().values()) if selector is None else [one(world, selector, narrowing)]
    if as_json:
        echo_json({"profiles": [profile_object(world, profile) for profile in profiles]})
    elif profiles:
        click.echo(profile_table(world, profiles))
    if selector is not None:
        session = session_object(world, profiles[0])
        context.exit(NoLiveSessionError.status if session and session["state"] != "live" else 0)


@click.command("credential-process", cls=Command)
@click.argument("name")
@click.pass_obj
def credential_process_command(world: World, name: str) -> None:
    """
    Answer an AWS tool; credential_process lines call this.

    Prints the standard JSON and nothing else on stdout. Renews the session when that needs nobody, or asks on the
    terminal when a person is in its foreground; else exits 8 and names the command to run.
    """
    refuse_default(name)
    if world.environ.get("AWSPROF_IN_PROCESS"):
        raise AwsprofError(
            f"credential_process of {name} leads back to awsprof itself",
            hint="Correct credential_process and source_profile in the shared config file.",
        )
    world.in_credential_process = True
    profile = world.files.get(name)
    click.echo(world.sessions.serve(profile).answer)
