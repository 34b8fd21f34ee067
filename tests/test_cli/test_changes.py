"""``set``, ``rename``, ``default`` and ``undo``: what they refuse, what they change, and how it is taken back."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from awsprof.cli.main import main
from awsprof.errors import VaultLockedError
from awsprof.sessions.keys import load_keys
from tests.command_line import CommandLine, Outcome
from tests.test_cli.conftest import (
    DEV,
    OTHER,
    everything,
    session_file,
    state_file,
    store_seed,
    two_lines,
    write_config,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.localaws import LocalAWS
    from tests.localaws.accounts import AccessKey
    from tests.test_cli.conftest import Identity

NAME, NEW = "autochart_dev_paul", "autochart_test_pauline"
NEW_WORDS = ("autochart", "test", "pauline")
KEY_ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ROLE = (
    "[profile autochart_ops_paul]\nrole_arn = arn:aws:iam::111111111111:role/ops\nsource_profile = autochart_dev_paul\n"
)


@pytest.fixture
def unchanged(awsprof: CommandLine) -> Callable[[], bool]:
    """Whether home and vault are as they were when this was first asked for."""
    before = everything(awsprof)
    return lambda: everything(awsprof) == before


# set.


@pytest.mark.parametrize(
    ("assignment", "line"),
    [
        ("region=us-east-2", "region = us-east-2"),
        ("region=cn-north-1", "region = cn-north-1"),
        ("region=us-gov-west-1", "region = us-gov-west-1"),
        ("output=yaml-stream", "output = yaml-stream"),
        ("aws_account_id=000000000001", "aws_account_id = 000000000001"),
        ("mfa_serial=arn:aws:iam::111111111111:mfa/phone", "mfa_serial = arn:aws:iam::111111111111:mfa/phone"),
        ("mfa_serial=GAHT12345678", "mfa_serial = GAHT12345678"),
        ("awsprof_session_duration=15m", "awsprof_session_duration = 15m"),
        ("awsprof_session_duration=36h", "awsprof_session_duration = 36h"),
        ("awsprof_color=teal", "awsprof_color = teal"),
        ("duration_seconds=900", "duration_seconds = 900"),
        ("duration_seconds=43200", "duration_seconds = 43200"),
        ("cli_pager=less -R", "cli_pager = less -R"),
        ("endpoint_url=http://localhost:4566/?a=b", "endpoint_url = http://localhost:4566/?a=b"),
    ],
)
def test_set_writes_what_is_right(awsprof: CommandLine, dev: Identity, assignment: str, line: str) -> None:
    """A value its key can have stands in the section afterwards, once."""
    outcome = awsprof("set", "dev", assignment)
    key = assignment.partition("=")[0]
    assert outcome == Outcome(0, f"{NAME}: {key} changed; 'awsprof undo' takes it back.\n", "")
    assert [written for written in awsprof.config.splitlines() if written.startswith(f"{key} ")] == [line]


@pytest.mark.parametrize(
    "assignment",
    [
        "region",
        "=x",
        " =x",
        "region=mars-west-1",
        "region=eu-west-9",
        "region=EU-WEST-1",
        "region= eu-west-1",
        "sso_region=nowhere",
        "aws_account_id=1111",
        "aws_account_id=1111111111111",
        "aws_account_id=١٢٣٤٥٦٧٨٩٠١٢",
        "mfa_serial=arn:aws:iam::1:mfa/paul",
        "mfa_serial=short",
        "awsprof_session_duration=14m",
        "awsprof_session_duration=37h",
        "awsprof_session_duration=long",
        "duration_seconds=899",
        "duration_seconds=43201",
        "duration_seconds=1h",
        "duration_seconds=٩٠٠",
        "external_id=x",
        "role_session_name=a b",
        "output=xml",
        "awsprof_color=mauve",
        "awsprof_delivery=carrier-pigeon",
        "awsprof_colour=red",
        "awsprof_managed=true",
        "source_profile=nobody",
        f"source_profile={NAME}",
        "aws_access_key_id=AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key=wJalrXUtnFEMI",
        "AWS_Secret_Access_Key=wJalrXUtnFEMI",
        "aws_session_token=x",
        "aws_security_token=x",
        "aws_secret_access_key=",
        "credential_process=/bin/true",
        "credential_process=",
        "role_arn=arn:aws:iam::111111111111:role/x",
        "Region=eu-west-1",
        "re gion=eu-west-1",
        "note=a # b",
        "note=a;b",
        "note=a\nregion = x",
        "note=a\rb",
        "note=a\u2028b",
        "note=a\x1b[31m",
        "x]\n[default=1",
    ],
)
@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=["real", "dry"])
def test_set_refuses(
    awsprof: CommandLine, dev: Identity, unchanged: Callable[[], bool], assignment: str, options: tuple[str, ...]
) -> None:
    """What a key cannot have, or what must not stand in a file, is exit 2; nothing is written, nothing repeated raw."""
    outcome = awsprof("set", "dev", "output=json", assignment, *options)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "wJalrXUtnFEMI" not in outcome.stderr
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u2028]", outcome.stderr)
    assert unchanged()


@pytest.mark.parametrize(
    "assignments",
    [
        ("mfa_serial=arn:aws:iam::111111111111:mfa/paul",),
        ("role_arn=role/ops",),
        ("role_arn=arn:aws:iam::11:role/ops",),
        ("role_arn=arn:aws:iam::111111111111:user/ops",),
        ("source_profile=autochart_ops_paul",),
    ],
)
def test_set_refuses_on_a_role(awsprof: CommandLine, dev: Identity, home: Path, assignments: tuple[str, ...]) -> None:
    """A role has no mfa_serial of its own, its ARN is a role's, and its source is another profile: exit 2."""
    write_config(home, awsprof.config + ROLE)
    before = everything(awsprof)
    outcome = awsprof("set", "ops", *assignments)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert everything(awsprof) == before


@pytest.mark.parametrize("first", ["", "mfa_serial = arn:aws:iam::111111111111:mfa/paul\n"])
def test_set_never_makes_a_role_with_an_mfa_serial(awsprof: CommandLine, dev: Identity, home: Path, first: str) -> None:
    """Not even in two halves of one command, or on a section that has the other half already: SDKs would ask."""
    write_config(home, f"{awsprof.config}[profile autochart_ops_paul]\nregion = eu-west-1\n{first}")
    before = everything(awsprof)
    words = [] if first else ["mfa_serial=arn:aws:iam::111111111111:mfa/paul"]
    outcome = awsprof("set", "ops", *words, "role_arn=arn:aws:iam::111111111111:role/x", f"source_profile={NAME}")
    assert outcome.status == 2
    assert everything(awsprof) == before


def test_set_unsets(awsprof: CommandLine, dev: Identity) -> None:
    """KEY= takes a key out; one that is not there leaves everything as it is, and no entry to undo."""
    before = awsprof.config
    assert awsprof("set", "dev", "mfa_serial=", "output=json").status == 0
    assert "mfa_serial" not in awsprof.config
    assert awsprof("undo", "--yes").status == 0
    entries = awsprof("undo", "--json").stdout
    assert awsprof("set", "dev", "cli_pager=").status == 0
    assert (awsprof.config, awsprof("undo", "--json").stdout) == (before, entries)


def test_set_leaves_profiles_outside_the_convention(awsprof: CommandLine, home: Path) -> None:
    """A profile of another name is changed only by import, rename, remove, default, doctor and undo."""
    write_config(home, "[profile legacy]\nregion = eu-west-1\n")
    outcome = awsprof("set", "legacy", "region=eu-west-2")
    assert outcome.status in (1, 2)
    assert "rename" in outcome.stderr or "import" in outcome.stderr
    assert awsprof.config == "[profile legacy]\nregion = eu-west-1\n"


def test_set_of_a_key_that_the_credentials_file_has(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """The credentials file wins in every reader: there a change in the config file alone would change nothing."""
    write_config(home, f"[{NAME}]\nregion = us-east-1\n", "credentials")
    outcome = awsprof("set", "dev", "region=eu-west-2")
    shown = json.loads(awsprof("show", "dev", "--json").stdout)["profile"]["region"]
    assert shown == "eu-west-2" or outcome.status != 0 or "credentials" in outcome.stderr


@pytest.mark.parametrize(
    ("words", "status"),
    [(("nobody", "region=eu-west-1"), 3), (("default", "region=eu-west-1"), 2), (("dev",), 2), ((), 2)],
)
def test_set_statuses(awsprof: CommandLine, dev: Identity, words: tuple[str, ...], status: int) -> None:
    """No such profile is 3, the default 2, nothing to set 2."""
    assert awsprof("set", *words).status == status


def test_set_says_where_a_file_is_broken(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """Exit 5 with path and line, and the file stays."""
    path = write_config(home, awsprof.config + "[profile b]\nx = 1\nX = 2\n")
    before = path.read_bytes()
    outcome = awsprof("set", "dev", "output=json")
    assert (outcome.status, outcome.stdout) == (5, "")
    assert f"{path}, line {before.count(10)}" in outcome.stderr
    assert path.read_bytes() == before


# --dry-run.

SECRETS = (
    "# my keys\n"
    "[autochart_dev_paul]\n"
    f"aws_access_key_id = {KEY_ID}\n"
    f"aws_secret_access_key = {SECRET}\n"
    f"aws_session_token={SECRET}\n"
    f"# aws_secret_access_key = {SECRET}\n"
    f";aws_secret_access_key: {SECRET}\n"
    f"#   old secret {SECRET}\n"
)


def test_dry_run_masks_every_secret(awsprof: CommandLine, home: Path) -> None:
    """Neither a setting's value nor one that somebody commented out is shown."""
    write_config(home, SECRETS, "credentials")
    write_config(home, f"[profile autochart_dev_paul]\nregion = eu-west-1\n# aws_secret_access_key = {SECRET}\n")
    for command in (("rename", NAME, *NEW_WORDS), ("set", NAME, "output=json")):
        before = everything(awsprof)
        outcome = awsprof(*command, "--dry-run")
        assert outcome.status == 0
        assert "+" in outcome.stdout
        assert SECRET not in outcome.stdout
        assert everything(awsprof) == before
    assert "aws_secret_access_key = ********" in awsprof("rename", NAME, *NEW_WORDS, "--dry-run").stdout


def test_dry_run_shows_a_diff(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """A unified diff of each file, plain where it is not a terminal, and not a byte, item or entry changes."""
    before = everything(awsprof)
    outcome = awsprof("set", "dev", "region=eu-west-2", "--dry-run")
    path = home / ".aws" / "config"
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.splitlines()[:2] == [f"--- {path}", f"+++ {path}"]
    assert "-region = eu-west-1\n+region = eu-west-2\n" in outcome.stdout
    assert "\x1b" not in outcome.stdout
    assert awsprof("rename", "dev", *NEW_WORDS, "--dry-run").status == 0
    assert awsprof("undo", "--dry-run").status == 0
    assert everything(awsprof) == before


def test_diff_is_coloured_on_a_terminal(awsprof: CommandLine, dev: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    """Added lines green, removed ones red; NO_COLOR is heeded."""
    import click.testing

    from awsprof.cli.world import World

    monkeypatch.setenv("TERM", "xterm")
    for variable, coloured in (("", True), ("1", False)):
        monkeypatch.setenv("NO_COLOR", variable)
        arguments = ["set", "dev", "region=eu-west-2", "--dry-run"]
        result = click.testing.CliRunner().invoke(main, arguments, obj=World(), color=True)
        assert result.exit_code == 0
        assert ("\x1b[32m+region = eu-west-2" in result.stdout) is coloured
        assert ("\x1b[31m-region = eu-west-1" in result.stdout) is coloured


def test_dry_runs_of_default_change_nothing(awsprof: CommandLine, home: Path, unchanged: Callable[[], bool]) -> None:
    """Neither asks anybody; ``--rename`` asks AWS nothing either."""
    write_config(home, "[default]\nregion = eu-west-1\n")
    write_config(home, f"[default]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n", "credentials")
    before = everything(awsprof)
    for options in (("--remove",), ("--rename", *NEW_WORDS)):
        outcome = awsprof("default", *options, "--dry-run")
        assert (outcome.status, outcome.stderr) == (0, "")
        assert "-[default]" in outcome.stdout
        assert SECRET not in outcome.stdout
        assert everything(awsprof) == before


# rename.

BOTH_CONFIG = f"""\
# about dev
[profile {NAME}]
region = eu-west-1

[profile other]
source_profile = {NAME}
role_arn = arn:aws:iam::111111111111:role/x

[profile third]
source_profile = other
note = {NAME}
"""
BOTH_CREDENTIALS = (
    f"[{NAME}]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n\n[x]\nsource_profile={NAME}\n"
)


def test_rename_in_both_files(awsprof: CommandLine, home: Path) -> None:
    """Headers and every source_profile change, in both files; nothing else of them does."""
    write_config(home, BOTH_CONFIG)
    credentials = write_config(home, BOTH_CREDENTIALS, "credentials")
    assert awsprof("rename", NAME, *NEW_WORDS, "--yes").status == 0
    assert awsprof.config == BOTH_CONFIG.replace(f"profile {NAME}", f"profile {NEW}").replace(
        f"source_profile = {NAME}", f"source_profile = {NEW}"
    )
    assert credentials.read_text() == BOTH_CREDENTIALS.replace(NAME, NEW)
    assert awsprof("undo", "--yes").status == 0
    assert (awsprof.config, credentials.read_text()) == (BOTH_CONFIG, BOTH_CREDENTIALS)


def test_rename_moves_everything(awsprof: CommandLine, logged_in: Identity, home: Path) -> None:
    """Vault items, seed marker, session and state follow, and the new profile serves the session at once."""
    store_seed(awsprof, logged_in)
    awsprof.vault.items[f"{NAME}/console"] = "first password"
    items = dict(awsprof.items)
    outcome = awsprof("rename", "dev", *NEW_WORDS, "--yes")
    assert outcome == Outcome(0, f"Renamed {NAME} to {NEW}; 'awsprof undo' takes it back.\n", "")
    assert awsprof.items == {name.replace(NAME, NEW): value for name, value in items.items()}
    seeds = home / ".local" / "state" / "awsprof" / "seeds"
    assert [path.name for path in seeds.iterdir()] == [NEW]
    for file_of in (session_file, state_file):
        assert not file_of(home, NAME).exists()
        assert file_of(home, NEW).exists()
    assert f"credential-process {NEW}\n" in awsprof.config
    assert NAME not in awsprof.config
    answer = json.loads(awsprof("credential-process", NEW).stdout)
    assert answer["AccountId"] == DEV


@pytest.mark.parametrize("env", ["dev", "qa"])
def test_rename_within_an_env_stays_protected(awsprof: CommandLine, logged_in: Identity, home: Path, env: str) -> None:
    """Where a team file out of sight protects an env, prompts know it under another name in that env alone."""
    state = state_file(home, NAME)
    state.write_text("\n".join([*state.read_text().split("\n")[:3], "protected\n"]))
    assert awsprof("rename", NAME, "autochart", env, "someone", "--yes").status == 0
    renamed = state_file(home, f"autochart_{env}_someone").read_text().splitlines()
    assert (renamed[3] == "protected") is (env == "dev")


def test_undo_of_rename_brings_everything_back(awsprof: CommandLine, logged_in: Identity, home: Path) -> None:
    """Files, items and the seed's marker go back; sessions of either name are forgotten."""
    store_seed(awsprof, logged_in)
    config, items = awsprof.config, dict(awsprof.items)
    assert awsprof("rename", "dev", *NEW_WORDS, "--yes").status == 0
    assert awsprof("undo", "--yes").status == 0
    assert (awsprof.config, awsprof.items) == (config, items)
    assert not session_file(home, NEW).exists()
    assert not state_file(home, NEW).exists()
    seeds = home / ".local" / "state" / "awsprof" / "seeds"
    assert [path.name for path in seeds.iterdir()] == [NAME]


@pytest.mark.parametrize("name", ["legacy", "Prod Account", "a/b", "x_y"])
def test_rename_from_outside_the_convention(awsprof: CommandLine, home: Path, name: str) -> None:
    """A profile of any name gets one within the convention; its keys in the file stay there."""
    header = f'profile "{name}"' if " " in name else f"profile {name}"
    write_config(home, f"[{header}]\nregion = eu-west-1\n")
    write_config(home, f"[{name}]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n", "credentials")
    assert awsprof("rename", name, *NEW_WORDS, "--exact", "--yes").status == 0
    assert awsprof.config == f"[profile {NEW}]\nregion = eu-west-1\n"
    assert (home / ".aws" / "credentials").read_text().startswith(f"[{NEW}]\naws_access_key_id = {KEY_ID}\n")
    assert awsprof.items == {}


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("dev", "autochart", "prod", "paul"), 4),
        (("dev", "autochart", "dev", "paul"), 4),
        (("dev", "AutoChart", "prod", "paul"), 2),
        (("dev", "autochart", "default", "paul"), 2),
        (("nobody", *NEW_WORDS), 3),
        (("default", *NEW_WORDS), 2),
        (("dev", "autochart", "prod"), 2),
    ],
)
def test_rename_statuses(
    awsprof: CommandLine, dev: Identity, prod: Identity, words: tuple[str, ...], status: int
) -> None:
    """A taken name is 4, a bad one 2, no such profile 3; nothing changes."""
    before = everything(awsprof)
    assert awsprof("rename", *words, "--yes").status == status
    assert everything(awsprof) == before


def test_rename_to_a_name_that_only_the_credentials_file_has(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """A section of that name in either file is taken: exit 4."""
    write_config(home, f"[{NEW}]\nregion = x\n", "credentials")
    before = everything(awsprof)
    assert awsprof("rename", "dev", *NEW_WORDS, "--yes").status == 4
    assert everything(awsprof) == before


def test_rename_asks(awsprof: CommandLine, dev: Identity) -> None:
    """No is 1, Ctrl-C 130, no terminal 2 and names --yes; nothing changes."""
    before = everything(awsprof)
    assert awsprof("rename", "dev", *NEW_WORDS, answers=["n"]) == Outcome(1, "", "Nothing was renamed.\n")
    assert awsprof.terminal.questions == [f"Rename {NAME} to {NEW}?"]
    assert awsprof("rename", "dev", *NEW_WORDS, answers=[]).status == 130
    outcome = awsprof("rename", "dev", *NEW_WORDS)
    assert outcome.status == 2
    assert "--yes" in outcome.stderr
    assert everything(awsprof) == before
    assert awsprof("rename", "dev", *NEW_WORDS, answers=["y"]).status == 0


def test_rename_with_a_locked_vault_changes_nothing(
    awsprof: CommandLine, dev: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Items that cannot be moved are exit 6, and the files keep the old name."""
    before = everything(awsprof)
    awsprof.vault.refusal = VaultLockedError("locked")
    assert awsprof("rename", "dev", *NEW_WORDS, "--yes").status == 6
    awsprof.vault.refusal = None
    assert everything(awsprof) == before


def test_rename_of_a_role_keeps_its_source(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """A role has no items; its section alone changes."""
    config = awsprof.config
    write_config(home, config + ROLE)
    assert awsprof("rename", "ops", *NEW_WORDS, "--yes").status == 0
    assert awsprof.config == config + ROLE.replace("autochart_ops_paul", NEW)
    assert list(awsprof.items) == [NAME]


# default.

SPELLINGS = [("config", "default"), ("config", "profile default"), ("config", "DEFAULT")]
SPELLINGS += [("credentials", "default"), ("credentials", "DEFAULT")]


@pytest.mark.parametrize(("file", "section"), SPELLINGS)
def test_default_shows_and_removes_every_spelling(awsprof: CommandLine, home: Path, file: str, section: str) -> None:
    """Each of the spellings is shown with file, line and keys, and is gone after ``--remove``; undo brings it back."""
    text = f"# first\n\n[{section}]\nregion = eu-west-1\n\n"
    mine = "[profile mine]\noutput = json\n" if file == "config" else "[mine]\noutput = json\n"
    path = write_config(home, text + mine, file)
    shown = awsprof("default")
    assert (shown.status, shown.stdout) == (0, f"[{section}]".ljust(18) + f" {path}, line 3: region\n")
    assert json.loads(awsprof("default", "--json").stdout) == {
        "version": 1,
        "defaults": [{"spelling": f"[{section}]", "file": str(path), "line": 3, "keys": ["region"]}],
        "variables": [],
    }
    assert awsprof("default", "--remove", "--yes").status == 0
    lent = "region = eu-west-1\n" if section == "DEFAULT" else ""
    assert path.read_text() == f"# first\n\n{mine}{lent}"
    assert awsprof("default").stdout.startswith("There is no default")
    assert awsprof("default", "--remove", "--yes").status == 1
    assert awsprof("undo", "--yes").status == 0
    assert path.read_text() == text + mine


def test_default_shows_variables(awsprof: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What in the environment acts as a default is shown, and never the value of a key."""
    monkeypatch.setenv("AWS_PROFILE", "default")
    monkeypatch.setenv("AWS_DEFAULT_PROFILE", "legacy")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    outcome = awsprof("default")
    names = [line.split()[0] for line in outcome.stdout.splitlines()]
    assert (outcome.status, names) == (0, ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID"])
    assert KEY_ID not in outcome.stdout
    removed = awsprof("default", "--remove", "--yes")
    assert removed.status == 1
    assert "AWS_PROFILE" in removed.stderr


def test_default_remove_refuses_what_others_live_by(awsprof: CommandLine, home: Path) -> None:
    """A source_profile that names default, in either file, is exit 1; nothing changes."""
    for file, section in (("config", "profile role"), ("credentials", "role")):
        write_config(home, "[default]\nregion = eu-west-1\n")
        write_config(home, "", "credentials")
        path = home / ".aws" / file
        path.write_text(f"{path.read_text()}[{section}]\nsource_profile = default\n")
        before = everything(awsprof)
        for options in (("--yes",), ("--dry-run",), ()):
            outcome = awsprof("default", "--remove", *options)
            assert (outcome.status, outcome.stdout) == (1, "")
            assert "role" in outcome.stderr
        assert everything(awsprof) == before


def test_default_remove_copies_what_default_lends(awsprof: CommandLine, home: Path) -> None:
    """Each profile keeps the settings it inherited, and its own where it had one; the diff shows them."""
    write_config(
        home,
        "[DEFAULT]\nregion = eu-west-1\noutput = json\n\n[profile a]\nregion = x\n\n[profile b]\n\n"
        "[services s]\nk = 1\n",
    )
    outcome = awsprof("default", "--remove", answers=["y"])
    assert outcome.status == 0
    assert "-[DEFAULT]" in outcome.stdout
    assert awsprof.config == (
        "[profile a]\nregion = x\noutput = json\n\n[profile b]\nregion = eu-west-1\noutput = json\n\n"
        "[services s]\nk = 1\n"
    )


def test_default_remove_copies_within_its_own_file(awsprof: CommandLine, home: Path) -> None:
    """What the credentials file lends is lent to that file's sections only."""
    write_config(home, "[profile a]\nregion = x\n")
    path = write_config(home, "[DEFAULT]\nregion = y\n[a]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", "credentials")
    assert awsprof("default", "--remove", "--yes").status == 0
    assert awsprof.config == "[profile a]\nregion = x\n"
    assert path.read_text() == "[a]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\nregion = y\n"


@pytest.mark.parametrize("value", ["", "eu # west", "\n  k = v\n  k2 = v"])
def test_default_remove_of_what_cannot_be_copied(awsprof: CommandLine, home: Path, value: str) -> None:
    """A lent value that could not be written safely is a foreseen error, and nothing changes; or it is copied."""
    write_config(home, f"[DEFAULT]\nregion = {value}\n[profile a]\noutput = json\n")
    before = awsprof.config
    outcome = awsprof("default", "--remove", "--yes")
    assert outcome.status in (0, 1, 2, 5)
    assert outcome.status == 0 or awsprof.config == before


def test_default_asks(awsprof: CommandLine, home: Path) -> None:
    """Both ways out ask; no is 1, no terminal 2 and names --yes, and the two exclude each other."""
    write_config(home, "[default]\nregion = eu-west-1\n")
    before = everything(awsprof)
    for options in (("--remove",), ("--rename", *NEW_WORDS)):
        assert awsprof("default", *options, answers=["n"]).status == 1
        outcome = awsprof("default", *options)
        assert outcome.status == 2
        assert "--yes" in outcome.stderr
    assert awsprof("default", "--remove", "--rename", *NEW_WORDS).status == 2
    assert everything(awsprof) == before


@pytest.fixture
def default_keys(aws: LocalAWS, home: Path) -> AccessKey:
    """A default with an IAM user's keys in the credentials file and settings in the config file."""
    key = aws.account(OTHER).user("paul").access_key()
    write_config(home, "[default]\nregion = eu-west-1\n\n[profile role]\nsource_profile = default\nrole_arn = x\n")
    lines = f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\noutput = json\n"
    write_config(home, f"# mine\n[default]\n{lines}\n[other]\nregion = x\n", "credentials")
    return key


def test_default_rename_moves_the_keys(
    awsprof: CommandLine, default_keys: AccessKey, home: Path, launcher: Path
) -> None:
    """The keys are verified, go into the vault and out of the file; settings and references go to the new name."""
    before = {name: (home / ".aws" / name).read_bytes() for name in ("config", "credentials")}
    outcome = awsprof("default", "--rename", *NEW_WORDS, "--yes")
    assert (outcome.status, outcome.stderr) == (0, "")
    stored = load_keys(awsprof.vault, NEW)
    assert stored is not None
    assert (stored.credentials.access_key_id, stored.arn) == (default_keys.id, f"arn:aws:iam::{OTHER}:user/paul")
    assert default_keys.secret not in (home / ".aws" / "credentials").read_text()
    assert (home / ".aws" / "credentials").read_text() == "[other]\nregion = x\n"
    shown = json.loads(awsprof("show", NEW, "--json").stdout)["profile"]
    assert (shown["kind"], shown["delivery"], shown["region"], shown["account_id"]) == (
        "user",
        "process",
        "eu-west-1",
        OTHER,
    )
    assert f"source_profile = {NEW}\n" in awsprof.config
    assert "output = json\n" in awsprof.config
    assert awsprof("undo", "--yes").status == 0
    assert {name: (home / ".aws" / name).read_bytes() for name in before} == before
    assert awsprof.items == {}


def test_default_rename_with_a_wrong_key(awsprof: CommandLine, default_keys: AccessKey, home: Path) -> None:
    """Keys that AWS refuses are exit 7, and nothing is written or stored."""
    path = home / ".aws" / "credentials"
    path.write_text(path.read_text().replace(default_keys.secret, default_keys.secret[::-1]))
    before = everything(awsprof)
    assert awsprof("default", "--rename", *NEW_WORDS, "--yes").status == 7
    assert everything(awsprof) == before


def test_default_rename_without_keys_only_renames(awsprof: CommandLine, home: Path) -> None:
    """No AWS is asked: there is none in this test."""
    write_config(home, "# mine\n[default]\nregion=eu-west-1\n# end\n")
    assert awsprof("default", "--rename", *NEW_WORDS, "--yes").status == 0
    assert awsprof.config == f"# mine\n[profile {NEW}]\nregion=eu-west-1\n# end\n"


@pytest.mark.parametrize(
    ("config", "credentials", "status"),
    [
        ("[default]\n[profile default]\n", "", 1),
        ("[DEFAULT]\na = 1\n", "", 1),
        ("[default]\n", "[DEFAULT]\na = 1\n", 1),
        ("", "", 1),
        (f"[default]\n[profile {NEW}]\n", "", 4),
        ("[default]\n", f"[{NEW}]\n", 4),
        ("[default]\n[default]\n", "", 5),
    ],
)
def test_default_rename_refuses(awsprof: CommandLine, home: Path, config: str, credentials: str, status: int) -> None:
    """Several defaults, a [DEFAULT] or none are 1, a taken name 4, a broken file 5; nothing changes."""
    write_config(home, config)
    write_config(home, credentials, "credentials")
    before = everything(awsprof)
    for options in (("--yes",), ("--dry-run",)):
        assert awsprof("default", "--rename", *NEW_WORDS, *options).status == status
    assert everything(awsprof) == before


# undo.


def test_undo_takes_back_the_newest_and_then_the_one_before(awsprof: CommandLine, dev: Identity) -> None:
    """Twice is two steps back; after the last there is nothing to undo, exit 1."""
    states = [awsprof.config]
    for region in ("eu-west-2", "eu-west-3"):
        assert awsprof("set", "dev", f"region={region}").status == 0
        states.append(awsprof.config)
    assert awsprof("undo", answers=["y"]) == Outcome(0, f"Undone: {NAME}: region.\n", "")
    assert awsprof.config == states[1]
    assert awsprof("undo", "--yes").status == 0
    assert awsprof.config == states[0]
    assert awsprof("undo", "--yes") == Outcome(0, f"Undone: {NAME} added.\n", "")
    assert (awsprof.config, awsprof.items) == ("", {})
    assert awsprof("undo", "--yes").status == 1


def test_undo_lists(awsprof: CommandLine, dev: Identity) -> None:
    """The newest first, with age, command and summary; and what is not in it is said."""
    assert awsprof("set", "dev", "region=eu-west-2", "output=json").status == 0
    awsprof.ahead += timedelta(minutes=90)
    assert awsprof("undo", "--yes").status == 0
    outcome = awsprof("undo", "--list")
    rows = [re.split(r"\s{2,}", line.strip()) for line in outcome.stdout.splitlines()]
    assert [row[0] for row in rows] == ["3", "2", "1"]
    assert "1 h 30 min ago" in rows[1][1]
    assert rows[1][-1].endswith(f"{NAME}: region, output (undone by 3)")
    assert "login" in outcome.stderr
    assert "rotate" in outcome.stderr
    table = json.loads(awsprof("undo", "--json").stdout)
    assert table["version"] == 1
    assert [(row["id"], row["command"], row["undone_by"]) for row in table["entries"]] == [
        (3, "undo", None),
        (2, "set", 3),
        (1, "add", None),
    ]
    assert table["entries"][1]["files"] == [str(awsprof.home / ".aws" / "config")]


def test_undo_lists_nothing(awsprof: CommandLine) -> None:
    """Before the first change there is nothing, exit 0; and nothing to undo, exit 1."""
    assert awsprof("undo", "--list") == Outcome(0, "", "Nothing was changed yet.\n")
    assert awsprof("undo", "--yes").status == 1
    assert awsprof("undo", "7", "--yes").status == 1


def test_undo_of_one_by_its_id(awsprof: CommandLine, dev: Identity) -> None:
    """An older change goes while newer ones elsewhere stay; twice is 1, an unknown ID 1, no number 2."""
    assert awsprof("set", "dev", "region=eu-west-2").status == 0
    assert awsprof("set", "dev", "output=json").status == 0
    assert awsprof("undo", "2", "--yes").status == 0
    assert "region = eu-west-1\n" in awsprof.config
    assert "output = json\n" in awsprof.config
    before = everything(awsprof)
    again = awsprof("undo", "2", "--yes")
    assert again.status == 1
    assert "undo 4" in again.stderr
    assert awsprof("undo", "99", "--yes").status == 1
    assert awsprof("undo", "0", "--yes").status == 1
    assert awsprof("undo", "x", "--yes").status == 2
    assert everything(awsprof) == before


def test_undo_asks(awsprof: CommandLine, dev: Identity) -> None:
    """No is 1, no terminal 2; nothing changes."""
    before = everything(awsprof)
    assert awsprof("undo", answers=["n"]) == Outcome(1, "", "Nothing was undone.\n")
    outcome = awsprof("undo")
    assert outcome.status == 2
    assert "--yes" in outcome.stderr
    assert everything(awsprof) == before


def test_undo_refuses_a_conflict_with_a_diff(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """What was changed by hand in the same place since is shown, secrets masked; nothing changes."""
    assert awsprof("set", "dev", "region=eu-west-2").status == 0
    path = home / ".aws" / "config"
    path.write_text(path.read_text().replace("eu-west-2", "us-east-1") + f"# aws_secret_access_key = {SECRET}\n")
    before = everything(awsprof)
    for options in (("--yes",), ("--dry-run",)):
        outcome = awsprof("undo", *options)
        assert outcome.status == 1
        assert "-region = eu-west-2\n+region = us-east-1\n" in outcome.stdout
        assert SECRET not in outcome.stdout
        assert str(path) in outcome.stderr
    assert everything(awsprof) == before


def test_undo_keeps_what_changed_elsewhere(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """Edits by hand in other places of the file stay."""
    assert awsprof("set", "dev", "region=eu-west-2").status == 0
    path = home / ".aws" / "config"
    path.write_text("# on top\n" + path.read_text() + "\n[profile by_hand]\nregion = x\n")
    wanted = path.read_text().replace("eu-west-2", "eu-west-1")
    assert awsprof("undo", "--yes").status == 0
    assert path.read_text() == wanted


def test_undo_never_makes_a_file_that_nobody_can_read(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """A section that was made anew by hand is a conflict, not a duplicate."""
    config = awsprof.config
    assert awsprof("remove", "dev", "--yes").status == 0
    write_config(home, f"[profile x]\n\n{config}")
    before = everything(awsprof)
    assert awsprof("undo", "--yes").status == 1
    assert everything(awsprof) == before


def test_undo_of_remove_brings_keys_and_seed_back(awsprof: CommandLine, logged_in: Identity, home: Path) -> None:
    """Files, items and the marker that tells hot paths of the seed are as before; the session is not."""
    store_seed(awsprof, logged_in)
    config, items = awsprof.config, dict(awsprof.items)
    assert awsprof("remove", "dev", "--yes").status == 0
    outcome = awsprof("undo", "--yes")
    assert outcome.status == 0
    assert f"The keys of {NAME} are back in the vault.\n" in outcome.stdout
    assert (awsprof.config, awsprof.items) == (config, items)
    assert not session_file(home, NAME).exists()
    assert (home / ".local" / "state" / "awsprof" / "seeds" / NAME).exists()


def test_undo_of_replace_brings_the_old_keys_back(awsprof: CommandLine, logged_in: Identity, home: Path) -> None:
    """``add --replace`` changed the item; undo puts the old one back and forgets the new keys' session."""
    items = dict(awsprof.items)
    new = logged_in.user.access_key()
    options = ("--replace", "--no-verify", "--account-id", DEV, "--from", "-")
    assert awsprof("add", *logged_in.words, *options, stdin=two_lines(new)).status == 0
    assert awsprof.items != items
    assert awsprof("undo", "--yes").status == 0
    assert awsprof.items == items
    assert not session_file(home, NAME).exists()


def test_undo_of_add_takes_everything_away(awsprof: CommandLine, logged_in: Identity, home: Path) -> None:
    """The section, the item, the session, and the file that was not there before."""
    assert awsprof("undo", "--yes").status == 0
    assert awsprof.items == {}
    assert not (home / ".aws" / "config").exists()
    assert not session_file(home, NAME).exists()
    assert not state_file(home, NAME).exists()


def test_undo_never_restores_a_deleted_key(awsprof: CommandLine, logged_in: Identity) -> None:
    """A key that AWS no longer has does not come back; the section does."""
    config = awsprof.config
    assert awsprof("remove", "dev", "--delete-key", "--yes").status == 0
    assert awsprof("undo", "--yes").status == 0
    assert awsprof.config == config
    assert awsprof.items == {}


def test_undo_of_an_older_entry_never_restores_a_deleted_key(awsprof: CommandLine, without_mfa: AccessKey) -> None:
    """Nor does it by way of an earlier removal, which had kept it."""
    words = (
        "autochart",
        "legacy",
        "paul",
        "--from",
        "-",
        "--no-verify",
        "--account-id",
        OTHER,
        "--region",
        "eu-west-1",
    )
    assert awsprof("remove", "legacy", "--yes").status == 0
    assert awsprof("add", *words, stdin=two_lines(without_mfa)).status == 0
    assert awsprof("remove", "legacy", "--delete-key", "--yes").status == 0
    awsprof("undo", "2", "--yes")
    assert without_mfa.id not in str(awsprof.items)


def test_undo_of_undo(awsprof: CommandLine, dev: Identity) -> None:
    """An undo is an entry too, and can be taken back by its ID, keys and all."""
    config, items = awsprof.config, dict(awsprof.items)
    assert awsprof("undo", "--yes").status == 0
    assert awsprof("undo", "2", "--yes").status == 0
    assert (awsprof.config, awsprof.items) == (config, items)
    assert awsprof("undo", "3", "--yes").status == 0
    assert (awsprof.config, awsprof.items) == ("", {})


def test_undo_after_an_undo_that_was_undone(awsprof: CommandLine, dev: Identity) -> None:
    """A change that stands again is again the newest there is to undo."""
    assert awsprof("set", "dev", "region=eu-west-2").status == 0
    assert awsprof("undo", "--yes").status == 0
    assert awsprof("undo", "3", "--yes").status == 0
    assert "region = eu-west-2" in awsprof.config
    assert awsprof("undo", "--yes").status == 0
    assert "region = eu-west-1" in awsprof.config


def test_undo_refuses_an_item_that_changed_since(awsprof: CommandLine, dev: Identity) -> None:
    """Keys that something else replaced are not overwritten: exit 1, nothing changes."""
    assert awsprof("remove", "dev", "--yes").status == 0
    awsprof.vault.items[NAME] = "something newer"
    before = everything(awsprof)
    outcome = awsprof("undo", "--yes")
    assert outcome.status == 1
    assert NAME in outcome.stderr
    assert everything(awsprof) == before


def test_undo_of_a_change_that_never_came_to_pass(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """A command killed between its note and its change left an entry; undo says so, or passes it over."""
    before = awsprof.config
    assert awsprof("set", "dev", "region=eu-west-2").status == 0
    first = awsprof.config
    assert awsprof("set", "dev", "output=json").status == 0
    (home / ".aws" / "config").write_text(first)
    assert awsprof("undo", "--yes").status == 0
    if awsprof.config == first:
        assert awsprof("undo", "--yes").status == 0
    assert awsprof.config == before


def test_undo_with_the_vault_locked(awsprof: CommandLine, dev: Identity) -> None:
    """Listing needs no vault; undoing does, exit 6."""
    listed = awsprof("undo", "--list")
    before = everything(awsprof)
    awsprof.vault.refusal = VaultLockedError("locked")
    assert awsprof("undo", "--list") == listed
    assert awsprof("undo", "--yes").status == 6
    awsprof.vault.refusal = None
    assert everything(awsprof) == before


def test_undo_with_the_journals_key_gone(awsprof: CommandLine, dev: Identity) -> None:
    """Nothing can be opened any more: exit 6, nothing changes; the next change works all the same."""
    del awsprof.vault.items["awsprof/journal"]
    before = everything(awsprof)
    assert awsprof("undo", "--yes").status == 6
    assert everything(awsprof) == before
    assert awsprof("set", "dev", "region=eu-west-2").status == 0


@pytest.mark.parametrize("damage", [b"", b"garbage", b'{"id": 2}\n'])
def test_undo_passes_over_a_damaged_entry(awsprof: CommandLine, dev: Identity, home: Path, damage: bytes) -> None:
    """It is not listed, cannot be undone, and does not stand in the way of the others."""
    assert awsprof("set", "dev", "region=eu-west-2").status == 0
    (home / ".local" / "state" / "awsprof" / "journal" / "000002").write_bytes(damage)
    assert "000002" not in awsprof("undo", "--list").stdout
    assert awsprof("undo", "2", "--yes").status == 1
    assert awsprof("set", "dev", "output=json").status == 0
    assert awsprof("undo", "--yes").status == 0


def test_undo_of_an_entry_with_torn_contents(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """What was sealed cannot be opened: exit 1, nothing changes."""
    entry = home / ".local" / "state" / "awsprof" / "journal" / "000001"
    entry.write_bytes(entry.read_bytes()[:-20])
    before = everything(awsprof)
    outcome = awsprof("undo", "--yes")
    assert outcome.status == 1
    assert "damaged" in outcome.stderr
    assert everything(awsprof) == before


@pytest.mark.parametrize("what", ["file", "directory"])
def test_journal_in_a_place_that_cannot_be_written(awsprof: CommandLine, home: Path, what: str) -> None:
    """Where nothing can be noted, nothing is changed, and it is said in a sentence."""
    write_config(home, f"[profile {NAME}]\nregion = eu-west-1\n")
    state = home / ".local" / "state" / "awsprof"
    state.mkdir(parents=True)
    if what == "file":
        (state / "journal").write_text("")
    else:
        (state / "locks").write_text("")
    before = awsprof.config
    outcome = awsprof("set", "dev", "output=json")
    assert (outcome.status, outcome.stdout) != (0, "")
    assert "unexpectedly" not in outcome.stderr
    assert awsprof.config == before


def test_nothing_secret_in_any_output_or_headline(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """Summaries name profiles and keys of settings, never values."""
    assert awsprof("set", "dev", "external_id=hush-hush-value").status == 0
    assert "hush-hush-value" not in awsprof("undo", "--list").stdout
    assert "hush-hush-value" not in awsprof("undo", "--json").stdout
