"""
Token codes of RFC 6238 as AWS's virtual MFA devices make them: SHA-1, 30 seconds, six digits.

Written out here, and not taken from the library that the program under test uses, so that
the two check each other.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

STEP_S = 30
SEED_BYTES = 40  # 64 base32 characters, as AWS makes them


def new_seed() -> str:
    """A fresh random seed of 64 base32 characters."""
    return base64.b32encode(secrets.token_bytes(SEED_BYTES)).decode("ascii")


def step_at(moment: datetime) -> int:
    """The number of the 30-second step that *moment* lies in."""
    return int(moment.timestamp()) // STEP_S


def code_of_step(seed: str, step: int) -> str:
    """The six digits that a device with *seed* shows during *step*."""
    digest = hmac.new(base64.b32decode(seed), step.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def matching_step(seed: str, code: str, moment: datetime, *, after: int = -1) -> int | None:
    """
    The step, this one or an adjacent one, in which *code* is right.

    Args:
        after: The last step accepted from this device; that one and all before it count no more.
    """
    current = step_at(moment)
    for step in (current, current - 1, current + 1):
        if step > after and hmac.compare_digest(code_of_step(seed, step), code):
            return step
    return None
