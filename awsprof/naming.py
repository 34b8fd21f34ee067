"""
The naming convention ``<product>_<env>_<user>`` and how a selector finds its profile.

Knows names only: not where profiles lie, nor how a person is asked.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.errors import NoSingleProfileError, RefusedNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_PART_LENGTH = 32
_PART = re.compile(rf"[a-z0-9](?:[a-z0-9.-]{{0,{MAX_PART_LENGTH - 2}}}[a-z0-9])?")
_NAME = re.compile("_".join([f"({_PART.pattern})"] * 3))


@dataclass(frozen=True, slots=True, order=True)
class ProfileName:
    """A name within the convention."""

    product: str
    env: str
    user: str

    @classmethod
    def parse(cls, name: str) -> ProfileName | None:
        """Split *name*; None when it is outside the convention."""
        match = _NAME.fullmatch(name)
        if match is None or ("default" in name and any(map(is_default, match.groups()))):
            return None
        return cls(*match.groups())

    @classmethod
    def checked(cls, product: str, env: str, user: str) -> ProfileName:
        """
        Make a name of three parts a person gave.

        Raises:
            RefusedNameError: A part is against the convention; says the nearest good spelling.
        """
        for role, part in (("product", product), ("env", env), ("user", user)):
            check_part(role, part)
        return cls(product, env, user)

    def __str__(self) -> str:
        return f"{self.product}_{self.env}_{self.user}"


def sort_key(name: str) -> tuple[bool, str]:
    """Order names by product, env and user, and behind them those outside the convention."""
    # '_' parts them and would sort behind the '-' and '.' that a part may hold.
    return _NAME.fullmatch(name) is None, name.replace("_", " ")


def _is_part(text: str) -> bool:
    return _PART.fullmatch(text) is not None and not is_default(text)


def check_part(role: str, text: str) -> str:
    """Return *text* if it can stand as the *role* (product, env or user) of a name, else raise RefusedNameError."""
    refuse_default(text)
    if _is_part(text):
        return text
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    nearest = re.sub(r"[^a-z0-9.-]+", "-", ascii_text).strip(".-")[:MAX_PART_LENGTH].strip(".-")
    hint = f"The nearest good spelling is '{nearest}'." if nearest and not is_default(nearest) else None
    raise RefusedNameError(
        f"'{printable(text)}' cannot be {'an' if role == 'env' else 'a'} {role}: a-z, 0-9, '.' and '-' only, "
        f"a letter or digit at both ends, at most {MAX_PART_LENGTH} characters",
        hint=hint,
    )


def is_default(text: str) -> bool:
    """Whether *text* spells ``default`` in any way: case, quotes, blanks, the ``profile`` prefix, wide letters."""
    if len(text) > 64 or (text.isascii() and "default" not in text.lower()):
        return False
    plain = unicodedata.normalize("NFKC", text).casefold().strip(" \t\r\n\"'[]")
    return plain.removeprefix("profile").strip(" \t\"'") == "default"


def refuse_default(text: str) -> None:
    """Raise RefusedNameError when *text*, or a part of it, spells ``default``."""
    if is_default(text) or any(map(is_default, re.split(r"[_/]", text))):
        raise RefusedNameError(
            "'default' is refused: a profile that is used when none is named sends commands to the wrong account",
            hint="Name a profile, as in autochart_dev_paul; 'awsprof list' shows what there is.",
        )


def printable(text: str) -> str:
    """Return *text* with everything a terminal might act on escaped; names come from files others wrote."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


@dataclass(frozen=True, slots=True)
class Context:
    """What narrows a selector: the product and user in context (None: all), and whether only full names count."""

    product: str | None = None
    user: str | None = None
    exact: bool = False


def matching(selector: str, names: Iterable[str], context: Context) -> list[str]:
    """
    Find the profiles a selector may mean: a full name, ``product_env``, ``product/env``, or an env.

    Returns:
        The candidates in the order of *names*; one wins, several are for a person to choose from.

    Raises:
        RefusedNameError: The selector spells ``default``.
    """
    refuse_default(selector)
    names = list(names)
    full = [name for name in names if name == selector]
    if context.exact or any(ProfileName.parse(name) for name in full):
        return full
    product, _, env = selector.replace("/", "_", 1).rpartition("_")
    candidates = []
    for name in names:
        parts = ProfileName.parse(name) if f"_{env}_" in name else None
        if parts is None or parts.env != env or (context.user or parts.user) != parts.user:
            continue
        if parts.product == (product or context.product or parts.product):
            candidates.append(name)
    return full + candidates


def no_match(selector: str, names: Sequence[str], context: Context) -> NoSingleProfileError:
    """Make the error for a selector that matches nothing: what narrowed it, and the nearest names."""
    narrowed = [f"product {context.product}"] * bool(context.product) + [f"user {context.user}"] * bool(context.user)
    where = f" ({', '.join(narrowed)})" if narrowed else ""
    envs = {parts.env: name for name in names if (parts := ProfileName.parse(name))}
    close = difflib.get_close_matches(selector, names, n=3, cutoff=0.6)
    close += [envs[env] for env in difflib.get_close_matches(selector, envs, n=2, cutoff=0.6)]
    close += [name for name in names if selector and selector in name]
    nearest = tuple(dict.fromkeys(close))[:5]
    hint = (
        f"The nearest: {', '.join(map(printable, nearest))}."
        if nearest
        else "'awsprof list' shows the profiles there are; 'awsprof add PRODUCT ENV USER' makes one."
    )
    return NoSingleProfileError(f"No profile matches '{printable(selector)}'{where}", candidates=nearest, hint=hint)


def several_match(selector: str, candidates: Sequence[str]) -> NoSingleProfileError:
    """Make the error for a selector that matches more than one profile where nobody can choose."""
    return NoSingleProfileError(
        f"'{printable(selector)}' matches {len(candidates)} profiles: {', '.join(map(printable, candidates))}",
        candidates=tuple(candidates),
        hint="Name one in full, or narrow it with --product, --user or --exact.",
    )
