"""
The active profile in a few words, for prompts.

Knows the state file and what prompts say; reads neither the vault nor, unless asked for the region, the shared files.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.errors import UsageError
from awsprof.fastpath import read_private_file
from awsprof.naming import printable
from awsprof.shells.environment import overriding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

PLACEHOLDERS = ("profile", "product", "env", "user", "account", "alias", "left", "region", "mark")
_MAX_DIGITS = 11
_HARMLESS = frozenset("._/@+=,: -")


@dataclass(frozen=True, slots=True)
class State:
    """What a profile's state file says; None: it does not."""

    expiration_s: int | None = None
    account_id: str | None = None
    alias: str | None = None

    @classmethod
    def read(cls, path: Path) -> State:
        """Read *path*; a missing, torn, loose or foreign file says nothing."""
        lines = (read_private_file(str(path)) or b"").decode("utf-8", "replace").split("\n")
        first, account_id, alias = (*lines, "", "")[:3]
        if not (first.isascii() and first.isdigit() and len(first) <= _MAX_DIGITS):
            return cls()
        return cls(int(first), account_id or None, alias or None)


def left(seconds: float) -> str:
    """Say how long a session lasts as prompts do: ``11h05m``, ``43m``, under two minutes ``90s``, then ``expired``."""
    whole = int(seconds)
    if whole <= 0:
        return "expired"
    if whole < 120:
        return f"{whole}s"
    return f"{whole // 60}m" if whole < 3600 else f"{whole // 3600}h{whole % 3600 // 60:02}m"


def marks(environ: Mapping[str, str], product: str | None, here: str | None, *, ascii_only: bool) -> str:
    """
    Say what is amiss with AWS_PROFILE: variables that keep tools from using it, and a directory of another product.

    Args:
        product: The active profile's.
        here: The product of the directory.
        ascii_only: Leave out the signs that a terminal or a font may not have; so does a locale without UTF-8.
    """
    locale = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    plain = ascii_only or not locale.lower().endswith(("utf-8", "utf8"))
    warning, other = ("!", "!=") if plain else ("\N{WARNING SIGN}", "\N{NOT EQUAL TO}")
    words = [f"{warning} {name}" for name in overriding(environ)]
    words += [f"{other}{here}"] if here and product and here != product else []
    return " ".join(words)


def check_format(template: str) -> set[str]:
    """Return the placeholders in *template*; raises UsageError for one there is not, or a brace that stands alone."""
    hint = f"There are: {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}."
    try:
        fields = [field for field in string.Formatter().parse(template) if field[1] is not None]
    except ValueError:
        raise UsageError(
            f"The prompt format '{printable(template)}' has a brace that stands alone", hint=hint
        ) from None
    for _, name, details, conversion in fields:
        if name not in PLACEHOLDERS:
            raise UsageError(f"There is no placeholder '{{{printable(str(name))}}}' in a prompt format", hint=hint)
        if details or conversion:
            written = f"{name}{f'!{conversion}' if conversion else ''}{f':{details}' if details else ''}"
            raise UsageError(
                f"In a prompt format no placeholder has a width or a conversion, as '{{{printable(written)}}}' does",
                hint=f"Write {{{name}}} alone.",
            )
    return {str(name) for _, name, _, _ in fields}


def fill(template: str, values: Mapping[str, Callable[[], str | None]]) -> str:
    """
    Fill in *template* and trim it; a value that is not known leaves nothing.

    Args:
        values: For each placeholder what finds its value; called for those that *template* has.
    """
    found = {name: values[name]() or "" for name in check_format(template)}
    # The marks are words of our own.
    shown = {name: value if name == "mark" else _harmless(value) for name, value in found.items()}
    return template.format(**shown).strip()


def _harmless(text: str) -> str:
    """
    Return *text* with a question mark for everything that a terminal, or a shell that expands its prompt, might act on.

    The shells' own segments do the same; names and aliases come from files others wrote.
    """
    return "".join(char if char.isalnum() or char in _HARMLESS else "?" for char in text)
