"""
Session credentials at rest, and the state that prompts read.

Knows file forms; not how a session comes about.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from awsprof.fastpath import LIVE_SECONDS, fresh_seconds, read_private_file, split_session
from awsprof.model import SessionCredentials
from awsprof.storage.private import make_private_directory, remove_file, write_private_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.model import Credentials
    from awsprof.places import Places
    from awsprof.vault import Vault


READ_ONLY = "read-only"


@dataclass(frozen=True, slots=True)
class Session:
    """One session of a profile as it lies in the cache; times are epoch seconds."""

    expiration_s: int
    answer: bytes = field(repr=False)
    duration_s: int | None

    @property
    def expiration(self) -> datetime:
        return datetime.fromtimestamp(self.expiration_s, UTC)

    def is_fresh(self, now: datetime) -> bool:
        """Long enough to be handed out as it is, without a thought of renewing it."""
        return self.expiration_s - now.timestamp() > fresh_seconds(self.duration_s)

    def is_live(self, now: datetime) -> bool:
        """Long enough to be handed out at all."""
        return self.expiration_s - now.timestamp() >= LIVE_SECONDS

    def is_whole(self) -> bool:
        """Whether the answer is what a tool could read."""
        try:
            answer = json.loads(self.answer)
        except ValueError:
            return False
        keys = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        return isinstance(answer, dict) and all(isinstance(answer.get(key), str) for key in keys)

    @property
    def account_id(self) -> str | None:
        account_id = json.loads(self.answer).get("AccountId")
        return account_id if isinstance(account_id, str) else None

    def credentials(self) -> SessionCredentials:
        answer = json.loads(self.answer)
        return SessionCredentials(
            answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"], self.expiration
        )

    @classmethod
    def of(cls, credentials: SessionCredentials, *, account_id: str | None, duration_s: int) -> Session:
        assert credentials.expiration is not None  # STS always says
        expiration_s = int(credentials.expiration.timestamp())
        return cls(expiration_s, process_answer(credentials, account_id), duration_s)


def process_answer(credentials: Credentials, account_id: str | None) -> bytes:
    """
    Return the one line of JSON that a credential_process answers, without its line end.

    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    """
    answer: dict[str, object] = {
        "Version": 1,
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
    }
    if isinstance(credentials, SessionCredentials):
        answer["SessionToken"] = credentials.session_token
        if credentials.expiration is not None:
            answer["Expiration"] = iso(credentials.expiration)
    if account_id:
        answer["AccountId"] = account_id
    return json.dumps(answer).encode("ascii")


def iso(time: datetime) -> str:
    """Write an aware time as AWS's tools read it: ``2026-01-31T12:00:00Z``."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _origin_in(data: bytes) -> str:
    lines = data.split(b"\n")
    return lines[3].decode("ascii", "replace") if len(lines) > 4 else ""


class SessionStore:
    """The sessions of all profiles: in files of this user's own, or in the vault."""

    def __init__(self, places: Places, *, vault: Callable[[], Vault] | None) -> None:
        """
        Args:
            vault: Where sessions go instead of files (the setting ``session_store``); None for files.
        """
        self._places = places
        self._vault = vault

    def prepare(self) -> None:
        """Make the places that sessions go to; raises OSError where that cannot be."""
        for path in (self._places.session_file("x"), self._places.state_file("x")):
            make_private_directory(path.parent)

    def load(self, name: str, *, account_id: str | None = None, origin: str = "") -> Session | None:
        """
        Return the cached session; a torn, loose or foreign file is as if there were none.

        Args:
            account_id: The account the profile claims to be in; a session of another is as if there were none.
            origin: What the session came from, as told to `save`; one of another origin is as if there were none.
        """
        data = self._load_vault(name) if self._vault else read_private_file(str(self._places.session_file(name)))
        parts = None if data is None else split_session(data)
        session = None if parts is None else Session(*parts)
        if data is None or session is None or not session.is_whole() or _origin_in(data) != origin:
            return None
        return session if account_id is None or session.account_id in (None, account_id) else None

    def save(self, name: str, session: Session, *, origin: str = "") -> None:
        """
        Keep *session*; what prompts read is `save_state`'s.

        Args:
            origin: One word for what the session came from, where that can change without awsprof's doing.
        """
        data = b"%d\n%b\n%d\n" % (session.expiration_s, session.answer, session.duration_s or 0)
        data += f"{origin}\n".encode("ascii") if origin else b""
        if self._vault:
            self._vault().set(f"{name}/session", data.decode("ascii"))
        else:
            write_private_file(self._places.session_file(name), data)

    def delete(self, name: str) -> bool:
        """Forget the sessions of a profile and its state; False when there was none."""
        remove_file(self._places.state_file(name))
        found = False
        for one in (name, f"{name}/{READ_ONLY}"):
            found = remove_file(self._places.session_file(one)) or found
            if self._vault:
                found = self._vault().delete(f"{one}/session") or found
        return found

    def delete_all(self) -> list[str]:
        """Forget every session that lies in a file, also of profiles that are gone; returns the files' names."""
        found = []
        for path in (self._places.state_file("x"), self._places.session_file("x")):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                found = sorted(entry.name for entry in path.parent.iterdir() if remove_file(entry))
        return found

    def expiration(self, name: str) -> int | None:
        """
        Return when the last known session of a profile ends or ended, in epoch seconds, without opening a vault.

        The session's own file tells; where sessions rest in the vault, the state that prompts read.
        """
        if self._vault is None:
            session = self.load(name)
            return None if session is None else session.expiration_s
        data = read_private_file(str(self._places.state_file(name))) or b""
        first = data.partition(b"\n")[0]
        return int(first) if first.isdigit() and len(first) < 12 else None

    def alias(self, account_id: str | None) -> str | None:
        """Return the account's alias if an earlier command learned it."""
        data = read_private_file(str(self._places.alias_file(account_id))) if account_id else None
        return data.decode("utf-8", "replace").strip() or None if data else None

    def knows_alias(self, account_id: str) -> bool:
        """Whether AWS was asked for the account's alias, if only to learn that there is none."""
        return read_private_file(str(self._places.alias_file(account_id))) is not None

    def save_alias(self, account_id: str, alias: str | None) -> None:
        """Keep what AWS said; None: that there is none, or that the caller may not see it."""
        write_private_file(self._places.alias_file(account_id), (alias or "").encode() + b"\n")

    def save_state(self, name: str, expiration_s: int | None, *, account_id: str | None, protected: bool) -> None:
        """Tell the prompts until when a profile's tools have credentials, in epoch seconds; None: without an end."""
        lines = [
            "" if expiration_s is None else str(expiration_s),
            account_id or "",
            self.alias(account_id) or "",
            "protected" if protected else "",
        ]
        data = "".join(f"{line}\n" for line in lines).encode()
        # bash has no builtin for mtimes and reads line 1; fish's only builtin clock reads the mtime.
        write_private_file(self._places.state_file(name), data, mtime=expiration_s)

    def is_marked_protected(self, name: str) -> bool:
        """Whether the prompts were told that a profile is protected."""
        data = read_private_file(str(self._places.state_file(name))) or b""
        return data.split(b"\n")[3:4] == [b"protected"]

    def _load_vault(self, name: str) -> bytes | None:
        assert self._vault is not None
        text = self._vault().get(f"{name}/session")
        return None if text is None else text.encode("utf-8")
