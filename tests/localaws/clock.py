"""The local AWS's own clock, which tests may set ahead or back; it knows nothing of who asks."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The machine's clock plus an offset."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        """The server's time, aware UTC."""
        return datetime.fromtimestamp(time.time(), UTC) + self._offset

    def shift(self, seconds: float) -> None:
        """Move the clock by *seconds* more (negative: back)."""
        self._offset += timedelta(seconds=seconds)

    def reset(self) -> None:
        """Go back to the machine's time."""
        self._offset = timedelta()


def aws_time(moment: datetime) -> str:
    """*moment* as AWS writes it in answers: whole seconds, ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def basic_time(moment: datetime) -> str:
    """*moment* as ``X-Amz-Date`` writes it."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
