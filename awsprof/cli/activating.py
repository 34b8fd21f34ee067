"""The commands that choose which profile is active in a person's own shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from awsprof.cli.main import Command
from awsprof.cli.render import echo_code
from awsprof.cli.selecting import Narrowing, one, selecting
from awsprof.errors import AnswerNeededError, NoLiveSessionError, NoSingleProfileError, UsageError
from awsprof.model import Kind
from awsprof.naming import is_default, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awsprof.cli.world import World
    from awsprof.model import Profile

# Whose sign-in is another program's.
_SIGNS_IN_ELSEWHERE = (Kind.SSO, Kind.LOGIN)


@click.command("use", cls=Command)
@click.argument("selector", required=False)
@selecting
@click.pass_obj
def use_command(world: World, selector: str | None, narrowing: Narrowing) -> None:
    """
    Make a profile the active one of this shell.

    Logs in first when a session is needed. Without SELECTOR a picker shows what there is; '-' goes back to the profile
    before.

    \b
    awsprof use prod
    awsprof use -
    """
    from awsprof.shells.environment import taken_out_by_use
    from awsprof.shells.quoting import render

    style = _style(world, "use")
    profile = _chosen(world, selector, narrowing)
    _see_to_session(world, profile)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        region = world.environ.get(name)
        if region and profile.region and region != profile.region:
            world.warn(f"{name} is set to {region} and overrides the region of {profile.name}, {profile.region}")
            break
    echo_code(render(style, taken_out_by_use(world.environ), {"AWS_PROFILE": profile.name}, interactive=True))


@click.command("off", cls=Command)
@click.pass_obj
def off_command(world: World) -> None:
    """
    Make no profile the active one of this shell.

    \b
    awsprof off
    """
    from awsprof.shells.environment import OVERRIDING, taken_out_by_off
    from awsprof.shells.quoting import render

    style = _style(world, "off")
    gone = taken_out_by_off(world.environ)
    for name in OVERRIDING[:2]:
        if world.environ.get(name) and name not in gone:
            world.warn(f"{name} stays, and tools use it: 'unset {name}' takes it out")
    if world.environ.get("AWS_DEFAULT_PROFILE"):
        world.say("AWS_DEFAULT_PROFILE, which the AWS CLI takes for a profile as well, goes too.")
    echo_code(render(style, gone, {}, interactive=True))


def _style(world: World, command: str) -> str:
    """Return the style of the shell that will run what is printed, or say how a shell comes to do so."""
    from awsprof.shells.integration import likely_shell, rc_line, style_of

    shell = world.environ.get("AWSPROF_SHELL")
    if shell:
        return style_of(shell)
    likely = likely_shell(world.environ)
    raise UsageError(
        f"'awsprof {command}' changes the shell it is typed in, which needs awsprof's integration",
        hint=f"Run this line, and add it to the shell's start-up file ('awsprof init {likely} --install' does so): "
        f"{rc_line(likely)}",
    )


def _chosen(world: World, selector: str | None, narrowing: Narrowing) -> Profile:
    if selector is None:
        return _picked(world, narrowing)
    if selector != "-":
        return one(world, selector, narrowing)
    previous = world.environ.get("AWSPROF_PREVIOUS")
    if not previous:
        raise UsageError("There is no profile to go back to in this shell", hint="Name one, as in 'awsprof use prod'.")
    return one(world, previous, (None, None, True))


def _see_to_session(world: World, profile: Profile) -> None:
    """Log in where a session is needed and none is live, and warn of a protected profile without MFA."""
    from awsprof.cli.render import session_object, until
    from awsprof.cli.sessions import warn_of_missing_mfa

    warn_of_missing_mfa(world, profile)
    identity = world.sessions.identity(profile)
    if identity.kind in _SIGNS_IN_ELSEWHERE:
        if world.sessions.login(profile).renewed:
            world.say(f"{identity.name}: signed in through the AWS CLI")
        world.sessions.tell_of_none(profile)
        return
    session = session_object(world, profile)
    if session is None:
        world.sessions.tell_of_none(profile)
        return
    if session["state"] == "live":
        # What the prompt reads may be torn, or written where the team file was not in sight.
        world.sessions.tell(profile)
        return
    try:
        login = world.sessions.login(profile)
    except AnswerNeededError:
        raise NoLiveSessionError(
            f"{identity.name} has no live session", hint=f"Run 'awsprof login {identity.name}'."
        ) from None
    if login.renewed and login.session is not None:
        world.say(f"{identity.name}: logged in until {until(login.session.expiration, world.now())}")
    world.sessions.learn_alias(login)


# --- choosing


def _picked(world: World, narrowing: Narrowing) -> Profile:
    """Let a person choose among the profiles: in fzf where it is installed, else from a numbered list."""
    product, user, _ = narrowing
    profiles = []
    for name, profile in world.files.profiles().items():
        parts = profile.parts
        fits = parts is not None and (product or parts.product, user or parts.user) == (parts.product, parts.user)
        if not is_default(name) and (fits or (parts is None and not product and not user)):
            profiles.append(profile)
    if not world.terminal.can_answer():
        raise UsageError(
            "No profile is named, and there is no terminal to choose one on", hint="Name one: 'awsprof use prod'."
        )
    if not profiles:
        raise NoSingleProfileError(
            "There is no profile to choose from", hint="'awsprof add PRODUCT ENV USER' makes one."
        )
    rows = _rows(world, profiles)
    index = _in_fzf(world, rows)
    if index is None:
        index = world.terminal.choose("Which profile?", rows, option="a selector, as in 'awsprof use prod'")
    return profiles[index]


def _rows(world: World, profiles: Sequence[Profile]) -> list[str]:
    """Return a line for each profile: product, env, user, account and session, in columns."""
    from awsprof.cli.render import left, session_object

    table = []
    for profile in profiles:
        session = session_object(world, profile)
        words = "-" if session is None else session["state"]
        alias = world.store.alias(profile.account_id)
        parts = profile.parts
        cells = [parts.product, parts.env, parts.user] if parts else [profile.name, "-", "-"]
        cells += [(profile.account_id or "?") + (f" ({alias})" if alias else "")]
        cells += [left(session["seconds_left"]) if session and words == "live" else words]
        cells += ["protected"] if profile.protected else []
        table.append([printable(cell) for cell in cells])
    widths = [max(len(row[column]) for row in table) for column in range(5)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=False)).rstrip() for row in table
    ]


def _in_fzf(world: World, rows: Sequence[str]) -> int | None:
    """Let a person choose a row in fzf; None where that cannot be used."""
    import shutil
    import subprocess

    program = shutil.which("fzf", path=world.environ.get("PATH"))
    if program is None or world.environ.get("TERM") == "dumb":
        return None
    # A number stands before each row, unseen: what is chosen is known by it, whatever is in a name.
    lines = "".join(f"{number}\t{row}\n" for number, row in enumerate(rows))
    done = subprocess.run(
        [program, "--no-multi", "--delimiter=\t", "--with-nth=2..", "--prompt=profile> "],
        input=lines.encode("utf-8", "surrogateescape"),
        stdout=subprocess.PIPE,
        env=dict(world.environ),
        check=False,
    )
    number = done.stdout.partition(b"\t")[0]
    if done.returncode == 0 and number.isdigit() and int(number) < len(rows):
        return int(number)
    if done.returncode == 130:
        raise KeyboardInterrupt
    if done.returncode == 1:
        world.say("Nothing was chosen.")
        raise click.exceptions.Exit(1)
    return None
