"""
Making a profile, or giving one new keys: everything is proven before anything is written.

Knows AWS's answers and the convention's rules; asks through what it is handed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from awsprof.configfiles.launcher import process_line
from awsprof.configfiles.profiles import exists
from awsprof.errors import AccessDeniedError, AnswerNeededError, AwsprofError, NoSingleProfileError, UsageError
from awsprof.model import Delivery, Kind, Profile
from awsprof.sessions.keys import StoredKeys, load_keys
from awsprof.settings import is_protected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.model import CallerIdentity, Credentials, LongTermCredentials, MfaDevice
    from awsprof.naming import ProfileName
    from awsprof.profiles.changing import Changes
    from awsprof.sessions.login import Sessions
    from awsprof.settings import Settings, TeamEnv, TeamFile
    from awsprof.vault import Vault


class AwsCalls(Protocol):
    """What adding needs of AWS."""

    def caller_identity(self, credentials: Credentials, *, region: str) -> CallerIdentity: ...

    def mfa_devices(self, credentials: Credentials, *, region: str) -> list[MfaDevice]: ...


@dataclass(frozen=True, slots=True)
class AddRequest:
    """What a person wants added; AWS is asked about it in the region *ask_in*, else in the profile's own."""

    name: ProfileName
    region: str | None = None
    account_id: str | None = None
    mfa_serial: str | None = None
    verify: bool = True
    force: bool = False
    replace: bool = False
    ask_in: str | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """What came of it; *arn* is None when AWS was not asked."""

    profile: Profile
    arn: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """What AWS says of keys that are to become a profile; *arn* is None when it was not asked."""

    account_id: str
    arn: str | None
    mfa_serial: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Device:
    serial: str | None
    warning: str | None = None


class Adding:
    """Adds profiles of one user's shared files."""

    def __init__(
        self,
        *,
        files: ProfileFiles,
        changes: Changes,
        vault: Callable[[], Vault],
        aws: Callable[[], AwsCalls],
        sessions: Sessions,
        settings: Settings,
        team: TeamFile | None,
        environ: Mapping[str, str],
        choose_device: Callable[[Sequence[str]], str],
    ) -> None:
        """
        Args:
            choose_device: Asks which of several MFA serials to use; raises AnswerNeededError with no terminal.
        """
        self._files = files
        self._changes = changes
        self._vault = vault
        self._aws = aws
        self._sessions = sessions
        self._settings = settings
        self._team = team
        self._environ = environ
        self._choose_device = choose_device

    def check(self, request: AddRequest) -> Profile | None:
        """
        Refuse what cannot be added whatever its keys are, before anybody is asked for them.

        Returns:
            The profile that is there already, when it is to be given new keys.
        """
        name = str(request.name)
        profiles = self._files.profiles()
        there = profiles.get(name)
        if not request.verify and request.account_id is None:
            raise UsageError("--no-verify asks AWS nothing, so it needs the account", hint="Give it with --account-id.")
        if request.account_id is not None:
            self._check_account(request, request.account_id)
        process_line(name, self._environ)
        if not request.replace:
            if there is not None:
                raise exists(name)
            return None
        if there is None:
            raise NoSingleProfileError(f"There is no profile {name} to give new keys", hint="Leave out --replace.")
        if there.kind is not Kind.USER:
            raise AwsprofError(
                f"{name} keeps its keys elsewhere ({there.kind}), so --replace cannot give it new ones",
                hint=f"'awsprof remove {name}' takes it out, then 'awsprof add' makes it anew.",
            )
        return there

    def region(self, name: ProfileName, given: str | None) -> str | None:
        """Return the region a new profile gets without asking: the option's, the team file's, or the setting's."""
        team_env = self._team_env(name)
        team_region = self._team.region if self._team and self._team.product == name.product else None
        return given or (team_env and team_env.region) or team_region or self._settings.region

    def add(self, request: AddRequest, keys: LongTermCredentials, *, region: str | None) -> Added:
        """
        Verify *keys* with AWS, then store them and write the profile.

        Raises:
            AwsError: AWS refuses the keys or is out of reach.
            UsageError: They are a root user's keys.
            AwsprofError: They are of another account or user than they should be, or the account is shared.
            VaultError: The vault cannot take them.
            SharedFileError: The shared config file cannot be changed.
        """
        name = str(request.name)
        there = self.check(request)
        verified = self.verify(request, keys, region=region, there=there)
        warnings = list(verified.warnings)
        if region is None and there is None:
            warnings.append("No region is set: name one with --region, or in the settings with 'region'")
        settings = self.settings(request, verified, region=region, there=there)
        with self._sessions.identity_lock(name):
            self._check_still(name, there)
            old = None if there is None else load_keys(self._vault(), name)
            if there is not None:
                self._check_same_user(there, old, verified)
            # An ARN that was proven once stays the profile's, though these keys were not asked for theirs.
            arn = verified.arn or (old.arn if old else None)
            with self._changes.begin("add", f"new keys for {name}" if there else f"{name} added") as change:
                change.set_item(name, StoredKeys(keys, arn).to_text())
                if there is None:
                    self._files.add(name, {key: value for key, value in settings.items() if value}, through=change)
                else:
                    self._files.set(name, settings, through=change)
            self._sessions.drop(name)
        before = there.settings if there is not None else {}
        wanted = {**before, **settings}
        profile = self._files.made_of(name, {key: value for key, value in wanted.items() if value is not None})
        if profile.protected and not profile.mfa_serial:
            warnings.append(f"{name} is a protected profile without an MFA device: its key alone opens the account")
        return Added(profile, verified.arn, tuple(warnings))

    def verify(
        self, request: AddRequest, keys: LongTermCredentials, *, region: str | None, there: Profile | None = None
    ) -> Verified:
        """Ask AWS whose *keys* are and which MFA device they have, and refuse what must not become this profile."""
        call_region = request.ask_in or region or (there.region_for_calls(self._environ) if there else "us-east-1")
        arn, account_id, device = None, request.account_id, _Device(request.mfa_serial)
        if request.verify:
            identity = self._aws().caller_identity(keys, region=call_region)
            arn, account_id = identity.arn, identity.account_id
            if identity.is_root_user:
                raise UsageError(
                    "That is an access key of the root user, which must not be used",
                    hint="Make an IAM user in that account and give its key; delete the root user's in the console.",
                )
            self._check_account(request, account_id)
            if request.mfa_serial is None:
                device = self._find_device(keys, call_region, there)
        elif there is not None and request.mfa_serial is None:
            device = _Device(there.mfa_serial)
        assert account_id is not None  # check() saw to it
        if not request.force:
            self._check_shared_account(request.name, account_id)
        return Verified(account_id, arn, device.serial, (device.warning,) if device.warning else ())

    def settings(
        self, request: AddRequest, verified: Verified, *, region: str | None, there: Profile | None = None
    ) -> dict[str, str | None]:
        """Return the settings of a verified profile in the shared config file; None where one must go."""
        settings = {"mfa_serial": verified.mfa_serial, "aws_account_id": verified.account_id}
        if region is not None:
            settings = {"region": region, **settings}
        if there is not None and there.delivery is Delivery.FILE and verified.mfa_serial is None:
            # Without a device there is no session to write, and its keys are never written.
            settings["awsprof_delivery"] = None
        elif there is not None and there.delivery is not Delivery.PROCESS:
            return settings
        settings["credential_process"] = process_line(str(request.name), self._environ)
        return settings

    def _check_still(self, name: str, there: Profile | None) -> None:
        """Look again under the lock: another process may have added the profile since."""
        if there is None and name in self._files.profiles():
            raise exists(name)

    def check_place(
        self,
        name: ProfileName,
        account_id: str | None,
        *,
        force: bool,
        instead_of: str,
        beside: Mapping[ProfileName, str | None] | None = None,
    ) -> None:
        """
        Refuse a name that a profile of *account_id* must not have.

        Args:
            instead_of: The name it has now.
            beside: The accounts of profiles that are about to be made with it.

        Raises:
            AwsprofError: The team file gives that env another account, or a protected env would share its account.
        """
        team_env = self._team_env(name)
        if account_id is None:
            return
        if team_env is not None and team_env.account_id not in (None, account_id):
            raise AwsprofError(
                f"The profile is in account {account_id}, and the team file says {team_env.account_id} for {name.env}"
            )
        if not force:
            hint = "Give it another name, or say --force if it must be so."
            self._check_shared_account(name, account_id, but_for=instead_of, beside=beside or {}, hint=hint)

    def _check_account(self, request: AddRequest, account_id: str) -> None:
        team_env = self._team_env(request.name)
        wanted = {
            "--account-id says": request.account_id,
            "the team file says": team_env.account_id if team_env else None,
        }
        for source, expected in wanted.items():
            if expected not in (None, account_id):
                raise AwsprofError(
                    f"The key is of account {account_id}, and {source} {expected}; nothing was written",
                    hint=f"Give a key of account {expected}.",
                )

    @staticmethod
    def _check_same_user(there: Profile, stored: StoredKeys | None, new: Verified) -> None:
        if there.account_id not in (None, new.account_id):
            raise AwsprofError(
                f"The new key is of account {new.account_id}, and {there.name} is in {there.account_id}; "
                "nothing was written"
            )
        if stored is not None and new.arn is not None and stored.arn not in (None, new.arn):
            raise AwsprofError(f"The new key is of {new.arn}, and {there.name} is {stored.arn}; nothing was written")

    def _find_device(self, keys: LongTermCredentials, region: str, there: Profile | None) -> _Device:
        old = there.mfa_serial if there else None
        try:
            devices = self._aws().mfa_devices(keys, region=region)
        except AccessDeniedError:
            return _Device(
                old, "This user may not list its MFA devices; if it has one, name it with --replace --mfa-serial ARN"
            )
        serials = [device.serial for device in devices if device.gives_codes]
        if old in serials:
            return _Device(old)
        if not serials:
            fido_only = "The user has only FIDO keys or passkeys, which STS cannot take: the profile works without MFA"
            gone = f"The user no longer has the MFA device {old}: the profile works without MFA now" if old else None
            return _Device(None, fido_only if devices else gone)
        return _Device(serials[0] if len(serials) == 1 else self._choose_device(serials))

    def _check_shared_account(
        self,
        name: ProfileName,
        account_id: str,
        *,
        but_for: str = "",
        beside: Mapping[ProfileName, str | None] | None = None,
        hint: str = "Give a key of another account, or say --force if it must be so.",
    ) -> None:
        """A protected env may not share its account with an unprotected one of the product."""
        protected = is_protected(name.product, name.env, self._settings, self._team)
        profiles = self._files.profiles()
        there = [profiles[one] for one in profiles if one.startswith(f"{name.product}_") and one != but_for]
        others = {other.parts: other.account_id for other in there if other.parts is not None} | dict(beside or {})
        for other, account in others.items():
            if account != account_id or other.product != name.product:
                continue
            if is_protected(other.product, other.env, self._settings, self._team) != protected:
                raise AwsprofError(
                    f"Account {account_id} is also {other}'s: a protected env may not share its account with an "
                    "unprotected one",
                    hint=hint,
                )

    def _team_env(self, name: ProfileName) -> TeamEnv | None:
        return self._team.envs.get(name.env) if self._team and self._team.product == name.product else None


def no_device_chosen(serials: Sequence[str]) -> AnswerNeededError:
    """Make the error for several MFA devices and nobody to choose."""
    return AnswerNeededError(f"Which of the MFA devices {', '.join(serials)} to use", option="--mfa-serial")
