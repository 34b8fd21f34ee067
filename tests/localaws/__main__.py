"""``python -m tests.localaws serve --seed FILE --ready-file PATH``: the local AWS for scripts."""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
from pathlib import Path

from .local import LocalAWS
from .seed import Seed, plant


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.localaws", description="A strict local AWS.")
    serve = parser.add_subparsers(dest="command", required=True).add_parser("serve", help="run until SIGTERM or SIGINT")
    serve.add_argument("--seed", type=Path, help="JSON file with the accounts and users to make")
    serve.add_argument("--ready-file", type=Path, required=True, help="file to write when ready: URL, process id, keys")
    arguments = parser.parse_args()
    seed: Seed = json.loads(arguments.seed.read_text(encoding="utf-8")) if arguments.seed else {"accounts": []}

    # Before the ready file says that signals may come.
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with LocalAWS() as aws:
        write_ready_file(arguments.ready_file, {"url": aws.url, "pid": os.getpid(), "accounts": plant(aws, seed)})
        stop.wait()


def write_ready_file(path: Path, document: object) -> None:
    """Whoever sees *path* sees it whole, and only its owner can read the example secrets in it."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
    part.replace(path)


if __name__ == "__main__":
    main()
