"""
Serverless Framework 3 and its successors osls 3 and osls 4, run on a :class:`Machine` against the local AWS.

Knows how each is started so that it asks nobody, tells nobody and reaches nothing else; not what it should say.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

if TYPE_CHECKING:
    from tests.test_real.machine import Machine, Outcome

PACKAGES = Path(__file__).parents[1] / "frameworks"
INSTALLED = PACKAGES / "node_modules"
FRAMEWORKS = {"serverless3": "3.40.0", "osls3": "3.77.1", "osls4": "4.3.1"}
HOOK_REFUSED = 97  # the exit status of hook.cjs when something would leave this machine

_MINIMAL = """\
service: {service}
provider:
  name: aws
  runtime: nodejs20.x
  region: eu-west-1
"""
_ARCHITECTURES = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def require_frameworks() -> None:
    """Skip the test where the frameworks are not installed, and fail it where CI promised them."""
    if not (INSTALLED / ".installed").exists():
        absent = "needs the frameworks: scripts/test installs them"
        pytest.fail(absent) if os.environ.get("CI") else pytest.skip(absent)


def node() -> str:
    """The Node that came with the packages, since Debian's is too old; elsewhere than on Linux the one on PATH."""
    path = INSTALLED / f"node-linux-{_ARCHITECTURES.get(platform.machine(), '')}" / "bin" / "node"
    return str(path) if path.exists() else shutil.which("node") or "node"


def minimal(more: str = "", service: str = "shop") -> str:
    """A serverless.yml without functions, and *more* at its top level; what that has in ``provider`` is merged."""
    head = _MINIMAL.format(service=service)
    provider = re.search(r"^provider:\n((?:[ ].*\n)+)", more, re.MULTILINE)
    if provider is not None:
        return head + provider[1] + more.replace(provider[0], "")
    if re.search(r"^provider: ", more, re.MULTILINE):
        return head.partition("provider:")[0] + more
    return head + more


@dataclass(frozen=True)
class Framework:
    """One of the frameworks, in a directory with a service, as ``serverless`` on the PATH of a machine."""

    name: str
    machine: Machine
    directory: Path

    @classmethod
    def on(cls, machine: Machine, name: str, files: dict[str, str]) -> Self:
        """Lay *files* into a directory named after the framework, and nothing else there."""
        directory = machine.home / "services" / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        for file, text in files.items():
            (directory / file).write_text(text)
        # Where npm puts it, so that it can be told which version the service has.
        (directory / "node_modules").mkdir()
        package = "serverless" if name.startswith("serverless") else "osls"
        (directory / "node_modules" / package).symlink_to(INSTALLED / name)
        programs = machine.home / "frameworks" / name
        if not programs.exists():
            programs.mkdir(parents=True)
            # As npm does it. No shell stands between, which would drop variables like AWS_PROD-EU_PROFILE.
            (programs / "serverless").symlink_to(INSTALLED / name / "bin" / "serverless.js")
            (programs / "node").symlink_to(node())
        return cls(name, machine, directory)

    @property
    def environ(self) -> dict[str, str | None]:
        """What the framework's process needs besides the machine's own environment; None takes a variable out."""
        return {
            "PATH": f"{self.machine.home / 'frameworks' / self.name}:{self.machine.environ['PATH']}",
            "CI": "1",
            "SLS_TELEMETRY_DISABLED": "1",
            "SLS_TRACKING_DISABLED": "1",
            "SLS_NOTIFICATIONS_MODE": "off",
            "SLS_DISABLE_AUTO_UPDATE": "1",
            "SLS_AWS_MONITORING_FREQUENCY": "50",  # ms between two looks at a stack
            "SLS_AWS_REQUEST_MAX_RETRIES": "0",
            "NODE_OPTIONS": f"--require={PACKAGES / 'hook.cjs'}",
            "NODE_COMPILE_CACHE": str(INSTALLED / ".compiled"),
            # All three send requests to this machine through a proxy too; the hook is what bars the way out.
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")),
        }

    def run(self, *words: str, through: tuple[str, ...] = (), **environ: str | None) -> Outcome:
        """
        Run ``serverless WORDS``, with a log of AWS's calls that holds nothing but its own.

        Args:
            through: A program that starts it: ``awsprof exec prod --``.
        """
        self.machine.aws.clear_calls()
        outcome = self.machine.run(*through, "serverless", *words, cwd=self.directory, **{**self.environ, **environ})
        assert outcome.status != HOOK_REFUSED, outcome
        return outcome

    def calls(self) -> set[tuple[str, str, str | None, str | None]]:
        """Service, action, account and access key id of every call since the last command began."""
        return {(call.service, call.action, call.account_id, call.access_key_id) for call in self.machine.aws.calls}
