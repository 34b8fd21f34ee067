"""
Wanted keys put into the text of a serverless.yml by splicing it, and every other byte left as it is.

Knows how YAML is laid out; not what the keys mean, nor where the file lies.

An edit is a handful of splices and the tree of nodes that the new text has to have. The new text is read again: unless
it says exactly that, and nothing more is missing in it, it is not given out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from awsprof.errors import AwsprofError
from awsprof.serverless.snippets import in_flow, pairs_in_flow
from awsprof.serverless.stages import as_yaml, value_in_yaml
from awsprof.serverless.yaml_nodes import (
    Alias,
    Mapping,
    Scalar,
    Sequence,
    find,
    inherited,
    is_plain_mapping,
    read_yaml,
    resolved,
    text_of,
)

if TYPE_CHECKING:
    from awsprof.serverless.stages import Tree
    from awsprof.serverless.yaml_nodes import Node, YamlFile

Keys = tuple[str, ...]
_LINE_END = re.compile(r"\r\n|\r|\n")
_LAST_LINE_END = re.compile(r"(\r\n|\r|\n)\Z")
_FILE_VARIABLE = re.compile(r"\$\{file\(([^)]*)\)")
_BLANKS_AND_COMMENTS = re.compile(r"(?:\s|#[^\r\n]*)*")
_STEP = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file has to say: *tree* with texts at its leaves; and *absent*, the keys that must not be there."""

    tree: Tree
    absent: tuple[Keys, ...] = ()


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One place where the file says otherwise; *wanted* is None for a key that is not to be there."""

    keys: Keys
    path: str
    line: int
    there: str
    wanted: str | None


class DisagreementError(AwsprofError):
    """The file has other values for wanted keys; nothing was written."""

    def __init__(self, path: str, disagreements: tuple[Disagreement, ...]) -> None:
        places = "one place" if len(disagreements) == 1 else f"{len(disagreements)} places"
        super().__init__(
            f"{path} says otherwise in {places}; nothing was written",
            hint="--force puts what is wanted there instead; 'awsprof undo' would take that back.",
        )
        self.disagreements = disagreements


class CannotMergeError(AwsprofError):
    """What stands there cannot be changed from here; *snippet* is what to paste by hand."""

    def __init__(self, path: str, line: int, reason: str, *, hint: str, snippet: str = "") -> None:
        super().__init__(f"{path}, line {line}: {reason}; nothing was written", hint=hint)
        self.snippet = snippet


class _Splice(NamedTuple):
    start: int
    end: int
    text: str


def merged(path: str, data: bytes, wanted: Wanted, *, force: bool = False) -> bytes:
    """
    Return the bytes of a serverless.yml with what is wanted in it, and every other byte as it was.

    Args:
        path: What to call the file in errors.
        force: Put wanted values in the place of others that stand there.

    Raises:
        DisagreementError: Other values stand there, without *force*.
        CannotMergeError: What stands there comes from elsewhere or is shared; or the edit could not be proven.
        UnparsableYamlError: Serverless would refuse the file.
        AwsprofError: It holds no service.
    """
    file = read_yaml(path, data)
    edit = _Edit(file, wanted, force=force)
    root = edit.root()
    if edit.disagreements and not force:
        raise DisagreementError(path, tuple(edit.disagreements))
    after = edit.bytes()
    if after != data:
        _prove(path, after, root, wanted)
    return after


def _prove(path: str, data: bytes, root: Node, wanted: Wanted) -> None:
    """Refuse bytes that say anything but *root*, or that a second write would change again."""
    try:
        again = _Edit(read_yaml(path, data), wanted, force=False)
        proven = again.file.root == root and again.root() == root
    except AwsprofError:
        raise _unsafe(path, wanted) from None
    if not proven or again.splices or again.disagreements:
        raise _unsafe(path, wanted)


def _unsafe(path: str, wanted: Wanted) -> CannotMergeError:
    reason, hint = "this file cannot be edited safely", "Put this into it by hand."
    return CannotMergeError(path, 1, reason, hint=hint, snippet=as_yaml(wanted.tree))


@dataclass
class _Edit:
    """The splices of one edit, gathered while the tree that they must lead to is made."""

    file: YamlFile
    wanted: Wanted
    force: bool
    splices: list[_Splice] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)

    def root(self) -> Mapping:
        """Gather everything; return the root as it has to be afterwards."""
        root = self.file.root
        for keys in self.wanted.absent:
            root = self._without(root, keys)
        return self._merged(root, self.wanted.tree, ())

    def bytes(self) -> bytes:
        pieces, at = [], 0
        # Where two stand in one place, the deeper one was gathered first and comes first.
        for splice in sorted(self.splices, key=lambda splice: splice[:2]):
            if splice.start < at:
                raise _unsafe(self.file.path, self.wanted)
            pieces += [self.file.text[at : splice.start], splice.text]
            at = splice.end
        return f"{self.file.bom}{''.join(pieces)}{self.file.text[at:]}".encode()

    # The tree.

    def _merged(self, mapping: Mapping, tree: Tree, keys: Keys) -> Mapping:
        before = len(self.splices)
        pairs = list(mapping.pairs)
        missing: Tree = {}
        for key, want in tree.items():
            index = mapping.index(key)
            if index is not None:
                pairs[index] = (pairs[index][0], self._value(mapping, index, want, (*keys, key)))
                continue
            brought = inherited(mapping, key)
            if brought is not None and _says(brought, want):
                continue
            if brought is not None:
                self._outdo(brought, want, (*keys, key))
            missing[key] = want
        if missing:
            self._insert(mapping, missing, at_root=not keys)
            pairs += _nodes(missing).pairs
        if len(self.splices) > before:
            self._check_alone(mapping, self.file.alias_of(mapping), keys)
        return replace(mapping, pairs=tuple(pairs))

    def _value(self, mapping: Mapping, index: int, want: str | Tree, keys: Keys) -> Node:
        value = mapping.pairs[index][1]
        if _says(value, want):
            return value
        if is_plain_mapping(value) and not isinstance(want, str):
            return self._merged(value, want, keys)
        if not isinstance(value, Scalar) or not value.is_null:
            if len(keys) == 1 and not isinstance(want, str):
                raise self._from_elsewhere(value, want, keys)
            self._disagree(value, want, keys)
            if not self.force:
                return value
        self._check_alone(value, self.file.alias_into(value), keys)
        self._replace(mapping, index, want)
        return _node(want)

    def _outdo(self, brought: Node, want: str | Tree, keys: Keys) -> None:
        """Let a key of the mapping's own win over one that a merge key brings; a mapping would hide all of that one."""
        if not isinstance(want, str):
            snippet = as_yaml({keys[-1]: want})
            raise self._cannot(brought, keys, "comes by a merge key '<<'", "Add this there by hand.", snippet)
        self._disagree(brought, want, keys)

    def _without(self, root: Mapping, keys: Keys) -> Mapping:
        """Take a section's key out; a section that had no other stays behind empty."""
        section, name = keys
        index = root.index(section)
        value = None if index is None else resolved(root.pairs[index][1])
        found = find(value, name) if isinstance(value, Mapping) else None
        if index is None or found is None:
            return root
        self._disagree(found, None, keys)
        if not self.force:
            return root
        key, mapping = root.pairs[index]
        place = mapping.index(name) if isinstance(mapping, Mapping) else None
        if not isinstance(mapping, Mapping) or place is None:
            raise self._cannot(found, keys, "comes from another place", "Take it out by hand.")
        self._check_alone(found, self.file.alias_into(found), keys)
        self._check_alone(mapping, self.file.alias_of(mapping), keys)
        self._remove(mapping, place)
        left: Node = replace(mapping, pairs=mapping.pairs[:place] + mapping.pairs[place + 1 :])
        if len(mapping.pairs) == 1 and not mapping.flow:
            left = Scalar("", mapping.tag, mapping.anchor)
        return replace(root, pairs=(*root.pairs[:index], (key, left), *root.pairs[index + 1 :]))

    # The text.

    def _insert(self, mapping: Mapping, missing: Tree, *, at_root: bool) -> None:
        """Add keys at the end of a mapping's own block, or before its closing brace."""
        if mapping.flow:
            self._insert_in_flow(mapping, missing)
            return
        column = self.file.column_of(mapping.pairs[0][0])
        if not at_root:
            self._insert_lines(self._block_end(mapping.end, column), as_yaml(missing, column, self._step))
            return
        end = max(mapping.end, len(self.file.text[: self.file.limit].rstrip()))
        # The blank line before a section would be one more line of a scalar that keeps those behind it.
        apart = not (end == mapping.end and _keeps(mapping))
        for key, want in missing.items():
            lines = as_yaml({key: want}, column, self._step)
            self._insert_lines(self.file.line_end(end), f"\n{lines}" if apart else lines)
            apart = True

    def _insert_lines(self, at: int, lines: str) -> None:
        """Put lines behind the one that ends at *at*; where that has no line end, the last of them has none."""
        end = self._line_end_near(at)
        self.splices.append(_Splice(at, at, end + lines.removesuffix("\n").replace("\n", end)))

    def _insert_in_flow(self, mapping: Mapping, missing: Tree) -> None:
        text = self.file.text
        quoted = bool(mapping.pairs) and text[mapping.pairs[0][0].start] == '"'
        entries = pairs_in_flow(missing, quoted=quoted)
        closing = mapping.end - 1
        if not mapping.pairs:
            opening = text.index("{", mapping.start) + 1
            self._put(opening, f" {', '.join(entries)}{' ' if opening == closing else ''}")
            return
        key, value = mapping.pairs[-1]
        end = max(key.end, value.end)
        gap = _BLANKS_AND_COMMENTS.match(text, end, closing)
        comma = gap.end() if gap else end
        followed = text[comma] == ","
        after = comma + 1 if followed else end
        # Right behind a colon, ',' would be part of the key.
        separator = " ," if text[end - 1] == ":" else ","
        if _LINE_END.search(text, after, closing) is None:
            joined = ", ".join(entries)
            self._put(after, f" {joined}," if followed else f"{separator} {joined}")
            return
        if not followed:
            self._put(end, separator)
        margin = text[self.file.line_start(key.start) : key.start]
        blank = not margin.strip()
        indent = margin if blank else margin[: len(margin) - len(margin.lstrip())] + " " * _STEP
        lines = ",\n".join(f"{indent}{entry}" for entry in entries)
        self._insert_lines(self.file.line_end(after), f"{lines},\n" if followed else f"{lines}\n")

    def _replace(self, mapping: Mapping, index: int, want: str | Tree) -> None:
        """Put what is wanted in the place of a value, and of that alone."""
        text = self.file.text
        key, value = mapping.pairs[index]
        start, end = max(value.start, key.end), max(value.end, key.end)
        column = self.file.column_of(mapping.pairs[0][0])
        if mapping.flow:
            quoted = text[mapping.pairs[0][0].start] == '"'
            new = in_flow(want, quoted=quoted)
        elif _LINE_END.search(text, key.end, start):
            deep = self.file.column_of(value)
            # A list may stand as deep as its key; nothing else may.
            margin = "" if deep > column else " " * (column + self._step - deep)
            deep += len(margin)
            new = margin + (value_in_yaml(want) if isinstance(want, str) else as_yaml(want, deep, self._step).strip())
            new = new.replace("\n", self._line_end_near(start))
        elif isinstance(want, str):
            new = value_in_yaml(want)
        else:
            start -= len(text[key.end : start]) - len(text[key.end : start].rstrip())
            self._put(start, "", end)
            lines = as_yaml(want, column + self._step, self._step)
            self._insert_lines(self._block_end(end, column + 1), lines)
            return
        if ":" not in text[key.end : start]:
            new = f": {new}"
        elif text[start - 1] == ":":
            new = f" {new}"
        self._put(start, new, end)

    def _remove(self, mapping: Mapping, index: int) -> None:
        key, value = mapping.pairs[index]
        end = max(key.end, value.end)
        if not mapping.flow:
            # With the line end before it: what is added where the last line was still finds its place.
            start = len(_LAST_LINE_END.sub("", self.file.text[: self.file.line_start(key.start)]))
            self._put(start, "", self.file.line_end(end))
        elif index:
            key, value = mapping.pairs[index - 1]
            self._put(max(key.end, value.end), "", end)
        else:
            self._put(key.start, "", mapping.pairs[1][0].start if len(mapping.pairs) > 1 else end)

    def _put(self, start: int, text: str, end: int | None = None) -> None:
        if text or end not in (None, start):
            self.splices.append(_Splice(start, start if end is None else end, text))

    def _block_end(self, end: int, column: int) -> int:
        """
        Return the end of the last line of the block in which *end* is the last value's.

        Comments behind it that are at least *column* deep are about the block; a shallower one is about what follows.
        """
        text = self.file.text
        best = at = self.file.line_end(end)
        while line_end := _LINE_END.match(text, at):
            at = self.file.line_end(line_end.end())
            line = text[line_end.end() : at]
            if not line.strip():
                continue
            if not line.lstrip(" ").startswith("#") or len(line) - len(line.lstrip(" ")) < column:
                break
            best = at
        return best

    def _line_end_near(self, at: int) -> str:
        found = _LINE_END.match(self.file.text, at) or _LINE_END.search(self.file.text)
        return found[0] if found else "\n"

    @cached_property
    def _step(self) -> int:
        """How much deeper a level stands than the one above: as in the first section that is a block."""
        root = self.file.column_of(self.file.root.pairs[0][0]) if self.file.root.pairs else 0
        for _, value in self.file.root.pairs:
            if isinstance(value, Mapping) and not value.flow:
                return max(self.file.column_of(value.pairs[0][0]) - root, 1)
        return _STEP

    # What is refused.

    def _disagree(self, value: Node, want: str | Tree | None, keys: Keys) -> None:
        there = _excerpt(self.file, value)
        wanted = f"a map of {', '.join(want)}" if isinstance(want, dict) else want
        self.disagreements.append(Disagreement(keys, self.file.path, self.file.line_of(value), there, wanted))

    def _check_alone(self, node: Node, alias: Alias | None, keys: Keys) -> None:
        if alias is not None:
            other = f"*{alias.anchor} in line {self.file.line_of(alias)}"
            raise self._cannot(node, keys, f"cannot be changed alone, since {other} is the same", "Change it by hand.")

    def _from_elsewhere(self, value: Node, want: Tree, keys: Keys) -> CannotMergeError:
        what, place = _described(self.file, value)
        reason, hint = f"is {what}, so nothing can be put into it from here", f"Put this {place}."
        return self._cannot(value, keys, reason, hint, as_yaml(want))

    def _cannot(self, value: Node, keys: Keys, reason: str, hint: str, snippet: str = "") -> CannotMergeError:
        name = ".".join(keys) or "the whole file"
        line = self.file.line_of(value)
        return CannotMergeError(self.file.path, line, f"{name} {reason}", hint=hint, snippet=snippet)


def _described(file: YamlFile, value: Node) -> tuple[str, str]:
    """Say what stands where a mapping would have to, and where to put by hand what was to go into it."""
    if isinstance(value, Alias):
        return f"*{value.anchor}", f"into what &{value.anchor} names, line {file.line_of(value.target)}"
    if isinstance(value, Sequence):
        return "a list", "into one of the files that it lists"
    text = text_of(value)
    if text is None:
        return f"under the tag {value.tag}", "where its value comes from"
    named = _FILE_VARIABLE.search(text)
    return f"'{_excerpt(file, value)}'", f"into {named[1]}" if named else "where its value comes from"


def _excerpt(file: YamlFile, value: Node) -> str:
    """Return what stands there, in one line."""
    text = text_of(value)
    lines = (file.text[value.start : value.end] if text is None else text).strip().splitlines()
    return " ".join([*lines[:1], *("…" if lines[1:] else "")]) or "null"


def _says(node: Node, want: str | Tree) -> bool:
    """Whether a value is, or holds, what is wanted; looks through aliases and merge keys."""
    if isinstance(want, str):
        return text_of(node) == want
    node = resolved(node)
    if not is_plain_mapping(node):
        return False
    found = {key: find(node, key) for key in want}
    return all(value is not None and _says(value, want[key]) for key, value in found.items())


def _node(want: str | Tree) -> Scalar | Mapping:
    return Scalar(want) if isinstance(want, str) else _nodes(want)


def _nodes(tree: Tree) -> Mapping:
    return Mapping(tuple((Scalar(key), _node(value)) for key, value in tree.items()))


def _keeps(node: Node) -> bool:
    """Whether blank lines behind *node* would be its own."""
    while isinstance(node, Mapping | Sequence) and (node.pairs if isinstance(node, Mapping) else node.items):
        node = node.pairs[-1][1] if isinstance(node, Mapping) else node.items[-1]
    return isinstance(node, Scalar) and node.keeps
