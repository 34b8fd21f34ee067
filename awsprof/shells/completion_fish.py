"""
fish's completion file: the commands as lists that the template's code reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.shells.completion_template import filled, kind_word
from awsprof.shells.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from awsprof.shells.completion_tree import Command, Tree


def fish(tree: Tree) -> str:
    """Return the completion file for fish."""
    return filled(
        "complete.fish",
        regions=" ".join(tree.regions),
        settings=" ".join(tree.settings),
        key_names=" ".join(f"{key}=" for key in tree.keys),
        keys="\n".join(
            f"                case {key}=\n"
            f"                    __awsprof_complete_value $key {_quoted(kind_word(value))} "
            "(string replace -r '^[^=]*=' '' -- $typed)"
            for key, value in tree.keys.items()
            if value.kind != "text"
        ),
        tables="\n".join(_table(tree.commands)),
    )


def _table(commands: Iterable[Command]) -> Iterator[str]:
    yield "# Set what may follow the command $path in the caller's own variables; fails where there is no such command."
    yield "function __awsprof_complete_table --no-scope-shadowing"
    yield "    switch $argv"
    for command in commands:
        yield f"        case {_quoted(command.name)}"
        options = {name: option.help for option in command.options for name in option.names}
        yield from _list("below", [_described(*item) for item in (command.commands or {}).items()])
        yield from _list("options", [_described(*item) for item in options.items()])
        taking = [(name, option.values) for option in command.options if option.values for name in option.names]
        yield from _list("kinds", [_quoted(f"{name}={','.join(map(kind_word, values))}") for name, values in taking])
        arguments = [kind_word(one.value) + ("..." if one.repeated else "") for one in command.arguments]
        yield from _list("arguments", [_quoted(word) for word in arguments])
    yield "        case '*'"
    yield "            return 1"
    yield "    end"
    # Else its status would be whatever came before: set keeps that.
    yield "    return 0"
    yield "end"


def _list(name: str, words: list[str]) -> Iterator[str]:
    if words:
        yield f"            set {name} {' '.join(words)}"


def _described(word: str, help_: str) -> str:
    return rf"{word}\t{_quoted(help_)}" if help_ else word


def _quoted(text: str) -> str:
    return quote("fish", text)
