"""What each shell offers at a TAB, asked in the real shells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from awsprof.aws.regions import known_regions
from awsprof.cli.main import _COMMANDS
from awsprof.settings import KEYS
from tests.test_shells.completions import SHELLS, Completion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = """\
[default]
region = eu-west-1

[profile autochart_dev_paul]
region = eu-west-1
aws_account_id = 111111111111
[profile autochart_prod_paul]
[profile autochart_prod_anna]
# [profile commented_out_paul]
s3 =
  note = [profile nested_in_value]
[profile my-shop_dev.eu_paul]
output = a [profile not_a_header]
[profile legacy]
[profile team:dev]
[profile user@host]
[profile UPPER]
[profile "two words"]
[profile\ttabbed]
[profile trailing ]
[profile default]
[profile x_default_y]
[profile -dashed]
[profile closed] ] twice
[ profile blank_before_paul]
[profile three more words]
[sso-session corporate]
[services local]
[bare_dev_paul]
"""
CREDENTIALS = "[default]\n[DEFAULT]\n[shared_dev_paul]\naws_access_key_id = x\n[autochart_dev_paul]\n[my name]\n"
FULL = {"autochart_dev_paul", "autochart_prod_paul", "autochart_prod_anna", "my-shop_dev.eu_paul", "shared_dev_paul"}
SHORT = {"autochart_dev", "autochart_prod", "my-shop_dev.eu", "shared_dev"}
ENVS = {"dev", "prod", "dev.eu"}
OUTSIDE = {"legacy", "team:dev", "user@host", "UPPER", "tabbed", "trailing"}
TABLE = {
    # commands, and options before them
    "awsprof lo": {"login", "logout"},
    "awsprof --quiet lo": {"login", "logout"},
    "awsprof --debug --quiet vault un": {"unlock"},
    "awsprof settings ": {"get", "set", "list"},
    "awsprof nonsense ": set(),
    "awsprof nonsense pr": set(),
    # options and their values
    "awsprof vault unlock --": {"--for", "--quiet", "--debug", "--help"},
    "awsprof --qu": {"--quiet"},
    "awsprof export dev --format ": {"sh", "fish", "powershell", "cmd", "dotenv", "json"},
    "awsprof export --format d": {"dotenv"},
    "awsprof add --region eu-c": {"eu-central-1", "eu-central-2"},
    "awsprof completion ": {"bash", "zsh", "fish", "powershell"},
    "awsprof list --product ": {"autochart", "my-shop", "shared"},
    "awsprof login --user ": {"paul", "anna"},
    "awsprof login --user p": {"paul"},
    "awsprof default --rename auto": {"autochart"},
    "awsprof default --rename autochart d": {"dev", "dev.eu"},
    "awsprof default --rename autochart dev an": {"anna"},
    "awsprof login --code ": set(),
    "awsprof login --duration 1": set(),
    # selectors
    "awsprof login pro": {"prod"},
    "awsprof login auto": {"autochart_dev_paul", "autochart_prod_paul", "autochart_prod_anna"}
    | {"autochart_dev", "autochart_prod"},
    "awsprof login autochart_prod": {"autochart_prod", "autochart_prod_paul", "autochart_prod_anna"},
    "awsprof login autochart/": {"autochart/dev", "autochart/prod"},
    "awsprof login autochart/p": {"autochart/prod"},
    "awsprof login my-": {"my-shop_dev.eu", "my-shop_dev.eu_paul"},
    "awsprof login dev.": {"dev.eu"},
    "awsprof login te": {"team:dev"},
    "awsprof login default": set(),
    "awsprof login comm": set(),
    "awsprof login bare": set(),
    "awsprof login corp": set(),
    "awsprof login dev prod leg": {"legacy"},
    "awsprof login --product autochart dev --json prod leg": {"legacy"},
    "awsprof show dev pro": set(),
    "awsprof show -- leg": {"legacy"},
    "awsprof import legacy leg": {"legacy"},
    "awsprof credential-process auto": {"autochart_dev_paul", "autochart_prod_paul", "autochart_prod_anna"},
    # names' parts, for a new name
    "awsprof add auto": {"autochart"},
    "awsprof add autochart pr": {"prod"},
    "awsprof add autochart prod a": {"anna"},
    "awsprof rename legacy my": {"my-shop"},
    # KEY=VALUE, and settings
    "awsprof set dev output": {"output="},
    "awsprof set dev region=eu-c": {"region=eu-central-1", "region=eu-central-2"},
    "awsprof set dev region=eu-west-1 output=js": {"output=json"},
    "awsprof set dev source_profile=le": {"source_profile=legacy"},
    "awsprof set dev mfa_serial=a": set(),
    "awsprof settings get pro": {key for key in KEYS if key.startswith("pro")},
    "awsprof settings set region eu": set(),
    # somebody else's command
    "awsprof exec prod -- true-comm": {"true-command"},
    "awsprof exec -- true-comm": {"true-command"},
    "awsprof exec --product autochart prod -- true-comm": {"true-command"},
    "awsprof exec prod true-comm": {"true-command"},
    "awsprof exec pro": {"prod"},
}


@pytest.fixture
def completion(home: Path, monkeypatch: pytest.MonkeyPatch) -> Completion:
    """A home with profiles in both files, in every spelling that counts and some that do not."""
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(CONFIG)
    (home / ".aws" / "credentials").write_text(CREDENTIALS)
    commands = home / "bin"
    commands.mkdir()
    (commands / "true-command").write_text("#!/bin/sh\n")
    (commands / "true-command").chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}:/usr/bin:/bin")
    return Completion(home)


@pytest.mark.parametrize("shell", SHELLS)
def test_words_and_names(completion: Completion, shell: str, tool: Callable[[str], str]) -> None:
    """Each shell offers the same words at the same places."""
    tool(shell)
    found = dict(zip(TABLE, completion.ask(shell, *TABLE), strict=True))
    assert found == TABLE


@pytest.mark.parametrize("shell", SHELLS)
def test_everything(completion: Completion, shell: str, tool: Callable[[str], str]) -> None:
    """Where nothing is typed yet, all that may stand there is offered, and the default never."""
    tool(shell)
    commands, selectors, back, profiles, region = completion.ask(
        shell,
        "awsprof ",
        "awsprof show ",
        "awsprof use ",
        "awsprof credential-process ",
        "awsprof add --region ",
    )
    quoted = {name.replace(" ", "\\ ") if shell == "bash" else name for name in ("two words", "my name")}
    assert commands == set(_COMMANDS)
    assert profiles == FULL | OUTSIDE | quoted
    assert selectors == profiles | SHORT | ENVS
    assert back == selectors | {"-"}
    assert {"eu-west-1", "cn-north-1", "us-gov-west-1"} < region <= set(known_regions())


@pytest.mark.parametrize("shell", SHELLS)
def test_more_than_anybody_reads(completion: Completion, shell: str, tool: Callable[[str], str]) -> None:
    """Among more than 500 profiles, full names of the convention are offered once something is typed."""
    tool(shell)
    names = {f"p{number % 3}_dev_u{number}" for number in range(498)}
    text = "".join(f"[profile {name}]\naws_account_id = 111111111111\n" for name in sorted(names))
    config = completion.home / ".aws" / "config"
    (completion.home / ".aws" / "credentials").unlink()
    parts = {"p0_dev", "p1_dev", "p2_dev", "dev"}
    for others, expected in (({"legacy", "x_"}, names), ({"legacy", "x_", "a_b_c_d"}, set())):
        config.write_text(text + "".join(f"[profile {name}]\n" for name in sorted(others)))
        assert completion.ask(
            shell, "awsprof login ", "awsprof login p1_dev_u1", "awsprof credential-process ", "awsprof add "
        ) == [
            others | expected | parts,
            {name for name in names if name.startswith("p1_dev_u1")},
            names | others,
            {"p0", "p1", "p2"},
        ]


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_value_behind_an_equals_sign(completion: Completion, shell: str, tool: Callable[[str], str]) -> None:
    """--option=VALUE is completed like --option VALUE."""
    tool(shell)
    assert completion.ask(
        shell,
        "awsprof add --region=eu-c",
        "awsprof list --product=",
        "awsprof export --format=d",
        "awsprof add --from=",
    )[:3] == [
        {"--region=eu-central-1", "--region=eu-central-2"},
        {"--product=autochart", "--product=my-shop", "--product=shared"},
        {"--format=dotenv"},
    ]


def test_zsh_value_behind_an_equals_sign(completion: Completion, tool: Callable[[str], str]) -> None:
    """The same in zsh, by the line that comes of it."""
    tool("zsh")
    assert completion.zsh_lines(
        "awsprof add --region=eu-ce", "awsprof export --format=dot", "awsprof set dev outp"
    ) == [
        "awsprof add --region=eu-central-",
        "awsprof export --format=dotenv ",
        "awsprof set dev output=",
    ]


@pytest.mark.parametrize("shell", SHELLS)
def test_other_files(completion: Completion, shell: str, tool: Callable[[str], str]) -> None:
    """AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE are where names come from, with a leading ~ as AWS takes it."""
    tool(shell)
    (completion.home / "other").write_text("[profile elsewhere_dev_paul]\r\nregion = x\r\n[profile also]\r\n")
    completion.environ = {"AWS_CONFIG_FILE": "~/other", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
    assert completion.offers(shell, "awsprof credential-process ") == {"elsewhere_dev_paul", "also"}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("kind", ["missing", "empty", "directory", "unreadable", "binary", "no line end", "pipe"])
def test_odd_files(completion: Completion, shell: str, kind: str, tool: Callable[[str], str]) -> None:
    """A file that is none, or holds no text, offers what it can and says nothing."""
    import os

    tool(shell)
    (completion.home / ".aws" / "credentials").unlink()
    path = completion.home / ".aws" / "config"
    path.unlink()
    expected = set()
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "no line end":
        path.write_text("\n\n[profile last_dev_paul]")
        expected = {"last_dev_paul"}
    elif kind != "missing":
        path.write_bytes({"empty": b"", "binary": b"\xff\xfe[\x01]\n[[[\n]\n\x80", "unreadable": b"[profile x]"}[kind])
    if kind == "unreadable":
        path.chmod(0)
        expected = {"x"} if os.access(path, os.R_OK) else expected
    assert completion.offers(shell, "awsprof credential-process ") == expected
