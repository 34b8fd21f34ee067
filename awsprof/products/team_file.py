"""
A product's team file: where it is, made new, or completed without losing a byte of what is there.

Knows the file's text; not what is known of a product elsewhere, nor how a person is asked.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from awsprof.errors import AwsprofError, UsageError
from awsprof.naming import printable
from awsprof.settings import TEAM_FILE, TeamEnv, TeamFile, is_anothers

if TYPE_CHECKING:
    from pathlib import Path

    from tomlkit import TOMLDocument

    from awsprof.products.own_profiles import OwnEnv, OwnProduct

_INTRODUCTION = (
    "# The accounts of this product, for everybody who works on it: no secret, and nobody's name.\n"
    "# 'awsprof product show' explains it; a new colleague runs 'awsprof product join'.\n"
)


def place_of(directory: Path) -> Path:
    """
    Return the team file that *directory* goes by, whether it is there or is to be made.

    In a git repository that is the nearest one up to the repository's root, and a new one belongs at the root;
    elsewhere it is the directory's own.

    Raises:
        AwsprofError: It is another user's, or a link that leads out of there.
    """
    upwards = (directory, *directory.parents)
    root = next((one for one in upwards if (one / ".git").exists()), directory)
    places = [one / TEAM_FILE for one in upwards[: upwards.index(root) + 1]]
    path = next((one for one in places if one.is_symlink() or one.exists()), root / TEAM_FILE)
    if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
        raise AwsprofError(f"{path} is a link that leads out of {root}; nothing was written")
    if path.exists() and is_anothers(path.stat()):
        raise AwsprofError(f"{path} is owned by another user; nothing was written")
    return path


def completed(path: Path, data: bytes, own: OwnProduct) -> bytes:
    """
    Return a team file that also says what one's own profiles know.

    Args:
        data: The bytes that are there; b"" when there is no such file.

    Returns:
        All of *data*, and lines between them; proven to be a team file that says what it should.

    Raises:
        UsageError: What is there is no team file.
        AwsprofError: It says something else than the profiles, or is written in a way that nothing can be put into.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    there = TeamFile.parse(path, data) if data else TeamFile(path, own.name, own.region)
    wanted = _united(there, own)
    if data and wanted == there:
        return data
    text = data.decode("utf-8")
    plain = text.replace("\r\n", "\n") or _INTRODUCTION
    try:
        document = tomlkit.parse(plain if plain.endswith("\n") else f"{plain}\n")
        if not data:
            document.update({"product": own.name, **({"region": own.region} if own.region else {})})
        _add_envs(document, there, wanted)
        result = _with_lines_of(text, tomlkit.dumps(document)).encode("utf-8")
        if TeamFile.parse(path, result) == wanted:
            return result
    except (TOMLKitError, ValueError, UsageError):
        # Said below: what came out is not what was wanted, whatever is wrong with it.
        pass
    raise AwsprofError(
        f"{path} is written in a way that nothing can be added to without changing it; nothing was written",
        hint="Add by hand what is missing: 'awsprof product show' lists it.",
    )


def _united(there: TeamFile, own: OwnProduct) -> TeamFile:
    """Return what the team file says and, where it says nothing, what the profiles do; refuse what disagrees."""
    if there.product != own.name:
        raise AwsprofError(f"{there.path} is of the product {there.product}, not {own.name}; nothing was written")
    homes = {stage: name for name, row in there.envs.items() for stage in row.stages}
    envs = dict(there.envs)
    for env in own.envs:
        row = there.envs.get(env.name)
        if row is not None:
            envs[env.name] = _united_env(there, row, env)
        else:
            region = None if env.region == there.region else env.region
            envs[env.name] = TeamEnv(env.account_id, region, env.protected, env.stages)
        taken = next((stage for stage in envs[env.name].stages if homes.get(stage, env.name) != env.name), None)
        if taken is not None:
            raise AwsprofError(
                f"{there.path} says that the stage {printable(taken)} lives in {homes[taken]}, and {env.profile} is of "
                f"the env {env.name}; nothing was written",
                hint=f"Name the stages of {env.name} with --stage {env.name}=….",
            )
    return replace(there, envs=envs)


def _united_env(there: TeamFile, row: TeamEnv, env: OwnEnv) -> TeamEnv:
    if env.account_id is not None and row.account_id not in (None, env.account_id):
        raise AwsprofError(
            f"{there.path} says account {row.account_id} for {env.name}, and {env.profile} is in {env.account_id}; "
            "nothing was written",
            hint=f"Mend the one that is wrong: 'awsprof whoami {env.profile}' asks AWS.",
        )
    return row._replace(account_id=row.account_id or env.account_id, stages=env.given_stages or row.stages)


def _add_envs(document: TOMLDocument, there: TeamFile, wanted: TeamFile) -> None:
    """Add to *document* what *wanted* has and *there* has not; a key that stands there already is left alone."""
    import tomlkit
    from tomlkit.items import InlineTable

    if "envs" not in document:
        document["envs"] = tomlkit.table(is_super_table=True)
    envs: Any = document["envs"]
    for name, env in wanted.envs.items():
        row = there.envs.get(name)
        if row is None:
            new: Any = tomlkit.inline_table() if isinstance(envs, InlineTable) else tomlkit.table()
            new.update(_settings(env))
            envs[name] = new
        elif env != row:
            _refuse_other_stages(there.path, name, row, env, stands="stages" in envs[name])
            known = _settings(row)
            _append(envs[name], {key: value for key, value in _settings(env).items() if known.get(key) != value})


def _refuse_other_stages(path: Path, name: str, row: TeamEnv, env: TeamEnv, *, stands: bool) -> None:
    if stands and row.stages != env.stages:
        raise AwsprofError(
            f"{path} says {', '.join(map(printable, row.stages)) or 'none'} for the stages of {name}, and --stage says "
            f"{', '.join(env.stages)}; nothing was written",
            hint="Change the line in the file, if it is wrong.",
        )


def _settings(env: TeamEnv) -> dict[str, object]:
    settings = {"account_id": env.account_id, "region": env.region, "protected": env.protected or None}
    return {**{key: value for key, value in settings.items() if value is not None}, "stages": list(env.stages)}


def _append(row: Any, settings: dict[str, object]) -> None:
    """Add settings behind the last one of a table: a comment at its end is most likely about what follows it."""
    from tomlkit.items import InlineTable

    if isinstance(row, InlineTable):
        row.update(settings)
        return
    body = row.value.body
    last = max((number for number, (key, _) in enumerate(body, 1) if key is not None), default=0)
    rest = body[last:]
    del body[last:]
    row.update(settings)
    body.extend(rest)


def _with_lines_of(old: str, new: str) -> str:
    """
    Return *new*, whose lines end in LF, with the lines of *old* that are in it as they were, line ends and all.

    Raises:
        ValueError: A line of *old* is not in *new*.
    """
    end = "\r\n" if "\r\n" in old else "\n"
    lines = re.findall(r"[^\n]*\n|[^\n]+", old)
    kept, result = 0, []
    for line in new.removesuffix("\n").split("\n"):
        own = lines[kept] if kept < len(lines) else None
        plain = own.rstrip("\r\n") if own is not None else ""
        if own is None or not (line == plain or _is_widened(plain, line)):
            result.append(line + end)
            continue
        result.append(line + (own[len(plain) :] or end))
        kept += 1
    if kept < len(lines):
        raise ValueError("a line is missing")
    return "".join(result)


def _is_widened(old: str, new: str) -> bool:
    """Whether a line with an inline table is the old one with something put into it."""
    chars = iter(new)
    return "{" in old and all(char in chars for char in old)
