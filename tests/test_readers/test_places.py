"""The models of the readers look for the two files where the readers themselves do."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from awsprof.readers.source import SourceKind, Tool
from awsprof.readers.sources import sources
from tests.test_readers.real import Reader
from tests.test_readers.samples import KEYS
from tests.test_readers.test_parsing import TOOLS, key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

VARIABLES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
# What one of the two says; None where it is not set.
VALUES = (None, "", "{home}", "{home}/nowhere", "~/other", "$HOME/other")
IN_CONFIG, IN_CREDENTIALS, IN_OTHER, IN_ENVIRON = (KEYS.replace("= A", f"= {letter}") for letter in "CDOE")


def by_go(value: str | None, variable: str, profile: str, keys: bool) -> str | None:
    """What the SDK for Go v2 (config 1.33.18) was seen to find, one process for each case; the tests build no Go."""
    if value == "{home}":
        return None
    reads_usual = not value
    name = "C" if variable == "AWS_SHARED_CREDENTIALS_FILE" or reads_usual else None
    if profile and name is None:
        return None
    if keys:
        return "E"
    if profile:
        return name
    return "D" if variable == "AWS_CONFIG_FILE" or reads_usual else None


def test_finds_the_files_as_the_real_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    """A variable that is empty, a directory, nowhere or written with ~: the same key, or none, for each reader."""
    readers = [Reader.of_javascript(tool), Reader.of_boto3()]
    common = {"AWS_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true"}
    wrong = []
    cases = itertools.product(VALUES, VARIABLES, ("x", ""), (False, True), ("", "1"))
    for number, (value, variable, profile, keys, load) in enumerate(cases):
        place = tmp_path / str(number)
        (place / ".aws").mkdir(parents=True)
        (place / ".aws" / "config").write_text(f"[profile x]\n{IN_CONFIG}")
        (place / ".aws" / "credentials").write_text(f"[default]\n{IN_CREDENTIALS}")
        (place / "other").write_text(f"[profile x]\n{IN_OTHER}[default]\n{IN_OTHER}")
        environ = {**common, "HOME": str(place)} | ({"AWS_SDK_LOAD_CONFIG": load} if load else {})
        environ |= {} if value is None else {variable: value.replace("{home}", str(place))}
        environ |= {"AWS_PROFILE": profile} if profile else {}
        environ |= {"AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "s"} if keys else {}
        monkeypatch.setenv("HOME", str(place))
        told = sources(environ)
        real = {name: row.get("key") for reader in readers for name, row in reader(environ, ask=False).items()}
        if real != {name: key(told[tool]) for name, tool in TOOLS.items()}:
            wrong.append((value, variable, profile, keys, load, real, told))
        assert key(told[Tool.GO]) == by_go(value, variable, profile, keys), (value, variable, profile, keys)
    for reader in readers:
        reader.close()
    assert wrong == []


def test_says_why_a_profile_is_not_there(home: Path) -> None:
    """A person who sees the profile in the file is told that botocore reads no file for its variable's sake."""
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(f"[profile x]\n{KEYS}")
    told = sources({"HOME": str(home), "AWS_PROFILE": "x", "AWS_CONFIG_FILE": ""})
    assert told[Tool.BOTO3].why == (
        "AWS_PROFILE names 'x', and there is no such profile: AWS_CONFIG_FILE, set and empty, names no file"
    )
    assert (told[Tool.JS_V3].kind, told[Tool.GO].kind) == (SourceKind.KEYS, SourceKind.KEYS)
