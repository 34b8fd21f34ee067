"""The commands for a person's own shell: its integration, which profile is active in it, and what its prompt shows."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from awsprof.cli.main import Command
from awsprof.cli.selecting import Narrowing, one, selecting
from awsprof.errors import AnswerNeededError, AwsprofError, NoLiveSessionError, NoSingleProfileError, UsageError
from awsprof.fastpath import HOOKS, init_key, init_name, own_directory
from awsprof.model import Kind
from awsprof.naming import ProfileName, is_default, printable
from awsprof.settings import find_team_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from awsprof.cli.world import World
    from awsprof.model import Profile
    from awsprof.shells.integration import LoadingLine

# Whose sign-in is another program's.
_SIGNS_IN_ELSEWHERE = (Kind.SSO, Kind.LOGIN)


@click.command("init", cls=Command)
@click.argument("shell", type=click.Choice(tuple(HOOKS)), required=False)
@click.option("--no-prompt", is_flag=True, help="Leave the prompt as it is.")
@click.option("--no-completion", is_flag=True, help="Leave completion out.")
@click.option("--install", is_flag=True, help="Add the line to the shell's start-up file, after asking.")
@click.option("--yes", is_flag=True, help="Do not ask before --install.")
@click.pass_obj
def init_command(
    world: World, shell: str | None, no_prompt: bool, no_completion: bool, install: bool, yes: bool
) -> None:
    """
    Print the integration with a shell, for one line in its start-up file.

    \b
    eval "$(awsprof init bash)"                                     ~/.bashrc
    eval "$(awsprof init zsh)"                                      ~/.zshrc
    awsprof init fish | source                                      config.fish
    Invoke-Expression (& awsprof init powershell | Out-String)      $PROFILE
    """
    if shell is None:
        likely = _likely_shell(world)
        raise UsageError(
            "The integration is for one shell, and none is named",
            hint=f"There are {', '.join(HOOKS)}: run 'awsprof init {likely}'.",
        )
    options = ["--no-prompt"] * no_prompt + ["--no-completion"] * no_completion
    if install:
        _install(world, shell, options, yes=yes)
    elif yes:
        raise UsageError("--yes answers what --install asks", hint=f"Run 'awsprof init {shell} --install --yes'.")
    else:
        click.echo(_integration(world, shell, options), nl=False)


def _integration(world: World, shell: str, options: list[str]) -> bytes:
    """Render the integration, and leave it where the next shell finds it at once."""
    from awsprof.configfiles.launcher import find_launcher
    from awsprof.shells.integration import Integration
    from awsprof.storage.private import write_private_file

    launcher, settings = find_launcher(world.environ), world.settings
    key = init_key(shell, launcher)
    text = Integration(
        shell=shell,
        launcher=launcher,
        states=os.path.join(own_directory("state", usual=True) or str(world.places.state), "state"),
        user=settings.user,
        protected_envs=settings.protected_envs,
        ascii_only=settings.prompt_ascii,
        release=settings.release,
        prompt="--no-prompt" not in options,
        completion="--no-completion" not in options,
    ).render()
    data = (key or b"") + text.encode("utf-8", "surrogateescape")
    if key is not None:
        try:
            write_private_file(world.places.cache / "init" / init_name(shell, options), data)
        except OSError as error:
            world.trace(f"the integration cannot be cached: {error.strerror}")
    return data


def _install(world: World, shell: str, options: list[str], *, yes: bool) -> None:
    import platformdirs

    from awsprof.configfiles.diff import unified
    from awsprof.shells.integration import loading_line, rc_file, rc_line, with_line
    from awsprof.storage.replace import edit_shared_file, read_shared_file

    _integration(world, shell, options)  # what cannot be printed is not to be loaded either
    documents = platformdirs.user_documents_path() if os.name == "nt" else None
    path = rc_file(shell, world.environ, Path.home(), documents)
    line = rc_line(shell, "".join(f" {option}" for option in options))
    before = read_shared_file(path)
    there = loading_line(shell, before.decode("utf-8", "replace"))
    if there is not None:
        _refuse_other_options(path, there, shell, options)
        click.echo(f"It is there already: {path} has the line {printable(there.text)}")
        return
    for row in unified(str(path), before, with_line(before, line)):
        click.echo(row)
    if not yes and not world.terminal.confirm(f"Add this line to {path}?"):
        world.say("Nothing was added.")
        raise click.exceptions.Exit(1)

    def add(data: bytes) -> bytes:
        # Another process may have added it while this one asked.
        return data if loading_line(shell, data.decode("utf-8", "replace")) else with_line(data, line)

    edit_shared_file(path, add, locks=world.places.locks, most_mode=None)
    click.echo(f"Added to {path}; a new shell has it.")


def _refuse_other_options(path: Path, there: LoadingLine, shell: str, options: list[str]) -> None:
    """Say that what is asked for is not what the line that is there does; without options any line will do."""
    from awsprof.shells.integration import rc_line

    words = "".join(f" {option}" for option in options)
    if options and there.options is None:
        raise AwsprofError(
            f"{path} loads awsprof already, from a file: {there.text}",
            hint=f"Make that file anew with 'awsprof init {shell}{words}'.",
        )
    if options and there.options != frozenset(options):
        raise AwsprofError(
            f"{path} loads awsprof already, with other options: {there.text}",
            hint=f"Make that line {rc_line(shell, words)}",
        )


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
    _echo(render(style, taken_out_by_use(world.environ), {"AWS_PROFILE": profile.name}, interactive=True))


@click.command("off", cls=Command)
@click.pass_obj
def off_command(world: World) -> None:
    """
    Make no profile the active one of this shell.

    \b
    awsprof off
    """
    from awsprof.shells.quoting import render

    style = _style(world, "off")
    if world.environ.get("AWS_DEFAULT_PROFILE"):
        world.say("AWS_DEFAULT_PROFILE, which the AWS CLI takes for a profile as well, goes too.")
    _echo(render(style, ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"], {}, interactive=True))


def _echo(code: str) -> None:
    """Print shell code byte for byte: a name that is no UTF-8 goes out as it came in."""
    click.echo(code.encode("utf-8", "surrogateescape"), nl=False)


def _style(world: World, command: str) -> str:
    """Return the style of the shell that will run what is printed, or say how a shell comes to do so."""
    from awsprof.shells.integration import rc_line, style_of

    shell = world.environ.get("AWSPROF_SHELL")
    if shell:
        return style_of(shell)
    likely = _likely_shell(world)
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


def _likely_shell(world: World) -> str:
    """Return the shell that a person most likely means: the login shell, where it has an integration."""
    known = {"bash": "bash", "zsh": "zsh", "fish": "fish", "pwsh": "powershell"}
    return known.get(os.path.basename(world.environ.get("SHELL", "")), "bash")


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


# --- prompt


_USUAL_FORMAT = "{product}/{env} {left}"


@click.command("prompt", cls=Command)
@click.option("--format", "template", metavar="FORMAT", help="What to print; the setting prompt_format otherwise.")
@click.pass_obj
def prompt_command(world: World, template: str | None) -> None:
    """
    Print the active profile in a few words, for other programs' prompts.

    FORMAT may have {profile} {product} {env} {user} {account} {alias} {left} {region} {mark}; without AWS_PROFILE
    nothing is printed.

    \b
    awsprof prompt
    awsprof prompt --format '{product}/{env} {account} {left} {mark}'
    """
    from awsprof.shells.prompt import check_format, fill

    if template is None:
        template = world.settings.prompt_format or _USUAL_FORMAT
    check_format(template)
    name = world.environ.get("AWS_PROFILE")
    if not name:
        return
    parts = ProfileName.parse(name)
    if parts is None:
        # A name outside the convention has no such parts, and is told in full.
        template = template.replace("{product}/{env}", "{profile}")
    text = fill(template, _values(world, name, parts))
    if text:
        _echo(f"{text}\n")


def _values(world: World, name: str, parts: ProfileName | None) -> dict[str, Callable[[], str | None]]:
    """Return what finds each placeholder's value, so that what a format does not ask for is not looked up."""
    from awsprof.shells.prompt import State, left, marks

    state = State.read(world.places.state_file(name))
    product = parts.product if parts else None

    def seconds_left() -> str | None:
        return None if state.expiration_s is None else left(state.expiration_s - world.now().timestamp())

    def setting(name_of: Callable[[Profile], str | None]) -> str | None:
        try:
            return name_of(world.files.get(name))
        except AwsprofError:
            return None  # commands say what is wrong with the files; a prompt goes on without them

    def mark() -> str:
        here = None
        with contextlib.suppress(AwsprofError, OSError):
            team = find_team_file(Path.cwd(), lambda _: None)
            here = team.product if team else None
        return marks(world.environ, product, here, ascii_only=world.settings.prompt_ascii)

    return {
        "profile": lambda: name,
        "product": lambda: product,
        "env": lambda: parts.env if parts else None,
        "user": lambda: parts.user if parts else None,
        "account": lambda: state.account_id or setting(lambda profile: profile.account_id),
        "alias": lambda: state.alias,
        "left": seconds_left,
        "region": lambda: setting(lambda profile: profile.region),
        "mark": mark,
    }
