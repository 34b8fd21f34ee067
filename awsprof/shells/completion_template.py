"""
The templates of the completion files: shell code with places for what depends on the commands.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awsprof.shells.completion_tree import Value

_PLACE = re.compile(r"\{\{(\w+)\}\}")


def filled(name: str, **values: str) -> str:
    """Return the template *name* with each ``{{place}}`` replaced; every value is used, and every place filled."""
    text = (Path(__file__).parent / name).read_text("utf-8")
    assert set(_PLACE.findall(text)) == set(values)
    return _PLACE.sub(lambda match: values[match[1]], text)


def kind_word(value: Value) -> str:
    """Return the word by which a template's code knows what to offer: a kind, or ``words`` and the words."""
    return "|".join((value.kind, *value.words))
