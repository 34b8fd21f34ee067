"""
The completion file of each shell, as it was generated and ships with this version.

Knows files only: commands are walked, and files made, by the command line.
"""

from __future__ import annotations

from pathlib import Path

from awsprof.fastpath import COMPLETIONS

FILES = COMPLETIONS


def script(shell: str) -> str:
    """Return the code that makes *shell*, one of ``FILES``, complete awsprof's words."""
    shipped = Path(__file__).parent / "completions"
    # In a source tree they lie beside the package, where packagers look for them.
    directory = shipped if shipped.is_dir() else Path(__file__).parents[2] / "completions"
    return (directory / FILES[shell]).read_text("utf-8")
