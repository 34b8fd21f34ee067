"""
One run at a time on this machine for each product's env: two at once would make its account, or a key, twice.

Knows whom to wait for and for how long; not what is done meanwhile.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError
from awsprof.storage.lock import LockHeldError, lock_path, locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# Another run may wait for AWS to make an account, or for a person to scan a code.
LIMIT_S = 600.0


@contextlib.contextmanager
def alone(locks: Path, product: str, env: str, *, tell: Callable[[str], None]) -> Iterator[None]:
    """
    Keep every other run for the env out while the block runs.

    Raises:
        AwsprofError: Another run was busy for too long.
    """
    subject = f"{product}_{env}"
    waiting = f"Waiting for another awsprof that is busy with the account {subject} …"
    try:
        with locked(lock_path(locks, f"account {subject}"), limit_s=LIMIT_S, on_wait=lambda: tell(waiting)):
            yield
    except LockHeldError as error:
        raise AwsprofError(
            f"Another process has been busy with the account {subject} for {LIMIT_S:.0f} s: {error.holder}",
            hint="Let it come to its end, or end it, then run this again.",
        ) from None
