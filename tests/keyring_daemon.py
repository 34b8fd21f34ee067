"""A real OS keyring for tests: gnome-keyring on a message bus of its own, below a home of its own."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_START_LIMIT_S = 10


class KeyringDaemon:
    """
    One bus and one keyring, unlocked; `env` is what a program needs to reach them.

    It ends the two processes that it started and no others.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._address = ""
        self._bus: subprocess.Popen[bytes] | None = None
        self._keyring: subprocess.Popen[bytes] | None = None

    @staticmethod
    def missing() -> str | None:
        """Say which program is not there; None when all are."""
        absent = [name for name in ("dbus-daemon", "gnome-keyring-daemon") if shutil.which(name) is None]
        return f"not installed: {', '.join(absent)}" if absent else None

    @property
    def env(self) -> dict[str, str]:
        return {"DBUS_SESSION_BUS_ADDRESS": self._address}

    def start(self) -> None:
        runtime = self._home / "run"
        runtime.mkdir(mode=0o700, parents=True)
        own = {
            "HOME": str(self._home),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_DATA_HOME": str(self._home / "data"),
            "XDG_CONFIG_HOME": str(self._home / "config"),
            "XDG_CACHE_HOME": str(self._home / "cache"),
            "PATH": os.environ["PATH"],
        }
        with (self._home / "log").open("wb") as log:
            self._bus = subprocess.Popen(
                ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"],
                env=own,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
            self._address = self._first_line(self._bus)
            self._keyring = subprocess.Popen(
                ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
                env=own | self.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        assert self._keyring.stdin is not None
        self._keyring.stdin.write(b"the keyring's own password")
        self._keyring.stdin.close()
        self._await_collection()

    def lock(self) -> None:
        """Lock the collection, as a desktop does when its screen locks; unlocking it takes a dialog."""
        from jeepney import DBusAddress, new_method_call
        from jeepney.io.blocking import open_dbus_connection

        service = DBusAddress(
            "/org/freedesktop/secrets", bus_name="org.freedesktop.secrets", interface="org.freedesktop.Secret.Service"
        )
        with contextlib.closing(open_dbus_connection(self._address)) as connection:
            collections = ["/org/freedesktop/secrets/aliases/default"]
            connection.send_and_get_reply(new_method_call(service, "Lock", "ao", (collections,)), timeout=5)

    def stop(self) -> None:
        for process in (self._keyring, self._bus):
            if process is None:
                continue
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self._keyring = self._bus = None

    def _first_line(self, process: subprocess.Popen[bytes]) -> str:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], _START_LIMIT_S)
        line = process.stdout.readline().decode().strip() if ready else ""
        if not line:
            self.stop()
            raise RuntimeError(f"dbus-daemon did not start: {(self._home / 'log').read_text()}")
        return line

    def _await_collection(self) -> None:
        from jeepney import DBusAddress, MessageFlag, MessageType, Properties
        from jeepney.io.blocking import open_dbus_connection

        collection = DBusAddress(
            "/org/freedesktop/secrets/aliases/default",
            bus_name="org.freedesktop.secrets",
            interface="org.freedesktop.Secret.Collection",
        )
        question = Properties(collection).get("Locked")
        # Else the bus would start a second keyring, a locked one, when the first is not on it yet.
        question.header.flags |= MessageFlag.no_auto_start
        deadline = time.monotonic() + _START_LIMIT_S
        with contextlib.closing(open_dbus_connection(self._address)) as connection:
            while time.monotonic() < deadline:
                reply = connection.send_and_get_reply(question, timeout=_START_LIMIT_S)
                if reply.header.message_type == MessageType.method_return and reply.body[0] == ("b", False):
                    return
                time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"gnome-keyring did not start: {(self._home / 'log').read_text()}")
