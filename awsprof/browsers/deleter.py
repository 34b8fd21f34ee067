"""
Delete one file once it is a while old: a program of its own, which outlives the command that starts it.

Run by its path in a bare interpreter, so it imports nothing of ours.
"""

from __future__ import annotations

import os
import signal
import sys
import time

_LOOK_AGAIN_S = 0.5


def main(path: str, seconds: float) -> None:
    ended: list[bool] = []
    if sys.platform != "win32":
        for name in ("SIGTERM", "SIGHUP", "SIGINT"):
            # The desktop's session ends: so does the file. Several may come at once, so they only leave a note.
            signal.signal(getattr(signal, name), lambda *_: ended.append(True))
        if os.fork():
            os._exit(0)  # whoever started us waits for this much only, and has nobody to reap later
    ends = time.monotonic() + seconds
    while os.path.lexists(path) and not ended and time.monotonic() < ends:
        time.sleep(_LOOK_AGAIN_S)
    if os.path.lexists(path):
        os.unlink(path)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
