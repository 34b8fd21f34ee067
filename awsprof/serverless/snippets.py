"""
What serverless.yml has to say, in the other forms that a place may ask for: inside braces, as JSON, as JavaScript.

Knows how each form quotes; not what the keys mean.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from awsprof.serverless.stages import key_in_yaml

if TYPE_CHECKING:
    from awsprof.serverless.stages import Tree

_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)


def in_flow(value: str | Tree, *, quoted: bool) -> str:
    """
    Return *value* as it stands inside YAML's braces, where a text that is not quoted would end at ',' or '}'.

    Args:
        quoted: Whether keys are quoted as well, as in JSON.
    """
    return _quoted(value) if isinstance(value, str) else f"{{ {', '.join(pairs_in_flow(value, quoted=quoted))} }}"


def pairs_in_flow(tree: Tree, *, quoted: bool) -> list[str]:
    keys = {key: _quoted(key) if quoted else key_in_yaml(key) for key in tree}
    return [f"{keys[key]}: {in_flow(value, quoted=quoted)}" for key, value in tree.items()]


def as_json(tree: Tree) -> str:
    return f"{json.dumps(tree, indent=2, ensure_ascii=False)}\n"


def as_javascript(tree: Tree, indent: int = 0) -> str:
    """Return *tree* as the properties of an object literal, which can be pasted between its braces."""
    text = ""
    for key, value in tree.items():
        head = f"{' ' * indent}{key if _IDENTIFIER.fullmatch(key) else _quoted(key)}:"
        if isinstance(value, str):
            text += f"{head} {_quoted(value)},\n"
        else:
            text += f"{head} {{\n{as_javascript(value, indent + 2)}{' ' * indent}}},\n"
    return text


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
