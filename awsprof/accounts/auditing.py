"""
Auditing many accounts at once, each with a connection of its own.

Knows threads and order; not what is checked.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

AT_ONCE = 8
Job = TypeVar("Job")
Result = TypeVar("Result")


def each_at_once(jobs: Sequence[Job], do: Callable[[Job], Result], *, on_done: Callable[[int], None]) -> list[Result]:
    """
    Do all jobs, eight at a time, and return their results in order; the first exception ends it.

    Args:
        on_done: Told how many are done, each time one is.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, Result | None, BaseException | None]] = queue.SimpleQueue()
    for number in range(len(jobs)):
        waiting.put(number)

    def work() -> None:
        while True:
            try:
                number = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((number, do(jobs[number]), None))
            except BaseException as error:  # noqa: BLE001 - raised where the jobs are waited for
                done.put((number, None, error))

    # Daemons, since Ctrl-C is not to wait for AWS.
    for _ in range(min(AT_ONCE, len(jobs))):
        threading.Thread(target=work, daemon=True).start()
    results: dict[int, Result] = {}
    while len(results) < len(jobs):
        number, result, error = done.get()
        if error is not None:
            raise error
        results[number] = result  # type: ignore[assignment] # there is one where there is no error
        on_done(len(results))
    return [results[number] for number in range(len(jobs))]
