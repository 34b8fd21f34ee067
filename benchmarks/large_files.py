"""
Large shared files: each command beside botocore and ConfigUpdater on the same file, as ratios within one run.

Run it as ``python benchmarks/large_files.py``; it works in a home of its own and reaches no network.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.configloader
from configupdater import ConfigUpdater

from awsprof.configfiles.document import Document

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTS = (10, 1_000, 10_000)
KEYS = "AKIAIOSFODNN7EXAMPLE\nwJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
BIN = Path(sys.executable).parent
_UPDATER = {"strict": False, "allow_no_value": True, "empty_lines_in_values": True, "inline_comment_prefixes": None}


def shared_config(profiles: int) -> str:
    """A config file as awsprof writes them, with a comment here and there."""
    sections = []
    for number in range(profiles):
        name = f"p{number % 97}_e{number // 97}_paul"
        sections.append(
            f"{'# a comment' + chr(10) if number % 7 == 0 else ''}[profile {name}]\nregion = eu-west-1\n"
            f"mfa_serial = arn:aws:iam::{number:012}:mfa/paul\naws_account_id = {number:012}\n"
            f"credential_process = /usr/local/bin/awsprof credential-process {name}\n\n"
        )
    return "".join(sections)


def median_ms(work: Callable[[], object], repeats: int) -> float:
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000


def interleaved_ms(works: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Measure several things in turns, so that a slower moment of the machine slows them all."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            taken[name].append(median_ms(work, 1))
    return {name: statistics.median(times) for name, times in taken.items()}


class Home:
    """A throw-away home with an unlocked vault."""

    def __init__(self, directory: Path) -> None:
        self.config = directory / ".aws" / "config"
        self.config.parent.mkdir()
        runtime = directory / "runtime"
        runtime.mkdir(mode=0o700)
        self._environ = {
            "HOME": str(directory),
            "XDG_RUNTIME_DIR": str(runtime),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "AWSPROF_VAULT": "file",
            "AWSPROF_VAULT_PASSPHRASE": "of the benchmark",
        }
        self.added = 0
        self.add()
        self.run("awsprof", "vault", "unlock")

    def run(self, *words: str, stdin: str = "") -> None:
        subprocess.run(
            [BIN / words[0], *words[1:]],
            env=self._environ,
            input=stdin.encode(),
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def add(self) -> None:
        self.added += 1
        options = ("--no-verify", "--account-id", "999999999999", "--region", "eu-west-1", "--from", "-")
        self.run("awsprof", "add", "added", "dev", f"u{self.added}", *options, stdin=KEYS)

    def remove(self) -> None:
        self.run("awsprof", "remove", f"added_dev_u{self.added}", "--yes")
        self.added -= 1

    def set(self) -> None:
        self.run("awsprof", "set", "p5_e0_paul", f"note={time.monotonic_ns()}")


def measure(home: Home, profiles: int) -> dict[str, float]:
    text = shared_config(profiles)
    home.added = 0
    home.config.write_text(text)
    data = text.encode()
    works: dict[str, Callable[[], object]] = {
        "bare python": lambda: home.run("python", "-c", "pass"),
        "botocore's load": lambda: botocore.configloader.load_config(str(home.config)),
        "ConfigUpdater's parse": lambda: ConfigUpdater(**_UPDATER).read_string(text),
        "the scanner alone": lambda: Document("config", data),
        "list --names": lambda: home.run("awsprof", "list", "--names"),
        "set": home.set,
        "add": home.add,
        "remove": home.remove,
    }
    return interleaved_ms(works, 5 if profiles > 1000 else 9)


def main() -> None:
    print("| profiles | what | ms | beside | ratio | goal |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="awsprof-bench-") as directory:
        home = Home(Path(directory))
        for profiles in COUNTS:
            ms = measure(home, profiles)
            start, parse, load = ms["bare python"], ms["ConfigUpdater's parse"], ms["botocore's load"]
            goal = "at most" if profiles == max(COUNTS) else "at 10,000 profiles"
            rows = [
                ("list --names", load, "botocore's load", f"{goal} 0.33"),
                ("set", 0.5 * parse + start, "half of ConfigUpdater + start", f"{goal} 1"),
                ("add", 0.5 * parse + start, "half of ConfigUpdater + start", f"{goal} 1"),
                ("remove", 0.5 * parse + start, "half of ConfigUpdater + start", f"{goal} 1"),
                ("the scanner alone", parse, "ConfigUpdater's parse", "-"),
                ("the scanner alone", load, "botocore's load", "-"),
            ]
            for what, other, beside, wanted in rows:
                ratio = ms[what] / other
                print(f"| {profiles:,} | {what} | {ms[what]:.0f} | {beside} {other:.0f} | {ratio:.2f} | {wanted} |")


if __name__ == "__main__":
    main()
