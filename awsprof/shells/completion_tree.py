"""
What a command line takes, as plain data: commands, their options and arguments, and the kind of each value.

Knows words and kinds; neither the library that reads them nor the shells that complete them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Each kind is completed by code of its own in every shell's template.
KINDS = (
    "text",  # nothing to offer
    "words",  # one of a few words
    "file",
    "region",
    "selector",  # a full name, product_env, product/env or an env
    "back",  # a selector, or - for the one before
    "profile",  # a full name
    "product",
    "env",
    "user",
    "setting",  # a key of config.toml
    "key",  # KEY=VALUE for a profile
    "command",  # somebody else's command, to its end
)
_PLAIN_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]*")
_OPTION = re.compile(r"--?[A-Za-z0-9][A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Value:
    """One word that a person gives: its kind, and what help calls it."""

    kind: str
    label: str = ""
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.kind in KINDS, self.kind
        _check(_PLAIN_WORD, self.words)


@dataclass(frozen=True, slots=True)
class Option:
    """An option under all its names; a flag takes no values."""

    names: tuple[str, ...]
    help: str
    values: tuple[Value, ...] = ()
    repeated: bool = False

    def __post_init__(self) -> None:
        _check(_OPTION, self.names)


@dataclass(frozen=True, slots=True)
class Argument:
    """A value by its place; a repeated one takes all that follow."""

    value: Value
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One command, by the words that lead to it; a group has *commands* with their one-line helps."""

    path: tuple[str, ...]
    options: tuple[Option, ...]
    arguments: tuple[Argument, ...] = ()
    commands: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        _check(_PLAIN_WORD, (*self.path, *(self.commands or ())))

    @property
    def name(self) -> str:
        return " ".join(self.path)


@dataclass(frozen=True, slots=True)
class Tree:
    """The whole command line, and the lists that its kinds of values need."""

    commands: Sequence[Command]
    regions: Sequence[str]
    settings: Sequence[str]
    keys: Mapping[str, Value]

    def __post_init__(self) -> None:
        _check(_PLAIN_WORD, (*self.regions, *self.settings, *self.keys))


def _check(pattern: re.Pattern[str], words: Sequence[str]) -> None:
    """These go into shell code as they are, so nothing that a shell would read may be in them."""
    for word in words:
        assert pattern.fullmatch(word), word
