"""A line on stderr that says how far a longer command has come."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from awsprof.cli.world import World


@contextlib.contextmanager
def progress(world: World, total: int, what: str) -> Iterator[Callable[[int], None]]:
    """
    Show how many of *total* are done, on a terminal only and where there are several; gone at the end.

    Args:
        what: As in "accounts audited".
    """
    if total < 2 or world.quiet or not world.terminal.shows_progress():
        yield lambda _: None
        return

    def show(done: int) -> None:
        print(f"\r\x1b[K{done} of {total} {printable(what)} …", end="", file=sys.stderr, flush=True)  # noqa: T201

    show(0)
    try:
        yield show
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)  # noqa: T201 - its end
