"""
Where long-term credentials and seeds rest: the OS keyring, or age files opened by a passphrase.

Knows text under names; nothing of AWS, of profiles, or of what an item means. Importing it loads neither keyring nor
pyrage: a command that needs no secret does not pay for them.
"""

from __future__ import annotations

from awsprof.vault.age_vault import AgeVault
from awsprof.vault.choice import BackEnds, VaultInForce
from awsprof.vault.keyring_vault import KeyringVault
from awsprof.vault.moving import Moved, Moving
from awsprof.vault.passphrase import PassphraseSources
from awsprof.vault.patience import Patience
from awsprof.vault.vault import ChosenVault, Vault, VaultStatus

__all__ = [
    "AgeVault",
    "BackEnds",
    "ChosenVault",
    "KeyringVault",
    "Moved",
    "Moving",
    "PassphraseSources",
    "Patience",
    "Vault",
    "VaultInForce",
    "VaultStatus",
]
