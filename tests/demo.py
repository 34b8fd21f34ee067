"""
The main job as a person would do it: two accounts, one MFA code, and the real AWS CLI.

Everything happens in a home of its own against a local AWS; the real ``~/.aws`` and the real AWS are never touched.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pexpect

from tests.localaws import LocalAWS

_BIN = Path(sys.executable).parent
_TIMEOUT_S = 60


@dataclass
class _Account:
    env: str
    account_id: str
    access_key_id: str
    secret_access_key: str
    seed: str
    serial: str


class _DifferenceError(Exception):
    """Something came out otherwise than the demo promises."""


class Demo:
    """Plays both the person and the terminal."""

    def __init__(self, home: Path, aws: LocalAWS) -> None:
        self.home = home
        self.aws = aws
        self.environ = _sandbox(home, aws.url)
        self.dev = self._account("dev", "111111111111")
        self.prod = self._account("prod", "222222222222")

    def _account(self, env: str, account_id: str) -> _Account:
        user = self.aws.account(account_id, alias=f"autochart-{env}").user("paul", deny_without_mfa=True)
        key, device = user.access_key(), user.mfa_device()
        assert device.seed is not None  # only FIDO devices have none
        return _Account(env, account_id, key.id, key.secret, device.seed, device.serial)

    def code(self, account: _Account) -> str:
        """Return what the phone shows for *account*."""
        import pyotp

        return pyotp.TOTP(account.seed).at(self.aws.clock.now())

    def type(self, command: str, *dialogue: tuple[str, str], fails: bool = False) -> str:
        """Run *command* in a terminal, answer its questions, show all of it, and return what it printed."""
        print(f"\n\033[1m$ {command}\033[0m", flush=True)
        child = pexpect.spawn(
            "/bin/sh", ["-c", command], env=self.environ, cwd=str(self.home), encoding="utf-8", timeout=_TIMEOUT_S
        )
        child.logfile_read = sys.stdout
        child.delaybeforesend = 0.1
        for question, answer in dialogue:
            child.expect_exact(question)
            child.sendline(answer)
        child.expect(pexpect.EOF)
        child.close()
        if (child.exitstatus != 0) != fails:
            raise _DifferenceError(f"'{command}' ended with status {child.exitstatus}")
        return str(child.before)

    def run(self) -> None:
        for account in (self.dev, self.prod):
            self.type(
                f"awsprof add autochart {account.env} paul --region eu-west-1",
                ("Access key id", account.access_key_id),
                ("Secret access key", account.secret_access_key),
            )
        self.type("cat ~/.aws/config")
        self.type("awsprof login prod", ("MFA code", self.code(self.prod)))
        self.type("awsprof login dev", ("MFA code", self.code(self.dev)))
        self._expect("autochart_prod_paul", self.type("awsprof list"))
        for account in (self.prod, self.dev):
            said = self.type(f"aws sts get-caller-identity --profile autochart_{account.env}_paul")
            self._expect(f'"Account": "{account.account_id}"', said)
        said = self.type("awsprof exec prod -- aws sts get-caller-identity --query Account --output text")
        self._expect(self.prod.account_id, said)
        # With no profile named, nothing is reached: there is no default.
        said = self.type("aws sts get-caller-identity --region eu-west-1", fails=True)
        self._expect("Unable to locate credentials", said)

    @staticmethod
    def _expect(wanted: str, said: str) -> None:
        if wanted not in said:
            raise _DifferenceError(f"'{wanted}' was expected")

    def shell(self) -> None:
        """Leave the person in a shell of the sandbox, with a command for the phone's codes."""
        self._write_phone()
        print(
            f"\nA shell of the sandbox: home {self.home}, AWS {self.aws.url}. 'exit' leaves it.\n"
            "  phone prod     prints the code that the phone would show (or: phone dev)\n"
            "  keys prod      prints that user's access key, to try 'awsprof add' again\n"
            "Try: awsprof --help, awsprof status, awsprof logout prod, awsprof login prod\n"
        )
        shell = shutil.which("bash") or "/bin/sh"
        rc = self.home / ".bashrc"
        rc.write_text("PS1='(awsprof sandbox) \\w \\$ '\n")
        subprocess.run([shell, "-i"], env=self.environ, cwd=self.home, check=False)

    def _write_phone(self) -> None:
        tools = self.home / "bin"
        tools.mkdir()
        accounts = {
            account.env: {"serial": account.serial, "keys": [account.access_key_id, account.secret_access_key]}
            for account in (self.dev, self.prod)
        }
        for name, body in {
            "phone": 'print(json.load(urlopen(url + "/_local/code?serial=" + account["serial"]))["code"])',
            "keys": 'print(*account["keys"], sep="\\n")',
        }.items():
            script = tools / name
            script.write_text(
                f"#!{sys.executable}\nimport json, sys\nfrom urllib.request import urlopen\n"
                f"url = {self.aws.url!r}\naccount = {json.dumps(accounts)}[sys.argv[1]]\n{body}\n"
            )
            script.chmod(0o755)
        self.environ["PATH"] = f"{tools}:{self.environ['PATH']}"


def _sandbox(home: Path, url: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("LANG", "TERM", "TZ") if name in os.environ}
    runtime = home / ".runtime"
    runtime.mkdir(mode=0o700)
    return {
        **kept,
        "HOME": str(home),
        "PATH": f"{_BIN}:/usr/local/bin:/usr/bin:/bin",
        "XDG_RUNTIME_DIR": str(runtime),
        "AWS_ENDPOINT_URL": url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        # A sandbox must not ask the desktop's own keyring.
        "AWSPROF_VAULT": "file",
        "AWSPROF_VAULT_PASSPHRASE": "the sandbox's passphrase",
    }


def main() -> int:
    arguments = sys.argv[1:]
    if arguments not in ([], ["--shell"]):
        print("usage: scripts/demo [--shell]")
        return 0 if arguments in (["--help"], ["-h"]) else 2
    with tempfile.TemporaryDirectory(prefix="awsprof-demo-") as home, LocalAWS() as aws:
        demo = Demo(Path(home), aws)
        print(f"A throw-away home, {home}, and a local AWS, {aws.url}; your own ~/.aws is not touched.")
        try:
            demo.run()
        except (_DifferenceError, pexpect.ExceptionPexpect) as error:
            reason = str(error).splitlines()[0] if isinstance(error, _DifferenceError) else "no answer came in time"
            print(f"\nThe demo failed: {reason}", file=sys.stderr)
            return 1
        print("\nAll as promised: each profile reaches its own account, and no profile reaches none.")
        if arguments:
            demo.shell()
    return 0


if __name__ == "__main__":
    sys.exit(main())
