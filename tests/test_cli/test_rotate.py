"""``awsprof rotate``: the key is another, nobody is locked out, and wherever it ends, there is a way on."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from awsprof.aws.client import Client
from awsprof.cli.rotating import age_in
from awsprof.errors import UsageError, VaultError
from tests.command_line import Outcome
from tests.faults import Fault, KilledError, Things
from tests.localaws import motobackend
from tests.localaws.accounts import User
from tests.test_cli.conftest import (
    DEV,
    OTHER,
    REGION,
    everything,
    leave,
    session_file,
    state_file,
    store_seed,
    two_lines,
    write_config,
    write_settings,
)
from tests.test_vault.memory import MemoryVault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import CommandLine
    from tests.localaws import LocalAWS
    from tests.localaws.accounts import AccessKey
    from tests.test_cli.conftest import Identity

NAME, LEGACY = "autochart_dev_paul", "autochart_legacy_paul"
RECORD = f"{NAME}/rotation"
# What a rotation asks of AWS once it has a session, where the vault knows the user's ARN.
CALLS = [
    "ListAccessKeys",
    "GetAccessKeyLastUsed",
    "CreateAccessKey",
    "GetCallerIdentity",
    "UpdateAccessKey",
    "GetCallerIdentity",
    "DeleteAccessKey",
]


def keys_at_aws(account_id: str = DEV, user: str = "paul") -> dict[str, str]:
    """Every access key of a user, and whether it is active, as AWS has it."""
    return {key.access_key_id: key.status for key in motobackend.iam(account_id).get_user(user).access_keys}


def vault_key(awsprof: CommandLine, name: str = NAME) -> str:
    """The id of the access key that the vault holds for a profile."""
    key_id = json.loads(awsprof.items[name])["access_key_id"]
    assert isinstance(key_id, str)
    return key_id


def arn_by_vault(awsprof: CommandLine, aws: LocalAWS, name: str = NAME) -> str:
    """Whose the vault's key is, by a call that another client makes with it."""
    item = json.loads(awsprof.items[name])
    names = {"aws_access_key_id": item["access_key_id"], "aws_secret_access_key": item["secret_access_key"]}
    client = boto3.client("sts", region_name=REGION, endpoint_url=aws.url, **names)
    arn = client.get_caller_identity()["Arn"]
    assert isinstance(arn, str)
    return arn


def know_arn(awsprof: CommandLine, name: str, account_id: str, user: str = "paul") -> None:
    """Let the vault's item be as ``add`` leaves it when it verifies the key."""
    item = json.loads(awsprof.items[name])
    awsprof.vault.items[name] = json.dumps({**item, "arn": f"arn:aws:iam::{account_id}:user/{user}"})


def forbid(user: User, *actions: str) -> None:
    statement = {"Effect": "Deny", "Action": [f"iam:{action}" for action in actions], "Resource": "*"}
    user.put_policy("deny", {"Version": "2012-10-17", "Statement": [statement]})


def allow_again(user: User) -> None:
    motobackend.iam(user.account_id).delete_user_policy(user.name, "deny")


def actions(aws: LocalAWS) -> list[str]:
    return [call.action for call in aws.calls]


def whole(awsprof: CommandLine, aws: LocalAWS, name: str = NAME, account_id: str = DEV) -> None:
    """One key at AWS, active, the vault's, and good; and nothing unfinished."""
    assert keys_at_aws(account_id) == {vault_key(awsprof, name): "Active"}
    assert arn_by_vault(awsprof, aws, name) == f"arn:aws:iam::{account_id}:user/paul"
    assert not [item for item in awsprof.items if item.endswith("/rotation")]


def replaced(name: str, old: str, new: str) -> str:
    return f"{name}: {old} is replaced by {new}, and deleted at AWS\n"


# The good path.


def test_replaces_the_key_with_one_code(awsprof: CommandLine, dev: Identity, aws: LocalAWS, home: Path) -> None:
    """Under deny-without-MFA one code is all it takes; the old key is gone, the new one works, no session is left."""
    know_arn(awsprof, NAME, DEV)
    outcome = awsprof("rotate", "dev", answers=[dev.device.code()])
    new = vault_key(awsprof)
    assert new != dev.key.id
    assert outcome == Outcome(
        0,
        f"{NAME}: {dev.key.id} less than a minute old, last used less than a minute ago\n"
        + replaced(NAME, dev.key.id, new),
        f"The session was dropped: 'awsprof login {NAME}' starts one with the new key.\n",
    )
    assert awsprof.terminal.questions == [f"MFA code for {NAME}: "]
    assert actions(aws) == ["GetSessionToken", "GetCallerIdentity", *CALLS]
    assert [call.access_key_id for call in aws.calls_of("GetCallerIdentity")][1:] == [new, new]
    whole(awsprof, aws)
    assert json.loads(awsprof.items[NAME])["arn"] == dev.user.arn
    assert list(awsprof.items) == [NAME]
    assert not session_file(home, NAME).exists()
    assert not state_file(home, NAME).exists()


def test_asks_nothing_where_there_is_a_session(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """A live session serves; an ARN that the vault does not know is asked for before anything is made."""
    aws.clear_calls()
    assert awsprof("rotate", "dev").status == 0
    assert actions(aws) == [*CALLS[:2], "GetCallerIdentity", *CALLS[2:]]
    whole(awsprof, aws)


def test_without_mfa(awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS) -> None:
    """Without an MFA device the old key makes the new one, and the new one deletes the old."""
    outcome = awsprof("rotate", LEGACY)
    new = vault_key(awsprof, LEGACY)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.endswith(replaced(LEGACY, without_mfa.id, new))
    assert [(call.action, call.access_key_id) for call in aws.calls][3:] == [
        ("CreateAccessKey", without_mfa.id),
        ("GetCallerIdentity", new),
        ("UpdateAccessKey", new),
        ("GetCallerIdentity", new),
        ("DeleteAccessKey", new),
    ]
    whole(awsprof, aws, LEGACY, OTHER)


def test_the_active_profile_is_meant_without_a_selector(
    awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no selector it is AWS_PROFILE's key; without either, exit 2."""
    assert awsprof("rotate").status == 2
    with monkeypatch.context() as patch:
        patch.setenv("AWS_PROFILE", LEGACY)
        assert awsprof("rotate").status == 0
    whole(awsprof, aws, LEGACY, OTHER)


def test_prints_json(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """--json prints one object with ids and times, and nothing else."""
    outcome = awsprof("rotate", "dev", "--json")
    assert (outcome.status, outcome.stderr) == (0, "")
    table = json.loads(outcome.stdout)
    (row,) = table.pop("rotations")
    assert table == {"version": 1}
    times = [row.pop("created"), row.pop("last_used")]
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", time) for time in times)
    assert row == {
        "profile": NAME,
        "status": "rotated",
        "profiles": [NAME],
        "old_key_id": logged_in.key.id,
        "new_key_id": vault_key(awsprof),
        "age_days": 0,
        "resumed": False,
        "error": None,
    }


def test_is_recorded_and_cannot_be_undone(awsprof: CommandLine, logged_in: Identity) -> None:
    """The journal names both keys; undo refuses the entry, and passes over it without a number."""
    assert awsprof("rotate", "dev").status == 0
    newest, *_ = json.loads(awsprof("undo", "--list", "--json").stdout)["entries"]
    assert newest["command"] == "rotate"
    assert newest["summary"] == f"{NAME}: key {logged_in.key.id} replaced by {vault_key(awsprof)}"
    assert (newest["undoable"], newest["deleted_key"]) == (False, logged_in.key.id)
    before = everything(awsprof)
    outcome = awsprof("undo", str(newest["id"]), "--yes")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert "changed things at AWS" in outcome.stderr
    assert everything(awsprof) == before


def test_no_undo_brings_the_old_key_back(awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS) -> None:
    """A profile removed before the rotation comes back without the key that AWS no longer has."""
    add_twin(awsprof, without_mfa, "twin")
    assert awsprof("remove", "twin", "--yes").status == 0
    assert awsprof("rotate", LEGACY).status == 0
    outcome = awsprof("undo", "--yes")
    assert (outcome.status, without_mfa.id in outcome.stderr) == (0, True)
    assert "[profile autochart_twin_paul]" in awsprof.config
    assert not any(without_mfa.id in value for value in awsprof.items.values())


def test_roles_lose_the_sessions_they_live_by(awsprof: CommandLine, logged_in: Identity, home: Path) -> None:
    """What a role profile shows of its source's session goes with that session."""
    role = "[profile admin]\nrole_arn = arn:aws:iam::444444444444:role/Admin\nsource_profile = autochart_dev_paul\n"
    write_config(home, f"{awsprof.config}\n{role}")
    state_file(home, "admin").write_bytes(state_file(home, NAME).read_bytes())
    assert awsprof("rotate", "dev").status == 0
    assert not state_file(home, "admin").exists()


def test_takes_the_session_out_of_the_credentials_file(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """Delivery by file holds no session of before."""
    assert awsprof("set", "dev", "awsprof_delivery=file").status == 0
    assert awsprof("login", "dev", "--code", dev.device.code()).status == 0
    assert "aws_session_token" in (home / ".aws" / "credentials").read_text()
    assert awsprof("rotate", "dev").status == 0
    assert "aws_session_token" not in (home / ".aws" / "credentials").read_text()


def test_sessions_in_the_vault_go_too(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """With session_store = "vault" nothing is left but the new key."""
    write_settings(home, 'session_store = "vault"\n')
    assert awsprof("rotate", "dev", answers=[dev.device.code()]).status == 0
    assert list(awsprof.items) == [NAME]


# A key that several profiles have.


def add_twin(awsprof: CommandLine, key: AccessKey, env: str) -> str:
    """Another profile with the same key."""
    words = ("autochart", env, "paul", "--from", "-", "--no-verify", "--account-id", OTHER, "--region", REGION)
    assert awsprof("add", *words, stdin=two_lines(key)).status == 0
    return f"autochart_{env}_paul"


def test_all_profiles_with_the_key_get_the_new_one(
    awsprof: CommandLine, without_mfa: AccessKey, logged_in: Identity, aws: LocalAWS, home: Path
) -> None:
    """A profile of the same key is switched too, one of another key is not, and --all does it once."""
    twin = add_twin(awsprof, without_mfa, "twin")
    forbid(logged_in.user, "ListAccessKeys")
    outcome = awsprof("rotate", "--all")
    new = vault_key(awsprof, LEGACY)
    assert outcome.status == 7
    assert outcome.stdout.endswith(replaced(f"{LEGACY}, {twin}", without_mfa.id, new))
    assert len(aws.calls_of("CreateAccessKey")) == 1
    for name in (LEGACY, twin):
        whole(awsprof, aws, name, OTHER)
    assert vault_key(awsprof) == logged_in.key.id


def test_a_twin_is_not_rotated_under_another_rotation(
    awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one profile's rotation is unfinished, its twin's is refused, and names the command that goes on."""
    twin = add_twin(awsprof, without_mfa, "twin")
    with Things(awsprof, monkeypatch, Fault(6, "kill", "after")), pytest.raises(KilledError):
        awsprof("rotate", LEGACY)
    before = keys_at_aws(OTHER)
    outcome = awsprof("rotate", twin)
    assert (outcome.status, f"'awsprof rotate {LEGACY}' goes on with it" in outcome.stderr) == (1, True)
    assert keys_at_aws(OTHER) == before
    assert awsprof("rotate", LEGACY).status == 0
    assert vault_key(awsprof, twin) == vault_key(awsprof, LEGACY)


def test_tells_of_the_key_in_plain_text(
    awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS, home: Path
) -> None:
    """A copy of the old key in the shared files is left alone, and said to be useless from now on."""
    text = f"[mine]\naws_access_key_id = {without_mfa.id}\naws_secret_access_key = {without_mfa.secret}\n"
    path = write_config(home, text, "credentials")
    outcome = awsprof("rotate", LEGACY)
    sentence = f"{without_mfa.id} also stands in the shared files: what uses it from there stops working.\n"
    assert (outcome.status, outcome.stderr) == (0, sentence)
    assert path.read_text() == text
    whole(awsprof, aws, LEGACY, OTHER)


# Which keys.


@pytest.mark.parametrize(
    ("text", "days"), [("90d", 90), ("12w", 84), ("0d", 0), (" 1W ", 7), ("9999w", 69_993), ("007d", 7)]
)
def test_reads_an_age(text: str, days: int) -> None:
    """Days and weeks, as a whole number with its unit."""
    assert age_in(text) == timedelta(days=days)


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1.5d", "90 d", "3m", "1y", "12h", "1d1w", "\uff11d", "99999d"])
def test_refuses_an_age(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS, text: str) -> None:
    """Any other text is exit 2, and AWS is not asked."""
    with pytest.raises(UsageError):
        age_in(text)
    aws.clear_calls()
    outcome = awsprof("rotate", "dev", "--older-than", text)
    assert (outcome.status, outcome.stdout, "Write it like 90d or 12w." in outcome.stderr) == (2, "", True)
    assert aws.calls == []


@pytest.mark.parametrize(
    ("days", "limit", "rotates"), [(0, "1d", False), (89, "90d", False), (91, "90d", True), (83, "12w", False)]
)
def test_keeps_what_is_younger(
    awsprof: CommandLine,
    without_mfa: AccessKey,
    aws: LocalAWS,
    days: int,
    limit: str,
    rotates: bool,
) -> None:
    """--older-than keeps a younger key, shows its age, and is no failure."""
    age_key(without_mfa, days)
    outcome = awsprof("rotate", LEGACY, "--older-than", limit)
    assert (outcome.status, outcome.stderr) == (0, "")
    age = "less than a minute" if days == 0 else f"{days} days"
    first, second = outcome.stdout.splitlines()
    assert first == f"{LEGACY}: {without_mfa.id} {age} old, last used less than a minute ago"
    assert (without_mfa.id in keys_at_aws(OTHER)) != rotates
    if not rotates:
        assert second == f"{LEGACY}: kept, since it is younger"
        assert actions(aws) == ["ListAccessKeys", "GetAccessKeyLastUsed"]


def age_key(key: AccessKey, days: int) -> None:
    key._key.create_date -= timedelta(days=days)


def test_all(awsprof: CommandLine, dev: Identity, prod: Identity, without_mfa: AccessKey, aws: LocalAWS) -> None:
    """--all goes on after a failure, and ends with the status of the first."""
    other = prod.user.access_key()
    forbid(dev.user, "CreateAccessKey")
    answers = [dev.device.code(), prod.device.code()]
    outcome = awsprof("rotate", "--all", answers=answers)
    assert outcome.status == 7
    assert awsprof.terminal.questions == [f"MFA code for {dev.profile}: ", f"MFA code for {prod.profile}: "]
    assert "Error: The user of autochart_dev_paul may not make itself an access key" in outcome.stderr
    assert "Error: The user of autochart_prod_paul has two access keys" in outcome.stderr
    assert keys_at_aws(DEV) == {dev.key.id: "Active"}
    assert keys_at_aws(prod.account.id) == {prod.key.id: "Active", other.id: "Active"}
    whole(awsprof, aws, LEGACY, OTHER)


def test_all_as_json(awsprof: CommandLine, dev: Identity, without_mfa: AccessKey) -> None:
    """Each profile has its row, a failed one with its error; nobody is there to give a code."""
    outcome = awsprof("rotate", "--all", "--json")
    assert (outcome.status, outcome.stderr) == (8, "")
    failed, rotated = json.loads(outcome.stdout)["rotations"]
    assert (failed["profile"], failed["status"], failed["error"]["status"]) == (NAME, "failed", 8)
    assert (rotated["profile"], rotated["status"], rotated["error"]) == (LEGACY, "rotated", None)
    assert failed.keys() == rotated.keys()


def test_all_takes_only_what_is_its_business(
    awsprof: CommandLine, dev: Identity, without_mfa: AccessKey, home: Path, aws: LocalAWS
) -> None:
    """Outside names, roles, and profiles without a key are left alone; --product and --user narrow it."""
    del awsprof.vault.items[NAME]
    write_config(home, f"{awsprof.config}\n[profile own]\nregion = eu-west-1\n")
    assert awsprof("rotate", "--all", "--product", "other") == Outcome(
        0, "", "No profile has a key in the vault that could be rotated.\n"
    )
    assert awsprof("rotate", "--all", "--user", "anna").status == 0
    assert aws.calls == []
    outcome = awsprof("rotate", "--all", "--product", "autochart", "--user", "paul")
    assert outcome.status == 0
    assert outcome.stdout.count("is replaced by") == 1
    whole(awsprof, aws, LEGACY, OTHER)
    assert awsprof("rotate", "dev", "--all").status == 2


# Looking only.


def test_dry_run_changes_nothing(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """--dry-run shows the key and the steps; neither AWS nor this machine is another for it."""
    before = everything(awsprof)
    aws.clear_calls()
    outcome = awsprof("rotate", "dev", "--dry-run")
    key = logged_in.key.id
    assert outcome == Outcome(
        0,
        f"{NAME}: {key} less than a minute old, last used less than a minute ago\n"
        f"{NAME}: would make a new key, prove it, keep it in the vault, "
        f"set {key} inactive, prove the new key again and delete {key}\n",
        "",
    )
    assert actions(aws) == CALLS[:2]
    assert everything(awsprof) == before
    (row,) = json.loads(awsprof("rotate", "dev", "--dry-run", "--json").stdout)["rotations"]
    assert (row["status"], row["old_key_id"], row["new_key_id"]) == ("planned", key, None)
    assert everything(awsprof) == before
    assert keys_at_aws() == {key: "Active"}


@pytest.mark.parametrize(("step", "words"), [(5, "would delete a key that"), (6, "would go on with an unfinished")])
def test_dry_run_tells_of_an_unfinished_rotation(
    awsprof: CommandLine,
    logged_in: Identity,
    monkeypatch: pytest.MonkeyPatch,
    aws: LocalAWS,
    step: int,
    words: str,
) -> None:
    """--dry-run says what the next rotation would begin with, and does none of it."""
    with Things(awsprof, monkeypatch, Fault(step, "kill", "after")), pytest.raises(KilledError):
        awsprof("rotate", "dev")
    before, keys = everything(awsprof), keys_at_aws()
    aws.clear_calls()
    outcome = awsprof("rotate", "dev", "--dry-run")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert words in outcome.stdout
    assert everything(awsprof) == before
    assert keys_at_aws() == keys
    assert aws.calls == []


# What is refused before anything is made.


def test_two_keys_are_refused(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """Both keys are named with age, use and status, and which one is awsprof's; nothing is changed."""
    other = logged_in.user.access_key()
    age_key(other, 300)
    other.deactivate()
    before = everything(awsprof)
    aws.clear_calls()
    outcome = awsprof("rotate", "dev")
    own = f"{logged_in.key.id} (the key of {NAME}, active, less than a minute old, last used less than a minute ago)"
    assert (outcome.status, outcome.stderr) == (
        1,
        f"Error: The user of {NAME} has two access keys, and AWS allows no third: {own} and {other.id} "
        "(not used by it, inactive, 300 days old, never used).\n"
        "If nobody needs the other one, delete it with "
        f"'aws iam delete-access-key --access-key-id {other.id} --profile {NAME}', then rotate.\n",
    )
    assert everything(awsprof) == before
    assert keys_at_aws() == {logged_in.key.id: "Active", other.id: "Inactive"}
    assert actions(aws) == [*CALLS[:2], "GetAccessKeyLastUsed"]


def test_a_key_that_aws_no_longer_has(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """Where the vault's key is not the user's any more, exit 7 says so."""
    logged_in.key.delete()
    other = logged_in.user.access_key()
    before = everything(awsprof)
    outcome = awsprof("rotate", "dev")
    assert (outcome.status, outcome.stdout) == (7, "")
    assert f"AWS no longer has the access key {logged_in.key.id}" in outcome.stderr
    assert (everything(awsprof), keys_at_aws()) == (before, {other.id: "Active"})


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("ListAccessKeys", "may not list its access keys"),
        ("CreateAccessKey", "may not make itself an access key, so nothing was changed"),
    ],
)
def test_denied(awsprof: CommandLine, logged_in: Identity, action: str, words: str) -> None:
    """What the user may not do is exit 7 in a sentence of its own, and everything is as before."""
    forbid(logged_in.user, action)
    before = everything(awsprof)
    outcome = awsprof("rotate", "dev")
    assert (outcome.status, f"Error: The user of {NAME} {words}" in outcome.stderr) == (7, True)
    assert "goes on" not in outcome.stderr
    assert (everything(awsprof), keys_at_aws()) == (before, {logged_in.key.id: "Active"})


def test_the_last_use_may_be_secret(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """A user who may not know when a key was last used can rotate it all the same."""
    forbid(logged_in.user, "GetAccessKeyLastUsed")
    outcome = awsprof("rotate", "dev")
    assert (outcome.status, "old, its last use not known\n" in outcome.stdout) == (0, True)
    whole(awsprof, aws)


def test_limit_exceeded(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """A second key that came after the look is exit 7, and nothing is left behind."""
    aws.fail("CreateAccessKey", status=409, code="LimitExceeded")
    before = everything(awsprof)
    outcome = awsprof("rotate", "dev")
    assert (outcome.status, "no more access keys, so nothing was changed" in outcome.stderr) == (7, True)
    assert (everything(awsprof), keys_at_aws()) == (before, {logged_in.key.id: "Active"})


@pytest.mark.parametrize("action", ["GetAccessKeyLastUsed", "CreateAccessKey"])
def test_throttled(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS, action: str) -> None:
    """A busy IAM is exit 7, everything is as before, and a key that certainly was not made is not looked for."""
    aws.fail(action, status=400, code="Throttling", times=3)
    before = everything(awsprof)
    assert awsprof("rotate", "dev").status == 7
    assert (everything(awsprof), keys_at_aws()) == (before, {logged_in.key.id: "Active"})
    assert len(aws.calls_of("ListAccessKeys")) == 1


class DyingVault(MemoryVault):
    """A vault that stores no more once it has stored *most* items, and still reads and removes."""

    most = 0

    def set(self, item: str, value: str) -> None:
        if self.most <= 0:
            raise VaultError("The vault is full")
        self.most -= 1
        super().set(item, value)


@pytest.mark.parametrize("most", [0, 1, 2])
def test_a_vault_that_takes_no_more(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS, most: int) -> None:
    """Before the key is made nothing is; a new key that cannot be kept is deleted; the old one goes on working."""
    awsprof.vault = DyingVault(awsprof.vault.items)
    awsprof.vault.most = most
    outcome = awsprof("rotate", "dev")
    assert (outcome.status, outcome.stderr.startswith("Error: The vault is full.\n")) == (6, True)
    assert len(aws.calls_of("CreateAccessKey")) == (0 if most == 0 else 1)
    assert vault_key(awsprof) == logged_in.key.id
    if most < 2:
        assert "goes on" not in outcome.stderr
        whole(awsprof, aws)
    else:
        assert f"'awsprof rotate {NAME}' goes on from where it stopped." in outcome.stderr
        awsprof.vault.most = 9
        assert awsprof("rotate", "dev").status == 0
        whole(awsprof, aws)


class KeylessVault(MemoryVault):
    """A vault that takes anything but the journal's key."""

    def set(self, item: str, value: str) -> None:
        if item == "awsprof/journal":
            raise VaultError("The journal's key finds no place")
        super().set(item, value)


def test_a_journal_that_can_make_no_key(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS, home: Path) -> None:
    """Where the journal's key is neither there nor to be made, nothing is made at AWS."""
    (home / ".local" / "state" / "awsprof" / "journal" / "recipient.txt").unlink()
    awsprof.vault = KeylessVault({NAME: awsprof.vault.items[NAME]})
    outcome = awsprof("rotate", "dev")
    assert (outcome.status, outcome.stderr) == (6, "Error: The journal's key finds no place.\n")
    assert aws.calls_of("CreateAccessKey") == []
    whole(awsprof, aws)


def test_no_key_in_the_vault(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """A profile whose keys are gone from the vault is exit 6, before anything is asked."""
    del awsprof.vault.items[NAME]
    aws.clear_calls()
    outcome = awsprof("rotate", "dev")
    assert (outcome.status, f"The vault holds no access key for {NAME}" in outcome.stderr) == (6, True)
    assert aws.calls == []


def test_nobody_to_give_a_code(awsprof: CommandLine, dev: Identity, aws: LocalAWS) -> None:
    """With neither a session nor a terminal it is exit 8, and names the command to run."""
    outcome = awsprof("rotate", "dev")
    assert (outcome.status, f"Run 'awsprof login {NAME}'." in outcome.stderr) == (8, True)
    assert aws.calls == []
    assert awsprof("rotate", "dev", answers=[]).status == 130
    assert list(awsprof.items) == [NAME]


def test_only_users_have_keys(awsprof: CommandLine, logged_in: Identity, home: Path) -> None:
    """A role is exit 1 and its source named; a profile of another kind is exit 1 too."""
    role = "[profile autochart_admin_paul]\nrole_arn = arn:aws:iam::444444444444:role/A\nsource_profile = "
    sso = "[profile single]\nsso_session = x\n"
    write_config(home, f"{awsprof.config}\n{role}{NAME}\n\n{sso}")
    outcome = awsprof("rotate", "admin")
    assert (outcome.status, f"'awsprof rotate {NAME}'" in outcome.stderr) == (1, True)
    assert awsprof("rotate", "single").status == 1


def test_the_key_of_another_account(awsprof: CommandLine, without_mfa: AccessKey, home: Path) -> None:
    """A key that is not of the account its profile claims is not rotated."""
    write_config(home, awsprof.config.replace(OTHER, "999999999999"))
    outcome = awsprof("rotate", LEGACY)
    assert (outcome.status, "which is not the profile's IAM user" in outcome.stderr) == (1, True)
    assert keys_at_aws(OTHER) == {without_mfa.id: "Active"}


@pytest.mark.parametrize(("left_s", "asked"), [(310, False), (290, True)])
def test_the_session_must_last(
    awsprof: CommandLine,
    logged_in: Identity,
    wait: Callable[[float], None],
    aws: LocalAWS,
    left_s: int,
    asked: bool,
) -> None:
    """A session of less than five minutes is replaced first; where nobody can, exit 8 and nothing is made."""
    wait(30)
    leave(awsprof, NAME, left_s)
    aws.clear_calls()
    if asked:
        outcome = awsprof("rotate", "dev")
        assert (outcome.status, "ends too soon" in outcome.stderr, aws.calls) == (8, True, [])
        outcome = awsprof("rotate", "dev", answers=[logged_in.device.code()])
    else:
        outcome = awsprof("rotate", "dev")
    assert outcome.status == 0
    assert len(aws.calls_of("GetSessionToken")) == asked
    whole(awsprof, aws)


def test_a_stored_seed_needs_nobody(awsprof: CommandLine, dev: Identity, aws: LocalAWS) -> None:
    """With the seed in the vault, there is no question."""
    store_seed(awsprof, dev)
    assert awsprof("rotate", "dev").status == 0
    whole_keys = keys_at_aws()
    assert whole_keys == {vault_key(awsprof): "Active"}
    assert len(aws.calls_of("GetSessionToken")) == 1


# Answers that are lost, and a key that AWS does not know yet.


@pytest.mark.parametrize("status", [500, None])
def test_a_lost_answer(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS, status: int | None) -> None:
    """A key whose secret was lost on the way is deleted, and another one is made, once."""
    if status is None:
        aws.fail("CreateAccessKey", drop="after")
    else:
        aws.fail("CreateAccessKey", status=status)
    outcome = awsprof("rotate", "dev")
    assert outcome.status == 0
    assert awsprof.slept_s == [5]
    waiting = "Waiting 5 s to see whether AWS made a key whose secret was lost on the way …\n"
    assert outcome.stderr.startswith(waiting)
    assert ("whose secret never arrived here" in outcome.stderr) == (status is None)
    assert len(aws.calls_of("CreateAccessKey")) == 2
    assert len(aws.calls_of("DeleteAccessKey")) == (2 if status is None else 1)
    whole(awsprof, aws)


def test_two_lost_answers(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """After the second it gives up cleanly: no key, no record, and the old key in use."""
    aws.fail("CreateAccessKey", drop="after", times=2)
    before = everything(awsprof)
    outcome = awsprof("rotate", "dev")
    assert (outcome.status, "no new key is left at AWS" in outcome.stderr) == (7, True)
    assert len(aws.calls_of("CreateAccessKey")) == 2
    assert everything(awsprof) == before
    whole(awsprof, aws)


def test_a_lost_answer_and_no_more_network(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """Where AWS cannot be asked whether it made the key, the next rotation asks, and deletes it."""
    aws.fail("CreateAccessKey", drop="after")
    aws.fail("DeleteAccessKey", drop="before", times=2)
    outcome = awsprof("rotate", "dev")
    assert (outcome.status, f"'awsprof rotate {NAME}' goes on from where it stopped." in outcome.stderr) == (7, True)
    assert vault_key(awsprof) == logged_in.key.id
    assert len(keys_at_aws()) == 2
    outcome = awsprof("rotate", "dev")
    assert outcome.status == 0
    assert outcome.stderr.startswith(f"Going back from the unfinished rotation of {NAME}, to begin anew.\n")
    whole(awsprof, aws)


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_lost_answer_to_the_deletion(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS, drop: Any) -> None:
    """A deletion is asked for again: it is the same however often it is done."""
    aws.fail("DeleteAccessKey", drop=drop)
    assert awsprof("rotate", "dev").status == 0
    whole(awsprof, aws)


@pytest.mark.parametrize("profile", [NAME, LEGACY])
def test_a_key_so_new_that_aws_does_not_know_it(
    awsprof: CommandLine, logged_in: Identity, without_mfa: AccessKey, aws: LocalAWS, profile: str
) -> None:
    """The new key is tried again, longer and longer, and the person sees what for; also where it acts itself."""
    know_arn(awsprof, NAME, DEV)
    know_arn(awsprof, LEGACY, OTHER)
    aws.fail("GetCallerIdentity", status=403, code="InvalidClientTokenId", times=3)
    aws.fail("UpdateAccessKey", status=403, code="InvalidClientTokenId", times=1)
    outcome = awsprof("rotate", profile)
    assert outcome.status == 0
    assert awsprof.slept_s == [1, 2, 4, 1]
    assert outcome.stderr.startswith("Waiting 1 s for AWS to know the access key …\nWaiting 2 s")
    whole(awsprof, aws, profile, DEV if profile == NAME else OTHER)


@pytest.mark.parametrize("profile", [NAME, LEGACY])
def test_a_key_that_aws_never_comes_to_know(
    awsprof: CommandLine, logged_in: Identity, without_mfa: AccessKey, aws: LocalAWS, profile: str
) -> None:
    """After a minute the new key is deleted, and everything is as before."""
    account_id = DEV if profile == NAME else OTHER
    know_arn(awsprof, NAME, DEV)
    know_arn(awsprof, LEGACY, OTHER)
    old = vault_key(awsprof, profile)
    before = everything(awsprof)
    aws.fail("GetCallerIdentity", status=403, code="InvalidClientTokenId", times=8)
    outcome = awsprof("rotate", profile)
    assert (outcome.status, f"for 60 s, so it was deleted; {profile} has its old one" in outcome.stderr) == (7, True)
    assert sum(awsprof.slept_s) == 60
    assert everything(awsprof) == before
    assert vault_key(awsprof, profile) == old
    whole(awsprof, aws, profile, account_id)


def test_a_new_key_that_fails_after_the_switch(
    awsprof: CommandLine, logged_in: Identity, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the new key no longer works once the old one is inactive, the old one is active and in use again."""
    know_arn(awsprof, NAME, DEV)
    original = Client._call
    calls: list[str] = []

    def call(self: Client, operation: str, parameters: dict[str, Any], *, attempts: int) -> dict[str, Any]:
        answer = original(self, operation, parameters, attempts=attempts)
        calls.append(operation)
        if operation == "UpdateAccessKey" and calls.count(operation) == 1:
            aws.fail("GetCallerIdentity", status=403, code="InvalidClientTokenId", times=8)
        return answer

    monkeypatch.setattr(Client, "_call", call)
    outcome = awsprof("rotate", "dev")
    assert (outcome.status, "has its old one" in outcome.stderr) == (7, True)
    assert vault_key(awsprof) == logged_in.key.id
    whole(awsprof, aws)


def test_a_new_key_of_somebody_else(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """A key that turns out to be another user's is not switched to."""
    know_arn(awsprof, NAME, DEV, "somebody")
    before = everything(awsprof)
    outcome = awsprof("rotate", "dev")
    assert (outcome.status, f"and {NAME} is arn:aws:iam::{DEV}:user/somebody" in outcome.stderr) == (1, True)
    assert everything(awsprof) == before
    whole(awsprof, aws)


# What the user may not do once the new key is in use.


@pytest.mark.parametrize(
    ("denied", "state"), [("UpdateAccessKey", "is still active"), ("DeleteAccessKey", "is inactive and still there")]
)
@pytest.mark.parametrize("afterwards", ["allowed", "by hand"])
def test_an_old_key_that_may_not_be_touched(
    awsprof: CommandLine,
    logged_in: Identity,
    aws: LocalAWS,
    wait: Callable[[float], None],
    denied: str,
    state: str,
    afterwards: str,
) -> None:
    """It says what is left to do by hand; done by hand, or allowed, the next rotation comes to its end."""
    forbid(logged_in.user, denied)
    old = logged_in.key.id
    outcome = awsprof("rotate", "dev")
    new = vault_key(awsprof)
    assert outcome.status == 7
    assert f"{NAME} has its new access key {new}, but the old one, {old}, {state}: AWS denies" in outcome.stderr
    assert f"Have {old} deleted in IAM by somebody who may" in outcome.stderr
    assert arn_by_vault(awsprof, aws) == logged_in.user.arn
    assert RECORD in awsprof.items
    wait(30)
    if afterwards == "allowed":
        allow_again(logged_in.user)
    else:
        again = awsprof("rotate", "dev", answers=[logged_in.device.code()])
        assert (again.status, again.stderr.endswith(outcome.stderr)) == (7, True)
        logged_in.key.delete()
        wait(30)
    outcome = awsprof("rotate", "dev", answers=[logged_in.device.code()])
    assert outcome.status == 0
    assert outcome.stderr.startswith(f"Going on with the unfinished rotation of {NAME}.\n")
    assert outcome.stdout == replaced(NAME, old, new)
    assert vault_key(awsprof) == new
    whole(awsprof, aws)


# Ended at every step.


def steps_of(name: str) -> list[str]:
    return [
        "ListAccessKeys",
        "GetAccessKeyLastUsed",
        "GetCallerIdentity",
        f"set {name}/rotation",
        "CreateAccessKey",
        f"set {name}/rotation",
        "GetCallerIdentity",
        f"set {name}",
        "UpdateAccessKey",
        "GetCallerIdentity",
        "DeleteAccessKey",
        f"delete {name}/rotation",
    ]


STOPS = [Fault(step, how, when) for step in range(1, 13) for when in ("before", "after") for how in ("kill", "Ctrl-C")]


@pytest.mark.parametrize("name", [NAME, LEGACY])
def test_these_are_all_steps(
    awsprof: CommandLine,
    logged_in: Identity,
    without_mfa: AccessKey,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """What the tests below end a rotation at is everything it does to the vault and at AWS."""
    with Things(awsprof, monkeypatch, None) as things:
        assert awsprof("rotate", name).status == 0
    assert things.seen == steps_of(name)
    assert {stop.number for stop in STOPS} == set(range(1, len(things.seen) + 1))


def end_and_go_on(
    awsprof: CommandLine,
    aws: LocalAWS,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    stop: Fault,
    code: Callable[[], str] | None,
) -> None:
    """End a rotation at *stop*: the profile has a key that works, and the next rotation comes to a clean end."""
    account_id = DEV if name == NAME else OTHER
    old = vault_key(awsprof, name)
    with Things(awsprof, monkeypatch, stop):
        if stop.kind == "kill":
            with pytest.raises(KilledError):
                awsprof("rotate", name)
        else:
            outcome = awsprof("rotate", name)
            assert outcome.status == 130
            # An interrupted write of the record may have happened or not; else what it says is so.
            told = outcome.stderr == f"\n'awsprof rotate {name}' goes on from here.\n"
            assert told or outcome.stderr == "\n"
            assert not told or f"{name}/rotation" in awsprof.items
    user_arn = f"arn:aws:iam::{account_id}:user/paul"
    assert arn_by_vault(awsprof, aws, name) == user_arn
    unfinished = awsprof.items.get(f"{name}/rotation")
    before = vault_key(awsprof, name)
    aws.clear_calls()
    outcome = awsprof("rotate", name, answers=None if code is None else [code])
    assert outcome.status == 0
    assert len(aws.calls_of("GetSessionToken")) <= 1
    whole(awsprof, aws, name, account_id)
    assert vault_key(awsprof, name) != old
    going = "Going back from" if unfinished and json.loads(unfinished)["new"] is None else "Going on with"
    assert (f"{going} the unfinished rotation of {name}" in outcome.stderr) == (unfinished is not None)
    if before != old and unfinished is not None:
        # The new key was in use: it stays, and no other one is made.
        assert vault_key(awsprof, name) == before
    entries = json.loads(awsprof("undo", "--list", "--json").stdout)["entries"]
    deleted = [entry["deleted_key"] for entry in entries if entry["command"] == "rotate"]
    assert len(deleted) == len(set(deleted))
    assert old in deleted


@pytest.mark.parametrize("stop", STOPS, ids=str)
def test_ended_at_any_step(
    awsprof: CommandLine,
    without_mfa: AccessKey,
    aws: LocalAWS,
    monkeypatch: pytest.MonkeyPatch,
    stop: Fault,
) -> None:
    """Without MFA, where each call is made with the very key that is being replaced."""
    end_and_go_on(awsprof, aws, monkeypatch, LEGACY, stop, None)


@pytest.mark.parametrize("stop", [stop for stop in STOPS if stop.kind == "kill"], ids=str)
def test_ended_at_any_step_with_mfa(
    awsprof: CommandLine,
    logged_in: Identity,
    aws: LocalAWS,
    wait: Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
    stop: Fault,
) -> None:
    """With MFA, whose session is dropped on the way: one more code at most."""

    def code() -> str:
        wait(30)
        return logged_in.device.code()

    end_and_go_on(awsprof, aws, monkeypatch, NAME, stop, code)


@pytest.mark.parametrize("step", range(7, 14))
def test_twins_after_a_kill(
    awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Killed between the switch of one profile and of the other, both have the same key in the end."""
    twin = add_twin(awsprof, without_mfa, "twin")
    with Things(awsprof, monkeypatch, Fault(step, "kill", "after")), pytest.raises(KilledError):
        awsprof("rotate", LEGACY)
    for name in (LEGACY, twin):
        assert arn_by_vault(awsprof, aws, name).endswith(":user/paul")
    outcome = awsprof("rotate", LEGACY)
    assert outcome.status == 0
    for name in (LEGACY, twin):
        whole(awsprof, aws, name, OTHER)


# What became of things between a kill and the next rotation.


@pytest.fixture
def killed(awsprof: CommandLine, without_mfa: AccessKey, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, str], None]:
    """Kill a rotation of the profile without MFA at a step."""

    def kill(step: int, when: str) -> None:
        with Things(awsprof, monkeypatch, Fault(step, "kill", when)), pytest.raises(KilledError):
            awsprof("rotate", LEGACY)

    return kill


def test_a_key_made_by_hand_since_is_not_deleted(
    awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS, killed: Callable[[int, str], None]
) -> None:
    """Only a key that can be the lost one is deleted: not one made an hour later."""
    killed(5, "before")
    made = _make_key(aws)
    made._key.create_date += timedelta(hours=1)
    outcome = awsprof("rotate", LEGACY)
    assert (outcome.status, made.id in outcome.stderr) == (1, True)
    assert keys_at_aws(OTHER) == {without_mfa.id: "Active", made.id: "Active"}
    assert list(awsprof.items) == [LEGACY]


def _make_key(aws: LocalAWS) -> AccessKey:
    """Another key of the user, as made in the console."""
    return User(aws._cloud, OTHER, "paul").access_key()


def test_a_key_that_is_in_use_is_not_deleted(
    awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS, killed: Callable[[int, str], None]
) -> None:
    """Nor one that somebody has used, whose secret is therefore not lost."""
    killed(5, "before")
    made = _make_key(aws)
    names = {"aws_access_key_id": made.id, "aws_secret_access_key": made.secret}
    boto3.client("sts", region_name=REGION, endpoint_url=aws.url, **names).get_caller_identity()
    assert awsprof("rotate", LEGACY).status == 1
    assert keys_at_aws(OTHER) == {without_mfa.id: "Active", made.id: "Active"}


def test_a_key_of_another_profile_is_not_deleted(
    awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS, killed: Callable[[int, str], None]
) -> None:
    """Nor one that another profile has, though nobody has used it yet."""
    killed(5, "before")
    made = _make_key(aws)
    other = add_twin(awsprof, made, "other")
    assert awsprof("rotate", LEGACY).status == 1
    assert keys_at_aws(OTHER) == {without_mfa.id: "Active", made.id: "Active"}
    assert vault_key(awsprof, other) == made.id


def test_a_profile_given_another_key_since(
    awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS, killed: Callable[[int, str], None]
) -> None:
    """A key that a person stored since stays; what was unfinished is dropped, and no key is deleted for it."""
    killed(5, "before")
    made = _make_key(aws)
    words = ("autochart", "legacy", "paul", "--replace", "--from", "-")
    assert awsprof("add", *words, stdin=two_lines(made)).status == 0
    outcome = awsprof("rotate", LEGACY)
    assert outcome.stderr.startswith(f"{LEGACY} has been given another key: its unfinished rotation is dropped.\n")
    assert (outcome.status, "has two access keys" in outcome.stderr) == (1, True)
    assert keys_at_aws(OTHER) == {without_mfa.id: "Active", made.id: "Active"}
    assert vault_key(awsprof, LEGACY) == made.id
    without_mfa.delete()
    assert awsprof("rotate", LEGACY).status == 0
    whole(awsprof, aws, LEGACY, OTHER)


@pytest.mark.parametrize("step", [6, 8])
def test_a_new_key_deleted_since(
    awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS, killed: Callable[[int, str], None], step: int
) -> None:
    """Whether switched to or not, a new key that is gone gives way to the old one, and the key is rotated anew."""
    killed(step, "after")
    (new,) = keys_at_aws(OTHER).keys() - {without_mfa.id}
    motobackend.iam(OTHER).delete_access_key(new, "paul")
    outcome = awsprof("rotate", LEGACY)
    assert outcome.status == 0
    assert f"AWS does not know its new key: {LEGACY} is as it was, and is rotated anew." in outcome.stderr
    assert sum(awsprof.slept_s) == 60
    whole(awsprof, aws, LEGACY, OTHER)


@pytest.mark.parametrize("way", ["with the session", "without a session"])
def test_a_new_key_deleted_since_with_mfa(
    awsprof: CommandLine,
    logged_in: Identity,
    aws: LocalAWS,
    wait: Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    """With MFA too, even where the new key was to give the session."""
    with Things(awsprof, monkeypatch, Fault(8, "kill", "after")), pytest.raises(KilledError):
        awsprof("rotate", "dev")
    new = vault_key(awsprof)
    motobackend.iam(DEV).delete_access_key(new, "paul")
    if way == "without a session":
        assert awsprof("logout", "dev").status == 0

    def code() -> str:
        wait(30)
        return logged_in.device.code()

    outcome = awsprof("rotate", "dev", answers=[code, code])
    assert outcome.status == 0
    assert vault_key(awsprof) not in (new, logged_in.key.id)
    whole(awsprof, aws)


def test_an_old_key_made_inactive_and_a_new_one_gone(
    awsprof: CommandLine, logged_in: Identity, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a session, the old key is made active again and is in use again, and is rotated anew."""
    with Things(awsprof, monkeypatch, Fault(9, "kill", "after")), pytest.raises(KilledError):
        awsprof("rotate", "dev")
    new = vault_key(awsprof)
    assert awsprof("login", "dev", answers=[_later(awsprof, aws, logged_in)]).status == 0
    assert keys_at_aws() == {logged_in.key.id: "Inactive", new: "Active"}
    motobackend.iam(DEV).delete_access_key(new, "paul")
    assert awsprof("rotate", "dev").status == 0
    whole(awsprof, aws)


def _later(awsprof: CommandLine, aws: LocalAWS, identity: Identity) -> str:
    """The next code of a device, half a minute later."""
    awsprof.ahead += timedelta(seconds=30)
    aws.clock.shift(30)
    return identity.device.code()


def test_neither_key_works(
    awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS, killed: Callable[[int, str], None]
) -> None:
    """Where somebody has taken both keys away, it says so and keeps what there is; activated, it goes on."""
    killed(9, "after")
    new = vault_key(awsprof, LEGACY)
    by_id = {key.access_key_id: key for key in motobackend.iam(OTHER).get_user("paul").access_keys}
    by_id[new].status = "Inactive"
    before = dict(awsprof.items)
    outcome = awsprof("rotate", LEGACY)
    assert outcome.status == 7
    assert f"AWS accepts neither key of {LEGACY}: not {new}, the new one, nor {without_mfa.id}" in outcome.stderr
    assert awsprof.items == before
    by_id[new].status = "Active"
    assert awsprof("rotate", LEGACY).status == 0
    assert vault_key(awsprof, LEGACY) == new
    whole(awsprof, aws, LEGACY, OTHER)


def test_a_damaged_record_is_not_thrown_away(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """It may be all there is of a new key: exit 6, and nothing is changed."""
    awsprof.vault.items[RECORD] = '{"before": []}'
    before = everything(awsprof)
    outcome = awsprof("rotate", "dev")
    assert (outcome.status, "is damaged" in outcome.stderr) == (6, True)
    assert (everything(awsprof), keys_at_aws()) == (before, {logged_in.key.id: "Active"})


def test_another_command_was_faster(
    awsprof: CommandLine, logged_in: Identity, aws: LocalAWS, wait: Callable[[float], None]
) -> None:
    """A key that another command replaced while this one asked for a code is not replaced again."""
    know_arn(awsprof, NAME, DEV)
    assert awsprof("logout", "dev").status == 0
    wait(30)

    def meanwhile() -> str:
        item = json.loads(awsprof.items[NAME])
        awsprof.vault.items[NAME] = json.dumps({**item, "access_key_id": "AKIAOTHEROTHEREXAMPL"})
        awsprof.vault.items["kept"] = json.dumps(item)
        return logged_in.device.code()

    real = logged_in.key
    outcome = awsprof("rotate", "dev", answers=[meanwhile])
    assert (outcome.status, "Another command has just given" in outcome.stderr) == (1, True)
    assert keys_at_aws() == {real.id: "Active"}


# --- beside other commands


def test_remove_tells_of_both_keys(awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS) -> None:
    """A profile under an unfinished rotation has two keys: --delete-key is refused, and remove names both."""
    know_arn(awsprof, LEGACY, OTHER)
    aws.fail("GetCallerIdentity", status=503, code="ServiceUnavailable", times=40)
    assert awsprof("rotate", "legacy").status == 7
    keys = keys_at_aws(OTHER)
    assert len(keys) == 2
    refused = awsprof("remove", "legacy", "--delete-key", "--yes")
    assert (refused.status, f"awsprof rotate {LEGACY}" in refused.stderr) == (1, True)
    removed = awsprof("remove", "legacy", "--yes")
    assert removed.status == 0
    assert all(f"Its access key {key} still lives at AWS" in removed.stdout for key in keys)


def test_two_keys_of_two_profiles_are_told_apart(awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS) -> None:
    """Nobody is told to delete a key that another profile here uses."""
    second = _second_key(awsprof, aws)
    outcome = awsprof("rotate", "legacy")
    assert outcome.status == 1
    assert f"autochart_stage_paul uses {second}" in outcome.stderr
    assert "delete-access-key" not in outcome.stderr


def _second_key(awsprof: CommandLine, aws: LocalAWS) -> str:
    """Give the user of the legacy profile another key, and a profile with it; returns its id."""
    from tests.localaws.accesskeys import add_access_key

    made = add_access_key(motobackend.iam(OTHER).get_user("paul"))
    words = ["autochart", "stage", "paul", "--from", "-", "--no-verify", "--account-id", OTHER, "--region", REGION]
    lines = f"{made.access_key_id}\n{made.secret_access_key}\n"
    assert awsprof("add", *words, stdin=lines).status == 0
    return str(made.access_key_id)
