"""``awsprof add``: whose keys they are is proven before anything is written."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from awsprof.errors import VaultLockedError
from awsprof.model import LongTermCredentials
from awsprof.sessions.keys import StoredKeys, load_keys
from tests.command_line import CommandLine, Outcome
from tests.test_cli.conftest import (
    DEV,
    OTHER,
    PROD,
    REGION,
    everything,
    profile_object,
    two_lines,
    write_config,
    write_settings,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.localaws import LocalAWS
    from tests.test_cli.conftest import Identity

NAME = "autochart_dev_paul"
WORDS = ("autochart", "dev", "paul")
SERIAL = f"arn:aws:iam::{DEV}:mfa/paul"
ARN = f"arn:aws:iam::{DEV}:user/paul"
ADDED = f"Added {NAME}: account {DEV}, {ARN}\nMFA device {SERIAL}. Next: awsprof login {NAME}\n"
WHOLE_KEY = f"{'AKIA' + 'X' * 9}EXAMPLE\n{'x' * 30}EXAMPLEKEY\n"

TEAM_FILE = f"""\
product = "autochart"
region = "eu-north-1"

[envs.dev]
account_id = "{DEV}"
region = "eu-south-1"

[envs.prod]
account_id = "{PROD}"
"""


def section(launcher: Path, name: str = NAME, serial: str | None = SERIAL, region: str | None = REGION) -> str:
    lines = [f"[profile {name}]"]
    lines += [f"region = {region}"] if region else []
    lines += [f"mfa_serial = {serial}"] if serial else []
    lines += [f"aws_account_id = {DEV}", f"credential_process = {launcher} credential-process {name}"]
    return "".join(f"{line}\n" for line in lines)


def add(awsprof: CommandLine, identity: Identity, *options: str, words: tuple[str, ...] = WORDS) -> Outcome:
    return awsprof("add", *words, "--from", "-", *options, stdin=identity.two_lines)


# What is asked for, and what is written.


def test_asks_for_the_keys_and_writes_one_section(
    awsprof: CommandLine, paul_in_dev: Identity, launcher: Path, home: Path, aws: LocalAWS
) -> None:
    """At a terminal the secret is typed unseen; the vault gets the keys, and config, for our eyes only, the rest."""
    key = paul_in_dev.key
    outcome = awsprof("add", *WORDS, "--region", REGION, answers=[key.id, key.secret])
    assert outcome == Outcome(0, ADDED, "")
    assert awsprof.terminal.questions == [f"Access key id for {NAME}: ", "Secret access key (hidden): (hidden)"]
    assert awsprof.config == section(launcher)
    assert load_keys(awsprof.vault, NAME) == StoredKeys(LongTermCredentials(key.id, key.secret), ARN)
    assert list(awsprof.items) == [NAME]
    assert [path.stat().st_mode & 0o777 for path in (home / ".aws", home / ".aws" / "config")] == [0o700, 0o600]
    assert not (home / ".aws" / "credentials").exists()
    assert [call.action for call in aws.calls] == ["GetCallerIdentity", "ListMFADevices"]


FORMS = {
    "two lines": "{id}\n{secret}\n",
    "two lines without a last line end": "{id}\n{secret}",
    "two lines of Windows": "\r\n{id}\r\n  {secret}\r\n",
    "the console's CSV": "Access key ID,Secret access key\n{id},{secret}\n",
    "the console's CSV with a byte-order mark": "\ufeffAccess key ID,Secret access key\r\n{id},{secret}\r\n",
    "the console's older CSV": '"User name","Access key ID","Secret access key"\n"paul","{id}","{secret}"\n',
    "aws iam create-access-key": (
        '{{"AccessKey": {{"UserName": "paul", "AccessKeyId": "{id}", "SecretAccessKey": "{secret}"}}}}'
    ),
    "credential_process": '{{"Version": 1, "AccessKeyId": "{id}", "SecretAccessKey": "{secret}"}}',
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("source", ["file", "stdin"])
def test_reads_the_keys_in_every_form(
    awsprof: CommandLine, paul_in_dev: Identity, tmp_path: Path, form: str, source: str
) -> None:
    """--from takes what AWS's console and tools hand out, from a file or with '-' from stdin."""
    key = paul_in_dev.key
    text = form.format(id=key.id, secret=key.secret)
    path = tmp_path / "keys"
    path.write_bytes(text.encode())
    options = ("--no-verify", "--account-id", DEV, "--region", REGION)
    said = ""
    if source == "file":
        outcome = awsprof("add", *WORDS, "--from", str(path), *options)
        said = f"{path} still has the key in plain text: delete it once the profile works.\n"
    else:
        outcome = awsprof("add", *WORDS, "--from", "-", *options, stdin=text)
    assert (outcome.status, outcome.stderr) == (0, said)
    stored = load_keys(awsprof.vault, NAME)
    assert stored is not None
    assert stored.credentials == LongTermCredentials(key.id, key.secret)


def test_prints_the_profile_as_json(awsprof: CommandLine, paul_in_dev: Identity) -> None:
    """--json prints the object that ``show`` prints."""
    outcome = add(awsprof, paul_in_dev, "--region", REGION, "--json")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout) == {"version": 1, "profile": profile_object(paul_in_dev)}


def test_asks_aws_nothing_with_no_verify(awsprof: CommandLine, launcher: Path) -> None:
    """--no-verify believes --account-id and --mfa-serial, and makes no call: there is no AWS in this test."""
    options = ("--no-verify", "--account-id", DEV, "--mfa-serial", SERIAL, "--region", REGION)
    outcome = awsprof("add", *WORDS, "--from", "-", *options, stdin=WHOLE_KEY)
    assert outcome == Outcome(0, ADDED.replace(ARN, "not verified"), "")
    assert awsprof.config == section(launcher)


# What is refused, with nothing written.


@pytest.fixture
def unchanged(awsprof: CommandLine) -> Callable[[], bool]:
    """Whether home and vault are as they were when this was first asked for."""
    before = everything(awsprof)
    return lambda: everything(awsprof) == before


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "No access key was found"),
        ("\n\n", "No access key was found"),
        ("hello\n", "No access key was found"),
        ("one\ntwo\nthree\n", "No access key was found"),
        ("{", "No access key was found"),
        ("[1]", "No access key was found"),
        ('{"AccessKey": {"AccessKeyId": "AKIAXXXXXXXXXEXAMPLE"}}', "No access key was found"),
        ('{"AccessKey": 7}', "No access key was found"),
        ("User name,Password\npaul,hunter2\n", "no access key id"),
        ("akia-typo\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n", "no access key id"),
        ("AKIAXXXXXXXXXEXAMPLE\ntoo short\n", "no secret access key"),
        ("ASIAXXXXXXXXXEXAMPLE\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n", "temporary access key"),
        (
            '{"Version": 1, "AccessKeyId": "AKIAXXXXXXXXXEXAMPLE", "SecretAccessKey": "x", "SessionToken": "y"}',
            "session credentials",
        ),
    ],
)
def test_refuses_what_is_no_long_term_key(
    awsprof: CommandLine, aws: LocalAWS, unchanged: Callable[[], bool], text: str, sentence: str
) -> None:
    """What is no access key of an IAM user is exit 2, without a call and without a word of what it was."""
    outcome = awsprof("add", *WORDS, "--from", "-", stdin=text)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert sentence in outcome.stderr
    assert not any(word in outcome.stderr for word in ("hunter2", "xxxx", "akia-typo", "too short"))
    assert aws.calls == []
    assert unchanged()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "No such file or directory"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00\x01"), "is no text"),
    ],
    ids=["missing", "directory", "binary"],
)
def test_refuses_a_source_that_cannot_be_read(
    awsprof: CommandLine, tmp_path: Path, unchanged: Callable[[], bool], make: Callable[[Path], None], reason: str
) -> None:
    """A file that is not there, or is no text, is exit 2 and names itself."""
    path = tmp_path / "keys"
    make(path)
    outcome = awsprof("add", *WORDS, "--from", str(path))
    assert (outcome.status, outcome.stdout) == (2, "")
    assert str(path) in outcome.stderr
    assert reason in outcome.stderr
    assert unchanged()


@pytest.mark.parametrize("kind", ["wrong secret", "unknown", "inactive", "deleted"])
def test_refuses_keys_that_aws_refuses(
    awsprof: CommandLine, paul_in_dev: Identity, unchanged: Callable[[], bool], kind: str
) -> None:
    """A key that AWS does not take is exit 7, and nothing of it stays."""
    key = paul_in_dev.key
    text = {
        "wrong secret": f"{key.id}\n{'x' * 30}EXAMPLEKEY\n",
        "unknown": f"AKIAXXXXXXXXXEXAMPLE\n{key.secret}\n",
    }.get(kind, two_lines(key))
    if kind == "inactive":
        key.deactivate()
    if kind == "deleted":
        key.delete()
    outcome = awsprof("add", *WORDS, "--from", "-", stdin=text)
    assert (outcome.status, outcome.stdout) == (7, "")
    assert "access key" in outcome.stderr
    assert unchanged()


def test_refuses_the_root_user(awsprof: CommandLine, aws: LocalAWS, unchanged: Callable[[], bool]) -> None:
    """A root user's key is exit 2, even though AWS takes it."""
    outcome = awsprof("add", *WORDS, "--from", "-", stdin=two_lines(aws.account(DEV).root_access_key()))
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "root user" in outcome.stderr
    assert unchanged()


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("verify", [True, False])
def test_refuses_keys_of_another_account_than_the_team_files(
    awsprof: CommandLine, paul_in_dev: Identity, home: Path, force: bool, verify: bool
) -> None:
    """The team file's account holds against the key's, and against an --account-id that nobody verifies."""
    (home / ".awsprof.toml").write_text(TEAM_FILE.replace(DEV, OTHER))
    before = everything(awsprof)
    options = [] if verify else ["--no-verify", "--account-id", DEV]
    outcome = add(awsprof, paul_in_dev, *options, *(["--force"] if force else []))
    assert (outcome.status, outcome.stdout) == (1, "")
    assert DEV in outcome.stderr
    assert OTHER in outcome.stderr
    assert everything(awsprof) == before


@pytest.mark.parametrize("force", [False, True])
def test_refuses_keys_of_another_account_than_said(
    awsprof: CommandLine, paul_in_dev: Identity, unchanged: Callable[[], bool], force: bool
) -> None:
    """--account-id holds against the key's, and --force does not lift that."""
    outcome = add(awsprof, paul_in_dev, "--account-id", OTHER, *(["--force"] if force else []))
    assert outcome == Outcome(
        1,
        "",
        f"Error: The key is of account {DEV}, and --account-id says {OTHER}; nothing was written.\n"
        f"Give a key of account {OTHER}.\n",
    )
    assert unchanged()


@pytest.mark.parametrize(
    "options",
    [
        ("--region", "Mars"),
        ("--region", ""),
        ("--account-id", "1234"),
        ("--account-id", ""),
        ("--account-id", "\uff11" * 12),
        ("--mfa-serial", "a b"),
        ("--mfa-serial", ""),
        ("--no-verify",),
    ],
    ids=" ".join,
)
def test_refuses_bad_values(
    awsprof: CommandLine, aws: LocalAWS, unchanged: Callable[[], bool], options: tuple[str, ...]
) -> None:
    """An option's value that cannot be is exit 2; an empty one, as from an unset variable, is not an absent one."""
    outcome = awsprof("add", *WORDS, "--from", "-", *options, stdin=WHOLE_KEY)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert aws.calls == []
    assert unchanged()


@pytest.mark.parametrize(
    ("part", "nearest"),
    [
        ("AutoChart", "autochart"),
        ("auto_chart", "auto-chart"),
        ("auto chart", "auto-chart"),
        ("autochart.", "autochart"),
        ("-autochart-", "autochart"),
        ("Grün & Blau", "grun-blau"),
        ("x" * 33, "x" * 32),
        ("auto/chart", "auto-chart"),
        ("chart]\nx", "chart-x"),
        ("", None),
        ("___", None),
        ("日本", None),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2], ids=["product", "env", "user"])
def test_refuses_a_bad_part_with_the_nearest_spelling(
    awsprof: CommandLine, unchanged: Callable[[], bool], part: str, nearest: str | None, place: int
) -> None:
    """A part against the convention is exit 2, before any question, with the nearest good spelling."""
    words = list(WORDS)
    words[place] = part
    outcome = awsprof("add", "--", *words, answers=[])
    assert (outcome.status, outcome.stdout) == (2, "")
    assert re.search(f"cannot be an? {('product', 'env', 'user')[place]}: ", outcome.stderr)
    assert (f"'{nearest}'." in outcome.stderr) == (nearest is not None)
    assert unchanged()


DEFAULTS = [
    "default",
    "Default",
    "DEFAULT",
    " default",
    '"default"',
    "[default]",
    "profile default",
    "\uff44\uff45\uff46\uff41\uff55\uff4c\uff54",
]


@pytest.mark.parametrize("spelling", DEFAULTS)
@pytest.mark.parametrize("place", [0, 1, 2], ids=["product", "env", "user"])
def test_refuses_default_as_a_part(
    awsprof: CommandLine, unchanged: Callable[[], bool], spelling: str, place: int
) -> None:
    """``default`` cannot be a part of a name, however it is spelled, and the refusal says why."""
    words = list(WORDS)
    words[place] = spelling
    outcome = awsprof("add", *words, answers=[])
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "'default' is refused: " in outcome.stderr
    assert unchanged()


@pytest.mark.parametrize("name", ["config", "credentials"])
def test_refuses_a_name_that_is_taken(awsprof: CommandLine, home: Path, aws: LocalAWS, name: str) -> None:
    """A profile of that name in either file is exit 4, before anybody is asked for keys, and names the way on."""
    write_config(home, f"[{'profile ' if name == 'config' else ''}{NAME}]\nregion = eu-west-1\n", name)
    before = everything(awsprof)
    outcome = awsprof("add", *WORDS, answers=[])
    assert outcome == Outcome(
        4,
        "",
        f"Error: Profile {NAME} exists already.\nGive it new keys with --replace, or 'awsprof remove {NAME}' first.\n",
    )
    assert aws.calls == []
    assert everything(awsprof) == before


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[profile a]\nregion = x\n[profile a]\n", 3),
        ("[profile a]\nregion = x\nregion = y\n", 3),
        ("region = x\n", 1),
        ("[profile a]\n\n[profile b\n", 3),
        ("[profile a]\nregion\n", 2),
    ],
    ids=["section twice", "key twice", "no section", "unclosed", "no value"],
)
@pytest.mark.parametrize("name", ["config", "credentials"])
def test_refuses_to_touch_a_broken_file(
    awsprof: CommandLine, paul_in_dev: Identity, home: Path, text: str, line: int, name: str
) -> None:
    """A file that the AWS CLI would refuse is exit 5 with its path and line, and stays as it is."""
    path = write_config(home, text, name)
    before = everything(awsprof)
    outcome = add(awsprof, paul_in_dev)
    assert (outcome.status, outcome.stdout) == (5, "")
    assert f"{path}, line {line}: " in outcome.stderr
    assert everything(awsprof) == before


def test_writes_nothing_where_the_vault_is_locked(
    awsprof: CommandLine, paul_in_dev: Identity, unchanged: Callable[[], bool]
) -> None:
    """Without a vault to put the keys into there is no profile either: exit 6."""
    awsprof.vault.refusal = VaultLockedError("The vault is locked", hint="Unlock it.")
    assert add(awsprof, paul_in_dev, "--region", REGION) == Outcome(6, "", "Error: The vault is locked.\nUnlock it.\n")
    assert unchanged()


def test_takes_the_keys_back_where_the_file_cannot_be_written(
    awsprof: CommandLine, paul_in_dev: Identity, home: Path
) -> None:
    """A config file that cannot be made leaves no keys in the vault."""
    (home / ".aws").write_text("a file where the directory belongs")
    before = everything(awsprof)
    assert add(awsprof, paul_in_dev, "--region", REGION).status == 5
    assert everything(awsprof) == before


def test_needs_a_terminal_or_a_source(awsprof: CommandLine, unchanged: Callable[[], bool]) -> None:
    """With nobody to ask for the keys it is exit 2, and --from is named."""
    outcome = awsprof("add", *WORDS)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "Give it with --from." in outcome.stderr
    assert unchanged()


@pytest.mark.parametrize("answers", [[], ["AKIAXXXXXXXXXEXAMPLE"]], ids=["id", "secret"])
def test_ends_with_ctrl_c(awsprof: CommandLine, unchanged: Callable[[], bool], answers: list[str]) -> None:
    """Ctrl-C at either question is exit 130."""
    outcome = awsprof("add", *WORDS, answers=answers)
    assert (outcome.status, outcome.stdout) == (130, "")
    assert unchanged()


def test_says_when_aws_is_out_of_reach(
    awsprof: CommandLine, monkeypatch: pytest.MonkeyPatch, unchanged: Callable[[], bool]
) -> None:
    """No network is exit 7 and one sentence."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    outcome = awsprof("add", *WORDS, "--from", "-", stdin=WHOLE_KEY)
    assert (outcome.status, outcome.stdout) == (7, "")
    assert "cannot be reached" in outcome.stderr
    assert unchanged()


def test_asks_a_busy_aws_again(awsprof: CommandLine, paul_in_dev: Identity, aws: LocalAWS) -> None:
    """Reads are repeated: one refusal for want of capacity does not show."""
    aws.fail("GetCallerIdentity", status=400, code="Throttling")
    assert add(awsprof, paul_in_dev, "--region", REGION) == Outcome(0, ADDED, "")


# A protected env keeps its account to itself.


@pytest.mark.parametrize(
    ("there", "new", "status"),
    [("dev", "prod", 1), ("prod", "dev", 1), ("dev", "test", 0), ("prod", "live", 0), ("dev", "legacy", 1)],
)
@pytest.mark.parametrize("force", [False, True])
def test_guards_the_account_of_a_protected_env(
    awsprof: CommandLine, paul_in_dev: Identity, home: Path, there: str, new: str, status: int, force: bool
) -> None:
    """A protected env and an unprotected one of a product do not share an account, unless forced."""
    write_settings(home, 'protected_envs = ["legacy"]\n')
    options = ["--no-verify", "--account-id", DEV, "--region", REGION]
    assert add(awsprof, paul_in_dev, *options, words=("autochart", there, "paul")).status == 0
    before = everything(awsprof)
    outcome = add(awsprof, paul_in_dev, *options, *(["--force"] if force else []), words=("autochart", new, "paul"))
    assert outcome.status == (0 if force else status)
    if outcome.status:
        assert DEV in outcome.stderr
        assert f"autochart_{there}_paul" in outcome.stderr
        assert "--force" in outcome.stderr
        assert everything(awsprof) == before


def test_lets_other_products_share(awsprof: CommandLine, paul_in_dev: Identity) -> None:
    """Another product's env in the account is nobody's accident."""
    for words in (("autochart", "dev", "paul"), ("other", "prod", "paul")):
        assert add(awsprof, paul_in_dev, "--region", REGION, words=words).status == 0


def test_force_lifts_nothing_else(awsprof: CommandLine, dev: Identity) -> None:
    """--force does not write over a profile."""
    assert add(awsprof, dev, "--force").status == 4


# New keys for a profile that is there.


@pytest.fixture
def verified(awsprof: CommandLine, paul_in_dev: Identity) -> Identity:
    assert add(awsprof, paul_in_dev, "--region", REGION).status == 0
    return paul_in_dev


def test_replaces_the_keys(awsprof: CommandLine, verified: Identity) -> None:
    """--replace takes another key of the same user, when the old one is gone from AWS too; the section stays."""
    new = verified.user.access_key()
    verified.key.delete()
    config = awsprof.config
    outcome = awsprof("add", *WORDS, "--replace", "--from", "-", stdin=two_lines(new))
    assert outcome == Outcome(0, ADDED.replace("Added", "New keys for"), "")
    assert load_keys(awsprof.vault, NAME) == StoredKeys(LongTermCredentials(new.id, new.secret), ARN)
    assert awsprof.config == config


def test_replaces_the_keys_and_what_else_is_said(awsprof: CommandLine, verified: Identity, home: Path) -> None:
    """--replace changes the settings named with it, and keeps all others and their comments."""
    path = home / ".aws" / "config"
    path.write_text(awsprof.config.replace("mfa_serial", "# mine\nOutput : json\nmfa_serial"))
    before = path.read_text()
    assert add(awsprof, verified, "--replace", "--region", "eu-central-1").status == 0
    assert path.read_text() == before.replace(REGION, "eu-central-1")


@pytest.mark.parametrize("header", [f'[profile "{NAME}"]', f"[profile  {NAME}]", f"[profile\t{NAME}]"])
def test_replaces_in_a_section_however_it_is_spelled(
    awsprof: CommandLine, verified: Identity, home: Path, header: str
) -> None:
    """AWS's tools read several spellings of a header: the section that is there is changed, and no second one made."""
    path = write_config(home, awsprof.config.replace(f"[profile {NAME}]", header))
    before = path.read_text()
    assert add(awsprof, verified, "--replace", "--region", "eu-central-1").status == 0
    assert path.read_text() == before.replace(REGION, "eu-central-1")


def test_replace_keeps_the_delivery(awsprof: CommandLine, verified: Identity, home: Path) -> None:
    """A profile whose session is delivered in the credentials file has no process line, ever."""
    text = "".join(line for line in awsprof.config.splitlines(keepends=True) if "credential_process" not in line)
    path = write_config(home, f"{text}awsprof_delivery = file\n")
    before = path.read_text()
    assert add(awsprof, verified, "--replace").status == 0
    assert path.read_text() == before


@pytest.mark.parametrize("whose", ["another user", "another account"])
def test_replace_refuses_another_identity(awsprof: CommandLine, verified: Identity, aws: LocalAWS, whose: str) -> None:
    """--replace refuses another user's key, and one of another account, with exit 1."""
    account = verified.account if whose == "another user" else aws.account(OTHER)
    user = account.user("petra" if whose == "another user" else "paul")
    before = everything(awsprof)
    outcome = awsprof("add", *WORDS, "--replace", "--force", "--from", "-", stdin=two_lines(user.access_key()))
    assert (outcome.status, outcome.stdout) == (1, "")
    assert NAME in outcome.stderr
    assert (user.arn if whose == "another user" else OTHER) in outcome.stderr
    assert everything(awsprof) == before


def test_replace_without_asking_aws_does_not_forget_whose_it_is(awsprof: CommandLine, verified: Identity) -> None:
    """After a --replace that nobody verified, the user who was proven before is still the only one."""
    assert add(awsprof, verified, "--replace", "--no-verify", "--account-id", DEV).status == 0
    petra = verified.account.user("petra").access_key()
    assert awsprof("add", *WORDS, "--replace", "--from", "-", stdin=two_lines(petra)).status == 1


def test_replace_needs_a_profile(awsprof: CommandLine, aws: LocalAWS, unchanged: Callable[[], bool]) -> None:
    """--replace of a profile that is not there is exit 3, before anybody is asked."""
    outcome = awsprof("add", *WORDS, "--replace", answers=[])
    assert outcome == Outcome(3, "", f"Error: There is no profile {NAME} to give new keys.\nLeave out --replace.\n")
    assert aws.calls == []
    assert unchanged()


def test_replace_leaves_plain_text_keys_alone(awsprof: CommandLine, home: Path) -> None:
    """A profile whose keys stand in a file is not given others in the vault."""
    write_config(home, f"[{NAME}]\naws_access_key_id = AKIA\naws_secret_access_key = x\n", "credentials")
    before = everything(awsprof)
    assert awsprof("add", *WORDS, "--replace", answers=[]).status == 1
    assert everything(awsprof) == before


def test_replace_finds_a_new_device(awsprof: CommandLine, verified: Identity) -> None:
    """--replace takes the device the user has now, when the profile's own is gone."""
    path = awsprof.home / ".aws" / "config"
    path.write_text(awsprof.config.replace(SERIAL, f"{SERIAL}-lost"))
    assert add(awsprof, verified, "--replace").status == 0
    assert f"mfa_serial = {SERIAL}\n" in awsprof.config


# The region.


@pytest.mark.parametrize(
    ("option", "team", "setting", "answers", "region"),
    [
        ("us-west-2", TEAM_FILE, "eu-west-3", None, "us-west-2"),
        (None, TEAM_FILE, "eu-west-3", None, "eu-south-1"),
        (None, TEAM_FILE.replace('region = "eu-south-1"\n', ""), "eu-west-3", None, "eu-north-1"),
        (None, TEAM_FILE.replace("autochart", "other"), "eu-west-3", None, "eu-west-3"),
        (None, "", "eu-west-3", [], "eu-west-3"),
        (None, "", "", [REGION], REGION),
        (None, "", "", [" "], None),
        (None, "", "", None, None),
    ],
    ids=["option", "team file's env", "team file", "another team's file", "setting", "answer", "no answer", "nobody"],
)
def test_finds_the_region(
    awsprof: CommandLine,
    paul_in_dev: Identity,
    home: Path,
    launcher: Path,
    aws: LocalAWS,
    option: str | None,
    team: str,
    setting: str,
    answers: list[str] | None,
    region: str | None,
) -> None:
    """The option's, the team file's, the setting's, an answer; else none, a warning, and us-east-1 for the call."""
    if team:
        (home / ".awsprof.toml").write_text(team)
    if setting:
        write_settings(home, f'region = "{setting}"\n')
    words = ["add", *WORDS, "--from", "-", *(["--region", option] if option else [])]
    outcome = awsprof(*words, stdin=paul_in_dev.two_lines, answers=answers)
    assert (outcome.status, outcome.stdout) == (0, ADDED)
    assert awsprof.config == section(launcher, region=region)
    assert {call.region for call in aws.calls_of("GetCallerIdentity")} == {region or "us-east-1"}
    if region:
        assert outcome.stderr == ""
    else:
        assert outcome.stderr.startswith("Warning: No region is set")
        assert "--region" in outcome.stderr


def test_asks_again_for_a_region_typed_wrong(awsprof: CommandLine, paul_in_dev: Identity) -> None:
    """A typo is said and does not end the command; none is taken but a region."""
    answers = ["Mars", REGION]
    outcome = awsprof("add", *WORDS, "--from", "-", stdin=paul_in_dev.two_lines, answers=answers)
    assert outcome == Outcome(0, ADDED, "")
    assert awsprof.terminal.questions == [
        "Region (empty for none): ",
        "'Mars' is no region; region (empty for none): ",
    ]


# The MFA device.


def test_takes_one_of_several_devices_that_somebody_chooses(awsprof: CommandLine, paul_in_dev: Identity) -> None:
    """With several devices a person is asked which."""
    second = paul_in_dev.user.mfa_device().serial
    outcome = awsprof("add", *WORDS, "--from", "-", "--region", REGION, stdin=paul_in_dev.two_lines, answers=["2"])
    assert outcome == Outcome(0, ADDED.replace(SERIAL, second), "")
    assert f"mfa_serial = {second}\n" in awsprof.config
    (question,) = awsprof.terminal.questions
    assert question.splitlines()[:2] == [SERIAL, second]


def test_lists_several_devices_where_nobody_can_choose(
    awsprof: CommandLine, paul_in_dev: Identity, unchanged: Callable[[], bool]
) -> None:
    """With several devices and no terminal it is exit 2, with their serials and the option."""
    second = paul_in_dev.user.mfa_device().serial
    outcome = add(awsprof, paul_in_dev, "--region", REGION)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert f"{SERIAL}, {second}" in outcome.stderr
    assert "Give it with --mfa-serial." in outcome.stderr
    assert unchanged()


def test_takes_the_device_that_is_named(awsprof: CommandLine, paul_in_dev: Identity) -> None:
    """--mfa-serial is taken as it is, a hardware device's serial number too."""
    outcome = add(awsprof, paul_in_dev, "--region", REGION, "--mfa-serial", "GAHT12345678")
    assert outcome == Outcome(0, ADDED.replace(SERIAL, "GAHT12345678"), "")
    assert "mfa_serial = GAHT12345678\n" in awsprof.config


def test_finds_a_hardware_device(awsprof: CommandLine, aws: LocalAWS) -> None:
    """A hardware token gives codes like a virtual device does."""
    user = aws.account(DEV).user("paul")
    device = user.mfa_device("hardware")
    outcome = awsprof("add", *WORDS, "--from", "-", "--region", REGION, stdin=two_lines(user.access_key()))
    assert outcome == Outcome(0, ADDED.replace(SERIAL, device.serial), "")


def test_goes_on_without_a_device_it_may_not_list(awsprof: CommandLine, paul_in_dev: Identity, launcher: Path) -> None:
    """A user who may not list devices gets the profile, and a warning that names --mfa-serial."""
    deny = {"Effect": "Deny", "Action": "iam:ListMFADevices", "Resource": "*"}
    paul_in_dev.user.put_policy("deny", {"Version": "2012-10-17", "Statement": [deny]})
    outcome = add(awsprof, paul_in_dev, "--region", REGION)
    assert outcome.status == 0
    assert outcome.stdout.startswith(f"Added {NAME}: account {DEV}, {ARN}\n")
    assert outcome.stderr.startswith("Warning: ")
    assert "--mfa-serial" in outcome.stderr
    assert awsprof.config == section(launcher, serial=None)


@pytest.mark.parametrize("keys", [0, 1, 2])
def test_makes_a_profile_without_mfa_where_no_device_gives_codes(
    awsprof: CommandLine, aws: LocalAWS, launcher: Path, keys: int
) -> None:
    """A user without devices gets a profile without MFA; one with FIDO keys only is told why."""
    user = aws.account(DEV).user("paul")
    for _ in range(keys):
        user.mfa_device("fido")
    outcome = awsprof("add", *WORDS, "--from", "-", "--region", REGION, stdin=two_lines(user.access_key()))
    assert outcome.status == 0
    assert outcome.stdout == (
        f"Added {NAME}: account {DEV}, {ARN}\n"
        f"No MFA device, so no login is needed. Try: aws sts get-caller-identity --profile {NAME}\n"
    )
    assert ("FIDO" in outcome.stderr) == (keys > 0)
    assert outcome.stderr.count("\n") == min(keys, 1)
    assert awsprof.config == section(launcher, serial=None)


def test_passes_over_fido_keys_beside_a_device(awsprof: CommandLine, paul_in_dev: Identity) -> None:
    """A FIDO key beside one virtual device is no reason to ask."""
    paul_in_dev.user.mfa_device("fido")
    assert add(awsprof, paul_in_dev, "--region", REGION) == Outcome(0, ADDED, "")


# The user's file.

EXISTING = {
    "comments and odd spacing": "# mine\n\n[default]\nregion=us-east-1\n\n; more\n[profile  old] # why\n\tregion:x\n",
    "no last line end": "[profile old]\nregion = x",
    "Windows line ends": "# mine\r\n[profile old]\r\nregion = x\r\n",
    "a nested block": "[profile old]\ns3 =\n  max_concurrent_requests = 20\n  max_queue_size = 10\n",
    "blank lines at the end": "[profile old]\nregion = x\n\n\n",
    "a comment at the end": "[profile old]\nregion = x\n\n# the end\n",
    "letters of the world": "# Grüße\n[profile größe]\nregion = x\n",
    "only a comment": "# nothing yet\n",
}


@pytest.mark.parametrize("text", EXISTING.values(), ids=EXISTING)
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_keeps_every_byte_that_was_there(
    awsprof: CommandLine, paul_in_dev: Identity, home: Path, launcher: Path, text: str, mode: int
) -> None:
    """The new section comes behind what was there, after one blank line, with the file's own line ends and mode."""
    path = write_config(home, text)
    path.chmod(mode)
    options = ("--no-verify", "--account-id", DEV, "--mfa-serial", SERIAL, "--region", REGION)
    assert add(awsprof, paul_in_dev, *options).status == 0
    end = "\r\n" if "\r\n" in text else "\n"
    between = ("" if text.endswith("\n") else end) + ("" if text.endswith("\n\n") else end)
    assert path.read_bytes().decode() == text + between + section(launcher).replace("\n", end)
    assert path.stat().st_mode & 0o777 == mode
    assert sorted(file.name for file in path.parent.iterdir()) == ["config"]


def test_keeps_a_link_a_link(awsprof: CommandLine, dev: Identity, paul_in_prod: Identity, home: Path) -> None:
    """A linked config, as from a dotfiles repository, stays a link, and the file it leads to is changed."""
    link, target = home / ".aws" / "config", home / "dotfiles" / "aws"
    target.parent.mkdir()
    link.rename(target)
    link.symlink_to(os.path.relpath(target, link.parent))
    before = target.read_text()
    assert add(awsprof, paul_in_prod, "--region", REGION, words=("autochart", "prod", "paul")).status == 0
    assert link.is_symlink()
    assert target.read_text().startswith(f"{before}\n[profile autochart_prod_paul]\n")
    assert [file.name for file in target.parent.iterdir()] == ["aws"]


def test_writes_the_file_that_the_environment_names(
    awsprof: CommandLine, paul_in_dev: Identity, home: Path, launcher: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_CONFIG_FILE is honoured."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / "elsewhere"))
    assert add(awsprof, paul_in_dev, "--region", REGION).status == 0
    assert (home / "elsewhere").read_text() == section(launcher)
    assert not (home / ".aws").exists()


def test_needs_a_lasting_launcher(
    awsprof: CommandLine, launcher: Path, home: Path, monkeypatch: pytest.MonkeyPatch, unchanged: Callable[[], bool]
) -> None:
    """Where only a runner's temporary copy is there to point to, it is exit 1 and how to install."""
    monkeypatch.setenv("UV_CACHE_DIR", str(launcher.parent))
    monkeypatch.setenv("PATH", str(launcher.parent))
    monkeypatch.setattr("sys.executable", str(launcher.parent / "python"))
    outcome = awsprof("add", *WORDS, "--from", "-", stdin=WHOLE_KEY)
    assert (outcome.status, outcome.stdout) == (1, "")
    assert "uv tool install awsprof" in outcome.stderr
    assert unchanged()


def test_passes_over_shims_and_quotes_a_blank(
    awsprof: CommandLine, paul_in_dev: Identity, launcher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version manager's shim is not what a profile points to; a blank in the path is quoted as readers take it."""
    shims, blank = tmp_path / ".pyenv" / "shims", tmp_path / "my bin"
    for directory in (shims, blank):
        directory.mkdir(parents=True)
        (directory / "awsprof").symlink_to(launcher.readlink())
    monkeypatch.setenv("PATH", f"{shims}{os.pathsep}{blank}")
    assert add(awsprof, paul_in_dev, "--region", REGION).status == 0
    assert f"credential_process = '{blank}/awsprof' credential-process {NAME}\n" in awsprof.config
    profile = json.loads(awsprof("show", "dev", "--json").stdout)["profile"]
    assert (profile["kind"], profile["delivery"]) == ("user", "process")
