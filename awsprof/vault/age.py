"""
The age format in the few calls that a vault needs; the only place in this room that loads pyrage.

Knows bytes and keys; no files and no passphrase's origin. Keys are their own text: ``AGE-SECRET-KEY-…`` and ``age1…``.
"""

from __future__ import annotations

from typing import Any

# What pyrage says, and all that tells a wrong passphrase from a damaged file; a test pins it.
_REFUSAL = "Decryption failed"


class AgeError(Exception):
    """The bytes or the key are not what they should be; holds none of either."""


class WrongPassphraseError(AgeError):
    pass


def new_identity() -> str:
    return str(_pyrage().x25519.Identity.generate())


def recipient_of(identity: str) -> str:
    """Return the public half of *identity*, or raise AgeError where that is none."""
    pyrage = _pyrage()
    try:
        return str(pyrage.x25519.Identity.from_str(identity).to_public())
    except pyrage.IdentityError:
        raise AgeError from None


def is_recipient(text: str) -> bool:
    pyrage = _pyrage()
    try:
        pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        return False
    return True


def encrypt(data: bytes, recipient: str) -> bytes:
    pyrage = _pyrage()
    sealed: bytes = pyrage.encrypt(data, [pyrage.x25519.Recipient.from_str(recipient)])
    return sealed


def decrypt(data: bytes, identity: str) -> bytes:
    pyrage = _pyrage()
    try:
        opened: bytes = pyrage.decrypt(data, [pyrage.x25519.Identity.from_str(identity)])
    except (pyrage.DecryptError, pyrage.IdentityError):
        raise AgeError from None
    return opened


def encrypt_with_passphrase(data: bytes, passphrase: str) -> bytes:
    """Seal *data*; takes about a second, by design of the format, as does opening it."""
    sealed: bytes = _pyrage().passphrase.encrypt(data, passphrase)
    return sealed


def decrypt_with_passphrase(data: bytes, passphrase: str) -> bytes:
    pyrage = _pyrage()
    try:
        opened: bytes = pyrage.passphrase.decrypt(data, passphrase)
    except pyrage.DecryptError as error:
        raise (WrongPassphraseError if str(error) == _REFUSAL else AgeError) from None
    return opened


def _pyrage() -> Any:
    # Untyped, and its submodules are attributes of a compiled one: Any stays inside this module.
    import pyrage  # type: ignore[import-untyped, unused-ignore]

    return pyrage
