"""
Other programs' credential_process, run as each tool runs it, and once however many tools would.

Knows the answer's form, and what each tool refuses of it; shows nothing of what a process says.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError
from awsprof.model import LongTermCredentials, SessionCredentials
from awsprof.readers.source import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awsprof.model import Credentials

_LIMIT_S = 60  # at which Terraform gives up
# A line of which a shell makes what splitting at blanks does.
_PLAIN = re.compile(r"[A-Za-z0-9_./:=,@%+ -]+")
_BOTOCORE = (Tool.AWS_CLI, Tool.BOTO3)
# The only form of a time that Go takes.
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_EXPIRED = "its credential_process answers credentials that have expired"
_UNREADABLE = "its credential_process answers an Expiration that this tool cannot read"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a process answers; *expiration* as it stands there, since each tool reads it in its own way."""

    credentials: Credentials
    expiration: object


class Processes:
    """Runs each command once."""

    def __init__(self, environ: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self._environ = environ
        self._now = now
        self._known: dict[tuple[str, bool], _Answer | AwsprofError] = {}

    def credentials(self, line: str, tool: Tool) -> Credentials:
        """
        Return what the command answers to *tool*.

        Raises:
            AwsprofError: It cannot be run, fails, or answers what this tool refuses.
        """
        # All but botocore have a shell run it.
        key = (line, tool not in _BOTOCORE and _PLAIN.fullmatch(line) is None)
        if key not in self._known:
            try:
                self._known[key] = self._run(*key)
            except AwsprofError as error:
                self._known[key] = error
        known = self._known[key]
        if isinstance(known, AwsprofError):
            raise known
        fault = _fault(known.expiration, tool, self._now())
        if fault is not None:
            raise AwsprofError(fault)
        return known.credentials

    def _run(self, line: str, by_shell: bool) -> _Answer:
        try:
            # The user's own line, which tools give to a shell.
            process = subprocess.Popen(
                line if by_shell else shlex.split(line, posix=os.name == "posix"),
                shell=by_shell,
                # As a tool gives it. One that leads in a circle through awsprof, credential-process stops.
                env=dict(self._environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Without a terminal there is nobody to ask.
                start_new_session=True,
            )
        except (OSError, ValueError):
            raise AwsprofError("its credential_process cannot be run") from None
        with process:
            try:
                text, _ = process.communicate(timeout=_LIMIT_S)
            except subprocess.TimeoutExpired:
                _end(process)
                raise AwsprofError(f"its credential_process does not answer within {_LIMIT_S} s") from None
            except BaseException:
                _end(process)
                raise
        if process.returncode != 0:
            raise AwsprofError(f"its credential_process fails with status {process.returncode}")
        found = _answer_in(text)
        if found is None:
            raise AwsprofError("its credential_process answers no credentials")
        return found


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process with all that it has started: any of them may hold the pipe that is read."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _answer_in(text: bytes) -> _Answer | None:
    try:
        answer = json.loads(text)
        key_id, secret = str(answer["AccessKeyId"]), str(answer["SecretAccessKey"])
        version, token = answer["Version"], answer.get("SessionToken")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if version != 1:
        return None
    found = SessionCredentials(key_id, secret, str(token), None) if token else LongTermCredentials(key_id, secret)
    return _Answer(found, answer.get("Expiration"))


def _fault(expiration: object, tool: Tool, now: datetime) -> str | None:
    """Return why a tool refuses an answer for the time at which it expires; None when it takes it."""
    if expiration is None:
        return None
    moment = _moment(expiration) if isinstance(expiration, str) else None
    if tool is Tool.GO:
        # It takes an answer that has expired.
        is_read = moment is not None and _RFC_3339.fullmatch(str(expiration)) is not None
        return None if is_read else _UNREADABLE
    if tool in _BOTOCORE:
        if moment is None or moment.tzinfo is None:
            return _UNREADABLE
        return _EXPIRED if moment <= now else None
    if isinstance(expiration, int | float):
        # Milliseconds to JavaScript, and 0 is no time at all.
        return _EXPIRED if expiration and expiration < now.timestamp() * 1000 else None
    if moment is None:
        return None  # what is no time is in no past
    local = now.astimezone().tzinfo
    return _EXPIRED if moment.replace(tzinfo=moment.tzinfo or local) < now else None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
