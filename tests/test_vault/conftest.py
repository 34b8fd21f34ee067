"""Every test has a home of its own; the slow second of a passphrase is spent once in a session."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from awsprof.places import Places
from awsprof.storage.private import write_private_file
from awsprof.vault import AgeVault, PassphraseSources, age
from tests.keyring_daemon import KeyringDaemon

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSPHRASE = "correct horse, battery staple"
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith(("AWS", "XDG_", "KEYRING_", "PYTHON_KEYRING_")) or name in (
            "DBUS_SESSION_BUS_ADDRESS",
            "DISPLAY",
            "WAYLAND_DISPLAY",
        ):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    runtime = tmp_path / "runtime"
    home.mkdir()
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    return home


@pytest.fixture
def places(home: Path) -> Places:
    return Places.from_environ(os.environ)


@dataclass(frozen=True, slots=True)
class MadeVault:
    """A vault of files, made once, and the identity that its passphrase opens."""

    directory: Path
    identity: str

    def copy_to(self, places: Places, *, unlocked: bool) -> None:
        shutil.copytree(self.directory, places.vault)
        if unlocked:
            assert places.runtime is not None
            text = f"{int(time.time()) + 3600}\n{self.identity}\n"
            write_private_file(places.runtime / "vault-identity", text.encode())


@pytest.fixture(scope="session")
def made_vault(tmp_path_factory: pytest.TempPathFactory) -> MadeVault:
    directory = tmp_path_factory.mktemp("made") / "vault"
    vault = age_vault(directory, None, {"AWSPROF_VAULT_PASSPHRASE": PASSPHRASE})
    vault.set("first", "1")
    vault.delete("first")
    identity = age.decrypt_with_passphrase((directory / "identity.age").read_bytes(), PASSPHRASE)
    return MadeVault(directory, identity.decode().strip())


def age_vault(directory: Path, runtime: Path | None, environ: dict[str, str] | None = None) -> AgeVault:
    """Return a vault of files with nobody to ask."""
    return AgeVault(directory, runtime=runtime, passphrases=PassphraseSources(environ or {}, None))


@pytest.fixture
def unlocked_vault(places: Places, made_vault: MadeVault) -> AgeVault:
    made_vault.copy_to(places, unlocked=True)
    return age_vault(places.vault, places.runtime)


@pytest.fixture
def closed_vault(places: Places, made_vault: MadeVault) -> AgeVault:
    """Return a vault that exists, and for which nobody gives a passphrase."""
    made_vault.copy_to(places, unlocked=False)
    return age_vault(places.vault, places.runtime)


@pytest.fixture(scope="session")
def shared_keyring_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyringDaemon]:
    yield from _running(tmp_path_factory.mktemp("keyring") / "home")


@pytest.fixture
def keyring_daemon(shared_keyring_daemon: KeyringDaemon, monkeypatch: pytest.MonkeyPatch) -> KeyringDaemon:
    """Reach the session's keyring; its items outlive a test, so tests name theirs differently."""
    shared_keyring_daemon.see_to_it()
    return _reached(shared_keyring_daemon, monkeypatch)


@pytest.fixture
def own_keyring_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyringDaemon]:
    """Reach a keyring that the test may lock or stop."""
    for daemon in _running(tmp_path / "keyring"):
        yield _reached(daemon, monkeypatch)
    collect_sockets()


def collect_sockets() -> None:
    """Have the sockets collected here, not in a later test, that the library leaves open when a call fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def _running(home: Path) -> Iterator[KeyringDaemon]:
    missing = KeyringDaemon.missing()
    if missing is not None:
        if os.environ.get("CI"):
            pytest.fail(f"CI must test a real keyring, but {missing}")
        pytest.skip(missing)
    daemon = KeyringDaemon(home)
    daemon.start()
    yield daemon
    daemon.stop()


def _reached(daemon: KeyringDaemon, monkeypatch: pytest.MonkeyPatch) -> KeyringDaemon:
    for name, value in daemon.env.items():
        monkeypatch.setenv(name, value)
    return daemon


def start_python(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start *script* as a process of its own, in this test's environment."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
