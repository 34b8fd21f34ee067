"""
How long the hot commands take, as ratios to a bare Python start and beside the AWS CLI: python benchmarks/startup.py

Runs in a throw-away home, and reaches no network.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(sys.executable).parent
RUNS = 21
NAME = "autochart_dev_a"


def median_s(command: list[str], environ: dict[str, str]) -> float:
    """Return the median wall time of *command* in seconds; it has no terminal."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            check=False,
        )
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def prepare(home: Path) -> None:
    """Write ten profiles, and a fresh session for the first."""
    sections = [
        f"[profile autochart_dev_{user}]\nregion = eu-west-1\nmfa_serial = arn:aws:iam::111111111111:mfa/{user}\n"
        f"aws_account_id = 111111111111\n"
        f"credential_process = {BIN}/awsprof credential-process autochart_dev_{user}\n"
        for user in "abcdefghij"
    ]
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text("\n".join(sections))
    sessions = home / ".cache" / "awsprof" / "sessions"
    sessions.mkdir(mode=0o700, parents=True)
    session = sessions / NAME
    answer = '{"Version": 1, "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "EXAMPLE", "SessionToken": "EXAMPLE"}'
    session.write_text(f"{int(time.time()) + 36_000}\n{answer}\n43200\n")
    session.chmod(0o600)


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        prepare(home)
        environ = {"HOME": str(home), "PATH": f"{BIN}:{os.defpath}", "AWS_EC2_METADATA_DISABLED": "true"}
        awsprof = str(BIN / "awsprof")
        rows = [
            ("credential-process, cached", [awsprof, "credential-process", NAME], 1.8),
            ("--help", [awsprof, "--help"], 7),
            ("list, 10 profiles", [awsprof, "list"], 7),
            ("credential-process, exit 8", [awsprof, "credential-process", "autochart_dev_b"], 10),
            ("aws --version", [str(BIN / "aws"), "--version"], None),
        ]
        bare = median_s([sys.executable, "-c", "pass"], environ)
        print(f"{'':28} {'ratio':>6}  goal   (ratio to a bare Python start of {bare * 1000:.0f} ms)")
        for label, command, goal in rows:
            print(f"{label:28} {median_s(command, environ) / bare:6.2f}  {goal or ''}")


if __name__ == "__main__":
    main()
