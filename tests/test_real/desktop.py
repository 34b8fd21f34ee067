"""
A desktop as tests see it: a screen, a message bus, and real browsers on it that reach no network.

Knows windows and pixels; not what should be seen.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Self

from PIL import ImageGrab

from tests.keyring_daemon import BUS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL.Image import Image

PROGRAMS = ("Xvfb", "dbus-daemon", "xdotool", "xprop", "unshare")
LIMIT_S = 40
WIDTH, HEIGHT = 1100, 500
# What Debian's Chromium needs to run as root, and to leave alone what no test should wait for.
_CHROMIUM_OPTIONS = (
    "--no-sandbox --test-type --password-store=basic --disable-background-networking --disable-component-update "
    '--host-resolver-rules="MAP * ~NOTFOUND"'
)


class Desktop:
    """One X server and one bus; browsers found on `path` are started without any network."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "programs"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._browsers: set[int] = set()
        self.environ: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.path.mkdir(parents=True)
        configuration = self.directory / "bus.conf"
        configuration.write_text(BUS)
        size = f"{WIDTH}x{2 * HEIGHT}x24"
        display = self._start("Xvfb", "-displayfd", "1", "-screen", "0", size, "-nolisten", "tcp")
        bus = self._start("dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile", "--print-address")
        self.environ = {"DISPLAY": f":{display}", "DBUS_SESSION_BUS_ADDRESS": bus, "WAYLAND_DISPLAY": ""}
        return self

    def __exit__(self, *_: object) -> None:
        for pid in self._browsers:
            # Each browser leads a session of its own, so its group is it and its children.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        for process in reversed(self._processes):
            process.terminate()
            process.wait(LIMIT_S)
            if process.stdout is not None:
                process.stdout.close()

    def _start(self, *words: str) -> str:
        """Start a program that says on its first line how it is reached."""
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._processes.append(process)
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], LIMIT_S)
        line = process.stdout.readline().decode().strip() if ready else ""
        assert line, f"{words[0]} did not start"
        return line

    def provide(self, name: str, program: str) -> None:
        """Put a browser on `path` under *name*: the installed one, alone in a network namespace of its own."""
        alone = "unshare -n" if os.geteuid() == 0 else "unshare -rn"
        options = _CHROMIUM_OPTIONS if name == "chromium" else ""
        script = self.path / name
        script.write_text(f'#!/bin/sh\nexec {alone} {shutil.which(program)} {options} "$@"\n')
        script.chmod(0o755)

    # --- windows

    def window(self, window_class: str, *, row: int) -> str:
        """Wait for the one window of a class and put it at the top (0) or in the lower half (1); returns its id."""
        found: list[str] = []

        def one() -> bool:
            found[:] = self.windows(window_class)
            return len(found) == 1

        until(one, f"one window of {window_class}")
        self._xdotool("windowmove", found[0], "0", str(row * HEIGHT))
        self._xdotool("windowsize", found[0], str(WIDTH), str(HEIGHT))
        return found[0]

    def windows(self, window_class: str) -> list[str]:
        """The ids of a class's windows that a person sees."""
        ids = self._xdotool("search", "--onlyvisible", "--class", f"^{re.escape(window_class)}$").split()
        return [found for found in ids if self._is_large(found)]

    def _is_large(self, window: str) -> bool:
        size = dict(re.findall(r"(WIDTH|HEIGHT)=(\d+)", self._xdotool("getwindowgeometry", "--shell", window)))
        return int(size.get("WIDTH", 0)) > 200

    def class_of(self, window: str) -> str:
        done = subprocess.run(
            ["xprop", "-id", window, "WM_CLASS"], env=self._env, capture_output=True, text=True, check=True
        )
        return done.stdout.strip().rpartition(", ")[2].strip('"')

    def name_of(self, window: str) -> str:
        return self._xdotool("getwindowname", window).strip()

    def screenshot(self, *, row: int) -> Image:
        """What is to be seen in the upper (0) or lower (1) half of the screen."""
        whole = ImageGrab.grab(xdisplay=self.environ["DISPLAY"]).convert("RGB")
        return whole.crop((0, row * HEIGHT, WIDTH, (row + 1) * HEIGHT))

    def _xdotool(self, *words: str) -> str:
        return subprocess.run(["xdotool", *words], env=self._env, capture_output=True, text=True, check=False).stdout

    @property
    def _env(self) -> dict[str, str]:
        return {**os.environ, **self.environ}

    # --- browsers

    def started(self, pid: int) -> None:
        """Remember a browser, to be ended when the desktop goes."""
        self._browsers.add(pid)

    def close(self, pid: int) -> None:
        """End a browser as the end of a desktop's session does, and wait until it has gone."""
        os.kill(pid, signal.SIGTERM)
        until(lambda: not _runs(pid), f"the end of {pid}")
        self._browsers.discard(pid)


def _runs(pid: int) -> bool:
    with contextlib.suppress(OSError, IndexError):
        # A zombie has ended; whoever is to reap it may take its time.
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    return False


def until(condition: object, what: str) -> None:
    """Wait for what a browser does in its own time."""
    assert callable(condition)
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come in {LIMIT_S} s"
        time.sleep(0.1)


def pixels(image: Image) -> Iterator[tuple[int, int, int]]:
    """Every pixel of an image."""
    data = image.tobytes()
    return ((data[at], data[at + 1], data[at + 2]) for at in range(0, len(data), 3))


def share(image: Image, colour: tuple[int, int, int], *, within: int = 8) -> float:
    """Which part of an image has a colour, or one that differs little from it."""
    near = sum(all(abs(a - b) <= within for a, b in zip(pixel, colour, strict=True)) for pixel in pixels(image))
    return near / (image.width * image.height)
