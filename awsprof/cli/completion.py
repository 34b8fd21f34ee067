"""The command that prints the shells' completion files, and the walk through the commands that makes them."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from awsprof.cli.main import Command
from awsprof.shells.completion import FILES, script

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from awsprof.shells.completion_tree import Argument, Option, Tree, Value
    from awsprof.shells.completion_tree import Command as PlainCommand


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(tuple(FILES)))
def completion_command(shell: str) -> None:
    """
    Print the code that completes awsprof's words in a shell.

    'awsprof init' includes it; packages install it where shells look for completions.

    \b
    source <(awsprof completion bash)
    awsprof completion fish > ~/.config/fish/completions/awsprof.fish
    """
    click.echo(script(shell), nl=False)


# What a value is, by what help calls it; all others are free text.
_KINDS = {
    "SELECTOR": "selector",
    "SELECTORS": "selector",
    "PROFILE": "profile",
    "PRODUCT": "product",
    "ENV": "env",
    "USER": "user",
    "REGION": "region",
    "FILE": "file",
    "PATH": "file",
    "DIR": "file",
    "DIRECTORY": "file",
    "KEY=VALUE": "key",
    "COMMAND": "command",
}
# The same for those words that mean something else in other commands.
_KINDS_IN = {
    ("use", "SELECTOR"): "back",
    ("settings get", "KEY"): "setting",
    ("settings set", "KEY"): "setting",
    ("credential-process", "NAME"): "profile",
    ("import", "NAME"): "profile",
}
# Of the keys that 'set' takes, those a person sets by hand.
_KEYS = (
    "region",
    "output",
    "mfa_serial",
    "aws_account_id",
    "role_arn",
    "source_profile",
    "role_session_name",
    "external_id",
    "duration_seconds",
    "awsprof_delivery",
    "awsprof_session_duration",
    "awsprof_color",
)


def tree(regions: Sequence[str]) -> Tree:
    """Describe the whole command line as plain data."""
    from awsprof.cli.main import main
    from awsprof.model import Delivery
    from awsprof.profiles.setting import COLOURS, OUTPUTS
    from awsprof.settings import KEYS
    from awsprof.shells.completion_tree import Tree, Value

    keys = dict.fromkeys(_KEYS, Value("text")) | {
        "region": Value("region"),
        "source_profile": Value("profile"),
        "output": Value("words", words=OUTPUTS),
        "awsprof_color": Value("words", words=COLOURS),
        "awsprof_delivery": Value("words", words=tuple(map(str, Delivery))),
    }
    return Tree(commands=list(_commands(main, (), None)), regions=regions, settings=KEYS, keys=keys)


def _commands(command: click.Command, path: tuple[str, ...], parent: click.Context | None) -> Iterator[PlainCommand]:
    from awsprof.shells.completion_tree import Command as PlainCommand

    context = click.Context(command, parent, **command.context_settings)
    below: dict[str, click.Command] = {}
    if isinstance(command, click.Group):
        found = ((name, command.get_command(context, name)) for name in command.list_commands(context))
        below = {name: one for name, one in found if one is not None and not one.hidden}
    parameters = command.get_params(context)
    yield PlainCommand(
        path=path,
        options=tuple(_option(path, one) for one in parameters if isinstance(one, click.Option) and not one.hidden),
        arguments=tuple(
            argument for one in parameters if isinstance(one, click.Argument) for argument in _arguments(path, one)
        ),
        commands={name: one.get_short_help_str(limit=200).rstrip(".") for name, one in below.items()},
    )
    for name, one in below.items():
        yield from _commands(one, (*path, name), context)


def _option(path: tuple[str, ...], option: click.Option) -> Option:
    from awsprof.shells.completion_tree import Option

    values: list[Value] = []
    if not option.is_flag and not option.count:
        labels = (option.metavar or option.opts[-1].lstrip("-").upper()).split()
        labels += labels[-1:] * (option.nargs - len(labels))
        values = [_value(path, label, option.type) for label in labels[: option.nargs]]
    names = sorted((*option.opts, *option.secondary_opts), key=len, reverse=True)
    help_ = " ".join((option.help or "").split()).rstrip(".")
    return Option(tuple(names), help_, tuple(values), repeated=option.multiple)


def _arguments(path: tuple[str, ...], argument: click.Argument) -> Iterator[Argument]:
    from awsprof.shells.completion_tree import Argument

    # 'exec' takes its words as one, and says in its metavar what they are: a selector, and behind -- a command.
    labels = (argument.metavar or (argument.name or "").upper()).replace("--", "").split()
    repeated = argument.nargs == -1
    if repeated and len(labels) == 1:
        yield Argument(_value(path, labels[0], argument.type), repeated=True)
        return
    labels += labels[-1:] * (argument.nargs - len(labels))
    for label in labels:
        yield Argument(_value(path, label, argument.type))


def _value(path: tuple[str, ...], label: str, type_: object) -> Value:
    from awsprof.browsers.services import SERVICES
    from awsprof.shells.completion_tree import Value

    label = re.sub(r"[\[\]]|\.\.\.|\|.*", "", label)
    if isinstance(type_, click.Choice):
        return Value("words", label, tuple(map(str, type_.choices)))
    if label == "SERVICE":
        # No click.Choice: refused, it would list them all.
        return Value("words", label, SERVICES)
    if isinstance(type_, click.Path | click.File):
        return Value("file", label)
    return Value(_KINDS_IN.get((" ".join(path), label)) or _KINDS.get(label, "text"), label)


def generated(regions: Sequence[str]) -> dict[str, str]:
    """Return the text of every completion file, by shell."""
    from awsprof.shells.completion_bash import bash
    from awsprof.shells.completion_fish import fish
    from awsprof.shells.completion_powershell import powershell
    from awsprof.shells.completion_zsh import zsh

    described = tree(regions)
    return {
        "bash": bash(described),
        "zsh": zsh(described),
        "fish": fish(described),
        "powershell": powershell(described),
    }


def _write(directory: Path) -> None:
    from awsprof.aws.regions import known_regions

    for shell, text in generated(known_regions()).items():
        (directory / FILES[shell]).write_text(text, "utf-8")


if __name__ == "__main__":
    # scripts/completions runs this.
    _write(Path(sys.argv[1]))
