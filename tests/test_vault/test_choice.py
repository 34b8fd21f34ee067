"""Which vault is chosen, and how the two go together."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from awsprof.errors import UsageError, VaultLockedError, VaultUnavailableError
from awsprof.vault import AgeVault, BackEnds, KeyringVault, Patience, VaultInForce, VaultStatus
from awsprof.vault.choice import KeyringElseFiles
from awsprof.vault.names import ItemNames
from tests.test_vault.conftest import PASSPHRASE, MadeVault, age_vault
from tests.test_vault.test_keyring_vault import DictBackend, FailingBackend

if TYPE_CHECKING:
    from awsprof.places import Places
    from awsprof.vault import ChosenVault


def choose(setting: str, places: Places, **environ: str) -> ChosenVault:
    back_ends = BackEnds({**os.environ, **environ}, places, Patience(), ask_passphrase=None, confirm_create=None)
    return VaultInForce(back_ends, lambda: setting)


@pytest.fixture
def files(unlocked_vault: AgeVault) -> AgeVault:
    """Return an unlocked vault of files."""
    return unlocked_vault


@pytest.fixture
def names(places: Places) -> ItemNames:
    return ItemNames(places.state / "keyring-items")


@pytest.fixture
def keyring(names: ItemNames) -> KeyringVault:
    return KeyringVault(DictBackend(), Patience(), names=names)


@pytest.mark.parametrize("value", ["auto", "KEYRING", "files", "x\x1b[31m"])
def test_the_variable_takes_two_words_only(places: Places, value: str) -> None:
    with pytest.raises(UsageError, match="AWSPROF_VAULT is ") as caught:
        choose("auto", places, AWSPROF_VAULT=value)
    assert (caught.value.status, "\x1b" in str(caught.value)) == (2, False)


@pytest.mark.usefixtures("keyring_daemon")
def test_auto_takes_the_keyring_where_there_is_one(places: Places) -> None:
    vault = choose("auto", places)
    vault.set("auto", "value")
    assert (vault.name, vault.get("auto"), places.vault.exists()) == ("keyring", "value", False)
    expected = VaultStatus("keyring", "keyring.backends.SecretService.Keyring", None, True, True, None)
    assert vault.status() == expected
    assert (vault.unlock(3600), vault.lock()) == (None, False), "the desktop unlocks and locks it"
    assert vault.delete("auto") is True


@pytest.mark.usefixtures("keyring_daemon")
def test_the_variable_goes_before_the_setting(places: Places, made_vault: MadeVault) -> None:
    made_vault.copy_to(places, unlocked=True)
    assert choose("keyring", places, AWSPROF_VAULT="file").name == "file"
    assert choose("file", places, AWSPROF_VAULT="keyring").name == "keyring"
    assert choose("file", places).name == "file"
    assert choose("auto", places, AWSPROF_VAULT="").name == "keyring"


def test_keyring_and_none_there_is_an_error_and_never_files(places: Places) -> None:
    vault = choose("keyring", places, AWSPROF_VAULT_PASSPHRASE=PASSPHRASE)
    for call in (lambda: vault.get("item"), lambda: vault.set("item", "x"), lambda: vault.delete("item")):
        with pytest.raises(VaultUnavailableError, match="There is no OS keyring here") as caught:
            call()
        assert "AWSPROF_VAULT=file" in str(caught.value.hint)
    assert not places.vault.exists()


def test_auto_without_a_keyring_makes_no_vault_silently(places: Places) -> None:
    vault = choose("auto", places)
    assert (vault.get("item"), vault.delete("item")) == (None, False)
    with pytest.raises(VaultUnavailableError) as caught:
        vault.set("item", "value")
    assert caught.value.message == "There is no vault of files yet, and no OS keyring here"
    assert not places.vault.exists()


def test_with_a_passphrase_in_the_environment_the_vault_is_made_without_asking(places: Places) -> None:
    vault = choose("auto", places, AWSPROF_VAULT_PASSPHRASE=PASSPHRASE)
    vault.set("item", "value")
    assert (vault.name, vault.get("item")) == ("file", "value")
    expected = VaultStatus("file", None, places.vault, True, False, None)
    assert vault.status() == expected


def test_a_locked_keyring_is_no_reason_to_write_files(files: AgeVault, names: ItemNames) -> None:
    from keyring.errors import KeyringLocked

    locked = KeyringVault(FailingBackend(KeyringLocked("locked")), Patience())
    vault = KeyringElseFiles(lambda: locked, files, names)
    for call in (lambda: vault.get("item"), lambda: vault.set("item", "x"), lambda: vault.delete("item")):
        with pytest.raises(VaultLockedError):
            call()
    assert files.holds("item") is False
    files.set("item", "stored by ssh")
    assert vault.get("item") == "stored by ssh"


def test_what_was_stored_without_a_keyring_is_found_with_one(
    files: AgeVault, keyring: KeyringVault, names: ItemNames
) -> None:
    by_ssh, at_the_desktop = (
        KeyringElseFiles(lambda: None, files, names),
        KeyringElseFiles(lambda: keyring, files, names),
    )
    by_ssh.set("item", "by ssh")
    assert at_the_desktop.get("item") == "by ssh"


def test_the_newer_of_two_copies_is_returned(files: AgeVault, keyring: KeyringVault, names: ItemNames) -> None:
    """Keys are stored at the desktop, then rotated by ssh: back at the desktop the old ones must not come up."""
    by_ssh, at_the_desktop = (
        KeyringElseFiles(lambda: None, files, names),
        KeyringElseFiles(lambda: keyring, files, names),
    )
    at_the_desktop.set("item", "old")
    by_ssh.set("item", "rotated")
    assert at_the_desktop.get("item") == "rotated"
    at_the_desktop.set("item", "newest")
    assert (at_the_desktop.get("item"), files.holds("item"), keyring.get("item")) == ("newest", False, "newest")


def test_what_is_only_in_a_keyring_out_of_reach_is_not_said_to_be_nowhere(
    files: AgeVault, keyring: KeyringVault, names: ItemNames
) -> None:
    """Stored at the desktop, read by ssh: who believed that there are no keys would replace good ones."""
    by_ssh, at_the_desktop = (
        KeyringElseFiles(lambda: None, files, names),
        KeyringElseFiles(lambda: keyring, files, names),
    )
    at_the_desktop.set("item", "value")
    with pytest.raises(VaultUnavailableError, match="'item' was stored in the OS keyring, and there is none") as caught:
        by_ssh.get("item")
    assert "at the desktop" in str(caught.value.hint)
    assert by_ssh.get("never stored") is None
    by_ssh.set("item", "by ssh")
    assert by_ssh.get("item") == "by ssh"
    at_the_desktop.delete("item")
    assert by_ssh.get("item") is None


def test_deleting_leaves_no_copy(files: AgeVault, keyring: KeyringVault, names: ItemNames) -> None:
    vault = KeyringElseFiles(lambda: keyring, files, names)
    files.set("item", "in files")
    keyring.set("item", "in the keyring")
    assert [vault.delete("item"), vault.delete("item")] == [True, False]
    assert (files.get("item"), keyring.get("item")) == (None, None)
    files.set("only in files", "1")
    keyring.set("only in the keyring", "2")
    assert [vault.delete("only in files"), vault.delete("only in the keyring")] == [True, True]


def test_unlock_opens_the_files_where_there_are_some(
    closed_vault: AgeVault, places: Places, keyring: KeyringVault, names: ItemNames
) -> None:
    files = age_vault(places.vault, places.runtime, {"AWSPROF_VAULT_PASSPHRASE": PASSPHRASE})
    closed_vault.set("item", "value")
    vault = KeyringElseFiles(lambda: keyring, files, names)
    assert vault.unlock(3600) is not None
    assert (closed_vault.get("item"), vault.lock(), vault.lock()) == ("value", True, False)
