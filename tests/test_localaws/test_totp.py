"""Token codes are those of RFC 6238."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from tests.localaws import totp

RFC_SEED = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_the_last_six_digits_of_the_rfcs_examples(seconds: int, code: str) -> None:
    """Appendix B's SHA-1 rows."""
    assert totp.code_of_step(RFC_SEED, totp.step_at(datetime.fromtimestamp(seconds, UTC))) == code


def test_a_new_seed_has_64_base32_characters() -> None:
    """As AWS makes them: 320 bits."""
    seed = totp.new_seed()
    assert (len(seed), len(base64.b32decode(seed))) == (64, 40)
