"""
The AWS CLI as a program on this machine: signing in with it, and asking it for the credentials of its own sign-ins.

Knows its commands and which version has them; never what it keeps in its caches.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError, NoLiveSessionError
from awsprof.model import Kind, SessionCredentials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_VERSION = re.compile(r"aws-cli/([0-9]+)\.([0-9]+)")
_VERSION_LIMIT_S = 30
_EXPORT_LIMIT_S = 60
_STDERR = 2
# What each kind of sign-in is called, and the first version that has it.
_SIGN_INS = {Kind.SSO: (("sso", "login"), (2, 0)), Kind.LOGIN: (("login",), (2, 32))}
_EXPORT_SINCE = (2, 9)


class AwsCli:
    """The ``aws`` that PATH leads to."""

    def __init__(self, environ: Mapping[str, str], trace: Callable[[str], None]) -> None:
        self._environ = environ
        self._trace = trace

    def sign_in(self, name: str, kind: Kind, *, browser: str | None) -> None:
        """
        Run the CLI's own login for the profile *name*, at this terminal; what it prints goes to stderr.

        Args:
            browser: What the variable BROWSER says meanwhile; None leaves it as it is.

        Raises:
            AwsprofError: There is no AWS CLI, it is too old for this kind, or the login failed.
        """
        words, since = _SIGN_INS[kind]
        program = self._program(since, f"aws {' '.join(words)}", name)
        command = [program, *words, "--profile", name]
        self._trace(f"runs {' '.join(command)}")
        sys.stderr.flush()
        environ = {**self._environ, **({} if browser is None else {"BROWSER": browser})}
        try:
            status = subprocess.run(command, env=environ, stdout=_STDERR, check=False).returncode
        except OSError as error:
            raise AwsprofError(f"{program} cannot be run: {error.strerror}") from None
        if status != 0:
            raise AwsprofError(
                f"'aws {' '.join(words)} --profile {name}' failed with status {status}",
                hint="What it said stands above.",
            )

    def exported_credentials(self, name: str) -> SessionCredentials:
        """
        Have the CLI turn the sign-in of the profile *name* into credentials.

        Raises:
            NoLiveSessionError: Its sign-in has expired.
            AwsprofError: There is no AWS CLI that can do it.
        """
        program = self._program(_EXPORT_SINCE, "aws configure export-credentials", name)
        command = [program, "configure", "export-credentials", "--profile", name, "--format", "process"]
        environ = {**self._environ, "AWSPROF_IN_PROCESS": "1"}
        try:
            done = subprocess.run(
                command,
                env=environ,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                check=False,
                timeout=_EXPORT_LIMIT_S,
            )
        except subprocess.TimeoutExpired:
            raise AwsprofError(f"The AWS CLI gave no credentials of {name} within {_EXPORT_LIMIT_S} s") from None
        self._trace(f"runs {' '.join(command)}: status {done.returncode}")
        try:
            answer = json.loads(done.stdout)
            expiration = answer.get("Expiration")
            return SessionCredentials(
                answer["AccessKeyId"],
                answer["SecretAccessKey"],
                answer["SessionToken"],
                datetime.fromisoformat(expiration) if expiration else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise NoLiveSessionError(
                f"The sign-in of {name} has expired, or never was", hint=f"Run 'awsprof login {name}'."
            ) from None

    def _program(self, since: tuple[int, int], what: str, name: str) -> str:
        """Return the program's path if it is new enough for *what*."""
        hint = f"Install the AWS CLI {since[0]}.{since[1]} or newer, then run 'awsprof login {name}'."
        program = shutil.which("aws", path=self._environ.get("PATH"))
        if program is None:
            raise AwsprofError(f"{name} needs '{what}', and there is no AWS CLI on PATH", hint=hint)
        try:
            said = subprocess.run(
                [program, "--version"],
                env=dict(self._environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=_VERSION_LIMIT_S,
            ).stdout.decode("utf-8", "replace")
        except (OSError, subprocess.TimeoutExpired):
            said = ""
        match = _VERSION.search(said)
        if match is None:
            raise AwsprofError(f"{program} does not say which AWS CLI it is", hint=hint)
        found = (int(match[1]), int(match[2]))
        if found < since:
            raise AwsprofError(
                f"{name} needs '{what}', and {program} is version {found[0]}.{found[1]}, which has none", hint=hint
            )
        return program
