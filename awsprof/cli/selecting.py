"""
From what a person typed to one profile: selectors, context, and a picker where several match.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from awsprof.errors import AwsprofError, UsageError
from awsprof.naming import (
    Context,
    ProfileName,
    check_part,
    matching,
    no_match,
    printable,
    refuse_default,
    several_match,
)
from awsprof.settings import TEAM_FILE, find_team_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awsprof.cli.world import World
    from awsprof.model import Profile
    from awsprof.settings import TeamFile


def selecting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that narrow its selectors; it gets them as one ``narrowing``."""

    def command(*arguments: Any, product: str | None, user: str | None, exact: bool, **options: Any) -> Any:
        return function(*arguments, narrowing=(product, user, exact), **options)

    command.__name__, command.__doc__ = function.__name__, function.__doc__
    command.__dict__.update(function.__dict__)
    for option in (
        click.option("--exact", is_flag=True, help="Take SELECTOR as a full profile name only."),
        click.option("--user", metavar="USER", help="Look among this user's profiles only."),
        click.option("--product", metavar="PRODUCT", help="Look among this product's profiles only."),
    ):
        command = option(command)
    return command


Narrowing = tuple[str | None, str | None, bool]


def one(world: World, selector: str | None, narrowing: Narrowing) -> Profile:
    """
    Return the one profile a selector means; with no selector, the active AWS_PROFILE.

    Raises:
        UsageError: No selector and no AWS_PROFILE, or a selector that spells ``default``.
        NoSingleProfileError: None matches, or several do and nobody can choose.
    """
    if selector is None:
        active = world.environ.get("AWS_PROFILE")
        if not active:
            raise UsageError("No profile is named, and AWS_PROFILE is not set", hint="Name one, as in 'prod'.")
        refuse_default(active)
        return world.files.get(active)
    profiles = world.files.profiles()
    context = _context(world, narrowing)
    candidates = matching(selector, profiles, context)
    if len(candidates) == 1:
        return profiles[candidates[0]]
    if not candidates:
        raise no_match(selector, [name for name in profiles if name != "default"], context)
    if not world.terminal.can_answer():
        raise several_match(selector, candidates)
    rows = [_choice(profiles[name]) for name in candidates]
    return profiles[candidates[world.terminal.choose("Which one?", rows, option="a full profile name")]]


def _choice(profile: Profile) -> str:
    words = [profile.name, profile.account_id or "account unknown", *(["protected"] if profile.protected else [])]
    return "  ".join(words)


def _context(world: World, narrowing: Narrowing) -> Context:
    product, user, exact = narrowing
    if exact:
        return Context(exact=True)
    for role, part in (("product", product), ("user", user)):
        if part is not None:
            check_part(role, part)
    return Context(
        product=product or product_in_context(world),
        user=user or user_in_context(world),
    )


def user_in_context(world: World) -> str | None:
    """Return whose profiles commands mean when nobody is named."""
    return world.environ.get("AWSPROF_USER") or world.settings.user


def product_in_context(world: World) -> str | None:
    """Return the product that commands mean when none is named."""
    environ: Mapping[str, str] = world.environ
    if environ.get("AWSPROF_PRODUCT"):
        return check_part("product", environ["AWSPROF_PRODUCT"])
    if world.team is not None:
        return world.team.product
    active = ProfileName.parse(environ.get("AWS_PROFILE", ""))
    return active.product if active else None


def team_file(world: World, file: Path | None = None) -> TeamFile:
    """
    Return the nearest team file: from here upwards, or from where *file* lies.

    Raises:
        AwsprofError: There is none.
    """
    directory = Path.cwd() if file is None else file.absolute().parent
    team = world.team if file is None else find_team_file(directory, world.warn)
    if team is None:
        raise AwsprofError(
            f"There is no {TEAM_FILE} in {printable(str(directory))} or above",
            hint="'awsprof product init' writes one from the profiles you have.",
        )
    return team
