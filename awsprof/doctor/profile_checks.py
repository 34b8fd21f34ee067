"""
What is wrong with profiles: defaults, keys in plain text or out of date, sources and programs that are not there.

Knows what AWS's tools make of a profile's settings; not how a file is written, nor what the vault holds.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from awsprof.configfiles.document import DEFAULTS
from awsprof.configfiles.masking import masked
from awsprof.configfiles.merged import LONG_TERM_KEYS, is_managed, is_own_process
from awsprof.doctor.advice import FIX, command, import_of
from awsprof.doctor.reach import reach, spoken
from awsprof.doctor.role_checks import check_role
from awsprof.findings import Finding, Severity
from awsprof.model import Kind
from awsprof.naming import is_default, printable
from awsprof.readers.source import SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from awsprof.doctor.shared import SeenProfile, SharedFiles
    from awsprof.readers.source import Profiles, Tool

# The longest that STS lets a session last.
_LONGEST_SESSION = timedelta(hours=36)
# Where this and other programs note when a session ends.
_EXPIRATIONS = ("expiration", "aws_session_expiration", "aws_credential_expiration", "x_security_token_expires")
_BLANKS_AND_QUOTES = re.compile(r"[\s\"']+")
_PLAIN_COMMAND = re.compile(r"[A-Za-z0-9._/ -]*")
# What is a program's name to no shell: an assignment, one of its own commands, and what it replaces.
_FOR_A_SHELL = re.compile(
    r"\w+=|~|.*[$`;&|<>(){}*?!]|(?:\.|:|\[|source|cd|eval|exec|export|set|unset|umask|ulimit|trap|command|test"
    r"|if|for|while|until|case|function)$"
)


class ProfileChecks:
    """Checks the profiles of one user, in one pass."""

    def __init__(self, shared: SharedFiles, environ: Mapping[str, str], now: datetime) -> None:
        self._shared = shared
        self._environ = environ
        self._now = now
        self._envs: dict[str, str] = {}
        self._accounts: dict[tuple[str, str], list[str]] = {}
        self._programs: dict[str, bool] = {}
        # As botocore takes them, with whatever blanks and quotes.
        self._sign_ins = {
            _BLANKS_AND_QUOTES.sub(" ", name).strip()
            for name in shared.config.sections
            if name.startswith("sso-session")
        }
        self._written = {file.in_config: _mtime(file.path) for file in shared.files}

    def run(self) -> Iterator[Finding]:
        yield from self._defaults()
        for name, seen in self._shared.profiles.items():
            parts, account_id = seen.profile.parts, seen.profile.account_id
            if parts is not None:
                self._envs.setdefault(parts.env, name)
                if account_id is not None:
                    self._accounts.setdefault((parts.product, account_id), []).append(name)
        for name, seen in self._shared.profiles.items():
            yield from self._keys(name, seen)
            yield from check_role(self._shared, name)
            yield from self._process(name, seen)
            yield from self._sign_in(name, seen)
            yield from self._name(name, seen)
        yield from self._shared_accounts()

    def _defaults(self) -> Iterator[Finding]:
        default = self._shared.profiles.get("default")
        spelled = () if default is None else default.headers
        for file in self._shared.files:
            for block in file.sections.values():
                if block.name == DEFAULTS:
                    message = (
                        "[DEFAULT] lends its settings to all profiles in the aws CLI and boto3, to none in JS and Go"
                    )
                elif block in spelled if file.in_config else block.name == "default":
                    message = (
                        f"[{printable(block.name)}]: every tool that is told no profile reaches this one's account"
                    )
                else:
                    continue
                yield Finding(
                    "default-profile",
                    Severity.ERROR,
                    message,
                    "awsprof default",
                    str(file.path),
                    block.line,
                    None if block.name == DEFAULTS else "default",
                )
        if len(spelled) > 1:
            names = [block.name for block in spelled]
            stops = (
                "JS v2 and Serverless 3 stop at it, and others"
                if {"default", "profile default"} <= {*names}
                else "tools"
            )
            yield Finding(
                "duplicate-section",
                Severity.ERROR,
                f"{' and '.join(f'[{printable(name)}]' for name in names)}: {stops} take different ones",
                "awsprof default --remove",
                str(self._shared.config.path),
                spelled[-1].line,
                "default",
            )

    def _keys(self, name: str, seen: SeenProfile) -> Iterator[Finding]:
        settings = seen.profile.settings
        if LONG_TERM_KEYS[0] not in settings and LONG_TERM_KEYS[1] not in settings:
            return
        shown, lasting = printable(name), not settings.get("aws_session_token")
        where = self._shared.where(name, *LONG_TERM_KEYS)
        by_hand = f"Take its keys out of {where}."
        if lasting and settings.get(LONG_TERM_KEYS[1]):
            yield self._shared.finding(
                "plaintext-long-term-key",
                Severity.ERROR,
                name,
                f"the long-term key of {shown} stands in plain text: whatever reads this file has the account for good",
                import_of(name) if settings.get(LONG_TERM_KEYS[0]) else by_hand,
                *LONG_TERM_KEYS[::-1],
            )
        if settings.get(LONG_TERM_KEYS[0]) and not settings.get(LONG_TERM_KEYS[1]):
            yield self._shared.finding(
                "half-key",
                Severity.ERROR,
                name,
                f"{shown} has an access key id and no {LONG_TERM_KEYS[1]}: the aws CLI, boto3 and Go stop at it",
                "Add the other line, or take this one out.",
                LONG_TERM_KEYS[0],
            )
        ended = self._ended(seen)
        ours = is_managed(settings)
        if ended:
            yield self._shared.finding(
                "stale-session-triple",
                Severity.WARNING,
                name,
                f"the session of {shown} in this file {ended}: every tool still sends it, and AWS refuses it",
                FIX if ours else by_hand,
                "aws_session_token",
            )
        if ours:
            fix = FIX if ended else command("logout", name)
        else:
            # A session's keys are of no use to import.
            fix = f"{import_of(name)}, or take its keys out of {where}" if lasting else by_hand
        beside = None
        if "credential_process" in settings:
            beside = f"its credential_process: {self._use_keys(name)}"
        elif "sso_session" in settings or "sso_start_url" in settings:
            beside = "its sign-in: JS and Go use the keys, and the aws CLI and boto3 the sign-in"
        elif "role_arn" in settings and settings.get("source_profile") not in (None, name):
            beside = "its role: Serverless 3 uses the keys, and every other tool the role"
        if beside is not None:
            yield self._shared.finding(
                "keys-shadow-process", Severity.ERROR, name, f"{shown} has keys beside {beside}", fix, *LONG_TERM_KEYS
            )

    def _use_keys(self, name: str) -> str:
        found = {tool: (profiles or {}).get(name) for tool, profiles in self._reach.items()}
        others = [tool for tool, source in found.items() if source is not None and source.kind is SourceKind.PROCESS]
        if others:
            return f"{spoken(others)} would ask the process, and other tools use the keys"
        return "every tool uses the keys, and the process is never asked"

    @cached_property
    def _reach(self) -> dict[Tool, Profiles]:
        return reach(self._shared)

    def _ended(self, seen: SeenProfile) -> str | None:
        """Say since when a session is over, as far as that can be told."""
        settings, token = seen.profile.settings, seen.find("aws_session_token")
        if token is None or not token[1].value:
            return None
        for key in _EXPIRATIONS:
            ends = _instant(settings.get(key, ""))
            if ends is not None:
                return f"ended {_ago(self._now - ends)}" if ends <= self._now else None
        written = self._written[token[0]]
        if written is not None and self._now - written > _LONGEST_SESSION:
            return f"was written {_ago(self._now - written)}, and none lasts so long"
        return None

    def _process(self, name: str, seen: SeenProfile) -> Iterator[Finding]:
        line = seen.profile.settings.get("credential_process")
        if not line:
            return
        program = program_in(line)
        if program is None or self.is_there(program):
            return
        if _FOR_A_SHELL.match(program):
            # It is not shown, since an assignment's value may be a secret.
            yield self._shared.finding(
                "missing-process",
                Severity.WARNING,
                name,
                f"credential_process of {printable(name)} begins with what only a shell knows, so only JS and Go find "
                "a program: the aws CLI and boto3 start it without a shell",
                "Write the program's whole path, or put the line into a script and name that.",
                "credential_process",
            )
            return
        ours = is_own_process(name, seen.profile.settings)
        shown = program if ours else masked(program)
        code, fix = (
            ("moved-executable", FIX) if ours else ("missing-process", "Install it again, or take the line out.")
        )
        yield self._shared.finding(
            code,
            Severity.ERROR,
            name,
            f"credential_process of {printable(name)} starts {printable(shown)}, which is not there, "
            "so no tool gets credentials",
            fix,
            "credential_process",
        )

    def is_there(self, program: str) -> bool:
        """Whether a program can be found as a tool would find it."""
        if program not in self._programs:
            path = self._environ.get("PATH", os.defpath)
            self._programs[program] = shutil.which(program, path=path) is not None
        return self._programs[program]

    def _sign_in(self, name: str, seen: SeenProfile) -> Iterator[Finding]:
        session = seen.profile.settings.get("sso_session")
        if session and f"sso-session {session}" not in self._sign_ins:
            yield self._shared.finding(
                "dangling-sso-session",
                Severity.ERROR,
                name,
                f"the sso_session of {printable(name)}, '{printable(session)}', is not there, so no tool can sign in",
                "aws configure sso-session",
                "sso_session",
            )

    def _name(self, name: str, seen: SeenProfile) -> Iterator[Finding]:
        shown, profile = printable(name), seen.profile
        if profile.parts is None and not is_default(name):
            yield self._shared.finding(
                "outside-convention",
                Severity.INFO,
                name,
                f"{shown} does not say by its name which product, env and user it is",
                command("import", name),
            )
            if name in self._envs:
                yield self._shared.finding(
                    "name-shadows-env",
                    Severity.WARNING,
                    name,
                    f"{shown} is a profile and the env of {self._envs[name]}: as a selector for awsprof it is both",
                    command("rename", name, "PRODUCT ENV USER"),
                )
        if profile.protected and profile.kind is Kind.USER and profile.mfa_serial is None:
            yield self._shared.finding(
                "protected-without-mfa",
                Severity.WARNING,
                name,
                f"{shown} is protected and has no MFA device: its key alone opens the account to every tool",
                command("mfa enroll", name),
            )

    def _shared_accounts(self) -> Iterator[Finding]:
        for (_, account_id), names in self._accounts.items():
            protected = [name for name in names if self._shared.profiles[name].profile.protected]
            others = [name for name in names if name not in protected] if protected else []
            for name in protected if others else ():
                yield self._shared.finding(
                    "shared-account",
                    Severity.WARNING,
                    name,
                    f"{name} is protected and shares account {account_id} with {others[0]}, "
                    "so what is done there with any tool is done here",
                    "awsprof add PRODUCT ENV USER --replace, with a key of an account of its own",
                    "aws_account_id",
                )


def program_in(line: str) -> str | None:
    """Return the program that a credential_process starts; None where that cannot be told."""
    try:
        words = line.split() if _PLAIN_COMMAND.fullmatch(line) else shlex.split(line, posix=os.name == "posix")
    except ValueError:
        return None
    return words[0] if words else None


def _instant(text: str) -> datetime | None:
    """Read an instant as programs write it; one without a zone is taken for UTC."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _ago(time: timedelta) -> str:
    hours = time.total_seconds() / 3600
    return f"{hours / 24:.0f} days ago" if hours >= 48 else f"{max(hours, 0):.0f} h ago"


def _mtime(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        return None
