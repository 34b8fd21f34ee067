"""
What one's own profiles say of a product: its envs, their accounts and regions, and under which names one has them.

Knows profiles only; not what a team file says of the same product.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError, NoSingleProfileError, UsageError
from awsprof.model import is_stage
from awsprof.naming import ProfileName, check_part, printable
from awsprof.settings import PROTECTED_ENVS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from awsprof.model import Profile
    from awsprof.settings import Settings, TeamFile

STAGING = "staging"
_STAGE_HINT = "Write it like --stage dev=dev,staging."


@dataclass(frozen=True, slots=True)
class OwnEnv:
    """An env as one's profiles know it; *profile* is the one that tells its account, else the first of them."""

    name: str
    profile: str
    account_id: str | None
    region: str | None
    protected: bool
    given_stages: tuple[str, ...] | None

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that live in it: those a person gave, else one of its own name."""
        return self.given_stages or (self.name,)


@dataclass(frozen=True, slots=True)
class OwnProduct:
    """A product as one's profiles know it."""

    name: str
    region: str | None
    envs: tuple[OwnEnv, ...]

    def without_account(self, there: TeamFile | None) -> list[str]:
        """Return the profiles of envs whose account neither they nor the team file tell."""
        known = {name for name, row in there.envs.items() if row.account_id} if there is not None else set()
        return [env.profile for env in self.envs if env.account_id is None and env.name not in known]

    def with_stages(self, env: str, stages: tuple[str, ...]) -> OwnProduct:
        envs = (replace(one, given_stages=stages) if one.name == env else one for one in self.envs)
        return replace(self, envs=tuple(envs))


def products_in(names: Iterable[str]) -> list[str]:
    """Return the products among profiles' names."""
    return list(dict.fromkeys(parts.product for name in names if (parts := ProfileName.parse(name))))


def profiles_of(product: str, profiles: Mapping[str, Profile]) -> dict[ProfileName, Profile]:
    """Return a product's profiles by their names' parts."""
    # The text before the parsing: of ten thousand profiles only a few are put together.
    names = [ProfileName.parse(name) for name in profiles if name.startswith(f"{product}_")]
    return {name: profiles[str(name)] for name in names if name is not None}


def own_product(
    product: str, profiles: Mapping[str, Profile], settings: Settings, stages: Mapping[str, tuple[str, ...]]
) -> OwnProduct:
    """
    Say what one's profiles know of a product.

    Args:
        stages: Those a person gave, by env.

    Raises:
        NoSingleProfileError: There is no profile of it.
        UsageError: Stages are given for an env that no profile is of.
        AwsprofError: Two profiles of one env are in different accounts.
    """
    found = profiles_of(product, profiles)
    if not found:
        raise NoSingleProfileError(
            f"There is no profile of the product {product}", hint=f"'awsprof add {product} dev USER' makes one."
        )
    by_env: dict[str, list[Profile]] = {}
    for name, profile in found.items():
        by_env.setdefault(name.env, []).append(profile)
    unknown = next((env for env in stages if env not in by_env), None)
    if unknown is not None:
        raise UsageError(
            f"--stage names the env {unknown}, and there is no profile of it",
            hint=f"There are profiles of {', '.join(by_env)}.",
        )
    envs = tuple(_env(name, rows, settings, stages.get(name)) for name, rows in by_env.items())
    homes = Counter(stage for env in envs for stage in env.stages)
    twice = next((stage for stage, count in homes.items() if count > 1), None)
    if twice is not None:
        raise UsageError(
            f"The stage {twice} would live in two envs; a stage lives in one",
            hint="Say with --stage which stages each of them has.",
        )
    return OwnProduct(product, _commonest(found.values()) or settings.region, envs)


def could_hold_staging(own: OwnProduct, there: TeamFile | None) -> bool:
    """Whether dev is new to the team file, without stages of a person's, and nothing is called staging yet."""
    rows = there.envs if there is not None else {}
    names = {*rows, *(stage for row in rows.values() for stage in row.stages)}
    names |= {name for env in own.envs for name in (env.name, *env.stages)}
    dev = next((env for env in own.envs if env.name == "dev" and env.name not in rows), None)
    return dev is not None and dev.given_stages is None and STAGING not in names


def _env(name: str, profiles: Sequence[Profile], settings: Settings, stages: tuple[str, ...] | None) -> OwnEnv:
    telling = [profile for profile in profiles if profile.account_id is not None]
    first = (telling or profiles)[0]
    for other in telling:
        if other.account_id != first.account_id:
            raise AwsprofError(
                f"{first.name} is in account {first.account_id}, and {other.name} in {other.account_id}; "
                "nothing was written",
                hint=f"An env is one account: 'awsprof rename {other.name}' gives the other a name of its own.",
            )
    # What every awsprof protects by its name need not be said to anybody.
    protected = name in settings.protected_envs and name not in PROTECTED_ENVS
    return OwnEnv(name, first.name, first.account_id, _commonest(profiles), protected, stages)


def _commonest(profiles: Iterable[Profile]) -> str | None:
    regions = Counter(profile.region for profile in profiles if profile.region is not None)
    return max(regions, key=lambda region: regions[region], default=None)


def stages_given(words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """
    Read stages as a person gives them, by env: ``dev=dev,staging``.

    Raises:
        UsageError: It is written otherwise, or names what cannot be a stage.
    """
    found: dict[str, tuple[str, ...]] = {}
    for word in words:
        env, _, names = word.partition("=")
        stages = tuple(names.split(","))
        wrong = next((stage for stage in stages if not is_stage(stage)), None)
        if wrong is not None:
            raise UsageError(f"--stage {printable(word)}: '{printable(wrong)}' cannot be a stage", hint=_STAGE_HINT)
        if check_part("env", env) in found:
            raise UsageError(f"--stage names the env {env} twice", hint=_STAGE_HINT)
        found[env] = stages
    return found
