"""
Before ``exec`` becomes the framework: whether the stage is the profile's, and what version 3 needs to find.

Knows the framework's command line and what it makes of the environment; starts nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError
from awsprof.naming import printable
from awsprof.serverless.framework import find_framework, invocation
from awsprof.storage.private import write_private_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from awsprof.model import Profile
    from awsprof.places import Places
    from awsprof.serverless.framework import Invocation
    from awsprof.settings import TeamFile

# No secret: the keys are in the environment, which the framework takes before these.
_STAND_IN = "aws_session_token = in-the-environment"


def check_start(
    command: Sequence[str], profile: Profile, team: TeamFile | None, *, directory: Path, environ: Mapping[str, str]
) -> Invocation | None:
    """
    Return how *command* calls the framework; None when it runs something else.

    Raises:
        AwsprofError: It would deploy a stage of another env or product, or with another profile.
    """
    called = invocation(command)
    if called is None or profile.parts is None:
        return called
    if called.profile is not None and called.profile != profile.name:
        raise AwsprofError(
            f"--aws-profile {printable(called.profile)} would go before {profile.name}; nothing was started",
            hint="Leave the option out: the command gets the profile's credentials.",
        )
    if team is None:
        return called
    if team.product != profile.parts.product:
        raise AwsprofError(
            f"{team.path} is of the product {team.product}, and {profile.name} is not; nothing was started",
            hint=f"Name a profile of {team.product}.",
        )
    stage = called.stage if called.stage is not None else _default_stage(directory, called.config, environ)
    envs = {one: env for env, row in team.envs.items() for one in row.stages}
    if stage is None:
        return called
    if stage not in envs:
        raise AwsprofError(
            f"{team.path} knows no stage '{printable(stage)}'; nothing was started",
            hint=f"It knows {', '.join(map(printable, envs))}." if envs else "Add it to the stages of an env.",
        )
    if envs[stage] != profile.parts.env:
        raise AwsprofError(
            f"Stage {stage} lives in {envs[stage]}, and {profile.name} is of {profile.parts.env}; nothing was started",
            hint=f"Run it as 'awsprof exec {envs[stage]} -- {' '.join(map(printable, command))}'.",
        )
    return called


def _default_stage(directory: Path, config: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the stage of a command that names none; None where it cannot be told without the framework."""
    from awsprof.serverless.service import read_service
    from awsprof.serverless.variables import Resolver
    from awsprof.serverless.writing import service_file

    try:
        service = read_service(directory / config if config else service_file(directory))
        return Resolver(service.data.value, directory=directory, environ=environ, stage=None).stage
    except AwsprofError:
        return None


def stand_in(profile: Profile, places: Places, directory: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """
    Return what version 3 of the framework needs set beside the profile's credentials.

    It stops when it does not find the profile that serverless.yml names, though it then uses the environment's keys;
    and it knows no credential_process. So it is shown a credentials file in which the profile stands, without keys:
    every other reader passes over such a section.
    """
    framework = find_framework(directory, environ=environ)
    if framework is None or framework.knows_credential_process or "aws_access_key_id" in profile.settings:
        return {}
    path = places.stand_in_file(profile.name)
    write_private_file(path, f"[{profile.name}]\n{_STAND_IN}\n".encode())
    return {"AWS_SHARED_CREDENTIALS_FILE": str(path)}
