"""A real OS keyring for tests: gnome-keyring on a message bus of its own, below a home of its own."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_START_LIMIT_S = 10
_START_TRIES = 3
_NAME = "org.freedesktop.secrets"
# A socket in the file system, which a program in a network namespace of its own reaches too.
# Without service directories the bus starts nothing by itself. The usual configuration would start a second keyring,
# a locked one, in the place of one that is not there yet or has died, and a test would take it for this one.
BUS = f"""\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={tempfile.gettempdir()}</listen>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


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
        """Start both; what does not come up unlocked is ended and started anew, a few times."""
        for number in range(1, _START_TRIES + 1):
            try:
                self._start()
                return
            except RuntimeError:
                self.stop()
                if number == _START_TRIES:
                    raise

    def see_to_it(self) -> None:
        """Start anew, with the items there are, what is dead or locked."""
        if not self.is_open():
            self.stop()
            self.start()

    def is_open(self) -> bool:
        """Whether the keyring that answers on the bus is the one started here, and unlocked."""
        from jeepney import DBusAddress, MessageType, Properties
        from jeepney.bus_messages import message_bus
        from jeepney.io.blocking import open_dbus_connection

        if self._bus is None or self._keyring is None or self._keyring.poll() is not None:
            return False
        collection = DBusAddress(
            "/org/freedesktop/secrets/aliases/default", bus_name=_NAME, interface="org.freedesktop.Secret.Collection"
        )
        questions = (message_bus.GetConnectionUnixProcessID(_NAME), Properties(collection).get("Locked"))
        try:
            with contextlib.closing(open_dbus_connection(self._address)) as connection:
                owner, locked = (connection.send_and_get_reply(it, timeout=_START_LIMIT_S) for it in questions)
        except OSError:  # gone, or silent for too long
            return False
        answered = owner.header.message_type == locked.header.message_type == MessageType.method_return
        return bool(answered and owner.body[0] == self._keyring.pid and locked.body[0] == ("b", False))

    def _start(self) -> None:
        runtime = self._home / "run"
        runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        configuration = self._home / "bus.conf"
        configuration.write_text(BUS)
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
                ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile", "--print-address=1"],
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
        # One that has died already is found out below.
        with contextlib.suppress(BrokenPipeError):
            self._keyring.stdin.write(b"the keyring's own password")
            self._keyring.stdin.close()
        deadline = time.monotonic() + _START_LIMIT_S
        while not self.is_open():
            if time.monotonic() > deadline:
                raise RuntimeError(f"gnome-keyring did not start unlocked: {(self._home / 'log').read_text()}")
            time.sleep(0.02)

    def freeze(self) -> None:
        """Let it answer nothing, as a daemon that hangs."""
        assert self._keyring is not None
        self._keyring.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._keyring is not None
        self._keyring.send_signal(signal.SIGCONT)

    def die(self) -> None:
        """End the keyring and leave the bus, as when it crashes."""
        assert self._keyring is not None
        self._keyring.kill()
        self._keyring.wait()

    def lock(self) -> None:
        """Lock the collection, as a desktop does when its screen locks; unlocking it takes a dialog."""
        from jeepney import DBusAddress, new_method_call
        from jeepney.io.blocking import open_dbus_connection

        service = DBusAddress("/org/freedesktop/secrets", bus_name=_NAME, interface="org.freedesktop.Secret.Service")
        with contextlib.closing(open_dbus_connection(self._address)) as connection:
            collections = ["/org/freedesktop/secrets/aliases/default"]
            connection.send_and_get_reply(new_method_call(service, "Lock", "ao", (collections,)), timeout=5)

    def store(self, collection: str, items: dict[str, str]) -> None:
        """Store items in a collection of another program's, made and unlocked without a dialog."""
        from jeepney import DBusAddress, new_method_call
        from jeepney.io.blocking import open_dbus_connection
        from secretstorage.collection import Collection

        path = "/org/freedesktop/secrets"
        service = DBusAddress(path, bus_name=_NAME, interface="org.freedesktop.Secret.Service")
        internal = DBusAddress(
            path, bus_name=_NAME, interface="org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"
        )
        with contextlib.closing(open_dbus_connection(self._address)) as connection:
            opened = new_method_call(service, "OpenSession", "sv", ("plain", ("s", "")))
            session = connection.send_and_get_reply(opened, timeout=5).body[1]
            label = {"org.freedesktop.Secret.Collection.Label": ("s", collection)}
            password = (session, b"", b"of the other program", "text/plain")
            made = new_method_call(internal, "CreateWithMasterPassword", "a{sv}(oayays)", (label, password))
            where = connection.send_and_get_reply(made, timeout=5).body[0]
            for name, text in items.items():
                Collection(connection, where).create_item(name, {"profile": name}, text.encode(), replace=True)

    def stop(self) -> None:
        for process in (self._keyring, self._bus):
            if process is None:
                continue
            process.terminate()
            process.send_signal(signal.SIGCONT)
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
            raise RuntimeError(f"dbus-daemon did not start: {(self._home / 'log').read_text()}")
        return line
