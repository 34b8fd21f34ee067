"""The vault of files: how it is made, opened, kept open, and what damage does to it."""

from __future__ import annotations

import os
import shlex
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from awsprof.errors import AnswerNeededError, VaultError, VaultLockedError, VaultUnavailableError
from awsprof.vault import AgeVault, PassphraseSources, age
from tests.test_vault.conftest import PASSPHRASE, MadeVault, age_vault

if TYPE_CHECKING:
    from pathlib import Path

    from awsprof.places import Places

SECRET = "Qm9TXsecret"
HOW_TO_UNLOCK = "Run 'awsprof vault unlock' in a terminal, or set AWSPROF_VAULT_PASSPHRASE_COMMAND."


def printing(text: str, status: int = 0) -> str:
    """Return a passphrase command that prints *text*, with quotes and spaces in its own words."""
    code = f"import sys; sys.stdout.write({text!r}); sys.stderr.write({SECRET!r}); sys.exit({status})"
    return shlex.join([sys.executable, "-c", code])


# --- making it


def test_a_person_agrees_and_types_the_passphrase_twice(places: Places) -> None:
    questions: list[str] = []

    def ask(question: str) -> str:
        questions.append(question)
        return PASSPHRASE

    def confirm() -> bool:
        questions.append("make it?")
        return True

    vault = AgeVault(places.vault, runtime=None, passphrases=PassphraseSources({}, ask), confirm_create=confirm)
    vault.set("item", SECRET)
    assert vault.get("item") == SECRET, "the process that made it has it open"
    assert questions == ["make it?", "New passphrase for awsprof's vault", "The same passphrase again"]
    files = sorted(path.relative_to(places.vault) for path in places.vault.rglob("*"))
    assert [str(path) for path in files] == ["identity.age", "items", "items/item.age", "lock", "recipient.txt"]
    modes = {str(path.relative_to(places.vault)): path.stat().st_mode & 0o777 for path in places.vault.rglob("*")}
    assert modes == {
        "identity.age": 0o600,
        "items": 0o700,
        "items/item.age": 0o600,
        "lock": 0o600,
        "recipient.txt": 0o600,
    }
    assert places.vault.stat().st_mode & 0o777 == 0o700
    assert not [path for path in places.vault.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def test_two_different_passphrases_make_no_vault(places: Places) -> None:
    answers = iter(["one", "other"])
    sources = PassphraseSources({}, lambda question: next(answers))
    vault = AgeVault(places.vault, runtime=None, passphrases=sources, confirm_create=lambda: True)
    with pytest.raises(VaultError, match="The two passphrases differ"):
        vault.set("item", SECRET)
    assert not places.vault.exists()


def test_an_empty_passphrase_makes_no_vault(places: Places) -> None:
    sources = PassphraseSources({}, lambda question: "")
    vault = AgeVault(places.vault, runtime=None, passphrases=sources, confirm_create=lambda: True)
    with pytest.raises(VaultLockedError, match="An empty passphrase"):
        vault.set("item", SECRET)
    assert not places.vault.exists()


def _nobody() -> bool:
    raise AnswerNeededError("Making a vault", option="--yes")


@pytest.mark.parametrize(
    ("confirm", "again"), [(None, "in a terminal"), (lambda: False, "again"), (_nobody, "in a terminal")]
)
def test_without_consent_no_vault_is_made(places: Places, confirm: object, again: str) -> None:
    sources = PassphraseSources({}, lambda question: PASSPHRASE)
    vault = AgeVault(places.vault, runtime=None, passphrases=sources, confirm_create=confirm)  # type: ignore[arg-type]
    with pytest.raises(VaultUnavailableError, match="There is no vault of files yet") as caught:
        vault.set("item", SECRET)
    assert "AWSPROF_VAULT_PASSPHRASE_COMMAND" in str(caught.value.hint)
    assert f"Run the command {again} to make one" in str(caught.value.hint)
    assert caught.value.status == 6
    assert not places.vault.exists()


def test_reading_a_vault_never_made_asks_nothing(places: Places) -> None:
    def ask(question: str) -> str:
        raise AssertionError(question)

    vault = AgeVault(places.vault, runtime=places.runtime, passphrases=PassphraseSources({}, ask))
    assert (vault.get("item"), vault.delete("item"), vault.status().exists) == (None, False, False)
    assert not places.vault.exists()


def test_no_second_identity_is_made_beside_items_of_a_lost_one(unlocked_vault: AgeVault, places: Places) -> None:
    unlocked_vault.set("item", SECRET)
    (places.vault / "identity.age").unlink()
    vault = age_vault(places.vault, places.runtime, {"AWSPROF_VAULT_PASSPHRASE": PASSPHRASE})
    with pytest.raises(VaultError, match=r"identity\.age is missing"):
        vault.set("other", SECRET)
    assert not (places.vault / "identity.age").exists()


# --- opening it


def test_storing_needs_no_passphrase_and_reading_does(closed_vault: AgeVault) -> None:
    closed_vault.set("item", SECRET)
    with pytest.raises(VaultLockedError) as caught:
        closed_vault.get("item")
    assert (caught.value.message, caught.value.hint) == ("The vault needs its passphrase", HOW_TO_UNLOCK)


@pytest.mark.parametrize("error", [AnswerNeededError("It", option="--x"), EOFError(), OSError(6, "no tty")])
def test_a_terminal_that_cannot_be_asked_leaves_the_vault_locked(
    closed_vault: AgeVault, places: Places, error: Exception
) -> None:
    def ask(question: str) -> str:
        raise error

    closed_vault.set("item", SECRET)
    vault = AgeVault(places.vault, runtime=places.runtime, passphrases=PassphraseSources({}, ask))
    with pytest.raises(VaultLockedError) as caught:
        vault.get("item")
    assert caught.value.hint == HOW_TO_UNLOCK


def test_a_wrong_passphrase_is_said_to_be_wrong(closed_vault: AgeVault, places: Places) -> None:
    closed_vault.set("item", SECRET)
    vault = age_vault(places.vault, places.runtime, {"AWSPROF_VAULT_PASSPHRASE": "wr0ng-passphrase"})
    with pytest.raises(VaultLockedError) as caught:
        vault.get("item")
    shown = "".join(traceback.format_exception(caught.value))
    assert caught.value.message == "The passphrase is wrong"
    assert caught.value.hint == "It came from AWSPROF_VAULT_PASSPHRASE."
    assert "wr0ng" not in f"{shown}{caught.value!r}"


def test_the_passphrase_command_opens_the_vault_once_in_a_process(closed_vault: AgeVault, places: Places) -> None:
    """The format's second of work is spent once, and one final newline is not part of the passphrase."""
    closed_vault.set("item", SECRET)
    environ = dict(os.environ, AWSPROF_VAULT_PASSPHRASE_COMMAND=printing(f"{PASSPHRASE}\n"))
    vault = age_vault(places.vault, places.runtime, environ)
    assert vault.get("item") == SECRET
    start = time.monotonic()
    assert [vault.get("item") for _ in range(20)] == [SECRET] * 20
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("printed", "expected"),
    [('it\'s "quoted" \\ $HOME', 'it\'s "quoted" \\ $HOME'), ("a\n\n", "a\n"), ("ü \n", "ü "), (" \t", " \t")],
)
def test_what_the_command_prints_is_the_passphrase_less_one_newline(printed: str, expected: str) -> None:
    environ = dict(os.environ, AWSPROF_VAULT_PASSPHRASE_COMMAND=printing(printed))
    assert PassphraseSources(environ, None).current().text == expected


def test_the_variable_goes_before_the_command_and_the_command_before_the_person() -> None:
    environ = dict(os.environ, AWSPROF_VAULT_PASSPHRASE_COMMAND=printing("from command"))
    sources = [
        PassphraseSources(environ | {"AWSPROF_VAULT_PASSPHRASE": "from variable"}, lambda question: "typed"),
        PassphraseSources(environ, lambda question: "typed"),
        PassphraseSources({"AWSPROF_VAULT_PASSPHRASE": ""}, lambda question: "typed"),
    ]
    assert [source.current().text for source in sources] == ["from variable", "from command", "typed"]
    assert "from variable" not in f"{sources[0].current()!r}"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (printing(SECRET, 3), "The command in AWSPROF_VAULT_PASSPHRASE_COMMAND failed with exit status 3"),
        (printing(""), "The command in AWSPROF_VAULT_PASSPHRASE_COMMAND printed no passphrase"),
        (printing("\n"), "The command in AWSPROF_VAULT_PASSPHRASE_COMMAND printed no passphrase"),
        (f"no-such-{SECRET} x", "The command in AWSPROF_VAULT_PASSPHRASE_COMMAND could not be started: "),
        (f"echo '{SECRET}", "AWSPROF_VAULT_PASSPHRASE_COMMAND has a quote without its other half"),
        (" ", "AWSPROF_VAULT_PASSPHRASE_COMMAND names no command"),
        (f"echo {SECRET} \0", "The command in AWSPROF_VAULT_PASSPHRASE_COMMAND could not be started: "),
    ],
)
def test_a_command_that_fails_is_reported_without_its_words_or_output(
    command: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    sources = PassphraseSources({**os.environ, "AWSPROF_VAULT_PASSPHRASE_COMMAND": command}, None)
    with pytest.raises(VaultError) as caught:
        sources.current()
    out, err = capfd.readouterr()
    assert caught.value.message.startswith(message)
    assert SECRET not in f"{caught.value!r}{caught.value.hint}{out}{err}"


def test_no_shell_reads_the_passphrase_command(tmp_path: Path) -> None:
    command = f"echo $HOME;touch {tmp_path / 'ran'}"
    sources = PassphraseSources({**os.environ, "AWSPROF_VAULT_PASSPHRASE_COMMAND": command}, None)
    assert sources.current().text == f"$HOME;touch {tmp_path / 'ran'}"
    assert not (tmp_path / "ran").exists()


# --- keeping it open


def test_unlock_serves_later_commands_until_it_expires(closed_vault: AgeVault, places: Places) -> None:
    now = [1_800_000_000.0]
    sources = PassphraseSources({"AWSPROF_VAULT_PASSPHRASE": PASSPHRASE}, None)
    opener = AgeVault(places.vault, runtime=places.runtime, passphrases=sources, clock=lambda: now[0])
    opener.set("item", SECRET)
    until = datetime.fromtimestamp(1_800_028_800, UTC)
    assert opener.unlock(8 * 3600) == until
    assert places.runtime is not None
    file = places.runtime / "vault-identity"
    lines = file.read_text().splitlines()
    assert (lines[0], lines[1][:16], len(lines)) == ("1800028800", "AGE-SECRET-KEY-1", 2)
    assert (file.stat().st_mode & 0o777, places.runtime.stat().st_mode & 0o777) == (0o600, 0o700)

    def later() -> AgeVault:
        nobody = PassphraseSources({}, None)
        return AgeVault(places.vault, runtime=places.runtime, passphrases=nobody, clock=lambda: now[0])

    assert later().get("item") == SECRET
    assert (later().status().unlocked, later().status().unlocked_until) == (True, until)
    now[0] += 8 * 3600
    with pytest.raises(VaultLockedError):
        later().get("item")
    assert not file.exists(), "one found expired is removed"
    assert (later().status().unlocked, later().status().unlocked_until) == (False, None)


def test_lock_ends_it(unlocked_vault: AgeVault, places: Places) -> None:
    unlocked_vault.set("item", SECRET)
    assert unlocked_vault.get("item") == SECRET
    assert [unlocked_vault.lock(), unlocked_vault.lock()] == [True, False]
    with pytest.raises(VaultLockedError):
        unlocked_vault.get("item")


def test_unlocking_takes_the_passphrase_even_when_unlocked(unlocked_vault: AgeVault) -> None:
    with pytest.raises(VaultLockedError):
        unlocked_vault.unlock(3600)


def test_without_a_directory_in_memory_unlock_names_the_way(
    closed_vault: AgeVault, places: Places, tmp_path: Path
) -> None:
    """Nor is one used that others may look into."""
    loose = tmp_path / "loose"
    loose.mkdir(mode=0o755)
    for runtime in (None, loose / "awsprof", tmp_path / "missing" / "awsprof"):
        vault = age_vault(places.vault, runtime, {"AWSPROF_VAULT_PASSPHRASE": PASSPHRASE})
        with pytest.raises(VaultUnavailableError) as caught:
            vault.unlock(3600)
        assert "AWSPROF_VAULT_PASSPHRASE_COMMAND" in str(caught.value.hint)
    assert list(loose.iterdir()) == []


def test_unlocking_a_vault_never_made_says_so(places: Places) -> None:
    with pytest.raises(VaultUnavailableError, match="There is no vault of files yet"):
        age_vault(places.vault, places.runtime).unlock(3600)


@pytest.mark.parametrize("spoil", ["mode", "symlink", "hard link", "torn", "no expiry", "other vault", "owner"])
def test_an_identity_in_memory_that_is_not_surely_ours_is_ignored(
    unlocked_vault: AgeVault, places: Places, spoil: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert places.runtime is not None
    file = places.runtime / "vault-identity"
    text = file.read_text()
    unlocked_vault.set("item", SECRET)
    match spoil:
        case "mode":
            file.chmod(0o640)
        case "symlink":
            file.rename(places.runtime / "elsewhere")
            file.symlink_to(places.runtime / "elsewhere")
        case "hard link":
            os.link(file, places.runtime / "second")
        case "torn":
            file.write_text(text[:40])
        case "no expiry":
            file.write_text("soon\n" + text.partition("\n")[2])
        case "other vault":
            file.write_text(f"{text.partition(chr(10))[0]}\n{age.new_identity()}\n")
        case "owner":
            uid = os.geteuid()
            monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    with pytest.raises(VaultLockedError, match="needs its passphrase"):
        age_vault(places.vault, places.runtime).get("item")


# --- damage


def test_a_vault_without_its_public_half_is_completed(closed_vault: AgeVault, places: Places) -> None:
    """As a kill between the two files leaves it; nobody's passphrase, nothing stored."""
    recipient = places.vault / "recipient.txt"
    whole = recipient.read_text()
    recipient.unlink()
    with pytest.raises(VaultLockedError):
        closed_vault.set("item", SECRET)
    recipient.write_text(whole[:20])
    (places.vault / ".awsprof-0123456789abcdef").write_bytes(b"left behind")
    vault = age_vault(places.vault, None, {"AWSPROF_VAULT_PASSPHRASE": PASSPHRASE})
    vault.set("item", SECRET)
    assert (vault.get("item"), recipient.read_text()) == (SECRET, whole)


def test_a_foreign_public_half_is_found_out(closed_vault: AgeVault, places: Places) -> None:
    (places.vault / "recipient.txt").write_text(age.recipient_of(age.new_identity()) + "\n")
    closed_vault.set("item", SECRET)
    with pytest.raises(VaultError, match=r"recipient\.txt does not belong to identity\.age"):
        age_vault(places.vault, None, {"AWSPROF_VAULT_PASSPHRASE": PASSPHRASE}).get("item")


@pytest.mark.parametrize("data", [b"", b"age-encryption.org/v1\n", b"\0\xff" * 200, b"AGE-SECRET-KEY-1"])
def test_a_damaged_identity_is_said_to_be_damaged(closed_vault: AgeVault, places: Places, data: bytes) -> None:
    closed_vault.set("item", SECRET)
    (places.vault / "identity.age").write_bytes(data)
    with pytest.raises(VaultError, match=r"identity\.age is damaged") as caught:
        age_vault(places.vault, None, {"AWSPROF_VAULT_PASSPHRASE": PASSPHRASE}).get("item")
    assert type(caught.value) is VaultError


def test_a_torn_or_foreign_item_is_an_error_with_its_name(unlocked_vault: AgeVault, places: Places) -> None:
    unlocked_vault.set("item", SECRET)
    unlocked_vault.set("other", "of another name")
    file = places.vault / "items" / "item.age"
    whole = file.read_bytes()
    recipient = (places.vault / "recipient.txt").read_text().strip()
    spoiled = [
        b"",
        whole[: len(whole) // 2],
        whole[:-1],
        whole[:-1] + bytes([whole[-1] ^ 1]),
        whole + b"x",
        b"\0\xff" * 100,
        age.encrypt(b"awsprof item item\nvalue", age.recipient_of(age.new_identity())),
        age.encrypt(b"no header", recipient),
        age.encrypt(b"awsprof item item\n\xff\xfe", recipient),
        (places.vault / "items" / "other.age").read_bytes(),
    ]
    for data in spoiled:
        file.write_bytes(data)
        with pytest.raises(VaultError) as caught:
            unlocked_vault.get("item")
        assert caught.value.message == "The vault's file of 'item' is damaged, or is not this vault's"
        assert SECRET not in "".join(traceback.format_exception(caught.value))
    unlocked_vault.set("item", SECRET)
    assert unlocked_vault.get("item") == SECRET


def test_files_that_cannot_be_read_or_written_are_one_sentence(unlocked_vault: AgeVault, places: Places) -> None:
    items = places.vault / "items"
    items.rmdir() if items.exists() else None
    items.write_bytes(b"a file where a directory should be")
    with pytest.raises(VaultUnavailableError, match="awsprof cannot store 'item' in the vault: "):
        unlocked_vault.set("item", SECRET)
    assert unlocked_vault.get("item") is None


def test_a_loose_directory_is_tightened_when_an_item_is_stored(unlocked_vault: AgeVault, places: Places) -> None:
    unlocked_vault.set("item", "1")
    (places.vault / "items").chmod(0o755)
    unlocked_vault.set("item", "2")
    assert (places.vault / "items").stat().st_mode & 0o777 == 0o700


def test_nothing_secret_shows_in_a_vaults_repr(unlocked_vault: AgeVault, made_vault: MadeVault) -> None:
    unlocked_vault.set("item", SECRET)
    unlocked_vault.get("item")
    shown = f"{unlocked_vault!r}{unlocked_vault}{unlocked_vault.status()!r}"
    assert SECRET not in shown
    assert made_vault.identity not in shown


# --- the names of its items


def test_the_names_take_no_passphrase(closed_vault: AgeVault) -> None:
    names = [".hidden", "autochart_prod_paul", "autochart_prod_paul/seed", "no text \udc80", "ünï\ncödé"]
    for name in names:
        closed_vault.set(name, SECRET)
    assert closed_vault.items() == sorted(names)


def test_a_name_too_long_for_a_file_is_read_from_inside(closed_vault: AgeVault, places: Places) -> None:
    closed_vault.set("x" * 300, SECRET)
    with pytest.raises(VaultLockedError, match="needs its passphrase"):
        closed_vault.items()
    opened = age_vault(places.vault, None, {"AWSPROF_VAULT_PASSPHRASE": PASSPHRASE})
    assert opened.items() == ["x" * 300]
    (file,) = (places.vault / "items").iterdir()
    file.write_bytes(b"torn")
    with pytest.raises(VaultError, match="is damaged") as caught:
        opened.items()
    assert str(file) in str(caught.value.hint)


def test_what_is_no_items_file_has_no_name(unlocked_vault: AgeVault, places: Places) -> None:
    unlocked_vault.set("item", SECRET)
    items = places.vault / "items"
    for name in ("notes.txt", "Upper.age", "%zz.age", "%2F%2f.age", ".age", "..age", ".awsprof-1-0123456789abcdef"):
        (items / name).write_bytes(b"")
    assert unlocked_vault.items() == ["item"]


def test_opening_makes_the_vault_once(places: Places) -> None:
    environ = {"AWSPROF_VAULT_PASSPHRASE": PASSPHRASE}
    vault = age_vault(places.vault, None, environ)
    vault.open()
    before = (places.vault / "identity.age").read_bytes()
    age_vault(places.vault, None, environ).open()
    assert ((places.vault / "identity.age").read_bytes(), vault.items()) == (before, [])
    with pytest.raises(VaultLockedError):
        age_vault(places.vault, None).open()
    with pytest.raises(VaultUnavailableError, match="There is no vault of files yet"):
        age_vault(places.vault / "another", None).open()
