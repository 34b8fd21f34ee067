"""
PowerShell's completion file: the commands as hash tables that the template's code reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.shells.completion_template import filled, kind_word
from awsprof.shells.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from awsprof.shells.completion_tree import Command, Tree


def powershell(tree: Tree) -> str:
    """Return the completion file for PowerShell."""
    return filled(
        "complete.ps1",
        regions=" ".join(tree.regions),
        settings=" ".join(tree.settings),
        key_names=" ".join(f"{key}=" for key in tree.keys),
        keys="; ".join(
            f"{_quoted(key)} = {_quoted(kind_word(value))}" for key, value in tree.keys.items() if value.kind != "text"
        ),
        tables="\n".join(_table(tree.commands)),
    )


def _table(commands: Iterable[Command]) -> Iterator[str]:
    for command in commands:
        options = {name: option.help for option in command.options for name in option.names}
        kinds = {
            name: f"@({', '.join(_quoted(kind_word(value)) for value in option.values)})"
            for option in command.options
            for name in option.names
            if option.values
        }
        arguments = [kind_word(one.value) + ("..." if one.repeated else "") for one in command.arguments]
        yield f"        {_quoted(command.name)} = @{{"
        yield f"            Below = [ordered]@{{ {_pairs(command.commands or {})} }}"
        yield f"            Options = [ordered]@{{ {_pairs(options)} }}"
        yield f"            Kinds = @{{ {'; '.join(f'{_quoted(name)} = {kind}' for name, kind in kinds.items())} }}"
        yield f"            Arguments = @({', '.join(map(_quoted, arguments))})"
        yield "        }"


def _pairs(table: Mapping[str, str]) -> str:
    return "; ".join(f"{_quoted(word)} = {_quoted(help_ or word)}" for word, help_ in table.items())


def _quoted(text: str) -> str:
    return quote("powershell", text)
