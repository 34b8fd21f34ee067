"""
A YAML file as plain values, and the lines that its keys stand in.

Reads only; what the values mean, and how the file is changed, is known elsewhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from awsprof.errors import UnparsableYamlError

if TYPE_CHECKING:
    from pathlib import Path

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]

_STANDARD = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What one file holds."""

    value: Value
    _root: Any

    def line_of(self, *path: str) -> int | None:
        """Return the line, from 1, in which the key at *path* stands, or the nearest above it that is there."""
        node, line = self._root, None
        for name in path:
            pairs = node.value if hasattr(node, "value") and isinstance(node.value, list) else []
            found = next((pair for pair in pairs if isinstance(pair, tuple) and pair[0].value == name), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        return line


def read_yaml(path: Path, data: bytes) -> YamlFile:
    """
    Read *data*, the bytes of *path*.

    Raises:
        UnparsableYamlError: It is no YAML, or a mapping has a key twice; has the line.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        root = YAML(typ="rt", pure=True).compose(data.decode("utf-8"))
        return YamlFile(_value(root, os.fspath(path), {}), root)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnparsableYamlError(
            os.fspath(path), mark.line + 1 if mark else 1, str(error.problem or error.context)
        ) from None
    except UnicodeDecodeError as error:
        raise UnparsableYamlError(os.fspath(path), data.count(b"\n", 0, error.start) + 1, "no UTF-8") from None
    except YAMLError as error:
        raise UnparsableYamlError(os.fspath(path), 1, str(error).splitlines()[0]) from None
    except RecursionError:
        raise UnparsableYamlError(os.fspath(path), 1, "it is nested too deep") from None


def _value(node: Any, path: str, known: dict[int, Value]) -> Value:
    if node is None:
        return None
    if id(node) in known:
        return known[id(node)]
    if isinstance(node.value, str):
        return _scalar(str(node.tag), node.value)
    if node.value and not isinstance(node.value[0], tuple):
        items: list[Value] = []
        known[id(node)] = items
        items += [_value(item, path, known) for item in node.value]
        return items
    if not node.value and str(node.tag) == f"{_STANDARD}seq":
        return []
    mapping: dict[str, Value] = {}
    known[id(node)] = mapping
    lent: dict[str, Value] = {}
    for key, value in node.value:
        if str(key.tag) == f"{_STANDARD}merge":
            lent = {**_merged(_value(value, path, known)), **lent}
            continue
        name = str(key.value)
        if name in mapping:
            raise UnparsableYamlError(path, key.start_mark.line + 1, f"the key '{name}' stands twice")
        mapping[name] = _value(value, path, known)
    for name, value in lent.items():
        mapping.setdefault(name, value)
    return mapping


def _merged(value: Value) -> dict[str, Value]:
    """Return what ``<<`` lends: one mapping, or several of which the first goes before the others."""
    found: dict[str, Value] = {}
    for one in reversed(value if isinstance(value, list) else [value]):
        if isinstance(one, dict):
            found.update(one)
    return found


def _scalar(tag: str, text: str) -> Value:
    try:
        if tag == f"{_STANDARD}null":
            return None
        if tag == f"{_STANDARD}bool":
            return text.lower() == "true"
        if tag == f"{_STANDARD}int":
            return int(text.replace("_", ""), 0) if text.lower()[:2] in ("0x", "0o") else int(text.replace("_", ""))
        if tag == f"{_STANDARD}float":
            return float(text.replace("_", ""))
    except ValueError:
        pass
    return text
