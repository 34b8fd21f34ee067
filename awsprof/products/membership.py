"""
Which of one's own profiles serves each stage of a product, what is missing, and the command that adds it.

Knows the team file and the profiles; asks neither AWS nor a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from awsprof.model import Kind
from awsprof.naming import ProfileName
from awsprof.products.own_profiles import profiles_of
from awsprof.settings import is_protected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awsprof.model import Profile
    from awsprof.settings import Settings, TeamEnv, TeamFile


class Problem(NamedTuple):
    """What is wrong in one env, as half a sentence, and the command that helps."""

    what: str
    fix: str


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage; *stage* is None for an env that has none, *profiles* are several where it is not known who one is."""

    stage: str | None
    env: str
    account_id: str | None
    protected: bool
    region: str | None
    profiles: tuple[str, ...]
    problem: Problem | None

    def to_json(self) -> dict[str, object]:
        return {
            "stage": self.stage,
            "env": self.env,
            "account_id": self.account_id,
            "protected": self.protected,
            "region": self.region,
            "profile": self.profiles[0] if len(self.profiles) == 1 else None,
            "problem": self.problem.what if self.problem else None,
            "fix": self.problem.fix if self.problem else None,
        }


def stage_rows(team: TeamFile, profiles: Mapping[str, Profile], settings: Settings, user: str | None) -> list[StageRow]:
    """
    Say of each stage in the team file, and of each env that only one's profiles have, how one stands.

    Args:
        user: Whose profiles count; None: the only user's there is, else everybody's.
    """
    found = profiles_of(team.product, profiles)
    users = {name.user for name in found}
    if user is None and len(users) == 1:
        (user,) = users
    mine = {name: profile for name, profile in found.items() if user in (None, name.user)}
    by_env: dict[str, list[Profile]] = {env: [] for env in team.envs}
    for name, profile in mine.items():
        by_env.setdefault(name.env, []).append(profile)
    rows = []
    for env, own in by_env.items():
        row = team.envs.get(env)
        problem = _problem(team, ProfileName(team.product, env, user or "USER"), own, newcomer=not mine)
        protected = is_protected(team.product, env, settings, team)
        region = (row.region or team.region) if row else None
        names = tuple(profile.name for profile in own)
        rows += [
            StageRow(stage, env, row.account_id if row else None, protected, region, names, problem)
            for stage in ((row.stages if row else ()) or (None,))
        ]
    return rows


def _problem(team: TeamFile, name: ProfileName, own: Sequence[Profile], *, newcomer: bool) -> Problem | None:
    """Return what is most urgent of what is wrong in an env; *name* is the profile one would have there."""
    row = team.envs.get(name.env)
    if not own:
        add = f"awsprof add {name.product} {name.env} {name.user}"
        return Problem("there is no profile for it", "awsprof product join" if newcomer else add)
    if row is None:
        return Problem(f"the team file has no such env, and {own[0].name} is of it", "awsprof product init")
    for profile in own:
        problem = _problem_of(row, profile)
        if problem is not None:
            return problem
    if len(own) > 1:
        return Problem(
            "it has profiles of several users, and which is yours is not known", "awsprof settings set user USER"
        )
    return None


def _problem_of(row: TeamEnv, profile: Profile) -> Problem | None:
    name, account_id = profile.name, profile.account_id
    if row.account_id is None:
        if account_id is None:
            return Problem(f"neither the team file nor {name} tells the account", f"awsprof whoami {name}")
        return Problem("the team file does not tell the account", "awsprof product init")
    if account_id is None:
        return Problem(f"{name} does not tell its account", f"awsprof set {name} aws_account_id={row.account_id}")
    if account_id != row.account_id:
        return Problem(
            f"{name} is in account {account_id}, and the team file says {row.account_id}",
            f"awsprof remove {name}, then awsprof product join",
        )
    if profile.protected and profile.kind is Kind.USER and profile.mfa_serial is None:
        return Problem(f"{name} is protected and has no MFA device", f"awsprof mfa enroll {name}")
    return None
