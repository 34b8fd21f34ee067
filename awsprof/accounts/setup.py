"""
All that an account needs before somebody works in it, as steps in their order.

Knows which account is meant, and what must be refused before anything is planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.accounts.documents import account_name
from awsprof.accounts.entry import Entry, Via
from awsprof.accounts.first_key import FirstKey
from awsprof.accounts.group import SYSADMINS, Group, needs_policy
from awsprof.accounts.member import Member
from awsprof.accounts.new_account import NewAccount
from awsprof.accounts.own_profile import Mfa, OwnProfile
from awsprof.accounts.settings import AccountSettings
from awsprof.accounts.unit import Unit
from awsprof.errors import (
    AccessDeniedError,
    AnswerNeededError,
    AwsprofError,
    ExistsError,
    NoSingleProfileError,
    UsageError,
)
from awsprof.naming import ProfileName
from awsprof.profiles.adding import AddRequest
from awsprof.sessions.roles import role_session_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from awsprof.accounts.own_profile import BrowserProfiles, DesktopLaunchers
    from awsprof.accounts.steps import Person, Step
    from awsprof.aws.answers import MemberAccount
    from awsprof.aws.calls import Aws
    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.model import Profile
    from awsprof.profiles.adding import Adding
    from awsprof.profiles.enrolling import Enrolling
    from awsprof.sessions.login import Sessions
    from awsprof.settings import TeamFile
    from awsprof.vault import ChosenVault

_ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True)
class SetupRequest:
    """What a person wants of one account; *alias* is the one it gets when it has none, *group* None when unsaid."""

    name: ProfileName
    alias: str
    alias_given: bool
    region: str | None
    group: str | None
    policy_arn: str | None
    mfa: Mfa
    require_mfa: bool


@dataclass(frozen=True, slots=True)
class NewAccountRequest:
    """What a person wants made: an account with that e-mail address, in *unit*, or in the product's own for None."""

    name: ProfileName
    email: str
    unit: str | None
    create_organization: bool


@dataclass(frozen=True)
class Outside:
    """The services that setting up uses, and the person."""

    aws: Callable[[], Aws]
    vault: Callable[[], ChosenVault]
    files: ProfileFiles
    sessions: Sessions
    adding: Adding
    enrolling: Callable[[], Enrolling]
    browsers: Callable[[], BrowserProfiles]
    launchers: DesktopLaunchers
    team: TeamFile | None
    environ: Mapping[str, str]
    now: Callable[[], datetime]
    person: Person
    warn: Callable[[str], None]
    ask_alias: Callable[[str], str]
    keep_alias: Callable[[str, str | None], None]


def chosen_mfa(given: str | None, *, protected: bool, yes: bool, can_answer: bool) -> Mfa:
    """
    Return what is to become of MFA.

    Raises:
        AnswerNeededError: It must be said, for nobody can be asked.
    """
    if given is None and yes and protected:
        raise AnswerNeededError("How the MFA device of a protected env is made", option="--mfa store-seed or skip")
    mfa = Mfa(given) if given is not None else Mfa.SKIP if yes else Mfa.ASK
    if mfa is Mfa.ASK and ((yes and protected) or not can_answer):
        raise AnswerNeededError("Which two codes the new device shows", option="--mfa store-seed or skip")
    return mfa


class Accounts:
    """Accounts as one person sets them up."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def via(self, profile: Profile) -> Via:
        """
        Come by the credentials of the profile that acts, and ask AWS whose they are; may start a session.

        Raises:
            VaultLockedError: Nothing made with a session that is good still could be kept.
        """
        vault = self._outside.vault()
        for item in vault.names()[:1]:
            vault.get(item)
        region = profile.region_for_calls(self._outside.environ)
        credentials = self._outside.sessions.serve(profile).credentials
        identity = self._outside.aws().caller_identity(credentials, region=region)
        return Via(profile.name, credentials, region, identity.user_name, identity.account_id, identity.partition)

    def entry(self, via: Via, profile: Profile, account_id: str | None) -> Entry:
        """Make the way into an account; its id is None where it is to be found, or made."""
        return Entry(
            aws=self._outside.aws,
            via=via,
            session_name=role_session_name(profile),
            account_id=account_id,
            person=self._outside.person,
        )

    def new_account(self, wanted: NewAccountRequest, entry: Entry) -> NewAccount:
        return NewAccount(
            account_name(wanted.name.product, wanted.name.env),
            aws=self._outside.aws,
            entry=entry,
            email=wanted.email,
            unit=Unit(
                wanted.unit or wanted.name.product,
                given=wanted.unit is not None,
                aws=self._outside.aws,
                via=entry.via,
            ),
            create_organization=wanted.create_organization,
            person=self._outside.person,
            warn=self._outside.warn,
            now=self._outside.now,
        )

    def account_id(self, via: Via, name: ProfileName, given: str | None) -> str:
        """
        Find out which account a product's env is: as given, by the team file, by who acts, by its name.

        Raises:
            AwsprofError: What is given differs from the team file.
            NoSingleProfileError: No account is known, or several have the name.
        """
        known = self.known_account_id(name, given)
        if known is not None:
            return known
        actor = ProfileName.parse(via.name)
        if actor is not None and (actor.product, actor.env) == (name.product, name.env):
            return via.account_id  # of that very account, where no organization need be seen
        wanted = account_name(name.product, name.env)
        try:
            found = [] if self._outside.aws().organization(**via.caller) is None else self.named(via, wanted)
        except AccessDeniedError as error:
            error.hint = "Name the account with --account-id, or a profile of the management account with --via."
            raise
        if len(found) != 1:
            raise NoSingleProfileError(
                f"Which account {wanted} is is not known: neither the team file tells it, nor is there one of that "
                "name in the organization"
                if not found
                else f"The organization has {len(found)} accounts named {wanted}: {', '.join(it.id for it in found)}",
                hint="Name it with --account-id, or make it with "
                f"'awsprof account create {name.product} {name.env} --email ADDRESS'."
                if not found
                else "Name one with --account-id.",
            )
        return found[0].id

    def known_account_id(self, name: ProfileName, given: str | None) -> str | None:
        """Return what the person and the team file say; raises AwsprofError where they differ."""
        team = self._outside.team
        row = team.envs.get(name.env) if team is not None and team.product == name.product else None
        in_team = row.account_id if row is not None else None
        if None not in (given, in_team) and given != in_team:
            raise AwsprofError(
                f"The account should be {given}, and the team file says {in_team} for {name.env}",
                hint="Correct whichever is wrong.",
            )
        return given or in_team

    def named(self, via: Via, name: str) -> list[MemberAccount]:
        """Return the organization's living accounts of that name."""
        accounts = self._outside.aws().accounts(**via.caller)
        return [it for it in accounts if it.name == name and it.status in (_ACTIVE, "PENDING_ACTIVATION")]

    def check(self, request: SetupRequest, account_id: str | None, *, new: bool = False) -> None:
        """
        Refuse what cannot come to its end, before anything is planned.

        Args:
            new: Whether an account that is not there is to be made.

        Raises:
            ExistsError: A profile has the name, and the account is to be made yet.
            UsageError: What a group of a new account may do is not said.
            AwsprofError: The profile is there and of another account or kind, or the account is shared.
        """
        there = self._outside.files.profiles().get(str(request.name))
        if account_id is None and new:
            _check_new(request, there)
        if account_id is not None:
            if there is not None and there.account_id not in (None, account_id):
                raise AwsprofError(
                    f"{there.name} is in account {there.account_id}, and {account_id} is to be set up",
                    hint=f"'awsprof remove {there.name}' takes it out, if it is not meant.",
                )
            add = AddRequest(request.name, account_id=account_id, replace=there is not None)
            self._outside.adding.check(add)
            try:
                self._outside.adding.check_place(
                    request.name, account_id, force=False, instead_of=str(request.name) if there else ""
                )
            except AwsprofError as error:
                # Not that of 'add', which can be forced.
                product, env = request.name.product, request.name.env
                error.hint = f"Make one of its own: 'awsprof account create {product} {env} --email ADDRESS'."
                raise

    def steps(self, request: SetupRequest, entry: Entry) -> list[Step]:
        """Return the steps that set up the account behind *entry*."""
        outside, user = self._outside, request.name.user
        group = Group(
            aws=outside.aws,
            entry=entry,
            name=request.group or SYSADMINS,
            policy_arn=request.policy_arn,
            named=request.group is not None,
        )
        member = Member(request.name, aws=outside.aws, entry=entry, group=group, vault=outside.vault)
        key = FirstKey(
            request.name, aws=outside.aws, entry=entry, vault=outside.vault, now=outside.now, person=outside.person
        )
        own = OwnProfile(
            request.name,
            aws=outside.aws,
            entry=entry,
            key=key,
            files=outside.files,
            vault=outside.vault,
            adding=outside.adding,
            enrolling=outside.enrolling,
            browsers=outside.browsers,
            launchers=outside.launchers,
            region=request.region,
            mfa=request.mfa,
            warn=outside.warn,
            keep_alias=outside.keep_alias,
        )
        settings = AccountSettings(
            aws=outside.aws,
            entry=entry,
            alias=request.alias,
            ask_alias=outside.ask_alias,
            warn=outside.warn if request.alias_given else None,
        )
        return [
            entry.step(),
            *settings.steps(),
            *group.steps(),
            *member.steps(),
            key.step(),
            *own.steps(),
            *(
                [group.guard_step(unless=lambda: own.without_device() or group.without_devices(but_for=user))]
                if request.require_mfa
                else []
            ),
            *own.desktop_steps(),
        ]


def _check_new(request: SetupRequest, there: Profile | None) -> None:
    """Refuse what an account that is to be made yet cannot come to."""
    if there is not None:
        raise ExistsError(
            f"There is a profile {there.name} already, of account {there.account_id or 'unknown'}, and no such "
            "account in the organization",
            hint=f"'awsprof account setup' sets that account up; 'awsprof remove {there.name}' makes way.",
        )
    if request.policy_arn is None and request.group is not None and needs_policy(request.group):
        raise UsageError(
            f"What the group '{request.group}' of a new account may do is not said", hint="Say it with --policy ARN."
        )


def own_entry(accounts: Accounts, actor: Profile, name: ProfileName, *, is_own: bool) -> Entry:
    """
    Go into the account of a product's env.

    Args:
        is_own: Whether *actor* is a profile of that very env, and its account therefore the one.

    Raises:
        AwsprofError: The team file names another account.
        AccessDeniedError: There is no way in.
    """
    via = accounts.via(actor)
    if is_own:
        accounts.known_account_id(name, via.account_id)
    entry = accounts.entry(via, actor, via.account_id if is_own else accounts.account_id(via, name, None))
    entry.open()
    return entry


def what_no_call_can_do(email: str | None) -> list[str]:
    """Return what is left to a person after an account was set up."""
    address = f" ({email})" if email else ""
    return [
        f"The root user: reset its password by e-mail{address} and give it MFA, or turn on central root access "
        "management in the management account's IAM, and delete the root credentials there.",
        f"AWS's marketing mail: opt out for the account's address{address}.",
        "A password manager: keep the console password there, once it is changed at the first login.",
    ]
