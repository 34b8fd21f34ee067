"""
awsprof's own settings (``config.toml``) and a product's team file (``.awsprof.toml``).

Reads and checks both, writes the first; knows no command line.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from awsprof.errors import RefusedNameError, UsageError
from awsprof.model import check_account_id, check_region, duration_seconds
from awsprof.naming import check_part, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

PROTECTED_ENVS = ("prod", "production", "live")
TEAM_FILE = ".awsprof.toml"
# Either file is a few lines; what is larger is a mistake, or somebody's who would have every command read it.
_MOST_BYTES = 256 * 1024
_CHOICES = {"session_store": ("file", "vault"), "vault": ("auto", "keyring", "file")}


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``config.toml`` may hold, and what holds where it is silent."""

    user: str | None = None
    region: str | None = None
    protected_envs: tuple[str, ...] = ()
    session_store: str = "file"
    session_duration: str = "12h"
    protected_session_duration: str = "1h"
    mfa_command: tuple[str, ...] = ()
    vault: str = "auto"
    browser: str | None = None
    console_services: tuple[str, ...] = ()
    release: bool = True
    prompt_format: str | None = None
    prompt_ascii: bool = False

    @classmethod
    def load(cls, path: Path) -> Settings:
        """Read *path*; a missing file means the defaults."""
        data = _read(path)
        table, lines = _toml(path, data), data.decode("utf-8").splitlines()
        values = {}
        for key, value in table.items():
            try:
                values[key] = _checked(key, value)
            except UsageError as error:
                message = f"{path}, line {_line_of(key, lines)}: {error.message}"
                raise UsageError(message, hint=error.hint) from None
        return cls(**values)


KEYS = tuple(Settings.__dataclass_fields__)
_LISTS = tuple(key for key in KEYS if isinstance(getattr(Settings(), key), tuple))
_BOOLEANS = tuple(key for key in KEYS if isinstance(getattr(Settings(), key), bool))


def check_key(key: str) -> str:
    if key in KEYS:
        return key
    raise UsageError(f"There is no setting '{printable(key)}'", hint=_nearest(key, KEYS))


def _nearest(word: str, words: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, words, n=1)
    return f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(words)}."


_CHECKS: dict[str, Callable[[str], object]] = {
    "user": lambda text: check_part("user", text),
    "region": check_region,
    "session_duration": duration_seconds,
    "protected_session_duration": duration_seconds,
}


def _checked(key: str, value: object) -> Any:
    """Return a TOML value in the form ``Settings`` holds it, or raise UsageError."""
    check_key(key)
    if key in _LISTS:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise UsageError(f"{key} is a list of texts", hint=f'Write it like {key} = ["one", "two"].')
        if key == "protected_envs":
            for item in value:
                check_part("env", item)
        return tuple(value)
    if key in _BOOLEANS:
        if not isinstance(value, bool):
            raise UsageError(f"{key} is true or false")
        return value
    if not isinstance(value, str) or not value:
        raise UsageError(f"{key} is a text")
    choices = _CHOICES.get(key)
    if choices and value not in choices:
        raise UsageError(f"{key} is one of {', '.join(choices)}, not '{printable(value)}'")
    if key in _CHECKS:
        try:
            _CHECKS[key](value)
        except UsageError as error:
            raise UsageError(f"{key}: {error.message}", hint=error.hint) from None
    return value


def from_words(key: str, words: Sequence[str]) -> Any:
    """
    Read a setting as a person types it: one word, several for a list, yes or no for a switch.

    Raises:
        UsageError: An unknown key, or a value it cannot have.
    """
    check_key(key)
    if key in _LISTS:
        return _checked(key, words)
    if len(words) != 1:
        raise UsageError(f"{key} takes one value")
    if key in _BOOLEANS:
        answers = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
        if words[0].lower() not in answers:
            raise UsageError(f"{key} is true or false, not '{printable(words[0])}'")
        return answers[words[0].lower()]
    return _checked(key, words[0])


def with_setting(text: str, key: str, value: object) -> str:
    """Return the TOML *text* with one setting changed, or taken out when *value* is None; the rest as it was."""
    import tomlkit

    document = tomlkit.parse(text)
    if value is None:
        document.pop(key, None)
    else:
        document[key] = list(value) if isinstance(value, tuple) else value
    return tomlkit.dumps(document)


class TeamEnv(NamedTuple):
    """One env of a product, as its team file describes it."""

    account_id: str | None
    region: str | None
    protected: bool
    stages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TeamFile:
    """The ``.awsprof.toml`` of a product: no secret, no user, no command."""

    path: Path
    product: str
    region: str | None = None
    envs: Mapping[str, TeamEnv] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> TeamFile:
        """Read *path*, whoever it belongs to."""
        return cls.parse(path, _read(path))

    @classmethod
    def parse(cls, path: Path, data: bytes) -> TeamFile:
        """
        Read the bytes of a team file.

        Args:
            path: Where they are, or are to be.

        Raises:
            UsageError: They say what a team file may not.
        """
        table = _toml(path, data)
        with _naming(path):
            return _team_file(path, table, data.decode("utf-8").splitlines())


def find_team_file(start: Path, warn: Callable[[str], None]) -> TeamFile | None:
    """Read the nearest team file from *start* upwards; one that is another user's is passed over with a warning."""
    for directory in (start, *start.parents):
        path = directory / TEAM_FILE
        try:
            status = path.stat()
        except OSError:
            continue
        if is_anothers(status):
            warn(f"{path} is ignored: it is owned by another user")
            return None
        return TeamFile.load(path)
    return None


def is_anothers(status: os.stat_result) -> bool:
    """Whether a file belongs to another user, who would tell this one which accounts are whose."""
    return os.name == "posix" and status.st_uid != os.geteuid()


def _team_file(path: Path, table: Mapping[str, Any], lines: Sequence[str]) -> TeamFile:
    _only(path, table, ("product", "region", "envs"), lines)
    if not isinstance(table.get("product"), str):
        raise RefusedNameError(f"{path}: product is missing", hint='Its first line is like product = "autochart".')
    envs: dict[str, TeamEnv] = {}
    tables = table.get("envs", {})
    if not isinstance(tables, dict) or not all(isinstance(row, dict) for row in tables.values()):
        raise UsageError(f"{path}: envs holds one table for each env, as in [envs.dev]")
    for env, row in tables.items():
        _only(path, row, ("account_id", "region", "protected", "stages"), lines)
        check_part("env", env)
        account_id, region = row.get("account_id"), _team_region(path, row)
        if account_id is not None:
            check_account_id(str(account_id))
        protected, stages = row.get("protected", False), row.get("stages", [env])
        if not isinstance(protected, bool):
            raise UsageError(f"{path}: protected of {env} is true or false")
        if not isinstance(stages, list) or not all(isinstance(stage, str) for stage in stages):
            raise UsageError(f"{path}: stages of {env} is a list of texts")
        envs[env] = TeamEnv(None if account_id is None else str(account_id), region, protected, tuple(stages))
    named = Counter(stage for env in envs.values() for stage in env.stages)
    twice = next((stage for stage, count in named.items() if count > 1), None)
    if twice is not None:
        raise UsageError(f"{path}: stage '{printable(twice)}' stands twice; a stage lives in one env")
    return TeamFile(path, check_part("product", table["product"]), _team_region(path, table), envs)


def _team_region(path: Path, table: Mapping[str, Any]) -> str | None:
    region = table.get("region")
    if region is None:
        return None
    if not isinstance(region, str):
        raise UsageError(f"{path}: region is a text")
    return check_region(region)


def _only(path: Path, table: Mapping[str, Any], keys: Sequence[str], lines: Sequence[str]) -> None:
    for key in table:
        if key not in keys:
            line = _line_of(key, lines)
            raise UsageError(f"{path}, line {line}: there is no key '{printable(key)}'", hint=_nearest(key, keys))


def _line_of(key: str, lines: Sequence[str]) -> int:
    """Return where a key stands: at the beginning of a line, or as the last part of a table's name."""
    here = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]|\s*\[.*\b{re.escape(key)}["']?\s*\]""")
    return next((n for n, line in enumerate(lines, 1) if here.match(line)), 1)


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let a complaint about what stands in *path* say so."""
    try:
        yield
    except UsageError as error:
        if str(path) not in error.message:
            raise UsageError(f"{path}: {error.message}", hint=error.hint) from None
        raise


def _read(path: Path) -> bytes:
    """Return the bytes of *path*; b"" where there is no such file."""
    try:
        if not path.is_file() and path.exists():
            raise UsageError(f"{path} is no plain file")
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{path} is larger than {_MOST_BYTES // 1024} KiB, so it is no file of awsprof's")
    return data


def _toml(path: Path, data: bytes) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no TOML: {error}", hint="Mend that line, then run the command again.") from None


def is_protected(product: str, env: str, settings: Settings, team: TeamFile | None) -> bool:
    """Whether an env is protected: by its name, the settings, or the product's team file; nothing takes it away."""
    if env in PROTECTED_ENVS or env in settings.protected_envs:
        return True
    row = team.envs.get(env) if team is not None and team.product == product else None
    return row is not None and row.protected
