"""
bash's completion file: the commands as arrays that the template's code reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.shells.completion_template import filled, kind_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from awsprof.shells.completion_tree import Argument, Command, Option, Tree


def bash(tree: Tree) -> str:
    """Return the completion file for bash."""
    return filled(
        "complete.bash",
        regions=" ".join(tree.regions),
        settings=" ".join(tree.settings),
        key_names=" ".join(f"{key}=" for key in tree.keys),
        keys="\n".join(
            f"    {key}) kind='{kind_word(value)}' ;;" for key, value in tree.keys.items() if value.kind != "text"
        ),
        tables="\n".join(_table(tree.commands)),
    )


def _table(commands: Iterable[Command]) -> Iterator[str]:
    yield "# Set what may follow the command $1; fails where there is no such command."
    yield "function __awsprof_complete_table {"
    yield "  case $1 in"
    for command in commands:
        yield f"  '{command.name}')"
        if command.commands:
            yield f"    commands=({' '.join(command.commands)})"
        yield f"    options=({' '.join(word for option in command.options for word in _option(option))})"
        if command.arguments:
            yield f"    arguments=({' '.join(map(_argument, command.arguments))})"
        yield "    ;;"
    yield "  *) \\builtin return 1 ;;"
    yield "  esac"
    yield "}"


def _option(option: Option) -> Iterator[str]:
    kinds = ",".join(map(kind_word, option.values))
    for name in option.names:
        yield _quoted(f"{name}={kinds}") if kinds else name


def _argument(argument: Argument) -> str:
    return _quoted(kind_word(argument.value) + ("..." if argument.repeated else ""))


def _quoted(word: str) -> str:
    return f"'{word}'" if "|" in word or "," in word else word
