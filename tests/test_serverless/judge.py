"""What a serverless.yml says, read by PyYAML, which shares no code with what awsprof reads it with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Loader(yaml.SafeLoader):
    """CloudFormation's tags become pairs of the tag and what stands under it; all plain values stay texts."""


# YAML 1.1's booleans, numbers and dates are nobody's here: only a null and a merge key are more than text.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag.endswith((":null", ":merge"))]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _tagged(loader: _Loader, suffix: str, node: yaml.Node) -> tuple[str, Any]:
    if isinstance(node, yaml.MappingNode):
        return suffix, loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return suffix, loader.construct_sequence(node, deep=True)
    return suffix, loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _tagged)


def said(data: bytes) -> Any:
    """Read *data*; a last line without an end is given one, as js-yaml does for Serverless."""
    return yaml.load(data if data.endswith((b"\n", b"\r")) else data + b"\n", _Loader)


def with_wanted(old: Any, wanted: Mapping[str, Any]) -> Any:
    """Merge *wanted* into data: the keys that were there first, in their order, then those that were not."""
    new = dict(old) if isinstance(old, dict) else {}
    for key, value in wanted.items():
        new[key] = with_wanted(new.get(key), value) if isinstance(value, dict) else value
    return new
