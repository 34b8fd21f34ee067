"""
What a service would deploy with, stage by stage, held against the team file and this machine's profiles.

Knows what the framework makes of serverless.yml and of the environment; asks AWS only where it is told to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.findings import Finding, Severity
from awsprof.naming import ProfileName, is_default, printable
from awsprof.serverless.framework import find_framework, override
from awsprof.serverless.guard import check_guard, extra_accounts
from awsprof.serverless.profile_check import ProfileCheck
from awsprof.serverless.service import PROFILE
from awsprof.serverless.stages import NO_USER, USER_VARIABLE, stages_of
from awsprof.serverless.variables import CannotTellError, Resolver, StoppedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from awsprof.errors import UnparsableYamlError
    from awsprof.model import Profile
    from awsprof.serverless.framework import Override
    from awsprof.serverless.profile_check import Asking
    from awsprof.serverless.service import Service
    from awsprof.serverless.stages import Stage
    from awsprof.settings import TeamFile

_TRAP = "provider.stage"
_NOBODY = "nobody"
_FIX = "awsprof serverless write --force"


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
        self._environ = environ
        framework = find_framework(service.directory, service.raw("frameworkVersion"), environ=environ)
        self._profiles = ProfileCheck(service, profiles, framework, ask)

    def run(self, only: str | None = None) -> list[Finding]:
        """
        Return what is wrong, in the order of the stages.

        Args:
            only: One stage, about to be deployed: what the environment would put in the profile's place is then an
                error, and not a warning.
        """
        found: list[Finding] = []
        for stage in stages_of(self._team, only):
            found += self._stage(stage, stage.name, about_to=only is not None)
            if stage.name == self._stage_without_option():
                # A variable may ask for the option itself, and come to something else where it is not given.
                found += self._stage(stage, None, about_to=only is not None)
        if only is None:
            found += self._unknown_stages()
        # What is wrong with the whole file is said once, and not for each stage.
        return list(dict.fromkeys(found))

    def _stage_without_option(self) -> str | None:
        try:
            return self._resolver(None).stage
        except (StoppedError, CannotTellError):
            return None

    def _stage(self, stage: Stage, option: str | None, *, about_to: bool) -> Iterator[Finding]:
        """Check a stage; *option* is what ``--stage`` says, None where it is not given."""
        finding = self._service.finding
        try:
            resolver = self._resolver(option)
            provider, named = resolver.at(PROFILE[0]), resolver.at(*PROFILE)
        except StoppedError as error:
            yield finding(
                stage.name,
                "unmapped-stage",
                f"stage {stage.name} has no profile, so the framework stops: {error.message}",
                "awsprof serverless write",
            )
            return
        except CannotTellError as error:
            yield finding(
                stage.name,
                "cannot-tell",
                f"the profile of stage {stage.name} cannot be told from here: {error.message}",
                f"serverless print --stage {stage.name}",
                severity=Severity.WARNING,
            )
            return
        instead = override(resolver.environ, stage.name)
        guard = check_guard(self._service, stage, lambda account_id: self._resolver(option, account_id))
        faults = [fault for fault in (guard, extra_accounts(self._service, stage)) if fault is not None]
        yield from faults
        if isinstance(provider, dict) and "profile" not in provider:
            if instead is None and (about_to or faults):
                yield finding(
                    stage.name,
                    "default-profile",
                    "no profile is named, in the file or in the environment, and the framework takes [default]",
                    f"awsprof exec {stage.env} -- serverless … --stage {stage.name}",
                )
        elif not isinstance(named, str) or not named or is_default(named):
            otherwise = "" if instead is None else f" where {instead.variable} is not set"
            yield finding(
                stage.name,
                "default-profile",
                f"the profile of stage {stage.name} is empty or default, and the framework takes [default]{otherwise}",
                _FIX,
            )
            named = None
        else:
            yield from self._named(stage, named, resolver, keys=instead is not None and instead.profile is None)
        if instead is not None:
            yield from self._override(stage, instead, str(named or ""), guarded=not faults, about_to=about_to)

    def _resolver(self, stage: str | None, account_id: str | None = None) -> Resolver:
        service = self._service
        return Resolver(
            service.data.value,
            directory=service.directory,
            environ=self._environ,
            stage=stage,
            account_id=account_id,
        )

    def _named(self, stage: Stage, named: str, resolver: Resolver, *, keys: bool) -> Iterator[Finding]:
        """Check the profile that the file gives a stage; *keys* is whether the environment's go before it."""
        without_user = named.endswith(f"_{NO_USER}")
        parts = ProfileName.parse(named.replace(NO_USER, _NOBODY) if without_user else named)
        # What comes from elsewhere may be anything, a secret too, so it is shown as it stands in the file.
        shown = named if parts else f"'{printable(self._service.as_written(stage.name))}'"
        yield from self._name(stage, shown, parts, resolver)
        if without_user:
            yield self._service.finding(
                stage.name,
                "no-user",
                f"{USER_VARIABLE} is not set, so every profile ends in {NO_USER}, and there is none of that name",
                "awsprof settings set user USER, and the shell integration sets it; awsprof exec does, too",
                severity=self._profiles.severity_of_missing(keys=keys),
                place=PROFILE,
            )
        else:
            yield from self._profiles.run(stage, named, shown, keys=keys)

    def _name(self, stage: Stage, shown: str, parts: ProfileName | None, resolver: Resolver) -> Iterator[Finding]:
        """Check what a profile's name says of the account it is for."""
        finding = self._service.finding
        if parts is None:
            yield finding(
                stage.name,
                "outside-convention",
                f"the profile of stage {stage.name} is {shown}, whose name does not tell its account",
                _FIX,
            )
        elif parts.product != self._team.product:
            yield finding(
                stage.name,
                "other-product",
                f"stage {stage.name} uses {shown}, a profile of {parts.product} and not of {self._team.product}",
                _FIX,
                profile=shown,
            )
        elif parts.env != stage.env and self._is_trapped(stage, resolver):
            yield finding(
                stage.name,
                "literal-stage",
                f"${{self:{_TRAP}}} does not follow --stage {stage.name}, which would be deployed with {shown}",
                "Write ${sls:stage} in its place.",
                profile=shown,
                place=PROFILE,
            )
        elif parts.env != stage.env:
            yield finding(
                stage.name,
                "other-env",
                f"stage {stage.name} uses {shown}, a profile of {parts.env}, and the team file has the stage in "
                f"{stage.env}",
                _FIX,
                profile=shown,
            )
        elif parts.user != _NOBODY and self._service.as_written(stage.name).endswith(f"_{parts.user}"):
            yield finding(
                stage.name,
                "user-in-file",
                f"the user {parts.user} stands in the file, so stage {stage.name} works for nobody else",
                _FIX,
                profile=shown,
                severity=Severity.WARNING,
            )

    def _is_trapped(self, stage: Stage, resolver: Resolver) -> bool:
        """Whether the profile follows a provider.stage that is another than ``--stage``."""
        return _TRAP in resolver.asked and resolver.at("provider", "stage") != stage.name

    def _override(
        self, stage: Stage, instead: Override, named: str, *, guarded: bool, about_to: bool
    ) -> Iterator[Finding]:
        """Check what the environment puts in the place of the file's profile."""
        severity = Severity.ERROR if about_to else Severity.WARNING
        place = f"in place of {_shown(named)}" if named else "since the file names no profile"
        if instead.profile is None:
            own = (self._environ.get("AWSPROF_PRODUCT"), self._environ.get("AWSPROF_ENV"))
            if instead.variable == "AWS_ACCESS_KEY_ID" and own == (self._team.product, stage.env):
                # What 'awsprof exec' and 'awsprof export' set.
                return
            what = "keys in the environment are used"
            severity = Severity.WARNING if guarded else severity
        elif instead.profile == named:
            return
        else:
            parts = ProfileName.parse(instead.profile)
            if not named and parts and (parts.product, parts.env) == (self._team.product, stage.env):
                # The style that leaves the profile to the environment: it is checked as if it stood in the file.
                yield from self._profiles.run(stage, instead.profile, instead.profile, keys=False)
                return
            account_id = self._profiles.account_of(instead.profile)
            account = f" of account {account_id}" if account_id else ""
            what = f"the profile {_shown(instead.profile)}{account} is used"
        yield Finding(
            "environment-override",
            severity,
            f"{instead.variable} is set: for stage {stage.name}, {what} {place}",
            f"unset {instead.variable}" if instead.variable != "AWS_PROFILE" else "awsprof off",
            profile=instead.profile if instead.profile and ProfileName.parse(instead.profile) else None,
        )

    def _unknown_stages(self) -> Iterator[Finding]:
        known = {"default", *(stage for env in self._team.envs.values() for stage in env.stages)}
        for path in (("custom", "profiles"), ("params",)):
            rows = self._service.raw(*path)
            for name in rows if isinstance(rows, dict) else ():
                if name not in known:
                    yield self._service.finding(
                        name,
                        "unknown-stage",
                        f"stage {printable(name)} stands in the file, and {self._team.path.name} knows no such stage",
                        f"Add it to the stages of an env in {self._team.path.name}, or take it out.",
                        severity=Severity.WARNING,
                        place=(*path, name),
                    )


def unparsable(error: UnparsableYamlError) -> Finding:
    """Make the finding for a file that the framework would refuse as a whole."""
    return Finding("unparsable", Severity.ERROR, error.reason, error.hint, file=error.path, line=error.line)


def _shown(name: str) -> str:
    """Return a profile's name for a person; what is no name of ours may be long, and anything."""
    return name if ProfileName.parse(name) else f"'{printable(name[:64])}'"
