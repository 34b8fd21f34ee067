"""
Where everything lies: AWS's shared files and awsprof's own directories.

Knows paths only, and opens none of them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from awsprof.fastpath import file_name

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Places:
    """The paths of one user; *runtime* is None where the system offers no private directory in memory."""

    config_file: Path
    credentials_file: Path
    cache: Path
    state: Path
    data: Path
    settings_file: Path
    runtime: Path | None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Places:
        runtime = environ.get("XDG_RUNTIME_DIR", "")
        return cls(
            config_file=_shared_file(environ, "AWS_CONFIG_FILE", "config"),
            credentials_file=_shared_file(environ, "AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            cache=platformdirs.user_cache_path("awsprof", appauthor=False),
            state=platformdirs.user_state_path("awsprof", appauthor=False),
            data=platformdirs.user_data_path("awsprof", appauthor=False),
            settings_file=platformdirs.user_config_path("awsprof", appauthor=False) / "config.toml",
            runtime=Path(runtime) / "awsprof" if os.path.isabs(runtime) else None,
        )

    def session_file(self, name: str) -> Path:
        return self.cache / "sessions" / file_name(name)

    def state_file(self, name: str) -> Path:
        return self.state / "state" / file_name(name)

    def alias_file(self, account_id: str) -> Path:
        return self.cache / "aliases" / file_name(account_id)

    def stand_in_file(self, name: str) -> Path:
        """A credentials file without keys, for a program that only looks whether a profile is there."""
        return self.cache / "stand-ins" / file_name(name)

    def code_ledger(self, serial: str) -> Path:
        return self.state / "codes" / file_name(serial)

    def seed_marker(self, name: str) -> Path:
        """A file that says a seed is stored, so that a hot path need not open the vault to learn that there is none."""
        return self.state / "seeds" / file_name(name)

    def launcher_record(self, name: str) -> Path:
        """What was written for a profile's launcher on the desktop, so that it can be taken away whole."""
        return self.state / "launchers" / file_name(name)

    @property
    def browsers(self) -> Path:
        return self.data / "browsers"

    @property
    def icons(self) -> Path:
        return self.data / "icons"

    @property
    def applications(self) -> Path:
        """Where a Linux desktop looks for launchers of this user's."""
        return self.data.parent / "applications"

    @property
    def locks(self) -> Path:
        return self.state / "locks"

    @property
    def own_directories(self) -> tuple[Path, ...]:
        """The directories that private files are written to, where a killed process may have left half of one."""
        kept = (self.state / "state", self.state / "codes", self.state / "seeds", self.journal)
        return (
            self.cache / "sessions",
            self.cache / "aliases",
            self.cache / "init",
            self.cache / "stand-ins",
            self.icons,
            self.state / "launchers",
            *kept,
            self.vault,
            self.vault / "items",
        )

    @property
    def journal(self) -> Path:
        return self.state / "journal"

    @property
    def vault(self) -> Path:
        return self.data / "vault"


def _shared_file(environ: Mapping[str, str], variable: str, name: str) -> Path:
    """
    Resolve a shared file as botocore does: the variable with ``~`` and variables in it, else ``~/.aws/NAME``.

    An empty one counts as unset, as for the SDKs for JavaScript and Go; to botocore it names no file at all.
    """
    return Path(os.path.expanduser(os.path.expandvars(environ.get(variable) or f"~/.aws/{name}"))).absolute()
