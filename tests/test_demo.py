"""The demo, run as a newcomer runs it, with the shell it leaves one in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pexpect

ROOT = Path(__file__).parents[1]
PROMPT = "sandbox) "


def test_demo_with_its_shell() -> None:
    """The main job comes out as promised, and in the sandbox's shell one can go on with the phone's codes."""
    child = pexpect.spawn(
        sys.executable, ["-m", "tests.demo", "--shell"], cwd=str(ROOT), encoding="utf-8", timeout=120, env=os.environ
    )
    child.expect_exact("All as promised")
    child.expect_exact(PROMPT)
    child.sendline("awsprof logout prod; awsprof login prod --duration 15m --code $(phone prod | tr 0-9 1-90)")
    # The demo has just used a code; which of the two refusals comes depends on whether half a minute has passed.
    child.expect("AWS refuses the token code|already used in this half minute")
    child.expect_exact(PROMPT)
    child.sendline("keys dev | wc -l")
    child.expect_exact("2\r\n")
    child.expect_exact(PROMPT)
    child.sendline("exit")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
