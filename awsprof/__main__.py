"""The entry point: a cached answer at once, or the whole command line."""

from __future__ import annotations

import os
import sys

from awsprof.fastpath import cached_answer


def main() -> None:
    answer = cached_answer(sys.argv[1:])
    if answer is not None:
        try:
            os.write(1, answer + b"\n")
        except OSError:
            sys.exit(1)  # whoever asked has left
        return
    from awsprof.cli.main import run

    sys.exit(run())


if __name__ == "__main__":
    main()
