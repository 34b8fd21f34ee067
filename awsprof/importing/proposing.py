"""
Which name of the convention an older name stands for, as far as that can be told.

Knows words and names; what it cannot tell it leaves to a person.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from awsprof.errors import RefusedNameError
from awsprof.naming import MAX_PART_LENGTH, ProfileName

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

# What people call the envs of a product; each stays what it says.
ENV_WORDS = frozenset(
    {
        "dev",
        "develop",
        "development",
        "tst",
        "test",
        "testing",
        "int",
        "integration",
        "qa",
        "uat",
        "acceptance",
        "stage",
        "staging",
        "stg",
        "preprod",
        "prd",
        "prod",
        "production",
        "live",
        "legacy",
        "sandbox",
        "sbx",
        "demo",
        "ops",
        "audit",
    }
)
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9](?:-.*)?")
_BREAK = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    What is known beside a name: the product and user in context, the products and envs there are already, and the
    env that an account belongs to by the team file.
    """

    product: str | None = None
    user: str | None = None
    products: frozenset[str] = frozenset()
    envs: frozenset[str] = frozenset()
    accounts: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def proposal(name: str, account_id: str | None, around: Surroundings) -> ProfileName | None:
    """Return the name that *name* most likely stands for; None where it would be a guess."""
    kept = ProfileName.parse(name)
    if kept is not None:
        return kept
    known = around.accounts.get(account_id or "")
    parts = _split(name, around)
    if known is not None and (parts is None or parts[1] not in ENV_WORDS | around.envs):
        # The team file says what the account is; the name need not.
        parts = (*known, None)
    if parts is None:
        return None
    product, env, user = parts[0] or around.product, parts[1], parts[2] or around.user
    if product is None or user is None or _REGION.fullmatch(user):
        return None
    try:
        return ProfileName.checked(product, env, user)
    except RefusedNameError:
        return None


def without_collisions(
    proposals: Mapping[str, ProfileName | None], taken: Collection[str]
) -> dict[str, ProfileName | None]:
    """Leave out what two names would share, and what is another profile's: a person must tell them apart."""
    counts = Counter(proposed for proposed in proposals.values() if proposed is not None)
    return {
        name: proposed
        if proposed is not None and counts[proposed] == 1 and (str(proposed) == name or str(proposed) not in taken)
        else None
        for name, proposed in proposals.items()
    }


def user_part(login: str) -> str | None:
    """Make the user's part of a name out of a login name; None where nothing of it can stand in one."""
    part = _BREAK.sub("-", _plain(login).rpartition("\\")[2]).strip("-")[:MAX_PART_LENGTH].strip("-")
    return part or None


def _split(name: str, around: Surroundings) -> tuple[str | None, str, str | None] | None:
    """Find the env among the pieces of *name*; what stands before is the product, what stands behind the user."""
    plain = _plain(name)
    parts = [_BREAK.sub("-", part).strip("-") for part in re.split(r"[_/]", plain)]
    envs = ENV_WORDS | around.envs
    if len(parts) == 3 and all(parts):
        # Acme_Web_Prod: an env in the user's place would be one that nothing protects.
        return None if parts[2] in envs and parts[1] not in envs else (parts[0], parts[1], parts[2])
    pieces = [piece for piece in _BREAK.split(plain) if piece]
    places = [place for place, piece in enumerate(pieces) if piece in envs]
    if len(places) != 1:
        return _by_neighbours(pieces, around) if not places else None
    (place,) = places
    product, user = "-".join(pieces[:place]) or None, "-".join(pieces[place + 1 :]) or None
    if product is None and user is not None and user in _products(around):
        # prod-autochart
        return user, pieces[place], None
    if product is not None and user is None and product == around.user:
        # paul-prod
        return None, pieces[place], product
    return product, pieces[place], user


def _by_neighbours(pieces: list[str], around: Surroundings) -> tuple[str | None, str, str | None] | None:
    """Tell an env that is no usual word by a product before it, or by one's own name behind it."""
    for product in sorted(_products(around), key=len, reverse=True):
        words = product.split("-")
        rest = pieces[len(words) :]
        if pieces[: len(words)] == words and rest:
            own = len(rest) > 1 and rest[-1] == around.user
            return product, "-".join(rest[:-1] if own else rest), around.user if own else None
    if len(pieces) == 3 and pieces[2] == around.user:
        return pieces[0], pieces[1], pieces[2]
    return None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def _products(around: Surroundings) -> Iterable[str]:
    return around.products | ({around.product} if around.product else set())
