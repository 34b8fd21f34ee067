"""
Whose credentials each family of tools would use in this shell: its source, asked of STS.

Knows how credentials are had without asking a person; which source a tool chooses is the readers' business.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from awsprof.configfiles.merged import process_target
from awsprof.errors import AwsError, AwsprofError, NoLiveSessionError, SharedFileError
from awsprof.model import Kind
from awsprof.readers.js_v2 import reads_config
from awsprof.readers.source import Source, SourceKind, Tool
from awsprof.sessions.processes import Processes
from awsprof.sessions.roles import role_session_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from awsprof.model import CallerIdentity, Credentials, Profile, SessionCredentials
    from awsprof.sessions.login import Sessions
    from awsprof.sessions.outside import AwsCalls

# Those that run another program and take its answer in one way.
_ALIKE = {Tool.AWS_CLI: Tool.BOTO3, Tool.JS_V2: Tool.JS_V3}


@dataclass(frozen=True, slots=True)
class ToolIdentity:
    """What one tool would use, and whose it is; or why it has nobody's."""

    tool: Tool
    source: Source
    identity: CallerIdentity | None
    error: str | None

    @property
    def account_and_arn(self) -> tuple[str, str] | None:
        return None if self.identity is None else (self.identity.account_id, self.identity.arn)

    def to_json(self) -> dict[str, object]:
        account_id, arn = self.account_and_arn or (None, None)
        return {
            "tool": str(self.tool),
            "source": str(self.source.kind),
            "profile": self.source.profile,
            "account_id": account_id,
            "arn": arn,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class ShellIdentity:
    """What all tools would use."""

    tools: tuple[ToolIdentity, ...]

    @property
    def agree(self) -> bool:
        """Whether all reach the same identity, or all reach none."""
        return len({tool.account_and_arn for tool in self.tools}) == 1

    @property
    def is_nobody(self) -> bool:
        """Whether no tool has anything to have an identity by."""
        return all(tool.source.kind.is_none for tool in self.tools)

    @property
    def status(self) -> int:
        if self.is_nobody:
            return NoLiveSessionError.status
        return 0 if self.agree and self.tools[0].identity is not None else AwsprofError.status


class ShellIdentities:
    """Asks AWS whose the sources of the tools are, each different one once."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        aws: Callable[[], AwsCalls],
        profile: Callable[[str], Profile],
        made_of: Callable[[str, Mapping[str, str]], Profile],
        provided: Callable[[str], Credentials],
        container: Callable[[], Credentials],
        environ: Mapping[str, str],
        now: Callable[[], datetime],
    ) -> None:
        """
        Args:
            sessions: Those in which nobody can answer a question.
            provided: Has AWS's own providers find the credentials of a profile.
            container: Fetches those that the container's variables lead to.
        """
        self._sessions = sessions
        self._aws = aws
        self._profile = profile
        self._made_of = made_of
        self._provided = provided
        self._container = container
        self._environ = environ
        self._processes = Processes(environ, now)
        self._found: dict[str, Credentials | AwsprofError] = {}

    def of(self, sources: Mapping[Tool, Source]) -> ShellIdentity:
        """Find out whose the credentials of every tool are; a failure is that tool's own."""
        # Sources hold mappings, so they can be compared and not hashed; there are five.
        asked: list[tuple[Source, Tool | None, CallerIdentity | str]] = []
        known: list[tuple[Credentials, CallerIdentity | str]] = []
        tools = []
        for tool, source in sources.items():
            manner = _manner(tool, source)
            answer = next((answer for *other, answer in asked if other == [source, manner]), None)
            if answer is None or source.kind is SourceKind.ERROR or source.kind.is_none:
                answer = self._ask(source, tool, known)
                asked.append((source, manner, answer))
            identity, error = (None, answer) if isinstance(answer, str) else (answer, None)
            if error is not None and tool is Tool.JS_V2 and source.kind is SourceKind.ERROR:
                error += self._way_out(sources[Tool.JS_V3])
            tools.append(ToolIdentity(tool, source, identity, error))
        return ShellIdentity(tuple(tools))

    def _way_out(self, elsewhere: Source) -> str:
        """Say how the SDK that reads no config file gets a session of the profile of ours that others are served."""
        name = process_target(elsewhere.settings) if elsewhere.kind is SourceKind.PROCESS else None
        if name is None or reads_config(self._environ):
            return ""
        profile = self._own(name, elsewhere)
        is_written = profile.kind is Kind.USER and profile.needs_session
        return f"; 'awsprof login {name} --write' puts it there, until the session ends" if is_written else ""

    def _ask(
        self, source: Source, tool: Tool, known: list[tuple[Credentials, CallerIdentity | str]]
    ) -> CallerIdentity | str:
        if source.kind is SourceKind.ERROR or source.kind.is_none:
            return source.why
        try:
            credentials = self._credentials(source, tool)
        except NoLiveSessionError as error:
            return _without_session(error)
        except AwsprofError as error:
            return error.message
        answer = next((answer for other, answer in known if other == credentials), None)
        if answer is None:
            answer = self._identity(source, credentials)
            known.append((credentials, answer))
        return answer

    def _identity(self, source: Source, credentials: Credentials) -> CallerIdentity | str:
        try:
            return self._aws().caller_identity(credentials, region=self._region(source))
        except AwsError as error:
            return error.message

    def _credentials(self, source: Source, tool: Tool) -> Credentials:
        if source.credentials is not None:
            return source.credentials
        match source.kind:
            case SourceKind.ROLE:
                assert source.through is not None
                return self._assumed(source, self._credentials(source.through, tool))
            case SourceKind.WEB_IDENTITY:
                return self._by_web_identity(source)
            case SourceKind.CONTAINER:
                return self._container()
            case SourceKind.METADATA | SourceKind.NONE | SourceKind.ERROR:
                raise AwsprofError(source.why or "Instance metadata is not asked")
        assert source.profile is not None
        if source.kind is not SourceKind.PROCESS:
            return self._once(source.profile)
        target = process_target(source.settings)
        if target is None:
            return self._processes.credentials(source.settings["credential_process"], tool)
        return self._sessions.serve(self._own(target, source)).credentials

    def _once(self, name: str) -> Credentials:
        """Have AWS's own providers find the credentials of a profile, once for all tools."""
        if name not in self._found:
            try:
                self._found[name] = self._provided(name)
            except AwsprofError as error:
                self._found[name] = error
        found = self._found[name]
        if isinstance(found, AwsprofError):
            raise found
        return found

    def _own(self, name: str, source: Source) -> Profile:
        """Return a profile of ours; where botocore refuses the files, what the tool itself read of it will do."""
        try:
            return self._profile(name)
        except SharedFileError:
            return self._made_of(name, source.settings)

    def _assumed(self, source: Source, origin: Credentials) -> SessionCredentials:
        """Assume a role with what the tool would send: AWS is to refuse here what it refuses there."""
        seconds = source.settings.get("duration_seconds")
        return self._aws().assume_role(
            origin,
            region=self._region(source),
            role_arn=source.settings["role_arn"],
            session_name=self._session_name(source),
            external_id=source.settings.get("external_id"),
            duration_s=int(seconds) if seconds else None,
        )

    def _by_web_identity(self, source: Source) -> SessionCredentials:
        path = Path(source.settings["web_identity_token_file"])
        try:
            token = path.read_text(encoding="ascii")
        except (OSError, ValueError):
            raise AwsprofError(f"The web identity's token file {path} cannot be read") from None
        return self._aws().assume_role_with_web_identity(
            region=self._region(source),
            role_arn=source.settings["role_arn"],
            session_name=self._session_name(source),
            token=token,
        )

    def _session_name(self, source: Source) -> str:
        """Return the name a profile gives a role's session, as it is; where it gives none, every tool makes its own."""
        given = source.settings.get("role_session_name")
        return given or role_session_name(self._made_of(source.profile or "awsprof", source.settings))

    def _region(self, source: Source) -> str:
        return self._made_of(source.profile or "", source.settings).region_for_calls(self._environ)


def _manner(tool: Tool, source: Source) -> Tool | None:
    """Tell tools apart whose credentials come from another program; all else is the same for the same source."""
    while source.through is not None:
        source = source.through
    by_other = source.kind is SourceKind.PROCESS and process_target(source.settings) is None
    return _ALIKE.get(tool, tool) if by_other else None


def _without_session(error: NoLiveSessionError) -> str:
    """Say with the command what is missing; the commands stand in hints as 'awsprof login NAME'."""
    command = (error.hint or "").partition("'")[2].partition("'")[0]
    return f"no session: {command}" if command else error.message
