"""A bare Python start, by which budgets are scaled to the machine they are measured on."""

from __future__ import annotations

import os
import subprocess
import sys
import time

# The budgets in milliseconds were set where a bare start takes this long.
BARE_MS = 10.5
_RUNS = 5


class Bare:
    """Times bare starts between the other measurements of one run, and keeps the least."""

    def __init__(self) -> None:
        self.least_ms = float("inf")
        self.measure()

    def measure(self) -> None:
        for _ in range(_RUNS):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", "pass"], env={"PATH": os.defpath}, check=True)
            self.least_ms = min(self.least_ms, (time.perf_counter() - begun) * 1000)

    def share(self, value: float, budget: float) -> float:
        """Return how much *value* is of *budget*, scaled to this machine; both are in the same unit."""
        return value / (budget * self.least_ms / BARE_MS)

    def __str__(self) -> str:
        return (
            f"share: of the goal, scaled to a bare Python start of {self.least_ms:.1f} ms; goals are for {BARE_MS} ms"
        )
