"""
The outside world as one object, with real defaults; tests hand in another one.

Builds each service when a command first needs it, so that no command pays for what it does not use.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from awsprof.cli.becoming import become
from awsprof.cli.person import PersonAtTerminal
from awsprof.cli.terminal import Terminal
from awsprof.configfiles.profiles import ProfileFiles
from awsprof.errors import AwsprofError
from awsprof.naming import printable
from awsprof.places import Places
from awsprof.settings import Settings, find_team_file
from awsprof.storage.lock import LockHeldError

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping, Sequence

    from awsprof.aws.calls import Aws
    from awsprof.aws.cli import AwsCli
    from awsprof.browsers.console import Console
    from awsprof.browsers.directories import Directories
    from awsprof.browsers.following import Following
    from awsprof.browsers.launchers import Launchers
    from awsprof.browsers.opening import Browsers
    from awsprof.importing.moving import Importing
    from awsprof.importing.peers import PeerKeyrings
    from awsprof.importing.remnants import Remnants
    from awsprof.importing.searching import Searching
    from awsprof.journal.journal import Journal
    from awsprof.model import CallerIdentity, Credentials, Profile
    from awsprof.profiles.adding import Adding
    from awsprof.profiles.adding_roles import RoleAdding
    from awsprof.profiles.changing import Changes
    from awsprof.profiles.defaults import Defaulting
    from awsprof.profiles.enrolling import Enrolling
    from awsprof.profiles.removing import Removing
    from awsprof.profiles.renaming import Renaming
    from awsprof.profiles.seeds import Seeds
    from awsprof.profiles.setting import Setting
    from awsprof.profiles.undoing import Undoing
    from awsprof.sessions.login import Sessions
    from awsprof.sessions.outside import Person
    from awsprof.sessions.shell_identity import ShellIdentities
    from awsprof.sessions.store import SessionStore
    from awsprof.settings import TeamFile
    from awsprof.vault import BackEnds, ChosenVault


@dataclass
class World:
    """What commands see of the outside: environment, clock, terminal, files, vault, AWS."""

    environ: MutableMapping[str, str] = field(default_factory=lambda: os.environ)
    terminal: Terminal = field(default_factory=Terminal)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    become: Callable[[Sequence[str], dict[str, str]], int] = become
    platform: str = sys.platform
    debug: bool = False
    quiet: bool = False
    in_credential_process: bool = False

    def say(self, sentence: str) -> None:
        """Tell the person something beside a command's output; --quiet keeps it back."""
        if not self.quiet:
            print(printable(sentence), file=sys.stderr, flush=True)  # noqa: T201 - the one voice beside click's

    def warn(self, sentence: str) -> None:
        print(f"Warning: {printable(sentence)}.", file=sys.stderr, flush=True)  # noqa: T201 - warnings are never kept back

    def trace(self, sentence: str) -> None:
        if self.debug:
            print(f"debug: {printable(sentence)}", file=sys.stderr, flush=True)  # noqa: T201 - asked for by --debug

    @cached_property
    def person(self) -> PersonAtTerminal:
        return PersonAtTerminal(self.terminal, tell=self.say, sleep=self.sleep, quiet=self.quiet)

    @cached_property
    def places(self) -> Places:
        return Places.from_environ(self.environ)

    @cached_property
    def settings(self) -> Settings:
        return Settings.load(self.places.settings_file)

    @cached_property
    def team(self) -> TeamFile | None:
        try:
            return find_team_file(Path.cwd(), self.warn)
        except FileNotFoundError:
            return None  # the working directory is gone

    @cached_property
    def files(self) -> ProfileFiles:
        return ProfileFiles(self.places, self.settings, self.team)

    def sweep(self) -> None:
        """Take expired sessions out of the credentials file; what cannot be read is for the command itself to say."""
        with contextlib.suppress(AwsprofError, OSError, LockHeldError):
            if not self._holds_passing_things():
                return
            from awsprof.sessions.delivery import FileDelivery

            FileDelivery(self.files, self.places, self.environ).sweep(self.now())

    def _holds_passing_things(self) -> bool:
        """Whether a shared file mentions what a sweep may take out, told without parsing either."""
        marks = {self.places.credentials_file: b"awsprof_managed", self.places.config_file: b"awsprof_delivery_until"}
        return any(path.is_file() and mark in path.read_bytes() for path, mark in marks.items())

    @cached_property
    def back_ends(self) -> BackEnds:
        from awsprof.vault import BackEnds, Patience

        person = self.person if self.terminal.can_answer() else None
        patience = Patience.fitting(
            self.environ,
            terminal=person is not None,
            credential_process=self.in_credential_process,
            on_wait=lambda: self.say("Waiting for the keyring; it may have opened a dialog …"),
        )
        return BackEnds(
            self.environ,
            self.places,
            patience,
            ask_passphrase=person.ask_passphrase if person else None,
            confirm_create=(lambda: person.confirm_vault(self.places.vault)) if person else None,
            on_busy=lambda: self.say("Waiting for another awsprof that changes the vault …"),
        )

    @cached_property
    def vault(self) -> ChosenVault:
        from awsprof.vault import VaultInForce

        _ = self.settings  # an unsound one is said before anything is begun
        return VaultInForce(self.back_ends, self.vault_setting)

    def vault_setting(self) -> str:
        """Read the setting ``vault`` as it is now: another command may have moved everything meanwhile."""
        return Settings.load(self.places.settings_file).vault

    @cached_property
    def aws(self) -> Aws:
        from awsprof.aws.calls import Aws

        return Aws(self.environ, self.trace)

    def another_aws(self) -> Aws:
        """Return AWS for a thread of its own."""
        return type(self.aws)(self.environ, self.trace)

    @cached_property
    def aws_cli(self) -> AwsCli:
        from awsprof.aws.cli import AwsCli

        return AwsCli(self.environ, self.trace)

    @cached_property
    def store(self) -> SessionStore:
        from awsprof.sessions.store import SessionStore

        return SessionStore(self.places, vault=self._vault if self.settings.session_store == "vault" else None)

    @cached_property
    def sessions(self) -> Sessions:
        return self._sessions_for(self.person)

    @cached_property
    def shell_identities(self) -> ShellIdentities:
        from awsprof.sessions.outside import Nobody
        from awsprof.sessions.shell_identity import ShellIdentities

        return ShellIdentities(
            sessions=self._sessions_for(Nobody(self.person)),
            aws=lambda: self.aws,
            profile=self.files.get,
            made_of=self.files.made_of,
            provided=self._provided,
            container=self._container,
            environ=self.environ,
            now=self.now,
        )

    def _sessions_for(self, person: Person) -> Sessions:
        from awsprof.sessions.codes import CodeLedger
        from awsprof.sessions.delivery import FileDelivery
        from awsprof.sessions.login import Sessions
        from awsprof.sessions.outside import Outside

        outside = Outside(
            environ=self.environ,
            now=self.now,
            person=person,
            aws=lambda: self.aws,
            vault=self._vault,
            profile=self.files.get,
            profiles=self.files.profiles,
            team=lambda: self.team,
            provided=self._provided,
            sign_in=self._sign_in,
        )
        return Sessions(
            outside,
            places=self.places,
            settings=self.settings,
            store=self.store,
            ledger=CodeLedger(self.places),
            delivery=FileDelivery(self.files, self.places, self.environ),
        )

    @cached_property
    def adding(self) -> Adding:
        from awsprof.profiles.adding import Adding

        return Adding(
            files=self.files,
            changes=self.changes,
            vault=self._vault,
            aws=lambda: self.aws,
            sessions=self.sessions,
            settings=self.settings,
            team=self.team,
            environ=self.environ,
            choose_device=self.person.choose_device,
        )

    @cached_property
    def role_adding(self) -> RoleAdding:
        from awsprof.profiles.adding_roles import RoleAdding

        return RoleAdding(files=self.files, adding=self.adding, changes=self.changes, sessions=self.sessions)

    @cached_property
    def removing(self) -> Removing:
        from awsprof.profiles.removing import Removing

        return Removing(
            files=self.files,
            changes=self.changes,
            vault=self._vault,
            aws=lambda: self.aws,
            sessions=self.sessions,
            store=self.store,
            places=self.places,
            environ=self.environ,
        )

    @cached_property
    def journal(self) -> Journal:
        from awsprof.journal.journal import Journal

        return Journal(self.places.journal, locks=self.places.locks, vault=self._vault, now=self.now)

    @cached_property
    def changes(self) -> Changes:
        from awsprof.profiles.changing import Changes
        from awsprof.readers.files import empty_variables

        for variable in empty_variables(self.environ):
            # What is changed is there for awsprof and for some tools, and nowhere for the others.
            self.warn(f"{variable} is set and empty: the AWS CLI and boto3 read no file then; 'unset {variable}'")
        return Changes(journal=self.journal, vault=self._vault, places=self.places, tell=self.say)

    @cached_property
    def undoing(self) -> Undoing:
        from awsprof.profiles.undoing import Undoing

        return Undoing(
            journal=self.journal,
            changes=self.changes,
            vault=self._vault,
            drop_session=self.sessions.drop,
            places=self.places,
        )

    @cached_property
    def setting(self) -> Setting:
        from awsprof.profiles.setting import Setting

        return Setting(
            files=self.files,
            changes=self.changes,
            sessions=self.sessions,
            environ=self.environ,
            regions=self._regions,
        )

    @cached_property
    def renaming(self) -> Renaming:
        from awsprof.profiles.renaming import Renaming

        return Renaming(
            files=self.files,
            adding=self.adding,
            changes=self.changes,
            vault=self._vault,
            sessions=self.sessions,
            store=self.store,
            places=self.places,
            environ=self.environ,
        )

    @cached_property
    def defaulting(self) -> Defaulting:
        from awsprof.profiles.defaults import Defaulting

        return Defaulting(
            files=self.files,
            changes=self.changes,
            adding=self.adding,
            sessions=self.sessions,
            environ=self.environ,
        )

    @cached_property
    def peer_secrets(self) -> PeerKeyrings:
        return self.back_ends.peers

    @cached_property
    def searching(self) -> Searching:
        from awsprof.importing.searching import Searching

        return Searching(
            files=self.files,
            vault=self._vault,
            peers=lambda: self.peer_secrets,
            environ=self.environ,
            warn=self.warn,
        )

    @cached_property
    def remnants(self) -> Remnants:
        from awsprof.importing.remnants import Remnants

        return Remnants(self.files, self.places)

    @cached_property
    def importing(self) -> Importing:
        from awsprof.importing.moving import Importing
        from awsprof.importing.proving import Proving

        proving = Proving(files=self.files, searching=self.searching, adding=self.adding, environ=self.environ)
        return Importing(
            files=self.files,
            proving=proving,
            adding=self.adding,
            changes=self.changes,
            vault=self._vault,
            aws=lambda: self.aws,
            sessions=self.sessions,
            places=self.places,
            tell=self.say,
        )

    @cached_property
    def seeds(self) -> Seeds:
        from awsprof.profiles.seeds import Seeds

        return Seeds(places=self.places, vault=self._vault, sessions=self.sessions, journal=self.journal)

    @cached_property
    def enrolling(self) -> Enrolling:
        from awsprof.cli.mfa import enrolling

        return enrolling(self)

    def identity_of(self, profile: Profile) -> CallerIdentity:
        """Ask AWS whose the credentials of a profile are, starting a session where that is needed."""
        credentials = self.sessions.serve(profile).credentials
        return self.aws.caller_identity(credentials, region=profile.region_for_calls(self.environ))

    @cached_property
    def console(self) -> Console:
        from awsprof.browsers.console import Console

        return Console(
            sessions=self.sessions,
            store=self.store,
            aws=lambda: self.aws,
            browsers=lambda: self.browsers,
            environ=self.environ,
        )

    @cached_property
    def browsers(self) -> Browsers:
        from awsprof.browsers.installed import RealProbe, find_browsers
        from awsprof.browsers.opening import Browsers, Detached

        return Browsers(
            find=lambda: find_browsers(self.platform, self.environ, RealProbe(self.environ)),
            directories=self.browser_directories,
            environ=self.environ,
            launch=Detached,
            browser=self.settings.browser,
            services=self.settings.console_services,
            platform=self.platform,
        )

    @cached_property
    def browser_directories(self) -> Directories:
        from awsprof.browsers.directories import Directories

        return Directories(self.places, self.environ)

    @cached_property
    def launchers(self) -> Launchers:
        from awsprof.browsers.launchers import Launchers

        return Launchers(self.places)

    @cached_property
    def following(self) -> Following:
        from awsprof.browsers.following import Following
        from awsprof.configfiles.launcher import find_launcher

        return Following(
            directories=self.browser_directories,
            launchers=self.launchers,
            find_launcher=lambda: find_launcher(self.environ),
        )

    def _vault(self) -> ChosenVault:
        return self.vault

    @staticmethod
    def _regions() -> Sequence[str]:
        from awsprof.aws.regions import known_regions

        return known_regions()

    def _provided(self, name: str) -> Credentials:
        from awsprof.aws.providers import provided_credentials

        return provided_credentials(name, environ=self.environ, trace=self.trace, cli=self.aws_cli)

    def _container(self) -> Credentials:
        from awsprof.aws.providers import container_credentials

        return container_credentials(self.environ)

    def _sign_in(self, profile: Profile) -> None:
        from awsprof.browsers.elsewhere import browser_variable

        browser = browser_variable(profile, browsers=lambda: self.browsers, environ=self.environ, tell=self.say)
        self.aws_cli.sign_in(profile.name, profile.kind, browser=browser)

    def change_setting(self, key: str, value: object) -> None:
        """Write one setting, or take it out when *value* is None; the rest of the file stays as it is."""
        from awsprof.settings import with_setting
        from awsprof.storage.replace import edit_shared_file

        _ = self.settings  # what is there must be sound before it is changed
        edit_shared_file(
            self.places.settings_file,
            lambda data: with_setting(data.decode("utf-8"), key, value).encode("utf-8"),
            locks=self.places.locks,
            most_mode=None,
        )
