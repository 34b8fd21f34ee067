"""``awsprof vault``: where secrets rest, and how they move from one back end to the other."""

from __future__ import annotations

import json
import os
import socket
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click.testing
import pytest

from awsprof.cli.main import main
from awsprof.cli.world import World
from awsprof.errors import VaultLockedError, VaultUnavailableError
from awsprof.fastpath import cached_answer
from awsprof.places import Places
from awsprof.settings import Settings
from awsprof.vault import BackEnds, Patience, VaultInForce, VaultStatus
from tests.command_line import Outcome, ScriptedTerminal
from tests.test_cli.conftest import (
    Identity,
    WatchedCommandLine,
    everything,
    session_file,
    state_file,
    write_config,
    write_settings,
)
from tests.test_vault.conftest import collect_sockets
from tests.test_vault.memory import MemoryBackEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.localaws import LocalAWS

KEYRING, FILE = "keyring", "file"
OTHER = {KEYRING: FILE, FILE: KEYRING}
JOURNAL = "awsprof/journal"


class Desk:
    """A machine with both back ends, in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keyring = MemoryBackEnd(KEYRING)
        self.files = MemoryBackEnd(FILE)
        self.places = Places.from_environ(os.environ)
        # The command line makes its World itself, and both back ends are cached in that.
        monkeypatch.setattr(World, "back_ends", property(lambda world: self.back_ends(world.environ)))

    def back_ends(self, environ: Any = os.environ) -> BackEnds:
        back_ends = BackEnds(environ, self.places, Patience(), ask_passphrase=None, confirm_create=None)
        back_ends.keyring = self.keyring  # type: ignore[assignment]  # cached properties take what they are given
        back_ends.files = self.files  # type: ignore[assignment]
        return back_ends

    @property
    def setting(self) -> str:
        return Settings.load(self.places.settings_file).vault

    def holds(self, place: str) -> dict[str, str]:
        return dict((self.keyring if place == KEYRING else self.files).values)


@pytest.fixture
def desk(awsprof: WatchedCommandLine, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(monkeypatch)
    awsprof.vault = VaultInForce(desk.back_ends(), lambda: desk.setting)  # type: ignore[assignment]
    return desk


@pytest.fixture
def stored(desk: Desk, dev: Identity) -> Identity:
    """The profile autochart_dev_paul, its keys and the journal's in the keyring, by the setting auto."""
    assert set(desk.holds(KEYRING)) == {dev.profile, JOURNAL}
    return dev


# --- move


def test_moves_to_files_and_back(awsprof: WatchedCommandLine, desk: Desk, stored: Identity) -> None:
    """All items and the setting follow; ``vault status`` shows the new back end, and the profile goes on working."""
    before = desk.holds(KEYRING)
    moved = awsprof("vault", "move", "file", "--yes")
    sentence = "Moved 2 items from the OS keyring to the vault of files, which is in use from now on.\n"
    assert moved == Outcome(0, sentence, "")
    assert (desk.holds(KEYRING), desk.holds(FILE), desk.setting) == ({}, before, FILE)
    assert awsprof("vault", "status").stdout.startswith("file: ")
    assert awsprof("login", stored.profile, "--code", stored.device.code()).status == 0
    moved = awsprof("vault", "move", "keyring", "--yes", "--json")
    assert json.loads(moved.stdout) == {
        "version": 1,
        "move": {"from": "file", "to": "keyring", "items": [stored.profile, JOURNAL], "left": [], "dry_run": False},
    }
    assert (moved.status, moved.stderr) == (0, "")
    assert (desk.holds(KEYRING), desk.holds(FILE), desk.setting) == (before, {}, KEYRING)


@pytest.mark.parametrize(
    "suffix", ["", "/seed", "/console", "/rotation", "/enrolment", "/mfa-reset", "/session", "/read-only/session"]
)
def test_every_kind_of_item_moves(awsprof: WatchedCommandLine, desk: Desk, home: Path, suffix: str) -> None:
    """Also what was stored before names were noted, of profiles in either file, within the convention or not."""
    write_config(home, "[profile autochart_dev_paul]\nregion = eu-west-1\n[profile with space]\n[profile 'ünï']\n")
    write_config(home, "[only_in_credentials]\nregion = eu-west-1\n", name="credentials")
    names = [f"{profile}{suffix}" for profile in ("autochart_dev_paul", "only_in_credentials", "ünï")]
    desk.keyring.values.update({JOURNAL: "key", **{name: f"value of {name}" for name in names}})
    before = desk.holds(KEYRING)
    assert awsprof("vault", "move", "file", "--yes").status == 0
    assert (desk.holds(FILE), desk.holds(KEYRING)) == (before, {})


def test_a_dry_run_lists_and_changes_nothing(awsprof: WatchedCommandLine, desk: Desk, stored: Identity) -> None:
    before = everything(awsprof_with_both(awsprof, desk))
    assert awsprof("vault", "move", "file", "--dry-run") == Outcome(
        0, f"{JOURNAL}\n{stored.profile}\n2 items would move from the OS keyring to the vault of files.\n", ""
    )
    assert json.loads(awsprof("vault", "move", "file", "--dry-run", "--json").stdout)["move"] == {
        "from": "keyring",
        "to": "file",
        "items": [JOURNAL, stored.profile],
        "left": [],
        "dry_run": True,
    }
    nothing = awsprof("vault", "move", "keyring", "--dry-run")
    assert nothing == Outcome(0, "Nothing to move: the vault of files holds no item.\n", "")
    assert everything(awsprof_with_both(awsprof, desk)) == before


def awsprof_with_both(awsprof: WatchedCommandLine, desk: Desk) -> WatchedCommandLine:
    """The command line as one whose vault is both back ends, for looking at everything there is."""
    shown = WatchedCommandLine(awsprof.home)
    shown.vault.items.update(
        {f"{place}: {name}": value for place in OTHER for name, value in desk.holds(place).items()}
    )
    return shown


def test_asks_with_the_list(awsprof: WatchedCommandLine, desk: Desk, stored: Identity) -> None:
    """A person sees what is moved before anything is; no leaves everything, and so does nobody there."""
    before = desk.holds(KEYRING)
    refused = awsprof("vault", "move", "file", answers=["n"])
    assert refused == Outcome(1, "", f"{JOURNAL}\n{stored.profile}\nNothing was moved.\n")
    assert awsprof.terminal.questions == ["Move 2 items from the OS keyring to the vault of files?"]
    unasked = awsprof("vault", "move", "file")
    assert unasked.status == 2
    assert unasked.stderr.endswith("Give it with --yes.\n")
    assert (desk.holds(KEYRING), desk.holds(FILE), desk.setting) == (before, {}, "auto")
    assert awsprof("vault", "move", "file", answers=["y"]).status == 0
    assert (desk.holds(KEYRING), desk.holds(FILE), desk.setting) == ({}, before, FILE)


def test_with_nothing_to_move_the_setting_follows_all_the_same(awsprof: WatchedCommandLine, desk: Desk) -> None:
    """What is stored from now on goes to where the person wants it."""
    said = "Nothing to move: the OS keyring holds no item. From now on the vault of files is in use.\n"
    for _ in range(2):
        assert awsprof("vault", "move", "file") == Outcome(0, said, "")
        assert desk.setting == FILE


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("target", [KEYRING, FILE])
@pytest.mark.parametrize("options", [["--yes"], ["--dry-run"], []])
def test_refuses_a_variable_that_forces_the_other(
    awsprof: WatchedCommandLine, desk: Desk, monkeypatch: pytest.MonkeyPatch, target: str, options: list[str]
) -> None:
    before = desk.holds(KEYRING)
    monkeypatch.setenv("AWSPROF_VAULT", OTHER[target])
    refused = awsprof("vault", "move", target, *options)
    words = {KEYRING: "the OS keyring", FILE: "the vault of files"}[target]
    assert refused == Outcome(
        2,
        "",
        f"Error: AWSPROF_VAULT is {OTHER[target]}, so what is moved to {words} would not be found here.\n"
        "Take it out of the environment with 'unset AWSPROF_VAULT', then run the command again.\n",
    )
    assert (desk.holds(KEYRING), desk.setting) == (before, "auto")
    monkeypatch.setenv("AWSPROF_VAULT", target)
    assert awsprof("vault", "move", target, "--yes").status == 0
    assert (desk.holds(target), desk.holds(OTHER[target])) == (before, {})


@pytest.mark.parametrize("words", [["vault", "status"], ["vault", "move", "file"], ["login", "dev"]], ids=" ".join)
def test_a_variable_that_names_no_back_end_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """Exit 2 in every command that would open the vault; nothing is guessed."""
    write_config(
        home,
        "[profile autochart_dev_paul]\nmfa_serial = arn:aws:iam::111111111111:mfa/paul\n"
        "credential_process = awsprof credential-process autochart_dev_paul\n",
    )
    monkeypatch.setenv("AWSPROF_VAULT", "files")
    options = ["--code", "123456"] if words[0] == "login" else []
    result = run(World(terminal=ScriptedTerminal()), *words, *options)  # type: ignore[arg-type]
    assert result == Outcome(2, "", "Error: AWSPROF_VAULT is 'files', which is no vault.\nSet it to keyring or file.\n")


def run(world: World, *words: str) -> Outcome:
    result = click.testing.CliRunner().invoke(main, list(words), obj=world)
    return Outcome(result.exit_code, result.stdout, result.stderr)


def test_what_differs_is_left_and_named(awsprof: WatchedCommandLine, desk: Desk, stored: Identity) -> None:
    """Somebody set the setting by hand, and then gave the profile other keys: neither is lost."""
    desk.files.values[stored.profile] = "other keys"
    write_settings(awsprof.home, 'vault = "file"\n')
    moved = awsprof("vault", "move", "file", "--yes")
    assert moved == Outcome(
        0,
        "Moved 1 item from the OS keyring to the vault of files, which is in use from now on.\n",
        f"Warning: {stored.profile}: the OS keyring holds something else than the vault of files, so both were left; "
        "that of the vault of files is in use, and 'awsprof vault move keyring' puts it in both's place.\n",
    )
    again = awsprof("vault", "move", "file", "--yes")
    assert again.stdout == (
        "Nothing to move: the OS keyring holds no other item. From now on the vault of files is in use.\n"
    )
    assert set(desk.holds(KEYRING)) == {stored.profile}
    assert json.loads(awsprof("vault", "move", "file", "--yes", "--json").stdout)["move"]["left"] == [stored.profile]


@pytest.mark.parametrize("target", [KEYRING, FILE])
@pytest.mark.parametrize("broken", [KEYRING, FILE])
@pytest.mark.parametrize("call", ["open", "get", "set"])
def test_a_back_end_that_fails_leaves_all_as_it_was(
    awsprof: WatchedCommandLine, desk: Desk, stored: Identity, target: str, broken: str, call: str
) -> None:
    """Exit 6 with the back end's own words; the old place and the setting are untouched, the new one is empty again."""
    if target == KEYRING:
        assert awsprof("vault", "move", "file", "--yes").status == 0
    before, setting = desk.holds(OTHER[target]), desk.setting
    back_end = desk.keyring if broken == KEYRING else desk.files

    def around(_: object, work: Callable[[], Any]) -> Any:
        if back_end.calls[-1] in (call, f"{call} {stored.profile}"):
            raise VaultLockedError("It is locked", hint="Unlock it.")
        return work()

    back_end.around = around
    moved = awsprof("vault", "move", target, "--yes")
    touched = call == "open" or broken == target or call == "get"
    assert moved.status == (6 if touched else 0)
    if touched:
        assert moved.stderr.startswith("Error: It is locked")
        assert moved.stderr.endswith("\nUnlock it.\n")
        assert (desk.holds(OTHER[target]), desk.holds(target), desk.setting) == (before, {}, setting)


def test_without_a_keyring_nothing_moves(awsprof: WatchedCommandLine, home: Path) -> None:
    """On a server: exit 6, and what is enough there."""
    moved = awsprof("vault", "move", "file", "--yes")
    assert moved == Outcome(
        6,
        "",
        "Error: There is no OS keyring here that keeps its items encrypted, so nothing can be moved.\n"
        "Run the command at the desktop, or 'awsprof settings set vault file' if none was ever used.\n",
    )
    assert not (home / ".config").exists()


def test_a_shared_file_that_cannot_be_read_hides_no_item(
    awsprof: WatchedCommandLine, desk: Desk, stored: Identity, home: Path
) -> None:
    """Without the profiles' names the items in a keyring are not known, so nothing is moved."""
    write_config(home, "[profile broken\n")
    assert awsprof("vault", "move", "file", "--yes").status == 5
    assert (set(desk.holds(KEYRING)), desk.setting) == ({stored.profile, JOURNAL}, "auto")


def test_settings_that_cannot_be_written_leave_all_as_it_was(
    awsprof: WatchedCommandLine, desk: Desk, stored: Identity, home: Path
) -> None:
    before = desk.holds(KEYRING)
    (home / ".config" / "awsprof").mkdir(parents=True)
    (home / ".config" / "awsprof" / "config.toml").mkdir()
    refused = awsprof("vault", "move", "file", "--yes")
    assert (refused.status, "config.toml is no plain file" in refused.stderr) == (2, True)
    assert (desk.holds(KEYRING), desk.holds(FILE)) == (before, {})


def test_a_slow_move_shows_what_it_does(awsprof: WatchedCommandLine, desk: Desk, stored: Identity) -> None:
    """One line a step where a line cannot be written over, on stderr; none when it is quick, or with --quiet."""

    def slowly(_: object, work: Callable[[], Any]) -> Any:
        awsprof.ahead += timedelta(seconds=0.2)
        return work()

    desk.keyring.around = slowly
    assert awsprof("vault", "move", "file", "--yes").stderr == (
        "Looking into the OS keyring, 10 items …\n"
        "Copying to the vault of files, 2 items …\n"
        "Reading back from the vault of files, 2 items …\n"
        "Removing from the OS keyring, 2 items …\n"
    )
    assert awsprof("vault", "move", "keyring", "--yes", "--quiet").stderr == ""


# --- what depends on the vault


def test_a_session_in_the_vault_moves(awsprof: WatchedCommandLine, desk: Desk, stored: Identity, aws: LocalAWS) -> None:
    """With ``session_store = "vault"`` no new login is needed after a move."""
    assert awsprof("settings", "set", "session_store", "vault").status == 0
    assert awsprof("login", stored.profile, "--code", stored.device.code()).status == 0
    answer = awsprof("credential-process", stored.profile).stdout
    for target in (FILE, KEYRING):
        assert awsprof("vault", "move", target, "--yes").status == 0
        assert f"{stored.profile}/session" in desk.holds(target)
        assert awsprof("credential-process", stored.profile).stdout == answer
    assert len(aws.calls_of("GetSessionToken")) == 1


def test_a_seed_moves(awsprof: WatchedCommandLine, desk: Desk, stored: Identity) -> None:
    """Sessions renew themselves before and after."""
    assert stored.device.seed is not None
    awsprof.vault.set(f"{stored.profile}/seed", stored.device.seed)
    marker = awsprof.home / ".local" / "state" / "awsprof" / "seeds" / stored.profile
    marker.parent.mkdir(parents=True)
    marker.touch()
    assert awsprof("vault", "move", "file", "--yes").status == 0
    assert awsprof("credential-process", stored.profile).status == 0
    assert desk.holds(KEYRING) == {}


@pytest.mark.parametrize("target", [KEYRING, FILE])
def test_undo_works_after_a_move(awsprof: WatchedCommandLine, desk: Desk, stored: Identity, target: str) -> None:
    """The journal's key moves too, and keys that an undo brings back go where the others are now."""
    assert awsprof("vault", "move", OTHER[target], "--yes").status == 0
    config, keys = awsprof.config, desk.holds(OTHER[target])[stored.profile]
    assert awsprof("remove", stored.profile, "--yes").status == 0
    assert awsprof("vault", "move", target, "--yes").status == 0
    assert awsprof("undo", "--yes").status == 0
    assert awsprof.config == config
    assert (desk.holds(target)[stored.profile], desk.holds(OTHER[target])) == (keys, {})
    assert awsprof("set", stored.profile, "output=json").status == 0
    assert awsprof("vault", "move", OTHER[target], "--yes").status == 0
    assert awsprof("undo", "--yes").status == 0
    assert awsprof.config == config


# --- settings that decide where things rest


def test_sessions_leave_the_disk_when_they_are_to_rest_in_the_vault(
    awsprof: WatchedCommandLine, desk: Desk, stored: Identity, home: Path
) -> None:
    """Else the fast path would go on serving them; the vault holds none yet, so a login is due."""
    assert awsprof("login", stored.profile, "--code", stored.device.code()).status == 0
    gone = session_file(home, "gone_dev_paul")
    gone.write_bytes(session_file(home, stored.profile).read_bytes())
    gone.chmod(0o600)
    assert cached_answer(["credential-process", stored.profile]) is not None
    changed = awsprof("settings", "set", "session_store", "vault")
    assert changed == Outcome(0, "", "The sessions there were are forgotten: 'awsprof login' starts new ones.\n")
    assert cached_answer(["credential-process", stored.profile]) is None
    assert (list(gone.parent.iterdir()), state_file(home, stored.profile).exists()) == ([], False)
    assert awsprof("credential-process", stored.profile).status == 8
    assert awsprof("settings", "set", "session_store", "vault") == Outcome(0, "", "")


@pytest.mark.parametrize("words", [["file"], ["--unset"]], ids=" ".join)
def test_sessions_leave_the_vault_when_they_are_to_rest_in_files(
    awsprof: WatchedCommandLine, desk: Desk, stored: Identity, home: Path, words: list[str]
) -> None:
    write_settings(home, 'session_store = "vault"\n')
    assert awsprof("login", stored.profile, "--code", stored.device.code()).status == 0
    desk.keyring.values[f"{stored.profile}/read-only/session"] = "1\n{}\n3600\n"
    assert f"{stored.profile}/session" in desk.holds(KEYRING)
    changed = awsprof("settings", "set", "session_store", *words)
    assert (changed.status, changed.stderr) == (
        0,
        "The sessions there were are forgotten: 'awsprof login' starts new ones.\n",
    )
    assert set(desk.holds(KEYRING)) == {stored.profile, JOURNAL}
    assert not state_file(home, stored.profile).exists()
    assert awsprof("credential-process", stored.profile).status == 8


def test_a_vault_that_fails_keeps_nobody_from_leaving_it(
    awsprof: WatchedCommandLine, desk: Desk, stored: Identity, home: Path
) -> None:
    """The setting is changed, and a warning says what stays behind."""
    write_settings(home, 'session_store = "vault"\n')

    def locked(_: object, work: Callable[[], Any]) -> Any:
        raise VaultLockedError("The OS keyring is locked")

    desk.keyring.around = locked
    changed = awsprof("settings", "set", "session_store", "file")
    assert changed == Outcome(
        0, "", "Warning: Sessions were left in the vault, until they expire: The OS keyring is locked.\n"
    )
    assert awsprof("settings", "get", "session_store").stdout == "file\n"


def test_a_session_delivered_by_file_goes_too(
    awsprof: WatchedCommandLine, desk: Desk, stored: Identity, home: Path
) -> None:
    """What the prompt shows is what the tools use: neither has a session afterwards."""
    assert awsprof("set", stored.profile, "awsprof_delivery=file").status == 0
    assert awsprof("login", stored.profile, "--code", stored.device.code()).status == 0
    credentials = home / ".aws" / "credentials"
    assert "aws_session_token" in credentials.read_text()
    assert awsprof("settings", "set", "session_store", "vault").status == 0
    assert "aws_session_token" not in credentials.read_text()


@pytest.mark.parametrize("target", [KEYRING, FILE])
def test_changing_the_vault_by_hand_warns_of_what_stays_behind(
    awsprof: WatchedCommandLine, desk: Desk, stored: Identity, target: str
) -> None:
    """In one line, with the command that helps; and that command then does."""
    before = desk.holds(KEYRING)
    if target == KEYRING:
        assert awsprof("vault", "move", "file", "--yes").status == 0
    left = {
        KEYRING: "The vault of files still holds 2 items",
        FILE: "The OS keyring still holds secrets",
    }[target]
    changed = awsprof("settings", "set", "vault", target)
    assert changed == Outcome(
        0,
        "",
        f"Warning: {left}, which awsprof reads no more: 'awsprof vault move {target}' moves what is there.\n",
    )
    assert awsprof("vault", "move", target, "--yes").status == 0
    assert (desk.holds(target), desk.holds(OTHER[target])) == (before, {})
    assert awsprof("settings", "set", "vault", target) == Outcome(0, "", "")


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("words", [["auto"], ["--unset"]], ids=" ".join)
def test_auto_reads_both_and_needs_no_warning(awsprof: WatchedCommandLine, desk: Desk, words: list[str]) -> None:
    desk.files.values["another"] = "item"
    write_settings(awsprof.home, 'vault = "keyring"\n')
    assert awsprof("settings", "set", "vault", *words) == Outcome(0, "", "")


@pytest.mark.parametrize("how", ["locked", "failing"])
def test_a_keyring_that_cannot_be_looked_into_opens_no_dialog(
    awsprof: WatchedCommandLine, desk: Desk, stored: Identity, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    desk.keyring.calls.clear()
    if how == "locked":
        locked = VaultStatus(KEYRING, None, None, True, False, None)
        monkeypatch.setattr(desk.keyring, "status", lambda: locked)
    else:

        def failing(_: object, work: Callable[[], Any]) -> Any:
            raise VaultUnavailableError("It does not answer")

        desk.keyring.around = failing
    changed = awsprof("settings", "set", "vault", "file")
    assert (changed.status, changed.stderr) == (
        0,
        "Warning: The OS keyring cannot be looked into now and may hold secrets, which awsprof reads no more: "
        "'awsprof vault move file' moves what is there.\n",
    )
    assert len(desk.keyring.calls) == (0 if how == "locked" else 1)


# --- how long a keyring is waited for


@pytest.fixture
def mute_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the address of a message bus that takes calls and answers none."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "bus"))
        server.listen()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'bus'}")
        before = set(threading.enumerate())
        yield
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
    collect_sockets()


@pytest.mark.usefixtures("mute_bus")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize(
    ("words", "limit"),
    [(["credential-process", "autochart_dev_paul"], "0.2 s"), (["exec", "autochart_dev_paul", "--", "true"], "0.3 s")],
    ids=["credential-process", "exec"],
)
def test_another_program_waits_less_long_than_a_person(
    home: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], limit: str
) -> None:
    """With a display the limits are 50 s and 120 s; here they are made shorter, and told apart by what is said."""
    monkeypatch.setattr("awsprof.vault.patience._CREDENTIAL_PROCESS_S", 0.2)
    monkeypatch.setattr("awsprof.vault.patience._PERSON_S", 0.3)
    monkeypatch.setenv("DISPLAY", ":99")
    write_config(
        home,
        "[profile autochart_dev_paul]\nregion = eu-west-1\n"
        "credential_process = awsprof credential-process autochart_dev_paul\n",
    )
    outcome = run(World(terminal=ScriptedTerminal()), *words)  # type: ignore[arg-type]
    assert (outcome.status, outcome.stdout) == (6, "")
    assert f"awsprof could not look for the OS keyring: no answer within {limit}.\n" in outcome.stderr
    assert "set AWSPROF_VAULT=file" in outcome.stderr
