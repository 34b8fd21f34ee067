"""
zsh's completion file: the commands as specifications that zsh's own _arguments reads.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from awsprof.shells.completion_template import filled
from awsprof.shells.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from awsprof.shells.completion_tree import Argument, Command, Option, Tree, Value

# A space before an action keeps zsh from handing it options of compadd.
_ACTIONS = {
    "text": " ",
    "file": "_files",
    "region": " __awsprof_complete_regions",
    "setting": " __awsprof_complete_settings",
    "key": " __awsprof_complete_keys",
    "command": " __awsprof_complete_command",
}


def zsh(tree: Tree) -> str:
    """Return the completion file for zsh."""
    return filled(
        "complete.zsh",
        regions=" ".join(tree.regions),
        settings=" ".join(tree.settings),
        key_names=" ".join(tree.keys),
        keys="\n".join(f"  ({key}) {_key(value)} ;;" for key, value in tree.keys.items() if value.kind != "text"),
        tables="\n".join(_table(tree.commands)),
    )


def _key(value: Value) -> str:
    if value.kind == "words":
        return f"choices=({' '.join(value.words)}); _wanted values expl value compadd -a choices"
    return _action(value).strip()


def _table(commands: Iterable[Command]) -> Iterator[str]:
    yield "# Set what may follow the command $1; fails where there is no such command."
    yield "function __awsprof_complete_table {"
    yield "  below=()"
    yield "  case $1 in"
    for command in commands:
        yield f"  ('{command.name}')"
        yield from _list("below", [f"{name}:{help_}" for name, help_ in (command.commands or {}).items()])
        specs = [spec for option in command.options for spec in _option(option)]
        yield from _list("specs", [*specs, *_arguments(command.arguments)])
        yield "    ;;"
    yield "  (*) \\builtin return 1 ;;"
    yield "  esac"
    yield "}"


def _list(name: str, words: list[str]) -> Iterator[str]:
    if words:
        yield f"    {name}=("
        yield from (f"      {quote('zsh', word)}" for word in words)
        yield "    )"


def _option(option: Option) -> Iterator[str]:
    others = f"({' '.join(option.names)})" if len(option.names) > 1 else ""
    values = "".join(f":{_escaped(value.label)}:{_action(value)}" for value in option.values)
    for name in option.names:
        end = ("=" if name.startswith("--") else "+") if len(option.values) == 1 else ""
        yield f"{'*' if option.repeated else others}{name}{end}[{_escaped(option.help)}]{values}"


def _arguments(arguments: Iterable[Argument]) -> Iterator[str]:
    for place, argument in enumerate(arguments, 1):
        value = argument.value
        where = "*::" if value.kind == "command" else "*" if argument.repeated else str(place)
        yield f"{where}:{_escaped(value.label)}:{_action(value)}"


def _action(value: Value) -> str:
    if value.kind == "words":
        return f"({' '.join(value.words)})"
    return _ACTIONS.get(value.kind) or f" __awsprof_complete_names {value.kind}"


def _escaped(text: str) -> str:
    return re.sub(r"([\[\]:\\])", r"\\\1", text)
