"""
A developer's machine as tests see it: a home, a PATH with awsprof on it, and programs run as processes of their own.

Knows how a program is started and what it left behind; not what it should say.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pexpect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.localaws import LocalAWS
    from tests.localaws.accounts import AccessKey, MfaDevice, User

BIN = Path(sys.executable).parent
JS = Path(__file__).parents[1] / "js"
PASSPHRASE = "passphrase-marker of these tests/+="
LIMIT_S = 60
_DEAD_END = "http://127.0.0.1:9"
_KEPT = ("LANG", "LC_ALL", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one program came to."""

    status: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        return json.loads(self.stdout)


@dataclass(frozen=True, slots=True)
class Identity:
    """A profile's name, and whom it stands for at AWS."""

    name: str
    account_id: str
    arn: str
    user: User
    key: AccessKey
    device: MfaDevice | None

    @property
    def key_file(self) -> str:
        """The two lines that ``add --from -`` reads."""
        return f"{self.key.id}\n{self.key.secret}\n"


@dataclass
class Machine:
    """One home on which programs run, none of which can reach anything but the local AWS."""

    home: Path
    runtime: Path
    aws: LocalAWS
    extra: dict[str, str | None] = field(default_factory=dict)  # None takes a variable out

    @classmethod
    def below(cls, directory: Path, aws: LocalAWS) -> Self:
        machine = cls(directory / "home", directory / "runtime", aws)
        machine.home.mkdir(exist_ok=True)
        machine.runtime.mkdir(mode=0o700, exist_ok=True)
        return machine

    @property
    def environ(self) -> dict[str, str]:
        """The whole environment that a program on this machine gets."""
        everything = {
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "TZ": "UTC",
            "TERM": "xterm",
            "AWS_ENDPOINT_URL": self.aws.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _DEAD_END),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
            "AWSPROF_VAULT": "file",
            "AWSPROF_VAULT_PASSPHRASE": PASSPHRASE,
            **self.extra,
        }
        return _set(everything)

    # --- running programs

    def start(self, *words: str, cwd: Path | None = None, **environ: str | None) -> subprocess.Popen[str]:
        """Start a program in a session of its own, so that it has no terminal; None takes a variable out."""
        return subprocess.Popen(
            words,
            env=self._with(environ),
            cwd=cwd or self.home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, stdin: str = "", cwd: Path | None = None, **environ: str | None) -> Outcome:
        """Run a program to its end, without a terminal."""
        process = self.start(*words, cwd=cwd, **environ)
        return finished(process, stdin)

    def awsprof(self, *words: str, stdin: str = "", **environ: str | None) -> Outcome:
        return self.run("awsprof", *words, stdin=stdin, **environ)

    def succeed(self, *words: str, stdin: str = "", **environ: str | None) -> Outcome:
        """Run awsprof as part of a set-up."""
        outcome = self.awsprof(*words, stdin=stdin, **environ)
        assert outcome.status == 0, f"awsprof {' '.join(words)}: {outcome}"
        return outcome

    @contextlib.contextmanager
    def terminal(self, *words: str, **environ: str | None) -> Iterator[pexpect.spawn[str]]:
        """Run a program in a terminal of its own; what still runs at the end is hung up and then killed."""
        with warnings.catch_warnings():
            # Newer Pythons warn of a fork beside threads; the child does nothing but exec.
            warnings.simplefilter("ignore", DeprecationWarning)
            child: pexpect.spawn[str] = pexpect.spawn(
                words[0],
                list(words[1:]),
                env=self._with(environ),
                cwd=str(self.home),
                encoding="utf-8",
                timeout=LIMIT_S,
                dimensions=(40, 400),
            )
        child.delaybeforesend = None
        child.ptyproc.delayafterclose = child.ptyproc.delayafterterminate = 0.02
        child.delayafterclose = child.delayafterterminate = 0.02
        try:
            yield child
        finally:
            child.close(force=True)

    def _with(self, environ: dict[str, str | None]) -> dict[str, str]:
        return _set({**self.environ, **environ})

    # --- what lies on it

    @property
    def config_file(self) -> Path:
        return self.home / ".aws" / "config"

    @property
    def config(self) -> str:
        return self.config_file.read_text() if self.config_file.exists() else ""

    @property
    def credentials_file(self) -> Path:
        return self.home / ".aws" / "credentials"

    @property
    def vault(self) -> Path:
        return self.home / ".local" / "share" / "awsprof" / "vault"

    @property
    def sessions(self) -> Path:
        return self.home / ".cache" / "awsprof" / "sessions"

    @property
    def state(self) -> Path:
        return self.home / ".local" / "state" / "awsprof"

    def take_vault_of(self, other: Machine) -> None:
        """Begin with a copy of an unlocked vault that another machine made."""
        shutil.copytree(other.vault, self.vault)
        shutil.copytree(other.runtime, self.runtime, dirs_exist_ok=True)

    def files(self) -> list[Path]:
        """Every file in the home and in memory, but for sockets and pipes."""
        return sorted(path for top in (self.home, self.runtime) for path in top.rglob("*") if path.is_file())

    def age_session(self, name: str, *, left_s: int) -> None:
        """Let the session of *name* end in *left_s* seconds, as tools on this machine see it."""
        expiration = int(time.time()) + left_s
        for path in (self.sessions / name, self.state / "state" / name):
            rest = path.read_bytes().partition(b"\n")[2]
            path.write_bytes(b"%d\n%b" % (expiration, rest))
            os.utime(path, (expiration, expiration))

    # --- people at AWS

    def member(self, env: str, account_id: str, *, mfa: bool = True, user: str = "paul") -> Identity:
        """A new IAM user, under the guard that denies nearly all without MFA if there is a device; no profile yet."""
        made = self.aws.account(account_id).user(user, deny_without_mfa=mfa)
        device = made.mfa_device() if mfa else None
        return Identity(f"autochart_{env}_{user}", account_id, made.arn, made, made.access_key(), device)

    def add(self, identity: Identity, *options: str) -> Outcome:
        return self.awsprof(
            "add", *identity.name.split("_"), "--from", "-", "--region", "eu-west-1", *options, stdin=identity.key_file
        )

    def joined(self, env: str, account_id: str, *, mfa: bool = True, user: str = "paul") -> Identity:
        """A new IAM user with a profile."""
        identity = self.member(env, account_id, mfa=mfa, user=user)
        added = self.add(identity)
        assert added.status == 0, added
        return identity

    def login(self, identity: Identity, *options: str) -> Outcome:
        assert identity.device is not None
        return self.awsprof("login", identity.name, "--code", identity.device.code(), *options)

    def next_code(self, identity: Identity) -> str:
        """
        The code that comes next, without the wait for it.

        The server's clock goes a step ahead, and the machine forgets which step it used.
        """
        assert identity.device is not None
        self.aws.clock.shift(30)
        shutil.rmtree(self.state / "codes", ignore_errors=True)
        return identity.device.code()


def _set(variables: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if value is not None}


def finished(process: subprocess.Popen[str], stdin: str = "") -> Outcome:
    """Wait for *process*, for a limited time, and take what it said."""
    try:
        stdout, stderr = process.communicate(stdin, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Outcome(process.returncode, stdout, stderr)


def ended(child: pexpect.spawn[str]) -> int:
    """Wait for the end of what runs in a terminal; its exit status, negative for a signal."""
    child.expect(pexpect.EOF)
    child.wait()
    return int(-child.signalstatus if child.exitstatus is None else child.exitstatus)


def plain(text: str) -> str:
    """*text* as it stands on a terminal, with one kind of line end and no colours."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).replace("\r\n", "\n")
