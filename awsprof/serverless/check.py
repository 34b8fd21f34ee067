"""
What a service would deploy with, stage by stage, held against the team file and this machine's profiles.

Knows what the framework makes of serverless.yml and of the environment; asks AWS only where it is told to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from awsprof.errors import AwsprofError
from awsprof.findings import Finding, Severity
from awsprof.model import Delivery, Kind
from awsprof.naming import ProfileName, is_default, printable
from awsprof.serverless.framework import find_framework, override
from awsprof.serverless.guard import check_guard
from awsprof.serverless.service import PROFILE
from awsprof.serverless.stages import NO_USER, USER_VARIABLE, stages_of
from awsprof.serverless.variables import CannotTellError, Resolver, StoppedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from awsprof.errors import UnparsableYamlError
    from awsprof.model import CallerIdentity, Profile
    from awsprof.serverless.framework import Override
    from awsprof.serverless.service import Service
    from awsprof.serverless.stages import Stage
    from awsprof.settings import TeamFile

_KEYS = ("aws_access_key_id", "aws_secret_access_key")
_TRAP = "provider.stage"
_NOBODY = "nobody"


class Asking(Protocol):
    """Asks AWS whose the credentials of a profile are."""

    def __call__(self, profile: Profile) -> CallerIdentity: ...


class Check:
    """Checks one service."""

    def __init__(
        self,
        service: Service,
        team: TeamFile,
        profiles: Mapping[str, Profile],
        environ: Mapping[str, str],
        *,
        ask: Asking | None = None,
    ) -> None:
        """
        Args:
            ask: How to ask AWS; None: it is not asked.
        """
        self._service = service
        self._team = team
        self._profiles = profiles
        self._environ = environ
        self._ask = ask
        self._framework = find_framework(service.directory, service.raw("frameworkVersion"), environ=environ)

    def run(self, only: str | None = None) -> list[Finding]:
        """
        Return what is wrong, in the order of the stages.

        Args:
            only: One stage, about to be deployed: what the environment would put in the profile's place is then an
                error, and not a warning.
        """
        found = [
            finding
            for stage in stages_of(self._team, only)
            for finding in self._stage(stage, about_to=only is not None)
        ]
        if only is None:
            found += self._unknown_stages()
        # What is wrong with the whole file is said once, and not for each stage.
        return list(dict.fromkeys(found))

    def _stage(self, stage: Stage, *, about_to: bool) -> Iterator[Finding]:
        try:
            resolver = self._resolver(stage.name)
            named = resolver.at(*PROFILE)
        except StoppedError as error:
            yield self._finding(
                stage,
                "unmapped-stage",
                f"stage {stage.name} has no profile, so the framework stops: {error.message}",
                "awsprof serverless write",
            )
            return
        except CannotTellError as error:
            yield self._finding(
                stage,
                "cannot-tell",
                f"the profile of stage {stage.name} cannot be told from here: {error.message}",
                f"serverless print --stage {stage.name}",
                severity=Severity.WARNING,
            )
            return
        instead = override(resolver.environ, stage.name)
        unguarded = check_guard(self._service, stage)
        if unguarded is not None:
            yield unguarded
        if not self._service.has_profile:
            if instead is None and (about_to or unguarded is not None):
                yield self._no_profile(stage)
        elif not isinstance(named, str) or not named or is_default(named):
            yield self._finding(
                stage,
                "default-profile",
                f"the profile of stage {stage.name} is {_shown(named)}, and the framework takes [default] for it",
                "awsprof serverless write --force",
            )
            return
        else:
            yield from self._named(stage, named, resolver, keys=instead is not None and instead.profile is None)
        if instead is not None:
            yield from self._override(stage, instead, str(named or ""), guarded=unguarded is None, about_to=about_to)

    def _resolver(self, stage: str | None) -> Resolver:
        service = self._service
        return Resolver(service.data.value, directory=service.directory, environ=self._environ, stage=stage)

    def _named(self, stage: Stage, named: str, resolver: Resolver, *, keys: bool) -> Iterator[Finding]:
        """
        Check the profile that the file gives a stage.

        Args:
            keys: Whether keys in the environment are used in its place, as on a build server.
        """
        without_user = named.endswith(f"_{NO_USER}")
        parts = ProfileName.parse(named.replace(NO_USER, _NOBODY) if without_user else named)
        yield from self._name(stage, named, parts, resolver)
        if without_user:
            yield self._finding(
                stage,
                "no-user",
                f"{USER_VARIABLE} is not set, so every profile ends in {NO_USER}, and there is none of that name",
                f"awsprof exec {stage.env} -- serverless … sets it, and so does awsprof init from the setting user",
                severity=self._severity_of_missing(keys=keys),
            )
            return
        profile = self._profiles.get(named)
        if profile is not None:
            yield from self._on_this_machine(stage, profile)
            return
        words = f"{parts.product} {parts.env} {parts.user}" if parts else "PRODUCT ENV USER"
        yield self._finding(
            stage,
            "unknown-profile",
            f"stage {stage.name} uses {printable(named)}, and there is no such profile on this machine",
            f"awsprof add {words}",
            profile=named,
            severity=self._severity_of_missing(keys=keys),
        )

    def _severity_of_missing(self, *, keys: bool) -> Severity:
        """Version 3 stops at a profile that is not there, also where it would use the environment's keys."""
        version_3 = self._framework is not None and not self._framework.knows_credential_process
        return Severity.INFO if keys and not version_3 else Severity.ERROR

    def _name(self, stage: Stage, named: str, parts: ProfileName | None, resolver: Resolver) -> Iterator[Finding]:
        """Check what a profile's name says of the account it is for."""
        fix = "awsprof serverless write --force"
        if parts is None:
            yield self._finding(
                stage,
                "outside-convention",
                f"the profile of stage {stage.name} is {_shown(named)}, whose name does not tell its account",
                fix,
                profile=named,
            )
        elif parts.product != self._team.product:
            yield self._finding(
                stage,
                "other-product",
                f"stage {stage.name} uses {named}, a profile of {parts.product} and not of {self._team.product}",
                fix,
                profile=named,
            )
        elif parts.env != stage.env:
            literal = self._resolver(None).stage
            if _TRAP in resolver.asked and literal != stage.name:
                yield self._finding(
                    stage,
                    "literal-stage",
                    f"${{self:{_TRAP}}} stays {literal} under --stage {stage.name}, which would be deployed with "
                    f"{named}",
                    "Write ${sls:stage} in its place.",
                    profile=named,
                )
            else:
                yield self._finding(
                    stage,
                    "other-env",
                    f"stage {stage.name} uses {named}, a profile of {parts.env}, and the team file has the stage in "
                    f"{stage.env}",
                    fix,
                    profile=named,
                )
        elif parts.user != _NOBODY and str(self._service.raw(*self._service.place_of_profile(stage.name))).endswith(
            f"_{parts.user}"
        ):
            yield self._finding(
                stage,
                "user-in-file",
                f"the user {parts.user} stands in the file, so stage {stage.name} works for nobody else",
                fix,
                profile=named,
                severity=Severity.WARNING,
            )

    def _on_this_machine(self, stage: Stage, profile: Profile) -> Iterator[Finding]:
        """Check a profile that exists: its account, and whether the framework can use it."""
        # That a profile of another env is in another account goes without saying.
        own = profile.parts is not None and profile.parts.env == stage.env
        if own and stage.account_id is not None and profile.account_id not in (None, stage.account_id):
            yield self._finding(
                stage,
                "other-account",
                f"{profile.name} is in account {profile.account_id}, and the team file says {stage.account_id} for "
                f"{stage.env}",
                f"awsprof add {profile.name.replace('_', ' ')} --replace, or mend the team file",
                profile=profile.name,
            )
        if profile.settings.get("role_arn") and any(key in profile.settings for key in _KEYS):
            yield self._finding(
                stage,
                "role-and-keys",
                f"{profile.name} has a role and keys: version 3 uses the keys, and everything else the role",
                f"Take the keys out of [{profile.name}] in the credentials file.",
                profile=profile.name,
            )
        elif not self._usable(profile):
            yield self._unusable(stage, profile)
        if self._ask is None:
            return
        try:
            identity = self._ask(profile)
        except AwsprofError as error:
            yield self._finding(
                stage,
                "not-reached",
                f"AWS could not be asked as {profile.name}: {error.message}",
                error.hint,
                profile=profile.name,
            )
            return
        if stage.account_id not in (None, identity.account_id):
            yield self._finding(
                stage,
                "wrong-account",
                f"{profile.name} really reaches account {identity.account_id}, and the team file says "
                f"{stage.account_id} for {stage.env}",
                "Mend whichever is wrong before anything is deployed.",
                profile=profile.name,
            )

    def _usable(self, profile: Profile) -> bool:
        framework = self._framework
        if framework is None or framework.knows_credential_process:
            return True
        return all(key in profile.settings for key in _KEYS)

    def _unusable(self, stage: Stage, profile: Profile) -> Finding:
        framework = self._framework
        assert framework is not None  # _usable() says so
        fix = f"awsprof exec {stage.env} -- serverless … --stage {stage.name}"
        if profile.delivery is Delivery.FILE:
            reason, fix = "has no session in the credentials file", f"awsprof login {profile.name}"
        elif profile.kind is Kind.ROLE:
            reason = "is a role, and its source has no keys in a file"
        else:
            reason = "serves its credentials by credential_process"
            if profile.needs_session:
                fix = f"awsprof set {profile.name} awsprof_delivery=file"
        return self._finding(
            stage,
            "unusable-delivery",
            f"{framework.name} {framework.version} would not find credentials: {profile.name} {reason}",
            fix,
            profile=profile.name,
        )

    def _no_profile(self, stage: Stage) -> Finding:
        return self._finding(
            stage,
            "default-profile",
            "no profile is named, in the file or in the environment, and the framework takes [default]",
            f"awsprof exec {stage.env} -- serverless … --stage {stage.name}",
        )

    def _override(
        self, stage: Stage, instead: Override, named: str, *, guarded: bool, about_to: bool
    ) -> Iterator[Finding]:
        """Check what the environment puts in the place of the file's profile."""
        severity = Severity.ERROR if about_to else Severity.WARNING
        place = f"in place of {printable(named)}" if named else "since the file names no profile"
        if instead.profile is None:
            own = (self._environ.get("AWSPROF_PRODUCT"), self._environ.get("AWSPROF_ENV"))
            if own == (self._team.product, stage.env):
                # What 'awsprof exec' and 'awsprof export' set.
                return
            what = "keys in the environment are used"
            severity = Severity.WARNING if guarded else severity
        else:
            profile = self._profiles.get(instead.profile)
            if profile is not None and not self._usable(profile):
                yield self._unusable(stage, profile)
            parts = ProfileName.parse(instead.profile)
            same = parts is not None and (parts.product, parts.env) == (self._team.product, stage.env)
            if instead.profile == named or (same and not named):
                return
            account = f" of account {profile.account_id}" if profile is not None and profile.account_id else ""
            what = f"the profile {printable(instead.profile)}{account} is used"
        yield Finding(
            "environment-override",
            severity,
            f"{instead.variable} is set: for stage {stage.name}, {what} {place}",
            f"unset {instead.variable}" if instead.variable != "AWS_PROFILE" else "awsprof off",
            profile=instead.profile,
        )

    def _unknown_stages(self) -> Iterator[Finding]:
        known = {"default", *(stage for env in self._team.envs.values() for stage in env.stages)}
        for path in (("custom", "profiles"), ("params",)):
            rows = self._service.raw(*path)
            for name in rows if isinstance(rows, dict) else ():
                if name not in known:
                    yield Finding(
                        "unknown-stage",
                        Severity.WARNING,
                        f"stage {printable(name)} stands in the file, and {self._team.path.name} knows no such stage",
                        f"Add it to the stages of an env in {self._team.path.name}, or take it out.",
                        file=str(self._service.path),
                        line=self._service.data.line_of(*path, name),
                    )

    def _finding(
        self,
        stage: Stage,
        code: str,
        message: str,
        fix: str | None,
        *,
        profile: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> Finding:
        """Make a finding that stands where the stage's profile does."""
        place = PROFILE if code == "literal-stage" else self._service.place_of_profile(stage.name)
        line = self._service.data.line_of(*place) or 1
        return Finding(code, severity, message, fix, file=str(self._service.path), line=line, profile=profile)


def unparsable(error: UnparsableYamlError) -> Finding:
    """Make the finding for a file that the framework would refuse as a whole."""
    return Finding("unparsable", Severity.ERROR, error.reason, error.hint, file=error.path, line=error.line)


def _shown(value: object) -> str:
    return "empty" if value in (None, "") else f"'{printable(str(value))}'"
