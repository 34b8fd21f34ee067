"""
A profile that a stage would be deployed with: whether it is there, in the right account, and of use to the framework.

Knows this machine's profiles; not how a stage comes by the name of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from awsprof.errors import AwsprofError
from awsprof.findings import Severity
from awsprof.model import Delivery, Kind
from awsprof.naming import ProfileName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from awsprof.findings import Finding
    from awsprof.model import CallerIdentity, Profile
    from awsprof.serverless.framework import Framework
    from awsprof.serverless.service import Service
    from awsprof.serverless.stages import Stage

_KEYS = ("aws_access_key_id", "aws_secret_access_key")


class Asking(Protocol):
    """Asks AWS whose the credentials of a profile are."""

    def __call__(self, profile: Profile) -> CallerIdentity: ...


class ProfileCheck:
    """Checks the profiles of one service's stages."""

    def __init__(
        self,
        service: Service,
        profiles: Mapping[str, Profile],
        framework: Framework | None,
        ask: Asking | None,
    ) -> None:
        """
        Args:
            ask: How to ask AWS; None: it is not asked.
        """
        self._service = service
        self._profiles = profiles
        self._framework = framework
        self._ask = ask

    @property
    def is_version_3(self) -> bool:
        """Whether it stops at a profile that is not there, also where it would use the environment's keys."""
        return self._framework is not None and not self._framework.knows_credential_process

    def run(self, stage: Stage, name: str, shown: str, *, keys: bool) -> Iterator[Finding]:
        """
        Check the profile *name*.

        Args:
            shown: What to say of it.
            keys: Whether keys in the environment are used in its place, as on a build server.
        """
        profile = self._profiles.get(name)
        if profile is not None:
            yield from self._there(stage, profile)
            return
        parts = ProfileName.parse(name)
        yield self._service.finding(
            stage.name,
            "unknown-profile",
            f"stage {stage.name} uses {shown}, and there is no such profile on this machine",
            f"awsprof add {parts.product} {parts.env} {parts.user}" if parts else "awsprof list",
            profile=name if parts else None,
            severity=self.severity_of_missing(keys=keys),
        )

    def severity_of_missing(self, *, keys: bool) -> Severity:
        return Severity.INFO if keys and not self.is_version_3 else Severity.ERROR

    def account_of(self, name: str) -> str | None:
        profile = self._profiles.get(name)
        return profile.account_id if profile else None

    def _there(self, stage: Stage, profile: Profile) -> Iterator[Finding]:
        # That a profile of another env is in another account goes without saying.
        own = profile.parts is not None and profile.parts.env == stage.env
        if own and stage.account_id is not None and profile.account_id not in (None, stage.account_id):
            yield self._service.finding(
                stage.name,
                "other-account",
                f"{profile.name} is in account {profile.account_id}, and the team file says {stage.account_id} for "
                f"{stage.env}",
                f"awsprof add {profile.name.replace('_', ' ')} --replace, or mend the team file",
                profile=profile.name,
            )
        if profile.settings.get("role_arn") and any(key in profile.settings for key in _KEYS):
            yield self._service.finding(
                stage.name,
                "role-and-keys",
                f"{profile.name} has a role and keys: version 3 uses the keys, and everything else the role",
                f"Take the keys out of [{profile.name}] in the credentials file.",
                profile=profile.name,
            )
        elif self.is_version_3 and not all(key in profile.settings for key in _KEYS):
            yield self._unusable(stage, profile)
        if self._ask is not None:
            yield from self._asked(stage, profile, self._ask)

    def _unusable(self, stage: Stage, profile: Profile) -> Finding:
        framework = self._framework
        assert framework is not None  # it is version 3
        fix = f"awsprof exec {stage.env} -- serverless … --stage {stage.name}"
        if profile.delivery is Delivery.FILE:
            reason, fix = "has no session in the credentials file", f"awsprof login {profile.name}"
        elif profile.kind is Kind.ROLE:
            reason = "is a role, and has no keys in a file"
        else:
            reason = "serves its credentials by credential_process"
            if profile.needs_session:
                fix = f"awsprof set {profile.name} awsprof_delivery=file"
        return self._service.finding(
            stage.name,
            "unusable-delivery",
            f"{framework.name} {framework.version} would not find credentials: {profile.name} {reason}",
            fix,
            profile=profile.name,
        )

    def _asked(self, stage: Stage, profile: Profile, ask: Asking) -> Iterator[Finding]:
        try:
            identity = ask(profile)
        except AwsprofError as error:
            yield self._service.finding(
                stage.name,
                "not-reached",
                f"AWS could not be asked as {profile.name}: {error.message}",
                error.hint,
                profile=profile.name,
            )
            return
        if stage.account_id not in (None, identity.account_id):
            yield self._service.finding(
                stage.name,
                "wrong-account",
                f"{profile.name} really reaches account {identity.account_id}, and the team file says "
                f"{stage.account_id} for {stage.env}",
                "Mend whichever is wrong before anything is deployed.",
                profile=profile.name,
            )
