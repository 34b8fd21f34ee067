"""
Which Serverless Framework a service uses, and how it comes by a profile's credentials.

Knows npm's files and the frameworks' precedence; runs nothing.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from awsprof.storage.small import read_small_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAMES = ("osls", "serverless")
_MAX_BYTES = 1_048_576
_FIRST_WITH_PROCESSES = 4
# A version or a range that stays within one: not '>=3', '3 || 4' or 'latest'. An alias of npm's may stand before it.
_EXACT = re.compile(r"(?:npm:(?:@[^@]*|[^@]*)@)?[\s^~v=]*([0-9]{1,4})(?:\.[\w.+*-]*)?\s*")


@dataclass(frozen=True, slots=True)
class Framework:
    """One framework; *version* is what is installed, or what a file asks for."""

    name: str
    version: str
    found_in: str

    @property
    def knows_credential_process(self) -> bool:
        """
        Version 3 of both uses the AWS SDK for JavaScript v2 in a way that passes over credential_process.

        What a range leaves open is taken for the newer.
        """
        exact = _EXACT.fullmatch(self.version)
        return exact is None or int(exact[1]) >= _FIRST_WITH_PROCESSES


def find_framework(
    directory: Path, wanted: object = None, *, environ: Mapping[str, str] | None = None
) -> Framework | None:
    """
    Return the framework of the service in *directory*: what is installed there, else what package.json or the service
    asks for, else what PATH leads to.

    Args:
        wanted: The service's own ``frameworkVersion``.
        environ: Where PATH stands.
    """
    above = (directory, *directory.parents)
    for place in above:
        for name in _NAMES:
            found = _installed(place / "node_modules" / name)
            if found is not None:
                return found
    for place in above:
        path = place / "package.json"
        table = _read(path)
        for group in ("dependencies", "devDependencies"):
            rows = table.get(group)
            for name in _NAMES:
                version = rows.get(name) if isinstance(rows, dict) else None
                if isinstance(version, str):
                    return Framework(name, version, str(path))
    if isinstance(wanted, str | int) and re.search(r"[0-9]", str(wanted)):
        return Framework("serverless", str(wanted), "frameworkVersion")
    programs = (shutil.which(name, path=(environ or {}).get("PATH", "")) for name in ("serverless", "sls", "osls"))
    for program in filter(None, programs):
        for place in Path(program).resolve().parents[:3]:
            found = _installed(place)
            if found is not None:
                return found
    return None


def _installed(package: Path) -> Framework | None:
    table = _read(package / "package.json")
    name, version = table.get("name"), table.get("version")
    if name not in _NAMES or not isinstance(version, str):
        return None
    return Framework(str(name), version, str(package / "package.json"))


def _read(path: Path) -> dict[str, object]:
    try:
        table = json.loads(read_small_file(path, _MAX_BYTES) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}


@dataclass(frozen=True, slots=True)
class Override:
    """What the environment puts in the place of provider.profile: a profile, or keys (None)."""

    variable: str
    profile: str | None


def override(environ: Mapping[str, str], stage: str) -> Override | None:
    """Return what goes before provider.profile for a stage; the frameworks agree, the stage's own first."""
    for prefix in (f"AWS_{stage.upper()}", "AWS"):
        profile = environ.get(f"{prefix}_PROFILE")
        if profile:
            return Override(f"{prefix}_PROFILE", profile)
        if environ.get(f"{prefix}_ACCESS_KEY_ID") and environ.get(f"{prefix}_SECRET_ACCESS_KEY"):
            return Override(f"{prefix}_ACCESS_KEY_ID", None)
    return None


_PROGRAMS = ("serverless", "sls", "osls")
# What runs another program, and the words that may stand between the two beside options and their values.
_RUNNERS = ("npx", "pnpx", "bunx", "pnpm", "yarn", "npm", "node", "env", "time", "nohup", "nice", "dotenv", "cross-env")
_BETWEEN = ("exec", "x", "dlx", "run", "--")


@dataclass(frozen=True, slots=True)
class Invocation:
    """How a command line calls the framework; None where an option is not given."""

    stage: str | None
    profile: str | None
    config: str | None


def invocation(words: Sequence[str]) -> Invocation | None:
    """Read a command line that runs the framework, itself or through a runner; None for any other command."""
    rest = _arguments(words)
    if rest is None:
        return None
    return Invocation(_option(rest, "--stage", "-s"), _option(rest, "--aws-profile"), _option(rest, "--config", "-c"))


def _arguments(words: Sequence[str]) -> Sequence[str] | None:
    through = False
    for at, word in enumerate(words):
        name = re.split(r"[/\\]", word)[-1].lower()
        name = re.sub(r"\.(cmd|exe|js|ps1)$", "", name).partition("@")[0]
        if name in _PROGRAMS:
            return words[at + 1 :]
        if name in _RUNNERS:
            through = True
        elif not through or not (
            word.startswith("-") or words[at - 1].startswith("-") or "=" in word or word in _BETWEEN
        ):
            return None
    return None


def _option(words: Sequence[str], *names: str) -> str | None:
    found = None
    for at, word in enumerate(words):
        for name in names:
            if word == name and at + 1 < len(words):
                found = words[at + 1]
            elif word.startswith(f"{name}="):
                found = word[len(name) + 1 :]
    return found
