"""
A product's stages and what serverless.yml has to say of them, made from the team file.

Knows Serverless's variables; not where the file is, nor what else stands in it.
"""

from __future__ import annotations

import enum
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError, UsageError
from awsprof.model import is_stage
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awsprof.settings import TeamFile

USER_VARIABLE = "AWSPROF_USER"
NO_USER = f"set-{USER_VARIABLE}"
# Upper case is against the naming convention, so that no profile is ever called so.
USER = f"${{env:{USER_VARIABLE}, '{NO_USER}'}}"
_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_NO_TEXT = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
_PLAIN_VALUE = re.compile(r"[A-Za-z$](?:(?!: | #)[ -~])*(?<![ :])")

# Keys and, at the leaves, texts; in the order in which they are to stand in YAML.
Tree = dict[str, "str | Tree"]


class Style(enum.StrEnum):
    """Where serverless.yml keeps the profiles: a map in ``custom``, the stages' ``params``, or nowhere."""

    MAP = "map"
    PARAMS = "params"
    ENV = "env"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a product, the env it lives in, and that env's account where the team file tells it."""

    name: str
    env: str
    account_id: str | None


def stages_of(team: TeamFile, only: str | None = None) -> list[Stage]:
    """
    Return a product's stages in the order of its team file.

    Args:
        only: The one stage that is asked for.

    Raises:
        UsageError: The team file has no such stage.
        AwsprofError: It has none at all, or one that Serverless cannot have.
    """
    found = [Stage(name, env, row.account_id) for env, row in team.envs.items() for name in row.stages]
    if only is not None:
        names = [stage.name for stage in found]
        found = [stage for stage in found if stage.name == only]
        if not found:
            raise UsageError(
                f"{team.path} has no stage '{printable(only)}'",
                hint=f"It has {', '.join(map(printable, names))}." if names else None,
            )
    if not found:
        raise AwsprofError(f"{team.path} has no env, so there is no stage", hint="Add one, as in [envs.dev].")
    for stage in found:
        if not is_stage(stage.name):
            raise AwsprofError(
                f"{team.path}: '{printable(stage.name)}' cannot be a stage of Serverless's",
                hint="A stage has letters, digits and '-'. An env of another name needs a line like "
                'stages = ["dev"].',
            )
    return found


def profile_of(team: TeamFile, stage: Stage) -> str:
    """Return the profile of a stage as serverless.yml names it, with the user's part left to the environment."""
    return f"{team.product}_{stage.env}_{USER}"


def wanted(team: TeamFile, stages: Sequence[Stage], style: Style) -> Tree:
    """
    Return what serverless.yml has to say.

    Raises:
        AwsprofError: The team file does not tell the account of one of the stages, so that no guard could let it pass.
    """
    profiles = {stage.name: profile_of(team, stage) for stage in stages}
    for stage in stages:
        if stage.account_id is None:
            raise AwsprofError(
                f"{team.path} does not tell the account of the env {stage.env}, so nothing could guard its stages",
                hint=f"Add account_id = \"…\" to [envs.{stage.env}]; 'awsprof product init' knows it from a profile.",
            )
    guard: Tree = {
        "accounts": {f"{stage.name}-{stage.account_id}": "ok" for stage in stages},
        "accountGuard": "${self:custom.accounts.${sls:stage}-${aws:accountId}}",
    }
    if style is Style.MAP:
        profile = "${self:custom.profiles.${sls:stage}}"
        return {"provider": {"profile": profile}, "custom": {"profiles": {**profiles}, **guard}}
    if style is Style.PARAMS:
        params: Tree = {stage: {"profile": profile} for stage, profile in profiles.items()}
        return {"provider": {"profile": "${param:profile}"}, "params": params, "custom": guard}
    return {"custom": guard}


def as_yaml(tree: Tree, indent: int = 0, step: int = 2) -> str:
    """
    Return *tree* as lines that can be pasted into serverless.yml.

    Args:
        indent: How deep its own keys stand.
        step: How much deeper each level stands than the one above.
    """
    text = ""
    for key, value in tree.items():
        head = f"{' ' * indent}{key_in_yaml(key)}:"
        if isinstance(value, str):
            text += f"{head} {value_in_yaml(value)}\n"
        else:
            text += f"{head}\n{as_yaml(value, indent + step, step)}"
    return text


def key_in_yaml(key: str) -> str:
    """Return a key of ours as it stands in YAML: what some reader takes for no text is quoted."""
    return key if _PLAIN_KEY.fullmatch(key) and key.lower() not in _NO_TEXT else f'"{key}"'


def value_in_yaml(value: str) -> str:
    """Return a text as it stands behind a key on a line of its own: quoted where some reader takes it for no text."""
    if _PLAIN_VALUE.fullmatch(value) and value.lower() not in _NO_TEXT:
        return value
    return json.dumps(value, ensure_ascii=False)
