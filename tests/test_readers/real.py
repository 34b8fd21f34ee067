"""The real readers, each as one process that answers for many environments."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

TESTS = Path(__file__).parents[1]
JS = TESTS / "js"


class Reader:
    """A program that answers each line of JSON with one."""

    def __init__(self, command: list[str]) -> None:
        environ = {**os.environ, "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1"}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environ,
            start_new_session=True,  # no terminal, at which one might ask for a code
        )

    @classmethod
    def of_boto3(cls) -> Self:
        return cls([sys.executable, str(TESTS / "test_readers" / "by_boto3.py")])

    @classmethod
    def of_javascript(cls, tool: Callable[[str], str]) -> Self:
        """Both SDKs; where npm has not put them, the test is skipped, and fails where CI promised to have them."""
        if not (JS / "node_modules" / "aws-sdk").is_dir():
            absent = "needs the AWS SDKs for JavaScript: npm ci --prefix tests/js"
            if os.environ.get("CI"):
                pytest.fail(absent)
            pytest.skip(absent)
        # It sends v2, which knows no AWS_ENDPOINT_URL, to the local AWS, and nothing elsewhere.
        hook = str(TESTS / "frameworks" / "hook.cjs")
        return cls([tool("node"), "--require", hook, str(JS / "default-identity.mjs")])

    def __call__(self, environ: Mapping[str, str], *, ask: bool) -> dict[str, dict[str, Any]]:
        """
        Return what each tool of this process makes of *environ*.

        Args:
            ask: Ask STS whose credentials they are; else only which access key id was found.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"environ": dict(environ), "ask": ask}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert isinstance(answer, dict)
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        finally:
            # A test that was ended in the middle of a question leaves a process that may never answer it.
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
