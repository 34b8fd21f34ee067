"""After every change the AWS CLI, boto3 and both SDKs for JavaScript agree on which profiles there are, and on each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.test_heavy.conftest import ALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import CommandLine

JS = Path(__file__).parents[1] / "js"
KEY_ID, OTHER_KEY_ID, SECRET = (
    "AKIAIOSFODNN7EXAMPLE",
    "AKIAI44QH8DHBEXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
)
NEW = ("autochart", "new", "paul")

CONFIG = """\
# my accounts

[profile autochart_dev_paul]
  region=eu-west-1
  # inside
  s3 =
    addressing_style = path

  output = json

# the role
[profile role]
role_arn = arn:aws:iam::111111111111:role/x
source_profile = autochart_dev_paul
region = eu-west-2

[profile legacy]
region = eu-north-1
"""
CREDENTIALS = f"""\
; keys
[legacy]
aws_access_key_id = {KEY_ID}
aws_secret_access_key = {SECRET}

[autochart_dev_paul]
aws_access_key_id={OTHER_KEY_ID}
aws_secret_access_key={SECRET}
"""
DEFAULT = "\n# dangerous\n[default]\nregion = us-east-1\n"

ADD = ("--no-verify", "--account-id", "111111111111", "--region", "eu-west-3", "--from", "-")
OPERATIONS: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "nothing": ("", []),
    "add": ("", [("add", *NEW, *ADD)]),
    "set": ("", [("set", "autochart_dev_paul", "region=us-west-2", "cli_pager=less")]),
    "unset": ("", [("set", "autochart_dev_paul", "region=", "s3=")]),
    "remove": ("", [("remove", "legacy", "--yes")]),
    "rename": ("", [("rename", "autochart_dev_paul", *NEW, "--yes")]),
    "rename from outside": ("", [("rename", "legacy", *NEW, "--yes")]),
    "default removed": (DEFAULT, [("default", "--remove", "--yes")]),
    "default renamed": (DEFAULT, [("default", "--rename", *NEW, "--yes")]),
    "undone": (
        DEFAULT,
        [("rename", "legacy", *NEW, "--yes"), ("default", "--remove", "--yes"), ("undo", "2", "--yes")],
    ),
}

Read = dict[str, dict[str, str | None]]


def by_boto3() -> Read:
    found: Read = {}
    for name in boto3.Session().available_profiles:
        session = boto3.Session(profile_name=name)
        # Not get_credentials, which would assume the role.
        profile = session._session.full_config["profiles"][name]
        found[name] = {"region": session.region_name, "key": profile.get("aws_access_key_id")}
    return found


def by_aws_cli(aws: str) -> Read:
    """Ask version 1, which has no list of profiles, for each that there may be."""

    def get(name: str, key: str) -> subprocess.CompletedProcess[str]:
        words = [aws, "configure", "get", key, "--profile", name]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    names = ["autochart_dev_paul", "role", "legacy", "default", "_".join(NEW)]
    keys = {"region": "region", "key": "aws_access_key_id"}
    wanted = [(name, ours, theirs) for name in names for ours, theirs in keys.items()]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda row: get(row[0], row[2]), wanted))
    found: Read = {}
    for (name, ours, _), result in zip(wanted, results, strict=True):
        if "could not be found" not in result.stderr:
            assert result.stderr == ""
            found.setdefault(name, {})[ours] = result.stdout.strip() or None
    return found


def by_javascript(node: str) -> tuple[Read, Read]:
    if not (JS / "node_modules" / "aws-sdk").is_dir():
        absent = "needs the AWS SDKs for JavaScript: npm ci --prefix tests/js"
        if os.environ.get("CI"):
            pytest.fail(absent)
        pytest.skip(absent)
    environ = {**os.environ, "AWS_SDK_LOAD_CONFIG": "1", "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1"}
    script = [node, str(JS / "read-profile.mjs")]
    result = subprocess.run(script, capture_output=True, text=True, env=environ, check=False)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    return found["v3"], found["v2"]


def _operations() -> list[Any]:
    """Each operation with line ends of one kind by turns; with both of them where all is wanted."""
    ends = {"LF": "\n", "CRLF": "\r\n"}
    return [
        pytest.param(operation, end, id=f"{operation}-{name}")
        for number, operation in enumerate(OPERATIONS)
        for turn, (name, end) in enumerate(ends.items())
        if ALL or (number + turn) % 2 == 0
    ]


@pytest.mark.parametrize(("operation", "end"), _operations())
def test_readers_agree(awsprof: CommandLine, home: Path, tool: Callable[[str], str], operation: str, end: str) -> None:
    """Names, regions and access keys are one and the same to all four, and what the change meant them to be."""
    node, aws = tool("node"), str(Path(sys.executable).parent / "aws")
    extra, commands = OPERATIONS[operation]
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_bytes((CONFIG + extra).replace("\n", end).encode())
    (home / ".aws" / "credentials").write_bytes(CREDENTIALS.replace("\n", end).encode())
    for command in commands:
        outcome = awsprof(*command, stdin=f"{KEY_ID}\n{SECRET}\n")
        assert outcome.status == 0, outcome
    found = by_boto3()
    assert found == expected(operation)
    v3, v2 = by_javascript(node)
    assert v3 == found
    assert v2 == found
    if end == "\n":
        # Its parser is botocore's, which reads line ends of either kind alike; its start is what takes long.
        assert by_aws_cli(aws) == found


def expected(operation: str) -> Read:
    new = "_".join(NEW)
    dev: dict[str, str | None] = {"region": "eu-west-1", "key": OTHER_KEY_ID}
    legacy: dict[str, str | None] = {"region": "eu-north-1", "key": KEY_ID}
    default: dict[str, str | None] = {"region": "us-east-1", "key": None}
    found: Read = {
        "autochart_dev_paul": dev,
        "role": {"region": "eu-west-2", "key": None},
        "legacy": legacy,
    }
    match operation:
        case "add":
            found[new] = {"region": "eu-west-3", "key": None}
        case "set":
            dev["region"] = "us-west-2"
        case "unset":
            dev["region"] = None
        case "remove":
            del found["legacy"]
        case "rename":
            found[new] = found.pop("autochart_dev_paul")
        case "rename from outside":
            found[new] = found.pop("legacy")
        case "default renamed":
            found[new] = default
        case "undone":
            found[new] = found.pop("legacy")
            found["default"] = default
    return found
