"""A command that opens no vault does not pay for one."""

from __future__ import annotations

import subprocess
import sys

from tests.test_vault.conftest import ROOT


def test_importing_and_choosing_a_vault_loads_no_back_end() -> None:
    script = (
        "import os, sys\n"
        "from awsprof.places import Places\n"
        "from awsprof.vault import BackEnds, Patience, VaultInForce\n"
        "places = Places.from_environ(os.environ)\n"
        "for setting in ('auto', 'keyring', 'file'):\n"
        "    back_ends = BackEnds(os.environ, places, Patience(), ask_passphrase=None, confirm_create=None)\n"
        "    vault = VaultInForce(back_ends, lambda: setting)\n"
        "vault.get('item')\n"
        "heavy = {'keyring', 'pyrage', 'secretstorage', 'jeepney', 'cryptography', 'subprocess'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
