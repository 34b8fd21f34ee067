"""Delivery by file: what is written to the credentials file, and that it goes again."""

from __future__ import annotations

import configparser
import json
from typing import TYPE_CHECKING

import pytest

from awsprof.profiles import changing
from awsprof.sessions import delivery
from awsprof.storage import replace
from tests.test_cli.conftest import Identity, leave, session_file, store_seed, write_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import CommandLine
    from tests.localaws import LocalAWS

NAME = "autochart_dev_paul"
OWN = "# mine\n[other]\naws_access_key_id = AKIAXXXXXXXXXEXAMPLE\naws_secret_access_key = x/y+z\n"


def credentials(awsprof: CommandLine) -> str:
    path = awsprof.home / ".aws" / "credentials"
    return path.read_text() if path.exists() else ""


def section(awsprof: CommandLine, file: str, header: str) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    parser.read(awsprof.home / ".aws" / file)
    return dict(parser[header]) if parser.has_section(header) else {}


def triple(awsprof: CommandLine) -> dict[str, str]:
    return section(awsprof, "credentials", NAME)


def settings(awsprof: CommandLine) -> dict[str, str]:
    return section(awsprof, "config", f"profile {NAME}")


@pytest.fixture
def by_file(awsprof: CommandLine, logged_in: Identity) -> Identity:
    """The dev profile, delivered by file, with a session; beside it keys of the user's own."""
    write_config(awsprof.home, OWN, "credentials").chmod(0o600)
    assert awsprof("set", "dev", "awsprof_delivery=file").status == 0
    return logged_in


def test_set_exchanges_process_and_keys(awsprof: CommandLine, by_file: Identity) -> None:
    """The process line goes, the live session is written, and all else stays byte for byte."""
    assert "credential_process" not in settings(awsprof)
    assert settings(awsprof)["awsprof_delivery"] == "file"
    answer = json.loads(session_file(awsprof.home, NAME).read_bytes().split(b"\n")[1])
    assert triple(awsprof) == {
        "aws_access_key_id": answer["AccessKeyId"],
        "aws_secret_access_key": answer["SecretAccessKey"],
        "aws_session_token": answer["SessionToken"],
        "expiration": answer["Expiration"],
        "awsprof_managed": "true",
    }
    assert credentials(awsprof).startswith(OWN)
    assert (awsprof.home / ".aws" / "credentials").stat().st_mode & 0o777 == 0o600
    shown = json.loads(awsprof("show", "dev", "--json").stdout)["profile"]
    assert (shown["kind"], shown["delivery"], shown["session"]["state"]) == ("user", "file", "live")


def test_back_to_process(awsprof: CommandLine, by_file: Identity) -> None:
    """Setting it back, or taking it out, brings the process line back and takes the session out."""
    for word in ("awsprof_delivery=process", "awsprof_delivery="):
        assert awsprof("set", "dev", "awsprof_delivery=file").status == 0
        assert awsprof("set", "dev", word).status == 0
        assert settings(awsprof)["credential_process"].endswith(f"credential-process {NAME}")
        assert credentials(awsprof) == OWN


def test_undo_never_leaves_both(awsprof: CommandLine, by_file: Identity) -> None:
    """Undoing the change of delivery takes the session out of the file again."""
    assert awsprof("undo", "--yes").status == 0
    assert "credential_process" in settings(awsprof)
    assert credentials(awsprof) == OWN


def test_dry_run_changes_nothing(awsprof: CommandLine, logged_in: Identity) -> None:
    """The diff shows both lines, and nothing is written."""
    before = awsprof.config
    outcome = awsprof("set", "dev", "awsprof_delivery=file", "--dry-run")
    assert (outcome.status, awsprof.config, credentials(awsprof)) == (0, before, "")
    assert "+awsprof_delivery = file" in outcome.stdout
    assert "-credential_process" in outcome.stdout


def test_without_mfa_it_is_refused(awsprof: CommandLine, without_mfa: object) -> None:
    """Long-term keys are never written to a file."""
    for words in (["set", "legacy", "awsprof_delivery=file"], ["login", "legacy", "--write"]):
        outcome = awsprof(*words)
        assert (outcome.status, outcome.stdout) == (2, "")
        assert "plain text" in outcome.stderr
    assert credentials(awsprof) == ""


def test_taking_the_device_out_is_refused(awsprof: CommandLine, by_file: Identity) -> None:
    """A profile delivered by file keeps its device: it would have nothing to deliver."""
    outcome = awsprof("set", "dev", "mfa_serial=")
    assert outcome.status == 2
    assert settings(awsprof)["mfa_serial"]


def test_logout_takes_it_out(awsprof: CommandLine, by_file: Identity) -> None:
    """Logout leaves the file as it was, and login writes it again."""
    assert awsprof("logout", "dev").status == 0
    assert credentials(awsprof) == OWN
    assert settings(awsprof)["awsprof_delivery"] == "file"


def test_login_writes_it(awsprof: CommandLine, by_file: Identity, wait: Callable[[float], None]) -> None:
    """Each new session takes the older one's place; a fresh one whose keys somebody took out is written again."""
    first = triple(awsprof)
    wait(30)
    assert awsprof("login", "dev", "--force", "--code", by_file.device.code()).status == 0
    second = triple(awsprof)
    assert second["aws_access_key_id"] != first["aws_access_key_id"]
    assert credentials(awsprof).count(f"[{NAME}]") == 1
    write_config(awsprof.home, OWN, "credentials")
    assert awsprof("login", "dev").status == 0
    assert triple(awsprof) == second


def test_renewing_elsewhere_writes_it(
    awsprof: CommandLine, by_file: Identity, wait: Callable[[float], None], aws: LocalAWS
) -> None:
    """A session that exec renews by the stored seed is the one in the file."""
    store_seed(awsprof, by_file)
    before = triple(awsprof)
    leave(awsprof, NAME, 100)
    wait(30)
    assert awsprof("exec", "dev", "--", "true").status == 0
    assert triple(awsprof)["aws_access_key_id"] == awsprof.became[0][1]["AWS_ACCESS_KEY_ID"]
    assert triple(awsprof) != before


@pytest.mark.parametrize("command", [["list"], ["status"], ["settings", "list"], ["show", "dev"], ["undo", "--list"]])
def test_every_command_sweeps(
    awsprof: CommandLine, by_file: Identity, wait: Callable[[float], None], command: list[str]
) -> None:
    """An expired session goes with the next command, and nothing else does."""
    wait(12 * 3600)
    assert awsprof(*command).status == 0
    assert credentials(awsprof) == OWN


@pytest.mark.parametrize(
    "command", [["list", "--names"], ["credential-process", NAME], ["set", "dev", "output=json", "--dry-run"]]
)
def test_hot_paths_do_not_sweep(
    awsprof: CommandLine, by_file: Identity, wait: Callable[[float], None], command: list[str]
) -> None:
    """What must not wait, or must change nothing, leaves it for the next."""
    wait(12 * 3600)
    awsprof(*command)
    assert triple(awsprof)


def test_only_our_own_is_swept(awsprof: CommandLine, by_file: Identity, wait: Callable[[float], None]) -> None:
    """An expired session that somebody else wrote is none of ours."""
    theirs = f"{OWN}[theirs]\naws_access_key_id = ASIAXXXXXXXXXEXAMPLE\nexpiration = 2020-01-01T00:00:00Z\n"
    write_config(awsprof.home, theirs, "credentials")
    assert awsprof("list").status == 0
    assert credentials(awsprof) == theirs


def test_keys_of_ours_in_the_section_are_kept(awsprof: CommandLine, logged_in: Identity) -> None:
    """A section of the user's own keeps its other settings and comments."""
    own = f"{OWN}[{NAME}]\n# why\nregion = eu-west-3\n"
    write_config(awsprof.home, own, "credentials")
    assert awsprof("set", "dev", "awsprof_delivery=file").status == 0
    assert triple(awsprof)["region"] == "eu-west-3"
    assert awsprof("logout", "dev").status == 0
    assert credentials(awsprof) == own


def test_rename_takes_it_along(awsprof: CommandLine, by_file: Identity) -> None:
    """The session is written under the new name, and undo does not bring an old one back."""
    kept = triple(awsprof)
    assert awsprof("rename", NAME, "autochart", "test", "paul", "--yes").status == 0
    assert section(awsprof, "credentials", "autochart_test_paul") == kept
    assert triple(awsprof) == {}
    assert awsprof("undo", "--yes").status == 0
    assert credentials(awsprof) == OWN


def test_remove_takes_it_out(awsprof: CommandLine, by_file: Identity) -> None:
    """Removing the profile leaves nothing, and undo brings no session back."""
    assert awsprof("remove", NAME, "--yes").status == 0
    assert credentials(awsprof) == OWN
    assert awsprof("undo", "--yes").status == 0
    assert credentials(awsprof) == OWN
    assert settings(awsprof)["awsprof_delivery"] == "file"


# For one session.


def test_write_is_for_one_session(awsprof: CommandLine, logged_in: Identity) -> None:
    """--write puts the session in and the process out; logout brings the process back."""
    before = awsprof.config
    outcome = awsprof("login", "dev", "--write")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.endswith(f"Its session stands in {awsprof.home}/.aws/credentials until it ends.\n")
    assert "credential_process" not in settings(awsprof)
    assert triple(awsprof)["awsprof_managed"] == "true"
    assert awsprof("logout", "dev").status == 0
    assert (section(awsprof, "config", f"profile {NAME}"), triple(awsprof)) == (
        _settings_in(before),
        {},
    )


def _settings_in(text: str) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return dict(parser[f"profile {NAME}"])


def test_write_ends_with_the_session(awsprof: CommandLine, logged_in: Identity, wait: Callable[[float], None]) -> None:
    """A sweep brings the process back too."""
    before = _settings_in(awsprof.config)
    assert awsprof("login", "dev", "--write").status == 0
    wait(12 * 3600)
    assert awsprof("list").status == 0
    assert (settings(awsprof), triple(awsprof)) == (before, {})


def test_write_after_the_keys_were_taken_out_by_hand(
    awsprof: CommandLine, logged_in: Identity, wait: Callable[[float], None]
) -> None:
    """Where somebody takes the session out of the file, logout or its end brings the process back all the same."""
    before = _settings_in(awsprof.config)
    assert awsprof("login", "dev", "--write").status == 0
    write_config(awsprof.home, "", "credentials")
    wait(12 * 3600)
    assert awsprof("list").status == 0
    assert settings(awsprof) == before


def test_the_process_comes_back_as_it_was(awsprof: CommandLine, logged_in: Identity) -> None:
    """The line is the one there was, with whatever launcher; one that somebody wrote meanwhile stays."""
    older = awsprof.config.replace("/bin/awsprof ", "/bin/old/awsprof ")
    write_config(awsprof.home, older)
    assert awsprof("login", "dev", "--write").status == 0
    assert awsprof("logout", "dev").status == 0
    assert settings(awsprof) == _settings_in(older)


COMMENTS = "[other]\nregion = a\n# disabled:\n#[old]\n#aws_access_key_id = AKIAOLD\n"


@pytest.mark.parametrize(
    "text",
    [COMMENTS, COMMENTS.replace("\n", "\r\n"), "# only a note\n", "", "\n\n", "[other]\nregion = a\n\n\n; end\n"],
)
def test_every_other_byte_stays(awsprof: CommandLine, logged_in: Identity, text: str) -> None:
    """Comments at the end of the file are nobody's introduction: written and taken out, the bytes are as before."""
    path = write_config(awsprof.home, text, "credentials")
    assert awsprof("login", "dev", "--write").status == 0
    assert awsprof("logout", "dev").status == 0
    assert path.read_bytes() == text.encode()


def test_lines_behind_the_session_stay(awsprof: CommandLine, by_file: Identity) -> None:
    """What somebody adds below the session while it is there stays whole."""
    added = "\n# theirs\n\n[theirs]\nregion = b\n"
    write_config(awsprof.home, credentials(awsprof) + added, "credentials")
    assert awsprof("logout", "dev").status == 0
    assert credentials(awsprof) == OWN + added


def test_a_sweep_looks_again_before_it_takes_out(awsprof: CommandLine, by_file: Identity) -> None:
    """A session that another process wrote since the sweep looked stays."""
    from awsprof.cli.world import World

    world = World(terminal=awsprof.terminal, now=awsprof.now)  # type: ignore[arg-type]
    files = world.files
    real = files.managed_sessions
    kept = credentials(awsprof)
    files.managed_sessions = lambda: {name: {**its, "expiration": ""} for name, its in real().items()}  # type: ignore[method-assign]
    delivery.FileDelivery(files, world.places, world.environ).sweep(awsprof.now())
    assert credentials(awsprof) == kept


def test_a_sweep_leaves_a_login_alone(awsprof: CommandLine, by_file: Identity, wait: Callable[[float], None]) -> None:
    """While another process is busy with the profile, its session is that one's business."""
    from awsprof.cli.world import World

    wait(12 * 3600)
    world = World(terminal=awsprof.terminal, now=awsprof.now)  # type: ignore[arg-type]
    with world.sessions.identity_lock(NAME):
        assert awsprof("list").status == 0
        assert triple(awsprof)
    assert awsprof("list").status == 0
    assert not triple(awsprof)


@pytest.mark.parametrize("variable", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_another_file_in_the_environment_changes_nothing(
    awsprof: CommandLine, logged_in: Identity, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """A command that is told of another file does not judge by it what stands in the usual one."""
    for command in (["set", "dev", "awsprof_delivery=file"], ["login", "dev", "--write"]):
        assert awsprof(*command).status == 0
        before = (settings(awsprof), triple(awsprof))
        monkeypatch.setenv(variable, str(awsprof.home / "another"))
        assert awsprof("list").status == 0
        monkeypatch.delenv(variable)
        assert (settings(awsprof), triple(awsprof)) == before
        assert awsprof("set", "dev", "awsprof_delivery=").status == 0


def test_anothers_process_is_not_taken_over(awsprof: CommandLine, logged_in: Identity) -> None:
    """The delivery of a profile that another program serves is not awsprof's to set."""
    foreign = f"[profile {NAME}]\nmfa_serial = arn:aws:iam::111111111111:mfa/p\ncredential_process = vault exec x\n"
    write_config(awsprof.home, foreign)
    for words in (
        ["set", NAME, "awsprof_delivery=file"],
        ["set", NAME, "awsprof_delivery="],
        ["login", NAME, "--write"],
    ):
        assert awsprof(*words).status == 2
    assert awsprof.config == foreign


def test_a_process_beside_delivery_by_file_goes(awsprof: CommandLine, logged_in: Identity) -> None:
    """Where somebody wrote both into the section, login takes the process out before it writes the keys."""
    write_config(awsprof.home, f"{awsprof.config}awsprof_delivery = file\n")
    assert awsprof("login", "dev").status == 0
    assert triple(awsprof)
    assert "credential_process" not in settings(awsprof)


def test_a_long_term_key_in_its_place_is_not_ours(
    awsprof: CommandLine, by_file: Identity, wait: Callable[[float], None]
) -> None:
    """A key that somebody put into the section, as aws configure does, is never swept."""
    theirs = credentials(awsprof).replace(triple(awsprof)["aws_access_key_id"], "AKIAXXXXXXXXXEXAMPLE")
    write_config(awsprof.home, theirs, "credentials")
    wait(12 * 3600)
    assert awsprof("list").status == 0
    awsprof("logout", NAME)
    assert credentials(awsprof) == theirs


def test_managed_in_the_default_section(awsprof: CommandLine, logged_in: Identity) -> None:
    """A mark in [DEFAULT] is none of ours and breaks nothing."""
    text = "[DEFAULT]\nawsprof_managed = true\nexpiration = 2999-01-01T00:00:00Z\n"
    write_config(awsprof.home, text, "credentials")
    assert awsprof("settings", "list").status == 0
    assert credentials(awsprof) == text


def test_write_that_fails_leaves_the_process(awsprof: CommandLine, logged_in: Identity) -> None:
    """Where the credentials file cannot be written, the process line is as it was."""
    before = awsprof.config
    write_config(awsprof.home, OWN, "credentials").chmod(0o400)
    outcome = awsprof("login", "dev", "--write")
    assert (outcome.status, _settings_in(awsprof.config)) == (5, _settings_in(before))
    assert credentials(awsprof) == OWN


def test_write_beside_delivery_by_file(awsprof: CommandLine, by_file: Identity) -> None:
    """Where delivery is by file already, it stays so."""
    assert awsprof("login", "dev", "--write").status == 0
    assert awsprof("logout", "dev").status == 0
    assert settings(awsprof)["awsprof_delivery"] == "file"
    assert "credential_process" not in settings(awsprof)


def test_write_twice(awsprof: CommandLine, logged_in: Identity, wait: Callable[[float], None]) -> None:
    """A second session takes the place of the first, and the process still comes back."""
    before = _settings_in(awsprof.config)
    assert awsprof("login", "dev", "--write").status == 0
    wait(30)
    assert awsprof("login", "dev", "--write", "--force", "--code", logged_in.device.code()).status == 0
    assert awsprof("logout", "dev").status == 0
    assert settings(awsprof) == before


class Killed(BaseException):
    """The end of a process that nothing tidies up after."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize(
    "command", [["login", "dev", "--write"], ["set", "dev", "awsprof_delivery=file"], ["logout", "dev"]]
)
def test_killed_between_two_edits(
    awsprof: CommandLine,
    logged_in: Identity,
    wait: Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    number: int,
    when: str,
) -> None:
    """Wherever it ends, process line and keys are never there at once, and the next commands put things right."""
    before = _settings_in(awsprof.config)
    if command[0] == "logout":
        assert awsprof("login", "dev", "--write").status == 0
    real, edits = replace.edit_shared_file, []

    def edit(*arguments: object, **options: object) -> object:
        edits.append(arguments)
        if len(edits) == number and when == "before":
            raise Killed
        done = real(*arguments, **options)  # type: ignore[arg-type]
        if len(edits) == number:
            raise Killed
        return done

    for module in (delivery, changing):
        monkeypatch.setattr(module, "edit_shared_file", edit)
    if number <= 2:
        with pytest.raises(Killed):
            awsprof(*command)
    else:
        awsprof(*command)
    for module in (delivery, changing):
        monkeypatch.setattr(module, "edit_shared_file", real)
    assert not ("credential_process" in settings(awsprof) and triple(awsprof))
    assert awsprof("list").status == 0
    assert not ("credential_process" in settings(awsprof) and triple(awsprof))
    wait(12 * 3600)
    assert awsprof("list").status == 0
    assert triple(awsprof) == {}
    if command[0] == "set":
        assert awsprof("set", "dev", "awsprof_delivery=").status == 0
    assert settings(awsprof) == before


def test_foreign_keys_are_not_written_over(awsprof: CommandLine, logged_in: Identity) -> None:
    """Keys that awsprof did not write make the profile one of plain keys, which has no session to write."""
    write_config(awsprof.home, OWN.replace("other", NAME), "credentials")
    outcome = awsprof("login", NAME, "--write")
    assert outcome.status == 2
    assert credentials(awsprof) == OWN.replace("other", NAME)
    assert "credential_process" in settings(awsprof)


def test_a_broken_file_is_left_alone(awsprof: CommandLine, by_file: Identity, wait: Callable[[float], None]) -> None:
    """A credentials file that botocore would refuse is neither swept nor in the way of other commands."""
    broken = credentials(awsprof) + "[open\n"
    write_config(awsprof.home, broken, "credentials")
    wait(12 * 3600)
    assert awsprof("settings", "list").status == 0
    assert awsprof("list").status == 5
    assert credentials(awsprof) == broken
