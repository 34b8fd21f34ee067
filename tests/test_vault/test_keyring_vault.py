"""The OS keyring: which one is taken, how long it is waited for, and what is said when it fails."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING

import keyring.errors
import pytest

from awsprof.errors import VaultError, VaultLockedError, VaultUnavailableError
from awsprof.vault import KeyringVault, Patience
from awsprof.vault.names import ItemNames
from tests.test_vault.conftest import ROOT, collect_sockets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from awsprof.vault.keyring_vault import KeyringBackend
    from tests.keyring_daemon import KeyringDaemon

# The library leaves its socket to the garbage collector when the keyring is locked or gone.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

SECRET = "Qm9TXsecret"


class DictBackend:
    """A back end of the library's kind, in memory."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.items.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("not found")


class HangingBackend(DictBackend):
    """One that never answers, as a broken desktop's does not."""

    def get_password(self, service: str, username: str) -> str | None:
        threading.Event().wait()
        raise AssertionError

    def set_password(self, service: str, username: str, password: str) -> None:
        threading.Event().wait()


class FailingBackend(DictBackend):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def get_password(self, service: str, username: str) -> str | None:
        raise self._error

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self._error

    def delete_password(self, service: str, username: str) -> None:
        raise self._error


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


def test_without_a_message_bus_there_is_no_keyring_and_nothing_is_loaded() -> None:
    script = "import sys; from awsprof.vault import *; print(KeyringVault.find(Patience()), 'keyring' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout == "None False\n"


@pytest.mark.parametrize(
    "address", ["unix:path=/nonexistent/bus", "disabled:", "nonsense", "tcp:host=localhost,port=1"]
)
def test_a_message_bus_that_is_not_there_is_no_keyring(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    start = time.monotonic()
    assert KeyringVault.find(Patience(limit_s=4)) is None
    assert time.monotonic() - start < 3


@pytest.mark.usefixtures("mute_bus")
def test_a_message_bus_that_does_not_answer_is_an_error_and_not_an_absence() -> None:
    with pytest.raises(VaultUnavailableError, match=r"no answer within 0\.5 s"):
        KeyringVault.find(Patience(limit_s=0.5))


@pytest.mark.usefixtures("mute_bus")
def test_a_call_that_hangs_does_not_keep_the_process() -> None:
    script = (
        "from awsprof.vault import *\n"
        "try: KeyringVault.find(Patience(limit_s=1))\n"
        "except Exception as error: print(type(error).__name__)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=20
    )
    assert (result.stdout, result.stderr) == ("VaultUnavailableError\n", "")


def test_a_hanging_keyring_is_given_up_at_the_limit_with_one_notice() -> None:
    notices: list[float] = []
    start = time.monotonic()
    vault = KeyringVault(HangingBackend(), Patience(0.4, 0.1, lambda: notices.append(time.monotonic() - start)))
    for call in (lambda: vault.get("item"), lambda: vault.set("item", SECRET), lambda: vault.delete("item")):
        with pytest.raises(VaultUnavailableError, match=r"no answer within 0\.4 s") as caught:
            call()
        assert SECRET not in f"{caught.value}{caught.value.hint}"
    assert time.monotonic() - start < 4
    assert len(notices) == 1
    assert notices[0] >= 0.1


def test_a_quick_keyring_gives_no_notice() -> None:
    notices: list[None] = []
    vault = KeyringVault(DictBackend(), Patience(5, 1, lambda: notices.append(None)))
    vault.set("item", "value")
    assert (vault.get("item"), notices) == ("value", [])


@pytest.mark.parametrize(
    ("environ", "terminal", "credential_process", "expected"),
    [
        ({}, False, False, (5, None)),
        ({}, False, True, (5, None)),
        ({}, True, False, (120, 2)),
        ({"DISPLAY": ":0"}, False, False, (120, 2)),
        ({"WAYLAND_DISPLAY": "wayland-0"}, False, True, (50, 2)),
    ],
)
def test_patience_fits_who_is_there(
    environ: dict[str, str], terminal: bool, credential_process: bool, expected: tuple[float, float | None]
) -> None:
    patience = Patience.fitting(environ, terminal=terminal, credential_process=credential_process, platform="linux")
    assert (patience.limit_s, patience.notice_after_s) == expected


def test_a_locked_keyring_is_said_to_be_locked(own_keyring_daemon: KeyringDaemon) -> None:
    vault = KeyringVault.find(Patience())
    assert vault is not None
    vault.set("item", SECRET)
    assert vault.status().unlocked is True
    own_keyring_daemon.lock()
    start = time.monotonic()
    for call in (lambda: vault.get("item"), lambda: vault.set("item", SECRET), lambda: vault.delete("item")):
        with pytest.raises(VaultLockedError, match="it is locked") as caught:
            call()
        assert "AWSPROF_VAULT=file" in str(caught.value.hint)
    assert time.monotonic() - start < 5
    assert vault.status().unlocked is False
    assert KeyringVault.find(Patience()) is not None, "locked is not absent"


def test_a_keyring_that_went_away_is_unavailable(own_keyring_daemon: KeyringDaemon) -> None:
    vault = KeyringVault.find(Patience())
    assert vault is not None
    own_keyring_daemon.stop()
    with pytest.raises(VaultUnavailableError, match="does not work here"):
        vault.get("item")


@pytest.mark.usefixtures("keyring_daemon")
def test_items_lie_under_the_service_awsprof_in_the_encrypted_backend() -> None:
    from keyring.backends import SecretService

    library: KeyringBackend = SecretService.Keyring()  # type: ignore[no-untyped-call]
    vault = KeyringVault.find(Patience())
    assert vault is not None
    vault.set("where", "value")
    assert vault.keyring_class == "keyring.backends.SecretService.Keyring"
    assert library.get_password("awsprof", "where") == "value"


def test_a_plain_text_backend_is_never_used(
    keyring_daemon: KeyringDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However loudly the environment asks for it, and also where there is no other."""
    (tmp_path / "plain_backend.py").write_text(
        "import pathlib, keyring.backend\n"
        "class Keyring(keyring.backend.KeyringBackend):\n"
        "    priority = 99\n"
        f"    def get_password(self, service, username): pathlib.Path({str(tmp_path / 'used')!r}).touch()\n"
        f"    def set_password(self, service, username, p): pathlib.Path({str(tmp_path / 'used')!r}).write_text(p)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "plain_backend.Keyring")
    script = (
        "import os; from awsprof.vault import *\n"
        "vault = KeyringVault.find(Patience())\n"
        "vault.set('plain', 'value'); print(vault.keyring_class, vault.get('plain'))\n"
        "del os.environ['DBUS_SESSION_BUS_ADDRESS']; print(KeyringVault.find(Patience()))"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout == "keyring.backends.SecretService.Keyring value\nNone\n"
    assert not (tmp_path / "used").exists()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (keyring.errors.KeyringLocked(SECRET), VaultLockedError),
        (keyring.errors.InitError(SECRET), VaultUnavailableError),
        (keyring.errors.PasswordSetError(SECRET), VaultError),
        (keyring.errors.KeyringError(SECRET), VaultError),
        (ConnectionResetError(SECRET), VaultUnavailableError),
        (ValueError(SECRET), VaultError),
        (UnicodeEncodeError("utf-8", SECRET, 0, 1, SECRET), VaultError),
    ],
)
def test_the_librarys_errors_become_ours_without_their_words(error: Exception, expected: type[VaultError]) -> None:
    vault = KeyringVault(FailingBackend(error), Patience())
    for call in (lambda: vault.get("item"), lambda: vault.set("item", SECRET), lambda: vault.delete("item")):
        with pytest.raises(VaultError) as caught:
            call()
        shown = "".join(traceback.format_exception(caught.value))
        assert type(caught.value) is expected
        assert SECRET not in f"{shown}{caught.value!r}{caught.value.hint}{vars(caught.value)}"


def test_the_macos_keychain_locked_over_ssh_is_locked() -> None:
    """The library hides that status in the cause of a general error."""
    error = keyring.errors.KeyringError("Can't get password from keychain")
    error.__cause__ = OSError(-25308, "Unknown Error")
    with pytest.raises(VaultLockedError):
        KeyringVault(FailingBackend(error), Patience()).get("item")


def test_refusing_to_delete_is_not_the_same_as_having_none() -> None:
    class Stubborn(DictBackend):
        def delete_password(self, service: str, username: str) -> None:
            raise keyring.errors.PasswordDeleteError("Cancelled by user")

    vault = KeyringVault(Stubborn(), Patience())
    assert vault.delete("item") is False
    vault.set("item", "value")
    with pytest.raises(VaultError, match="it refused"):
        vault.delete("item")


def test_a_value_too_long_for_windows_is_refused_before_the_call(tmp_path: Path) -> None:
    backend_class = type("WinVaultKeyring", (DictBackend,), {"__module__": "keyring.backends.Windows"})
    backend = backend_class()
    vault = KeyringVault(backend, Patience(), write_lock=tmp_path / "locks" / "keyring")
    vault.set("item", "ü" * 1280)
    with pytest.raises(VaultError, match="1280 characters"):
        vault.set("item", "🔑" * 641)
    assert backend.items == {("awsprof", "item"): "ü" * 1280}


@pytest.mark.usefixtures("keyring_daemon")
@pytest.mark.parametrize("name", ["with\0nul", "no text \udc80"])
def test_a_name_that_no_keyring_takes_is_no_sign_that_it_is_broken(name: str, tmp_path: Path) -> None:
    """A message bus ends the connection over either, and a profile's section may be named like that."""
    vault = KeyringVault.find(Patience(), names=ItemNames(tmp_path / "index"))
    assert vault is not None
    assert (vault.get(name), vault.delete(name)) == (None, False)
    with pytest.raises(VaultError, match="cannot be the name of an item in an OS keyring") as caught:
        vault.set(name, SECRET)
    assert (caught.value.hint, vault.items()) == ("Give the profile another name with 'awsprof rename'.", [])


@pytest.mark.parametrize("damage", [b"%ZZ\nnot encoded\n%2E%2E\n\xff\n", b"\n\n"])
def test_a_damaged_list_of_names_names_nothing_wrong(tmp_path: Path, damage: bytes) -> None:
    index = tmp_path / "index"
    index.write_bytes(b"first\n" + damage)
    vault = KeyringVault(DictBackend(), Patience(), names=ItemNames(index))
    vault.set("item", SECRET)
    assert vault.items() == ["first", "item"]
    assert (index.read_text(), index.stat().st_mode & 0o777) == ("first\nitem\n", 0o600)


def test_a_list_of_names_that_cannot_be_kept_stores_nothing(tmp_path: Path) -> None:
    """An item of no known name could never be moved."""
    backend = DictBackend()
    (tmp_path / "index").mkdir()
    vault = KeyringVault(backend, Patience(), names=ItemNames(tmp_path / "index"))
    with pytest.raises(VaultUnavailableError, match="index cannot be read"):
        vault.set("item", SECRET)
    assert (backend.items, vault.delete("item")) == ({}, False)


def test_a_keyring_that_kept_silent_once_is_hardly_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a failed command takes back would else hang as long as the command did."""
    monkeypatch.setattr("awsprof.vault.patience._AFTER_SILENCE_S", 0.1)
    vault = KeyringVault(HangingBackend(), Patience(limit_s=1.5))
    waits = []
    for _ in range(3):
        start = time.monotonic()
        with pytest.raises(VaultUnavailableError) as caught:
            vault.get("item")
        waits.append((time.monotonic() - start, caught.value.message.rpartition("within ")[2]))
    assert [said for _, said in waits] == ["1.5 s", "0.1 s", "0.1 s"]
    assert max(waits[1][0], waits[2][0]) < waits[0][0]


def test_a_daemon_that_hangs_is_given_up_and_used_again_when_it_answers(own_keyring_daemon: KeyringDaemon) -> None:
    vault = KeyringVault.find(Patience())
    assert vault is not None
    vault.set("item", SECRET)
    own_keyring_daemon.freeze()
    before = set(threading.enumerate())
    hanging = KeyringVault.find(Patience(limit_s=0.5))
    assert hanging is not None, "the bus is there, so it is not absent"
    calls = (lambda: hanging.get("item"), lambda: hanging.set("item", "x"), lambda: hanging.delete("item"))
    for call in (*calls, hanging.status, hanging.open):
        with pytest.raises(VaultUnavailableError, match=r"no answer within 0\.5 s"):
            call()
    own_keyring_daemon.thaw()
    # Calls that were given up come through all the same, as long as the process lives.
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
    vault.set("item", "again")
    assert vault.get("item") == "again"


def test_writers_take_turns_where_storing_is_several_steps(tmp_path: Path) -> None:
    from awsprof.storage.lock import locked

    backend_class = type("Keyring", (DictBackend,), {"__module__": "keyring.backends.macOS"})
    vault = KeyringVault(backend_class(), Patience(limit_s=0.2), write_lock=tmp_path / "keyring")
    with locked(tmp_path / "keyring", limit_s=1), pytest.raises(VaultUnavailableError, match="written to by pid"):
        vault.set("item", SECRET)
    vault.set("item", "value")
    assert vault.get("item") == "value"


def test_nothing_secret_shows_in_a_vaults_repr() -> None:
    backend = DictBackend()
    vault = KeyringVault(backend, Patience())
    vault.set("item", SECRET)
    assert SECRET not in f"{vault!r}{vault}{vault.status()!r}"


@pytest.mark.skipif(os.name != "posix", reason="a signal is sent")
def test_ctrl_c_ends_the_waiting() -> None:
    """A hanging keyring must not hold a person either."""
    import signal

    vault = KeyringVault(HangingBackend(), Patience(limit_s=20))
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        vault.get("item")
    timer.join()
    assert time.monotonic() - start < 3
