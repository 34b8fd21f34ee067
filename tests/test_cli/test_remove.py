"""``awsprof remove``: a profile goes with all that was kept for it, and nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from awsprof.errors import VaultLockedError
from tests.command_line import CommandLine, Outcome
from tests.test_cli.conftest import everything, session_file, state_file, store_seed, write_config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.localaws import LocalAWS
    from tests.localaws.accounts import AccessKey
    from tests.test_cli.conftest import Identity

NAME = "autochart_dev_paul"


def lives(identity: Identity) -> str:
    return (
        f"Removed {NAME}.\nIts access key {identity.key.id} still lives at AWS: delete it there if nobody needs it.\n"
    )


@pytest.mark.parametrize("way", ["--yes", "y"])
def test_removes_all_that_was_kept(
    awsprof: CommandLine, logged_in: Identity, prod: Identity, home: Path, aws: LocalAWS, way: str
) -> None:
    """Section, keys, seed, first password, session and state go; the key that lives on at AWS is named, not used."""
    store_seed(awsprof, logged_in)
    awsprof.vault.items[f"{NAME}/console"] = "first password"
    awsprof.vault.items[f"{NAME}/mfa-reset"] = "[]"
    others = awsprof.config[awsprof.config.index("[profile autochart_prod") :]
    aws.clear_calls()
    if way == "--yes":
        outcome = awsprof("remove", "dev", "--yes")
    else:
        outcome = awsprof("remove", "dev", answers=["y"])
        assert awsprof.terminal.questions == [f"Remove {NAME}?"]
    assert outcome == Outcome(0, lives(logged_in), "")
    assert awsprof.config == others
    assert list(awsprof.items) == [prod.profile]
    assert not session_file(home, NAME).exists()
    assert not state_file(home, NAME).exists()
    assert list(home.rglob(f"*{NAME}*")) == []
    assert aws.calls == []


@pytest.mark.parametrize("answer", ["n", "", "yes please"])
def test_anything_but_yes_is_no(awsprof: CommandLine, logged_in: Identity, answer: str) -> None:
    """Any other answer leaves everything as it is."""
    before = everything(awsprof)
    outcome = awsprof("remove", "dev", answers=[answer])
    assert (outcome.status, outcome.stdout, outcome.stderr) == (1, "", "Nothing was removed.\n")
    assert everything(awsprof) == before


def test_needs_an_answer(awsprof: CommandLine, logged_in: Identity) -> None:
    """With no terminal it is exit 2, and --yes is named; Ctrl-C is 130."""
    before = everything(awsprof)
    outcome = awsprof("remove", "dev")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "Give it with --yes." in outcome.stderr
    assert awsprof("remove", "dev", answers=[]).status == 130
    assert everything(awsprof) == before


@pytest.mark.parametrize("answers", [None, []])
def test_refuses_what_others_live_by(awsprof: CommandLine, logged_in: Identity, answers: list[str] | None) -> None:
    """A profile that another names as its source stays, exit 1, before anybody is asked, and the other is named."""
    write_config(awsprof.home, f"{awsprof.config}\n[profile admin]\nrole_arn = x\nsource_profile = {NAME}\n")
    before = everything(awsprof)
    for options in ([], ["--yes"], ["--yes", "--delete-key"]):
        outcome = awsprof("remove", "dev", *options, answers=answers)
        assert (outcome.status, outcome.stdout) == (1, "")
        assert "admin" in outcome.stderr
    assert everything(awsprof) == before


# --delete-key.


def test_deletes_the_key_first(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """--delete-key deletes the access key at AWS, with the session that deny-without-MFA demands."""
    outcome = awsprof("remove", "dev", "--delete-key", answers=["y"])
    assert awsprof.terminal.questions == [f"Remove {NAME} and delete its access key at AWS?"]
    assert outcome == Outcome(0, f"Removed {NAME}.\nIts access key {logged_in.key.id} is deleted at AWS.\n", "")
    (call,) = aws.calls_of("DeleteAccessKey")
    assert (call.status, call.parameters["AccessKeyId"]) == (200, logged_in.key.id)
    assert awsprof.items == {}
    assert awsprof.config == ""


def test_deletes_the_key_of_a_profile_without_mfa(awsprof: CommandLine, without_mfa: AccessKey) -> None:
    """Without MFA the key deletes itself."""
    outcome = awsprof("remove", "legacy", "--delete-key", "--yes")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert f"{without_mfa.id} is deleted at AWS" in outcome.stdout


def test_keeps_the_profile_whose_key_it_may_not_delete(awsprof: CommandLine, logged_in: Identity) -> None:
    """Where AWS refuses, exit 7 and everything stays."""
    deny = {"Effect": "Deny", "Action": "iam:DeleteAccessKey", "Resource": "*"}
    logged_in.user.put_policy("deny", {"Version": "2012-10-17", "Statement": [deny]})
    before = everything(awsprof)
    outcome = awsprof("remove", "dev", "--delete-key", "--yes")
    assert (outcome.status, outcome.stdout) == (7, "")
    assert everything(awsprof) == before


def test_deleting_the_key_needs_a_session(awsprof: CommandLine, dev: Identity, aws: LocalAWS) -> None:
    """With no session and no terminal it is exit 8, and everything stays."""
    before = everything(awsprof)
    assert awsprof("remove", "dev", "--delete-key", "--yes").status == 8
    assert everything(awsprof) == before
    assert aws.calls == []


# The files.

FILE = """\
# the file's own first words

# about dev
# and more about it
[profile autochart_dev_paul]
region = eu-west-1
# inside
output = json

# about old, apart from it

[profile old]
region = x
# last words
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_takes_its_own_comments_along(awsprof: CommandLine, home: Path, end: str) -> None:
    """Comments directly above the header go with it; one that a blank line parts from it stays, as do all others'."""
    path = write_config(home, FILE.replace("\n", end))
    assert awsprof("remove", NAME, "--yes").status == 0
    lines = FILE.splitlines(keepends=True)
    assert path.read_bytes().decode() == "".join([*lines[:2], *lines[9:]]).replace("\n", end)


def test_takes_it_out_of_both_files(awsprof: CommandLine, home: Path) -> None:
    """A profile in both files goes from both, and the credentials file is closed to others' eyes."""
    write_config(home, "[profile a]\nregion = x\n\n[profile old]\nregion = x\n")
    path = write_config(
        home, "[old]\naws_access_key_id = AKIA\naws_secret_access_key = x\n\n[b]\nregion = y\n", "credentials"
    )
    path.chmod(0o644)
    assert awsprof("remove", "old", "--yes") == Outcome(0, "Removed old.\n", "")
    assert awsprof.config == "[profile a]\nregion = x\n\n"
    assert path.read_text() == "[b]\nregion = y\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_does_not_ask_for_keys_it_never_had(awsprof: CommandLine, home: Path) -> None:
    """A role has no key: nothing of the vault is needed but, once, the journal's; and --delete-key is exit 1."""
    write_config(home, "[profile first]\n[profile admin]\nrole_arn = x\nsource_profile = y\n")
    assert awsprof("remove", "first", "--yes").status == 0
    awsprof.vault.refusal = VaultLockedError("locked")
    assert awsprof("remove", "admin", "--delete-key", "--yes").status == 1
    assert awsprof("remove", "admin", "--yes") == Outcome(0, "Removed admin.\n", "")
    assert awsprof.config == ""


def test_leaves_everything_where_the_vault_is_locked(awsprof: CommandLine, logged_in: Identity) -> None:
    """A vault that cannot be opened is exit 6, and the profile stays."""
    awsprof.vault.refusal = VaultLockedError("The vault is locked")
    before = everything(awsprof)
    assert awsprof("remove", "dev", "--yes").status == 6
    assert everything(awsprof) == before


def test_a_profile_without_keys_in_the_vault_goes_too(awsprof: CommandLine, dev: Identity) -> None:
    """Keys that are gone are no reason to keep the profile."""
    awsprof.vault.items.clear()
    assert awsprof("remove", "dev", "--yes") == Outcome(0, f"Removed {NAME}.\n", "")


def test_refuses_a_broken_file(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """Where either file is one that the AWS CLI refuses, exit 5 and everything stays."""
    write_config(home, "[a]\n[a]\n", "credentials")
    before = everything(awsprof)
    assert awsprof("remove", NAME, "--yes").status == 5
    assert everything(awsprof) == before


def test_what_was_removed_can_be_added_again(awsprof: CommandLine, dev: Identity) -> None:
    """``remove`` leaves nothing that would stand in the way of ``add``."""
    config = awsprof.config
    assert awsprof("remove", "dev", "--yes").status == 0
    options = (
        "--no-verify",
        "--account-id",
        dev.account.id,
        "--mfa-serial",
        dev.device.serial,
        "--region",
        "eu-west-1",
    )
    assert awsprof("add", *dev.words, "--from", "-", *options, stdin=dev.two_lines).status == 0
    assert awsprof.config == config
