"""
Other programs' credential_process, run as each tool runs it, and once however many tools would.

Knows the answer's form; shows nothing of what a process says.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError
from awsprof.model import LongTermCredentials, SessionCredentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsprof.model import Credentials

_LIMIT_S = 60  # at which Terraform gives up
# A line of which a shell makes what splitting at blanks does.
_PLAIN = re.compile(r"[A-Za-z0-9_./:=,@%+ -]+")


class Processes:
    """Runs each command once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._known: dict[tuple[str, bool], Credentials | AwsprofError] = {}

    def credentials(self, line: str, *, by_shell: bool) -> Credentials:
        """
        Return what the command answers.

        Args:
            by_shell: Whether the tool has a shell run it, as all but botocore do.

        Raises:
            AwsprofError: It cannot be run, fails, or answers something else.
        """
        key = (line, by_shell and _PLAIN.fullmatch(line) is None)
        if key not in self._known:
            try:
                self._known[key] = self._run(*key)
            except AwsprofError as error:
                self._known[key] = error
        known = self._known[key]
        if isinstance(known, AwsprofError):
            raise known
        return known

    def _run(self, line: str, by_shell: bool) -> Credentials:
        try:
            # The user's own line, which tools give to a shell.
            done = subprocess.run(
                line if by_shell else shlex.split(line, posix=os.name == "posix"),
                shell=by_shell,
                # One that leads back here must fail instead of starting itself for ever.
                env={**self._environ, "AWSPROF_IN_PROCESS": "1"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise AwsprofError(f"its credential_process does not answer within {_LIMIT_S} s") from None
        except (OSError, ValueError):
            raise AwsprofError("its credential_process cannot be run") from None
        if done.returncode != 0:
            raise AwsprofError(f"its credential_process fails with status {done.returncode}")
        found = _credentials_in(done.stdout)
        if found is None:
            raise AwsprofError("its credential_process answers no credentials")
        return found


def _credentials_in(text: bytes) -> Credentials | None:
    try:
        answer = json.loads(text)
        key_id, secret = str(answer["AccessKeyId"]), str(answer["SecretAccessKey"])
        version, token = answer["Version"], answer.get("SessionToken")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if version != 1:
        return None
    return SessionCredentials(key_id, secret, str(token), None) if token else LongTermCredentials(key_id, secret)
