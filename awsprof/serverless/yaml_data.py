"""
A YAML file as plain values, and the lines that its keys stand in.

Reads only; what the values mean, and how the file is changed, is known elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from awsprof.serverless.yaml_nodes import (
    Alias,
    Mapping,
    Node,
    Scalar,
    Sequence,
    YamlFile,
    is_merge_key,
    read_yaml,
    resolved,
    text_of,
    walk,
)

if TYPE_CHECKING:
    from pathlib import Path

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]

_BOOLEAN = re.compile(r"true|True|TRUE|(false|False|FALSE)")
# Longer ones are texts here: no profile, stage or account is told by them.
_INTEGER = re.compile(r"[-+]?(0b[01]{1,64}|0x[0-9a-fA-F]{1,16}|0o[0-7]{1,22}|[0-9]{1,18})")
_FLOAT = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Data:
    """What one file holds."""

    value: Value
    _file: YamlFile = field(repr=False)

    def line_of(self, *path: str) -> int | None:
        """Return the line, from 1, in which the key at *path* stands, or the nearest above it that is there."""
        node: Node = self._file.root
        line = None
        for name in path:
            node = resolved(node)
            pairs = node.pairs if isinstance(node, Mapping) else ()
            found = next((pair for pair in pairs if text_of(pair[0]) == name), None)
            if found is None:
                break
            line, node = self._file.line_of(found[0]), found[1]
        return line

    def mentions(self, text: str) -> bool:
        """Whether *text* stands in any value; comments do not count."""
        return any(isinstance(node, Scalar) and text in node.value for node in walk(self._file.root))


def read_data(path: Path, data: bytes) -> Data:
    """
    Read *data*, the bytes of *path*, as the framework does.

    Raises:
        UnparsableYamlError: The framework would refuse it; has the line.
        AwsprofError: It holds no keys at all, or is too large.
    """
    file = read_yaml(str(path), data)
    return Data(_value(file.root, {}), file)


def _value(node: Node, known: dict[int, Value]) -> Value:
    """Return what a node says; what stands under a tag of its own is taken for what is behind the tag."""
    if isinstance(node, Alias):
        # Held once, however often it is named.
        return known[id(node.target)]
    if isinstance(node, Scalar):
        found = _scalar(node)
    elif isinstance(node, Sequence):
        found = [_value(item, known) for item in node.items]
    else:
        found = _mapping(node, known)
    known[id(node)] = found
    return found


def _mapping(node: Mapping, known: dict[int, Value]) -> Value:
    own: dict[str, Value] = {}
    lent: dict[str, Value] = {}
    for key, item in node.pairs:
        value = _value(item, known)
        if is_merge_key(key):
            # Of several the first goes before the others.
            for one in value if isinstance(value, list) else [value]:
                lent = {**one, **lent} if isinstance(one, dict) else lent
        else:
            own[str(_value(key, known))] = value
    return {**own, **{name: value for name, value in lent.items() if name not in own}}


def _scalar(node: Scalar) -> Value:
    text = node.value
    if node.is_null:
        return None
    if not node.plain or node.tag is not None:
        return text
    boolean = _BOOLEAN.fullmatch(text)
    if boolean:
        return boolean[1] is None
    if _INTEGER.fullmatch(text):
        return int(text, 0) if re.match(r"[-+]?0[box]", text) else int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
