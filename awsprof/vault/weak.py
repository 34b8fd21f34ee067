"""
Keyrings that the library keyring would use on this machine although they do not encrypt.

awsprof never asks one of them; other programs that leave the choice to the library do.
"""

from __future__ import annotations

import configparser
import importlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE = "PYTHON_KEYRING_BACKEND"
# Plain text, no integrity check, or values lost when two programs write at once.
_WEAK = ("keyrings.alt.", "keyrings.cryptfile.", "keyring.backends.null", "sagecipher.")


def weak_keyring(environ: Mapping[str, str]) -> str | None:
    """Return where a weak keyring is chosen, and which; None where none is."""
    chosen = environ.get(_VARIABLE, "")
    if chosen.startswith(_WEAK):
        return f"{_VARIABLE} ({chosen})"
    try:
        path = Path(importlib.import_module("keyring.util.platform_").config_root()) / "keyringrc.cfg"
        parser = configparser.RawConfigParser()
        parser.read(path, encoding="utf-8")
        chosen = parser.get("backend", "default-keyring", fallback="")
    except (ImportError, AttributeError, OSError, ValueError, configparser.Error):
        return None
    return f"{path} ({chosen})" if chosen.startswith(_WEAK) else None
