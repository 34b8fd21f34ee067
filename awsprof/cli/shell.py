"""The commands for a person's own shell: its integration, and what its prompt shows."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from awsprof.cli.main import Command
from awsprof.cli.render import echo_code
from awsprof.errors import AwsprofError, UsageError
from awsprof.fastpath import HOOKS, init_key, init_name, own_directory
from awsprof.naming import ProfileName, printable
from awsprof.settings import find_team_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.cli.world import World
    from awsprof.model import Profile
    from awsprof.shells.integration import LoadingLine


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
        from awsprof.shells.integration import likely_shell

        likely = likely_shell(world.environ)
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
        echo_code(f"{text}\n")


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
