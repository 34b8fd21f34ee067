"""No secret appears in an argument list, a log, an error, a traceback, a repr, JSON, or a file outside the vault."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import stat
import sys
import time
import urllib.parse
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from awsprof.cli.main import main
from awsprof.model import LongTermCredentials, SessionCredentials
from awsprof.sessions.keys import StoredKeys
from awsprof.sessions.login import Served
from awsprof.sessions.store import Session, process_answer
from awsprof.vault import AgeVault, PassphraseSources
from awsprof.vault.passphrase import Passphrase
from tests.localaws import motobackend
from tests.test_real.machine import LIMIT_S, PASSPHRASE, Identity, Machine, Outcome, finished

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

DEV, PROD = "111111111111", "222222222222"
WRONG_SECRET = "Wrong/Secret+AccessKey0MarkerEXAMPLEKEY0"
PLAIN_SECRET = "Plain/Secret+AccessKey0MarkerEXAMPLEKEY0"
WRONG_PASSPHRASE = "another passphrase-marker, which is wrong"
_PART = 12
_COMMON = 40


class Office:
    """
    One machine with every kind of secret on it, all of them known here.

    dev has MFA and a session, auto a stored seed too, legacy no MFA; outside has plain-text keys of the user's own.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.dev = machine.joined("dev", DEV)
        self.auto = machine.joined("auto", PROD, user="robot")
        self.legacy = machine.joined("legacy", DEV, mfa=False, user="old")
        self.long_term = {
            "passphrase": PASSPHRASE,
            "wrong passphrase": WRONG_PASSPHRASE,
            "wrong secret access key": WRONG_SECRET,
            "plain-text secret access key": PLAIN_SECRET,
        }
        for identity in (self.dev, self.auto, self.legacy):
            self.know(identity)
        self._store_seed(self.auto)
        for identity in (self.dev, self.auto):
            assert machine.login(identity).status == 0
        machine.succeed("whoami", self.dev.name)
        credentials = machine.home / ".aws" / "credentials"
        credentials.write_text(f"[outside]\naws_access_key_id = AKIAEXAMPLE00\naws_secret_access_key={PLAIN_SECRET}\n")
        self._own_files = {credentials}
        self._made = 0

    def _store_seed(self, identity: Identity) -> None:
        machine = self.machine
        assert identity.device is not None
        assert identity.device.seed is not None
        vault = AgeVault(machine.vault, runtime=None, passphrases=PassphraseSources({}, None))
        vault.set(f"{identity.name}/seed", identity.device.seed)
        marker = machine.state / "seeds" / identity.name
        marker.parent.mkdir(mode=0o700, exist_ok=True)
        marker.touch(mode=0o600)

    def know(self, identity: Identity) -> Identity:
        self.long_term[f"secret access key of {identity.name}"] = identity.key.secret
        if identity.device is not None and identity.device.seed is not None:
            self.long_term[f"seed of {identity.name}"] = identity.device.seed
        return identity

    def learn(self) -> None:
        """Take note of the secrets that a command had AWS make, or made for it."""
        for account_id in motobackend.account_ids():
            for name, user in motobackend.iam(account_id).users.items():
                if user.password:
                    self.long_term[f"console password ({account_id}/{name})"] = user.password
                for key in user.access_keys:
                    self.long_term[f"secret access key {key.access_key_id}"] = key.secret_access_key

    def member(self, *, profile: bool = False) -> Identity:
        """A user of AWS's nobody has used yet; with *profile*, one that AWS was not asked about."""
        self._made += 1
        identity = self.know(self.machine.member(f"env{self._made}", DEV, mfa=False, user=f"u{self._made}"))
        if profile:
            assert self.machine.add(identity, "--no-verify", "--account-id", DEV).status == 0
        return identity

    def own_file(self, name: str, text: str) -> str:
        """A file of the user's own, which may hold what it likes."""
        path = self.machine.home / name
        path.write_text(text)
        self._own_files.add(path)
        return str(path)

    @contextlib.contextmanager
    def as_it_was(self) -> Iterator[None]:
        """Have the vault unlocked again afterwards, whatever a command did to that."""
        unlocked = self.machine.runtime / "awsprof" / "vault-identity"
        kept = unlocked.read_bytes()
        try:
            yield
        finally:
            unlocked.touch(mode=0o600)
            unlocked.write_bytes(kept)

    @contextlib.contextmanager
    def in_step(self) -> Iterator[None]:
        """Take back for a while by how much other tests have moved AWS's clock."""
        clock = self.machine.aws.clock
        ahead_s = (clock.now() - datetime.now(UTC)).total_seconds()
        clock.shift(-ahead_s)
        try:
            yield
        finally:
            clock.shift(ahead_s)

    def session_secrets(self) -> dict[str, str]:
        """The secrets of every session that lies in the cache."""
        found: dict[str, str] = {}
        for path in self.machine.sessions.glob("[!.]*"):
            answer = json.loads(path.read_bytes().split(b"\n")[1])
            found[f"session's secret access key ({path.name})"] = answer["SecretAccessKey"]
            found[f"session token ({path.name})"] = answer["SessionToken"]
        return found

    def leaks_in_files(self) -> list[tuple[str, Path]]:
        """Every secret in a file that may not hold it: long-term ones in none, a session's in its own alone."""
        found: list[tuple[str, Path]] = []
        sessions = self.session_secrets()
        for path in self.machine.files():
            data = path.read_bytes()
            if path in self._own_files:
                continue
            secrets = self.long_term if path.parent == self.machine.sessions else self.long_term | sessions
            found += [(kind, path) for kind in leaks(data, secrets)]
        return found


def forms(secret: str) -> Iterator[bytes]:
    """Every form in which a secret might slip out: as it is, its beginning, base64, URL, JSON, hexadecimal, repr."""
    plain = secret.encode()
    yield plain
    # Session tokens all begin alike; behind that, a part of one is as telling as the whole.
    yield plain[_COMMON : _COMMON + _PART] if len(plain) > 2 * _COMMON else plain[:_PART]
    yield from (base64.b64encode(plain).rstrip(b"="), base64.urlsafe_b64encode(plain).rstrip(b"="))
    yield from (urllib.parse.quote(secret, safe="").encode(), urllib.parse.quote_plus(secret).encode())
    yield from (plain.hex().encode(), json.dumps(secret)[1:-1].encode(), repr(secret)[1:-1].encode())


def leaks(data: bytes, secrets: dict[str, str]) -> list[str]:
    """The kinds of the *secrets* that are in *data* in any form."""
    return [kind for kind, secret in secrets.items() if any(form in data for form in forms(secret))]


@dataclass(frozen=True)
class Run:
    """One command to be run, how it should end, and which secrets are its very purpose."""

    status: int
    words: list[str] = field(default_factory=list)
    stdin: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    purpose: str | None = None  # the profile whose session's secrets stdout may hold
    in_step: bool = False  # whether it makes codes itself, and so needs AWS's clock to be this machine's


def _add_wrong(office: Office) -> Run:
    member = office.member()
    words = [*member.name.split("_"), "--from", "-", "--region", "eu-west-1", "--json"]
    return Run(7, words, stdin=f"{member.key.id}\n{WRONG_SECRET}\n")


def _add(office: Office) -> Run:
    member = office.member()
    return Run(0, [*member.name.split("_"), "--from", "-", "--region", "eu-west-1", "--json"], stdin=member.key_file)


def _logout(office: Office) -> Run:
    shutil.copy(office.machine.sessions / office.dev.name, office.machine.sessions / office.legacy.name)
    return Run(0, ["legacy"])


def _login(office: Office) -> Run:
    return Run(0, ["dev", "--force", "--json", "--code", office.machine.next_code(office.dev)])


def _credential_process_refused(office: Office) -> Run:
    """The seed makes a code, and STS refuses it."""
    machine = office.machine
    machine.age_session(office.auto.name, left_s=-1)
    shutil.rmtree(machine.state / "codes", ignore_errors=True)
    machine.aws.fail("GetSessionToken", status=403, code="AccessDenied", message="MultiFactorAuthentication failed")
    return Run(7, [office.auto.name])


def _whoami_failing(office: Office) -> Run:
    office.machine.aws.fail("GetCallerIdentity", status=403, code="InvalidClientTokenId")
    return Run(7, ["dev", "--json"])


def _torn_config(office: Office, *words: str) -> Run:
    """A shared config file whose broken line is the very line with a secret."""
    path = office.own_file("torn", f"[profile torn]\naws_secret_access_key {PLAIN_SECRET}\n")
    return Run(5, list(words), environ={"AWS_CONFIG_FILE": path})


def _rename(office: Office) -> Run:
    member = office.member(profile=True)
    product, env, user = member.name.split("_")
    return Run(0, [member.name, product, f"{env}-renamed", user, "--yes"])


def _doctor(office: Office, status: int, *words: str) -> Run:
    """Keys in plain text in a file that is broken just there, which a diff must mask."""
    text = f"[p]\naws_access_key_id = AKIA0\naws_secret_access_key {PLAIN_SECRET}\n"
    text += f"aws_secret_access_key = {PLAIN_SECRET} # old\naws_secret_access_key : {PLAIN_SECRET}\n"
    path = office.own_file("sick", text)
    return Run(status, list(words), environ={"AWS_SHARED_CREDENTIALS_FILE": path})


def _default(office: Office, status: int, *words: str) -> Run:
    """A default with plain-text keys, which a diff must mask."""
    path = office.own_file("default", f"[default]\naws_access_key_id = AKIA0\naws_secret_access_key = {PLAIN_SECRET}\n")
    return Run(status, list(words), environ={"AWS_SHARED_CREDENTIALS_FILE": path})


def _import(office: Office, status: int) -> Run:
    """Keys in plain text, which go into the vault, or are refused and stay where they are."""
    member = office.member()
    secret = member.key.secret if status == 0 else WRONG_SECRET
    text = f"[plain]\naws_access_key_id = {member.key.id}\naws_secret_access_key = {secret}\n"
    path = office.own_file("plain", text)
    words = ["plain", "--as", *member.name.split("_"), "--yes", "--json"]
    return Run(status, words, environ={"AWS_SHARED_CREDENTIALS_FILE": path})


def _mfa_enroll(office: Office) -> Run:
    """The seed goes into the vault, and codes are made from it."""
    return Run(0, [office.member(profile=True).name, "--store-seed", "--yes"], in_step=True)


def _with_device(office: Office, seed_of: str | None = None) -> Run:
    """A user with a device, whose seed, or another's, is about to be stored."""
    office._made += 1
    identity = office.know(office.machine.member(f"mfa{office._made}", DEV, user=f"m{office._made}"))
    assert office.machine.add(identity).status == 0
    assert identity.device is not None
    stdin = f"{seed_of or identity.device.seed}\n"
    return Run(0 if seed_of is None else 7, [identity.name, "--from", "-", "--yes"], stdin, in_step=True)


def _mfa_add(office: Office) -> Run:
    return _with_device(office)


def _mfa_add_wrong(office: Office) -> Run:
    assert office.auto.device is not None
    return _with_device(office, office.auto.device.seed)


def _mfa_code(office: Office) -> Run:
    shutil.rmtree(office.machine.state / "codes", ignore_errors=True)
    return Run(0, [office.auto.name, "--json"])


def _rotate(office: Office) -> Run:
    """The new key is one more secret that nothing may show; AWS alone knows it beforehand."""
    return Run(0, [office.member(profile=True).name, "--json"])


def _setup(office: Office, status: int = 0) -> Run:
    """A user is made with a key and a password, and the profile they belong to."""
    _organization(office)
    office._made += 1
    account = office.machine.aws.account(f"4444{office._made:08}")
    office.machine.aws.account(DEV).add_member(account, f"setup{office._made}", f"setup{office._made}@example.com")
    account.role("OrganizationAccountAccessRole", DEV)
    words = ["acme", f"setup{office._made}", "--user", f"s{office._made}"]
    words += ["--account-id", account.id, "--region", "eu-west-1"]
    return Run(status, [*words, "--via", office.legacy.name, "--mfa", "skip", "--yes"])


def _setup_failing(office: Office) -> Run:
    """The password is in the vault by then."""
    office.machine.aws.fail("CreateAccessKey", status=409, code="LimitExceeded")
    return _setup(office, 7)


def _create(office: Office, status: int = 0) -> Run:
    office._made += 1
    words = ["acme", f"made{office._made}", "--user", "paul", "--email", "paul@example.com", "--region", "eu-west-1"]
    return Run(status, [*words, "--via", office.legacy.name, "--create-organization", "--mfa", "skip", "--yes"])


def _create_failing(office: Office) -> Run:
    office.machine.aws.fail_next_account("ACCOUNT_LIMIT_EXCEEDED")
    return _create(office, 7)


def _user(office: Office, status: int = 0) -> Run:
    """A colleague, made through one's own profile of that env."""
    office._made += 1
    user = office.legacy.user.name
    return Run(status, ["autochart", "legacy", f"c{office._made}", "--yes"], environ={"AWSPROF_USER": user})


def _user_failing(office: Office) -> Run:
    office.machine.aws.fail("CreateLoginProfile", status=400, code="PasswordPolicyViolation")
    return _user(office, 7)


def _password(office: Office) -> Run:
    run = _user(office)
    office.machine.succeed("account", "user", *run.words, **run.environ)
    return Run(0, [f"autochart_legacy_{run.words[2]}", "--show"], purpose=f"{DEV}/{run.words[2]}")


def _organization(office: Office) -> None:
    if motobackend.organizations(DEV).org is None:
        office.machine.aws.account(DEV).create_organization()


def _account_list(office: Office) -> Run:
    _organization(office)
    return Run(0, ["--via", office.legacy.name])


def _team(office: Office) -> None:
    office.own_file(".awsprof.toml", f'product = "autochart"\n[envs.dev]\naccount_id = "{office.dev.account_id}"\n')


def _in_repository(office: Office, *words: str) -> Run:
    _team(office)
    return Run(0, list(words))


def _product_join(office: Office) -> Run:
    _team(office)
    office._made += 1
    user = f"j{office._made}"
    identity = office.know(office.machine.member("dev", office.dev.account_id, mfa=False, user=user))
    return Run(0, ["--user", user, "--from", "dev=-"], stdin=identity.key_file)


def _of_service(office: Office, *words: str) -> Run:
    _team(office)
    path = office.own_file("serverless.yml", f"service: x\nprovider:\n  name: aws\n  profile: {office.dev.name}\n")
    return Run(0, [path, *words])


def _browser(office: Office, *words: str) -> Run:
    """A browser profile as a start would have left it."""
    directory = office.machine.home / ".local" / "share" / "awsprof" / "browsers" / "chromium" / office.dev.name
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark = directory / ".awsprof"
    mark.touch(mode=0o600)
    mark.write_text(json.dumps({"profile": office.dev.name}))
    return Run(0, [office.dev.name, *words])


# Each command in success and in failure. A new command fails test_every_command_is_tried until it stands here.
RUNS: dict[str, tuple[Callable[[Office], Run], Callable[[Office], Run]]] = {
    "add": (_add, _add_wrong),
    "list": (lambda _: Run(0, ["--json"]), lambda office: _torn_config(office, "--json")),
    "show": (lambda _: Run(0, ["outside", "--json"]), lambda office: _torn_config(office, "torn")),
    "set": (
        lambda _: Run(0, ["legacy", "output=json"]),
        # A person's slip: what should never have been typed as a word is not repeated.
        lambda _: Run(2, ["legacy", f"aws_secret_access_key={WRONG_SECRET}"]),
    ),
    "rename": (_rename, lambda _: Run(4, ["legacy", "autochart", "dev", "paul", "--yes"])),
    "import": (lambda office: _import(office, 0), lambda office: _import(office, 7)),
    "default": (
        lambda office: _default(office, 0, "--remove", "--dry-run"),
        lambda office: _default(office, 2, "--remove"),
    ),
    "undo": (lambda _: Run(0, ["--list"]), lambda _: Run(2, ["--no-such-option"])),
    "doctor": (
        lambda office: _doctor(office, 0, "--fix", "--dry-run"),
        lambda office: _doctor(office, 1, "--fix", "--yes", "--online", "--json"),
    ),
    "remove": (
        lambda office: Run(0, [office.member(profile=True).name, "--yes"]),
        lambda _: Run(2, ["dev", "--delete-key"]),
    ),
    "login": (_login, lambda office: Run(7, ["dev", "--force", "--code", _wrong_code(office)])),
    "logout": (_logout, lambda _: Run(3, ["nothing"])),
    "status": (lambda _: Run(0), lambda office: _torn_config(office, "dev")),
    "whoami": (lambda _: Run(0, ["dev"]), _whoami_failing),
    "vault status": (lambda _: Run(0, ["--json"]), lambda _: Run(2, environ={"AWSPROF_VAULT": "nothing"})),
    "vault unlock": (
        lambda _: Run(0, ["--for", "8h"]),
        lambda _: Run(6, environ={"AWSPROF_VAULT_PASSPHRASE": WRONG_PASSPHRASE}),
    ),
    "vault lock": (lambda _: Run(0), lambda _: Run(2, ["now"])),
    "vault move": (
        # This machine has no keyring, so nothing can be moved from or to one; test_moving.py has the other outcomes.
        lambda _: Run(6, ["file", "--dry-run", "--json"]),
        lambda _: Run(2, ["keyring", "--yes"]),  # AWSPROF_VAULT forces the other one
    ),
    "mfa enroll": (_mfa_enroll, lambda _: Run(1, ["outside", "--store-seed", "--yes"])),
    "mfa add": (_mfa_add, _mfa_add_wrong),
    "mfa code": (_mfa_code, lambda _: Run(1, ["dev"])),
    "mfa list": (lambda _: Run(0, ["dev", "--json"]), lambda _: Run(3, ["nothing"])),
    "mfa remove": (lambda office: Run(0, [office.member(profile=True).name, "--yes"]), lambda _: Run(3, ["nothing"])),
    "rotate": (_rotate, lambda _: Run(1, ["outside"])),
    "use": (lambda _: Run(0, ["dev"], environ={"AWSPROF_SHELL": "bash"}), lambda _: Run(2, ["dev"])),
    "off": (lambda _: Run(0, environ={"AWSPROF_SHELL": "fish"}), lambda _: Run(2)),
    "init": (lambda _: Run(0, ["bash"]), lambda _: Run(2, ["tcsh"])),
    "prompt": (
        lambda office: Run(0, ["--format", "{account} {region}"], environ={"AWS_PROFILE": office.dev.name}),
        lambda _: Run(2, ["--format", "{secret}"]),
    ),
    "exec": (lambda _: Run(0, ["dev", "--", "true"]), lambda _: Run(127, ["dev", "--", "no-such-command"])),
    "export": (
        lambda office: Run(0, ["dev", "--format", "json"], purpose=office.dev.name),
        lambda _: Run(3, ["nothing"]),
    ),
    "console": (
        lambda office: Run(0, [office.dev.name, "--print"]),
        lambda office: Run(1, [office.dev.name, "--federate", "--print"]),
    ),
    "browser list": (lambda _: Run(0, ["--json"]), lambda _: Run(2, ["--jsonn"])),
    "browser reset": (lambda office: _browser(office, "--yes"), lambda _: Run(3, ["nothing", "--yes"])),
    "browser remove": (lambda office: _browser(office, "--yes"), lambda _: Run(3, ["nothing", "--yes"])),
    "launcher install": (lambda office: Run(0, [office.dev.name]), lambda _: Run(3, ["nothing"])),
    "launcher list": (lambda _: Run(0, ["--json"]), lambda _: Run(2, ["--jsonn"])),
    "launcher remove": (lambda _: Run(0, ["--all"]), lambda _: Run(3, ["nothing"])),
    "account create": (_create, _create_failing),
    "account setup": (_setup, _setup_failing),
    "account user": (_user, _user_failing),
    "account password": (_password, lambda _: Run(1, ["legacy", "--show"])),
    "account list": (_account_list, lambda office: _torn_config(office, "--via", "legacy")),
    "audit": (lambda office: Run(1, ["legacy"]), lambda office: _torn_config(office, "legacy", "--json")),
    "product init": (lambda office: _in_repository(office, "--dry-run"), lambda _: Run(2, ["--stage", "dev"])),
    "product show": (lambda office: _in_repository(office, "--json"), lambda _: Run(2, ["--user", "default"])),
    "product join": (_product_join, lambda office: replace(_in_repository(office, "--from", "dev"), status=2)),
    "serverless show": (
        lambda office: _in_repository(office, "--json"),
        lambda office: replace(_in_repository(office, "--stage", "qa"), status=2),
    ),
    "serverless write": (
        lambda office: _of_service(office, "--yes", "--force"),
        lambda office: replace(_of_service(office, "--yes"), status=1),
    ),
    "serverless check": (
        lambda office: _of_service(office, "--stage", "dev", "--online", "--json"),
        lambda office: replace(_of_service(office, "--stage", "qa"), status=2),
    ),
    "completion": (lambda _: Run(0, ["bash"]), lambda _: Run(2, ["tcsh"])),
    "settings get": (lambda _: Run(0, ["mfa_command"]), lambda _: Run(2, ["mfa_comand"])),
    "settings set": (lambda _: Run(0, ["user", "paul"]), lambda _: Run(2, ["session_store", "paper"])),
    "settings list": (lambda _: Run(0, ["--json"]), lambda _: Run(2, ["--jsonn"])),
    "credential-process": (
        lambda office: Run(0, [office.dev.name], purpose=office.dev.name),
        _credential_process_refused,
    ),
}


def _wrong_code(office: Office) -> str:
    code = office.machine.next_code(office.dev)
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.fixture(scope="module")
def office(shared_machine: Machine) -> Office:
    return Office(shared_machine)


def _commands() -> list[str]:
    """Every command that the command line has, by walking its tree."""

    def below(path: list[str], command: click.Command) -> Iterator[str]:
        if not isinstance(command, click.Group):
            yield " ".join(path)
            return
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from below([*path, name], found)

    return list(below([], main))


def test_every_command_is_tried() -> None:
    """A new command must be tried in success and failure too: give it a line in RUNS."""
    assert sorted(RUNS) == sorted(_commands())


@pytest.mark.parametrize("outcome", ["success", "failure"])
@pytest.mark.parametrize("command", RUNS)
def test_command_shows_no_secret(office: Office, command: str, outcome: str) -> None:
    """With --debug before and behind the command, no secret stands in what it prints or leaves in files."""
    machine = office.machine
    path = command.split()
    prepare = RUNS[command][outcome == "failure"]
    for before, after in (["--debug"], []), ([], ["--debug"]):
        with office.as_it_was():
            secrets = office.session_secrets()
            run = prepare(office)
            with office.in_step() if run.in_step else contextlib.nullcontext():
                done = machine.awsprof(*before, *path, *after, *run.words, stdin=run.stdin, **run.environ)
            assert done.status == run.status, done
            office.learn()
            secrets |= office.session_secrets() | office.long_term
            purpose = {kind for kind in secrets if kind.endswith(f"({run.purpose})")}
            assert leaks(done.stderr.encode(), secrets) == []
            assert set(leaks(done.stdout.encode(), secrets)) == purpose
            assert office.leaks_in_files() == []


@pytest.mark.parametrize("case", ["session", "no such key", "keys in a file", "torn file", "first run"])
def test_what_a_shell_uses_shows_no_secret(office: Office, case: str) -> None:
    """Neither whoami without a selector, nor awsprof alone, shows one of a source it looks at."""
    torn = office.own_file("torn", f"[profile torn]\naws_secret_access_key {PLAIN_SECRET}\n")
    keyed = office.own_file(
        "keyed", f"[old]\naws_access_key_id = AKIAEXAMPLE01\naws_secret_access_key = {PLAIN_SECRET}\n"
    )
    wrong = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLEEXAMPLE01", "AWS_SECRET_ACCESS_KEY": WRONG_SECRET}
    words, environ, status = {
        "session": (["whoami"], {"AWS_PROFILE": office.dev.name, "AWS_SDK_LOAD_CONFIG": "1"}, 0),
        "no such key": (["whoami"], wrong, 1),
        "keys in a file": (["whoami"], {"AWS_PROFILE": "outside"}, 1),
        "torn file": (["whoami", "--json"], {"AWS_PROFILE": "torn", "AWS_CONFIG_FILE": torn}, 1),
        "first run": ([], {"AWS_CONFIG_FILE": keyed, "AWS_SHARED_CREDENTIALS_FILE": torn}, 0),
    }[case]
    done = office.machine.awsprof("--debug", *words, **environ)
    assert done.status == status, done
    secrets = office.session_secrets() | office.long_term
    assert leaks(f"{done.stdout}{done.stderr}".encode(), secrets) == []
    assert office.leaks_in_files() == []


@pytest.mark.parametrize("style", ["sh", "fish", "powershell", "dotenv"])
def test_export_shows_a_session_and_no_more(office: Office, style: str) -> None:
    """In every format export prints the session's secrets, and never what they were made from."""
    done = office.machine.awsprof("--debug", "export", "dev", "--format", style)
    if done.status == 2:
        pytest.skip(f"there is no format {style}")
    wanted = {kind for kind in office.session_secrets() if kind.endswith(f"({office.dev.name})")}
    assert set(leaks(done.stdout.encode(), office.long_term | office.session_secrets())) == wanted
    assert leaks(done.stderr.encode(), office.long_term | office.session_secrets()) == []


@pytest.mark.parametrize(
    "text",
    [
        f"AKIAEXAMPLEEXAMPLE01 {WRONG_SECRET}",
        f'{{"AccessKey": {{"AccessKeyId": "{WRONG_SECRET}", "SecretAccessKey": 1}}}}',
        f'{{"AccessKeyId": "AKIAEXAMPLEEXAMPLE01", "SecretAccessKey": "{WRONG_SECRET}"',
        f"{WRONG_SECRET}\nAKIAEXAMPLEEXAMPLE01\n",
        f'"{WRONG_SECRET}\n',
        f"Access key ID,Secret access key\nASIAEXAMPLEEXAMPLE01,{WRONG_SECRET}\n",
    ],
)
def test_keys_that_cannot_be_read_are_not_shown(office: Office, text: str) -> None:
    """Of a text in which no access key is found, add quotes nothing."""
    done = office.machine.awsprof("--debug", "add", "autochart", "new", "paul", "--from", "-", "--json", stdin=text)
    assert done.status == 2
    assert leaks(f"{done.stdout}{done.stderr}".encode(), office.long_term) == []


def test_traceback_shows_no_secret(office: Office) -> None:
    """A failure deep inside, with the frames that --debug shows, holds no secret."""
    machine = office.machine
    away = machine.sessions.with_name("away")
    machine.sessions.rename(away)
    machine.sessions.write_text("a file where the directory should be")
    try:
        done = machine.awsprof("login", "dev", "--debug", "--code", machine.next_code(office.dev))
    finally:
        machine.sessions.unlink()
        away.rename(machine.sessions)
    assert done.status == 1
    assert "FileExistsError" in done.stderr
    assert "mkdir" in done.stderr
    assert leaks(f"{done.stdout}{done.stderr}".encode(), office.long_term | office.session_secrets()) == []
    assert "IQoJb3JpZ2lu" not in done.stderr


def test_session_files_are_the_users_alone(office: Office) -> None:
    """Sessions are files of mode 0600 in a directory of mode 0700, and so is all else that awsprof keeps."""
    machine = office.machine
    own = [machine.sessions, machine.vault, machine.vault / "items", machine.state / "state", machine.state / "codes"]
    assert machine.sessions.is_dir()
    for directory in filter(Path.is_dir, [*own, machine.runtime / "awsprof"]):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700, directory
        for path in directory.iterdir():
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


# --- the process list


@dataclass(frozen=True)
class Seen:
    """What every user (cmdline), and this one (environ), can see of a process."""

    cmdline: bytes
    environ: bytes


def _descendants(pid: int) -> list[Seen]:
    """Take a look at *pid* and all that it started."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    seen = []
    for one in family:
        try:
            proc = Path(f"/proc/{one}")
            seen.append(Seen((proc / "cmdline").read_bytes(), (proc / "environ").read_bytes()))
        except OSError:
            continue
    return seen


def _watched(office: Office, process: subprocess.Popen[str], stdin: str, *ready: Callable[[], object]) -> Outcome:
    """Let *process* come to where each of *ready* is true, look at it and its children there, and let it go on."""
    secrets = office.long_term | office.session_secrets()
    # The passphrase is in the environment because the person put it there.
    kept = {kind: secret for kind, secret in secrets.items() if kind != "passphrase"}
    assert process.stdin is not None
    process.stdin.write(stdin)
    process.stdin.close()
    process.stdin = None
    seen: list[Seen] = []
    deadline = time.monotonic() + LIMIT_S
    for there in ready:
        while not there():
            assert process.poll() is None, finished(process)
            assert time.monotonic() < deadline
            time.sleep(0.01)
        looked = _descendants(process.pid)
        assert looked
        seen += looked
    done = finished(process)
    for one in seen:
        assert leaks(one.cmdline, secrets) == []
        assert leaks(one.environ, kept) == []
    return done


@pytest.mark.parametrize("action", ["GetSessionToken", "GetCallerIdentity"])
def test_process_list_while_aws_is_asked(office: Office, action: str) -> None:
    """While login waits for AWS, the process list shows no secret of it, nor does its environment."""
    machine = office.machine
    code = machine.next_code(office.dev)
    machine.aws.clear_calls()
    machine.aws.fail(action, delay_s=1.0)
    process = machine.start("awsprof", "login", "dev", "--force", "--debug", "--code", code)
    assert _watched(office, process, "", lambda: machine.aws.calls_of(action)).status == 0


def test_process_list_while_add_asks_aws(office: Office) -> None:
    """The same of add, which has its keys from stdin."""
    machine = office.machine
    member = office.member()
    machine.aws.clear_calls()
    machine.aws.fail("GetCallerIdentity", delay_s=1.0)
    process = machine.start("awsprof", "add", *member.name.split("_"), "--from", "-", "--region", "eu-west-1")
    assert _watched(office, process, member.key_file, lambda: machine.aws.calls).status == 0


def test_process_list_while_commands_of_ours_run(office: Office) -> None:
    """The passphrase command and mfa_command are told no secret by argument or environment."""
    machine = office.machine
    passphrase = office.own_file("passphrase", f"{PASSPHRASE}\n")
    code = office.own_file("code", f"{machine.next_code(office.dev)}\n")
    waiting = machine.home / "waiting"
    for name, source in (("ask-passphrase", passphrase), ("ask-code", code)):
        script = Path(office.own_file(name, f"#!/bin/sh\necho {name} >>{waiting}\nsleep 1\ncat {source}\n"))
        script.chmod(0o755)
    machine.succeed("settings", "set", "mfa_command", str(machine.home / "ask-code"))
    with office.as_it_was():
        machine.succeed("vault", "lock")
        process = machine.start(
            "awsprof",
            *("--debug", "login", "dev", "--force"),
            AWSPROF_VAULT_PASSPHRASE=None,
            AWSPROF_VAULT_PASSPHRASE_COMMAND=str(machine.home / "ask-passphrase"),
        )
        done = _watched(office, process, "", waiting.exists, lambda: "ask-code" in waiting.read_text())
    assert done.status == 0
    assert leaks(f"{done.stdout}{done.stderr}".encode(), office.long_term | office.session_secrets()) == []
    machine.succeed("settings", "set", "mfa_command", "--unset")


def test_commands_words_in_exec_hold_no_secret(office: Office) -> None:
    """What exec becomes gets the session by its environment, and never by its words; the vault's keys not at all."""
    script = "cat /proc/self/cmdline /proc/$$/cmdline"
    done = office.machine.awsprof("--debug", "exec", "dev", "--", "sh", "-c", script)
    assert leaks(f"{done.stdout}{done.stderr}".encode(), office.long_term | office.session_secrets()) == []
    environ = office.machine.awsprof("exec", "dev", "--", "env").stdout
    kept = {kind: secret for kind, secret in office.long_term.items() if kind != "passphrase"}
    assert leaks(environ.encode(), kept) == []


# --- repr

_LONG_TERM = LongTermCredentials("AKIAEXAMPLEEXAMPLE01", WRONG_SECRET)
_SESSION = SessionCredentials("ASIAEXAMPLEEXAMPLE01", WRONG_SECRET, PLAIN_SECRET, datetime.now(UTC))


@pytest.mark.parametrize(
    "value",
    [
        _LONG_TERM,
        _SESSION,
        StoredKeys(_LONG_TERM, "arn:aws:iam::111111111111:user/paul"),
        Session.of(_SESSION, account_id=DEV, duration_s=3600),
        Served(_SESSION, process_answer(_SESSION, DEV)),
        Passphrase(WRONG_SECRET, "the terminal"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_repr_hides_secrets(value: object) -> None:
    """An object that holds a secret does not show it, as in a log or a debugger's traceback."""
    secrets = {"secret": WRONG_SECRET, "token": PLAIN_SECRET}
    assert leaks(f"{value!r} {value!s} {[value]}".encode(), secrets) == []


def test_profile_with_plain_text_keys_hides_them_in_its_repr(office: Office) -> None:
    """A profile read from the user's own files shows none of the plain-text keys that stand there."""
    script = "from awsprof.cli.world import World; print(World().files.profiles()['outside'])"
    shown = office.machine.run(sys.executable, "-c", script)
    assert "outside" in shown.stdout
    assert leaks(shown.stdout.encode(), office.long_term) == []
