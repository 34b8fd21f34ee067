"""
Before ``exec`` becomes the framework: whether the stage is the profile's, and what version 3 needs to find.

Knows the framework's command line and what it makes of the environment; starts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError
from awsprof.naming import printable
from awsprof.serverless.framework import find_framework, invocation, override
from awsprof.storage.private import write_private_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from awsprof.model import Profile
    from awsprof.places import Places
    from awsprof.serverless.framework import Invocation
    from awsprof.serverless.variables import Resolver
    from awsprof.settings import TeamFile

# No secret: the keys are in the environment, which the framework takes before these.
_STAND_IN = "aws_session_token = in-the-environment"


@dataclass(frozen=True, slots=True)
class Start:
    """How a command line calls the framework; *warning* is what could not be told, as one sentence."""

    called: Invocation
    warning: str | None = None


def check_start(
    command: Sequence[str], profile: Profile, team: TeamFile | None, *, directory: Path, environ: Mapping[str, str]
) -> Start | None:
    """
    Return how *command* calls the framework; None when it runs something else.

    Args:
        environ: What the command would find set, but for the credentials.

    Raises:
        AwsprofError: It would deploy a stage of another env or product, or with another profile.
    """
    called = invocation(command)
    if called is None:
        return None
    if called.profile is not None and called.profile != profile.name:
        raise AwsprofError(
            f"--aws-profile {printable(called.profile)} would go before {profile.name}; nothing was started",
            hint="Leave the option out: the command gets the profile's credentials.",
        )
    resolver = _resolver(directory, called, environ)
    stage = called.stage if called.stage is not None or resolver is None else resolver.stage
    if resolver is not None and stage is not None:
        _check_dotenv(stage, resolver)
    if team is None:
        return Start(called)
    if profile.parts is None or team.product != profile.parts.product:
        raise AwsprofError(
            f"{team.path} is of the product {team.product}, and {profile.name} is not; nothing was started",
            hint=f"Name a profile of {team.product}.",
        )
    if stage is None:
        if profile.protected:
            raise AwsprofError(
                f"Which stage it is cannot be told, and {profile.parts.env} is protected; nothing was started",
                hint="Name the stage with --stage.",
            )
        return Start(called, "Which stage it is cannot be told, so it is not held against the team file: name --stage")
    _check_stage(stage, team, profile.parts.env, profile.name, command)
    return Start(called)


def _check_stage(stage: str, team: TeamFile, env: str, name: str, command: Sequence[str]) -> None:
    envs = {one: env for env, row in team.envs.items() for one in row.stages}
    if stage not in envs:
        raise AwsprofError(
            f"{team.path} knows no stage '{printable(stage)}'; nothing was started",
            hint=f"It knows {', '.join(map(printable, envs))}." if envs else "Add it to the stages of an env.",
        )
    if envs[stage] != env:
        raise AwsprofError(
            f"Stage {stage} lives in {envs[stage]}, and {name} is of {env}; nothing was started",
            hint=f"Run it as 'awsprof exec {envs[stage]} -- {' '.join(map(printable, command))}'.",
        )


def _check_dotenv(stage: str, resolver: Resolver) -> None:
    """Refuse a ``.env`` file that would put something before the credentials that the command is handed."""
    instead = override(resolver.environ, stage)
    if instead is not None and instead.variable != "AWS_ACCESS_KEY_ID":
        raise AwsprofError(
            f"The service's .env file sets {instead.variable}, which would go before the profile's credentials; "
            "nothing was started",
            hint=f"Take {instead.variable} out of it.",
        )


def _resolver(directory: Path, called: Invocation, environ: Mapping[str, str]) -> Resolver | None:
    """Return what resolves the service's variables; None where only the framework can read it."""
    from awsprof.serverless.service import read_service
    from awsprof.serverless.variables import Resolver
    from awsprof.serverless.writing import service_file

    try:
        service = read_service(directory / called.config if called.config else service_file(directory))
        return Resolver(service.data.value, directory=directory, environ=environ, stage=called.stage)
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
