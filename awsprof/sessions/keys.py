"""
Long-term credentials as vault items, and the forms in which people hand them over.

Knows texts; not the vault's back ends, nor AWS.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.errors import UsageError, VaultError
from awsprof.model import LongTermCredentials

if TYPE_CHECKING:
    from awsprof.vault import Vault

_KEY_ID = re.compile(r"[A-Z0-9]{16,128}")
_SECRET = re.compile(r"[\x21-\x7e]{16,512}")


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """One identity's item in the vault: its keys, and the ARN that proved to be theirs (None when never asked)."""

    credentials: LongTermCredentials
    arn: str | None

    def to_text(self) -> str:
        return json.dumps(
            {
                "access_key_id": self.credentials.access_key_id,
                "secret_access_key": self.credentials.secret_access_key,
                "arn": self.arn,
            }
        )


def load_keys(vault: Vault, name: str) -> StoredKeys | None:
    """
    Return a profile's long-term credentials from the vault.

    Raises:
        VaultError: The item is there and is none of ours.
    """
    text = vault.get(name)
    if text is None:
        return None
    try:
        item = json.loads(text)
        credentials = LongTermCredentials(str(item["access_key_id"]), str(item["secret_access_key"]))
        return StoredKeys(credentials, item.get("arn"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise VaultError(
            f"The vault's item for {name} is damaged",
            hint=f"Store the keys anew with 'awsprof add --replace' for {name}.",
        ) from None


def check_keys(access_key_id: str, secret_access_key: str) -> LongTermCredentials:
    """
    Check the shape of an access key a person gave.

    Raises:
        UsageError: No access key, or a temporary one.
    """
    access_key_id, secret_access_key = access_key_id.strip(), secret_access_key.strip()
    if access_key_id.startswith("ASIA"):
        raise UsageError(
            "That is a temporary access key (ASIA…), which expires within hours",
            hint="Give the IAM user's own key, which begins with AKIA.",
        )
    if not _KEY_ID.fullmatch(access_key_id):
        raise UsageError(
            "That is no access key id", hint="It has at least 16 capitals and digits and begins with AKIA."
        )
    if not _SECRET.fullmatch(secret_access_key):
        raise UsageError("That is no secret access key", hint="It has 40 characters and no blanks.")
    return LongTermCredentials(access_key_id, secret_access_key)


def keys_in_text(text: str) -> LongTermCredentials:
    """
    Read an access key from a text: two lines, the console's CSV, ``aws iam create-access-key``'s JSON, or
    credential_process JSON without a session token.

    Raises:
        UsageError: None of these; nothing of the text is shown.
    """
    text = text.removeprefix("\ufeff").strip()
    pair = _from_json(text) if text.startswith("{") else _from_csv(text) or _from_lines(text)
    if pair is None:
        raise UsageError(
            "No access key was found in what was given",
            hint="Give two lines (id, secret), the console's CSV, or the JSON of 'aws iam create-access-key'.",
        )
    return check_keys(*pair)


def _from_json(text: str) -> tuple[str, str] | None:
    try:
        table = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(table, dict):
        return None
    table = table.get("AccessKey", table)
    if not isinstance(table, dict):
        return None
    if table.get("SessionToken"):
        raise UsageError(
            "Those are session credentials, which expire within hours", hint="Give the IAM user's own access key."
        )
    pair = table.get("AccessKeyId"), table.get("SecretAccessKey")
    return (pair[0], pair[1]) if isinstance(pair[0], str) and isinstance(pair[1], str) else None


def _from_csv(text: str) -> tuple[str, str] | None:
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
    except csv.Error:
        return None
    for row in rows:
        plain = {(key or "").strip().lower(): value for key, value in row.items() if isinstance(value, str)}
        pair = plain.get("access key id"), plain.get("secret access key")
        if pair[0] and pair[1]:
            return pair[0], pair[1]
    return None


def _from_lines(text: str) -> tuple[str, str] | None:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[0], lines[1]) if len(lines) == 2 else None
