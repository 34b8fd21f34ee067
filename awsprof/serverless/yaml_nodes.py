"""
The text of a serverless.yml as nodes that know where they stand, read as js-yaml reads it for Serverless.

Knows YAML; not what the keys mean, nor how a text is changed.

Only the events of ruamel.yaml are used: an alias is a node here and never expanded, so a file cannot blow up, and two
texts say the same when their trees are equal, whatever stands between the nodes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeGuard

from awsprof.configfiles.scanning import line_ends
from awsprof.errors import AwsprofError, UnparsableYamlError
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 1 << 20
_MOST_LEVELS = 100
_BOM = "\ufeff"
_NULLS = ("", "~", "null", "Null", "NULL")
_OWN_TAGS = (None, "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map")
# To js-yaml these are letters; ruamel.yaml, as YAML 1.1 did, would end a line at each.
_NO_LINE_ENDS = str.maketrans(dict.fromkeys("\x85\u2028\u2029", "x"))
_COLON = re.compile(r"\s*:")
# Blanks behind other text, or alone on their line: ruamel.yaml takes fewer tabs there than js-yaml does.
_HARMLESS_BLANKS = re.compile(r"(?<=[^ \t\r\n])[ \t]+|^[ \t]+(?=\r?$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value; *plain* is whether it stands without quotes, and *keeps* whether line ends behind it are its own."""

    value: str
    tag: str | None = None
    anchor: str | None = None
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)
    plain: bool = field(default=True, compare=False)
    keeps: bool = field(default=False, compare=False)

    @property
    def is_null(self) -> bool:
        return self.plain and self.tag is None and self.value in _NULLS


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list; *end* is that of its last item, or behind its bracket."""

    items: tuple[Node, ...]
    tag: str | None = None
    anchor: str | None = None
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order in which they stand; *end* is that of its last value, or behind its brace."""

    pairs: tuple[tuple[Node, Node], ...]
    tag: str | None = None
    anchor: str | None = None
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)
    flow: bool = field(default=False, compare=False)

    def index(self, key: str) -> int | None:
        """Return the place of the pair with this key of its own; one that a merge key brings does not count."""
        return next((index for index, (node, _) in enumerate(self.pairs) if text_of(node) == key), None)


@dataclass(frozen=True, slots=True)
class Alias:
    """Another place's node by name."""

    anchor: str
    target: Scalar | Sequence | Mapping = field(compare=False, repr=False)
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


Node = Scalar | Sequence | Mapping | Alias


@dataclass(frozen=True, slots=True)
class YamlFile:
    """
    One file's text and the nodes in it.

    *bom* is a byte-order mark before the text; *limit* is where the document ends, which is before a line of ``...``;
    *aliases* are all there are.
    """

    path: str
    bom: str
    text: str
    root: Mapping
    limit: int
    aliases: tuple[Alias, ...]

    def line_of(self, node: Node) -> int:
        return line_ends(self.text, 0, node.start) + 1

    def column_of(self, node: Node) -> int:
        return node.start - self.line_start(node.start)

    def line_start(self, index: int) -> int:
        return max(self.text.rfind("\n", 0, index), self.text.rfind("\r", 0, index)) + 1

    def line_end(self, index: int) -> int:
        """Return where the line ends, before the characters that end it."""
        ends = (self.text.find(char, index) for char in "\r\n")
        return min((end for end in ends if end >= 0), default=len(self.text))

    def alias_of(self, node: Node) -> Alias | None:
        """Return the first alias that stands for *node*."""
        return next((alias for alias in self.aliases if alias.target is node), None)

    def alias_into(self, node: Node) -> Alias | None:
        """Return the first alias that stands for *node* or for something in it."""
        inside = {id(one) for one in walk(node)}
        return next((alias for alias in self.aliases if id(alias.target) in inside), None)


def text_of(node: Node) -> str | None:
    """Return what a node says if that is a text, in whatever quotes; a value under a tag of its own is none."""
    node = resolved(node)
    return node.value if isinstance(node, Scalar) and node.tag in _OWN_TAGS else None


def resolved(node: Node) -> Scalar | Sequence | Mapping:
    return node.target if isinstance(node, Alias) else node


def is_plain_mapping(node: Node) -> TypeGuard[Mapping]:
    """Whether keys can be looked for in *node*: under a tag of its own it is anything."""
    return isinstance(node, Mapping) and node.tag in _OWN_TAGS


def find(mapping: Mapping, key: str) -> Node | None:
    """Return the value of a key, its own or one that a merge key brings; None where there is none."""
    index = mapping.index(key)
    return inherited(mapping, key) if index is None else mapping.pairs[index][1]


def inherited(mapping: Mapping, key: str) -> Node | None:
    """Return the value of *key* that the merge keys of *mapping* bring."""
    return _inherited(mapping, key, set())


def _inherited(mapping: Mapping, key: str, seen: set[int]) -> Node | None:
    values = [resolved(value) for name, value in mapping.pairs if is_merge_key(name)]
    for value in values:
        for source in map(resolved, value.items if isinstance(value, Sequence) else (value,)):
            # Each is looked into once, however often it is named.
            if isinstance(source, Mapping) and id(source) not in seen:
                seen.add(id(source))
                index = source.index(key)
                found = _inherited(source, key, seen) if index is None else source.pairs[index][1]
                if found is not None:
                    return found
    return None


def is_merge_key(key: Node) -> bool:
    return isinstance(key, Scalar) and key.plain and key.tag is None and key.value == "<<"


def walk(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Sequence):
        for item in node.items:
            yield from walk(item)
    elif isinstance(node, Mapping):
        for key, value in node.pairs:
            yield from walk(key)
            yield from walk(value)


def read_yaml(path: str, data: bytes) -> YamlFile:
    """
    Read *data*, the bytes of *path*.

    Raises:
        UnparsableYamlError: Serverless would refuse the file; has the line.
        AwsprofError: It holds no service: nothing, no mapping, or more than a mebibyte.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.reader import ReaderError

    if len(data) > MOST_BYTES:
        raise AwsprofError(f"{path} has more than 1 MiB, so nothing is written to it")
    text = _decoded(path, data)
    bom = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(bom)
    # Every place in the text stays where it is; js-yaml, too, ends an unended last line.
    view = _HARMLESS_BLANKS.sub(lambda blanks: " " * len(blanks[0]), text.translate(_NO_LINE_ENDS))
    view = view if view.endswith(("\n", "\r")) else f"{view}\n"
    try:
        return _Composer(path, text, view, bom).document(YAML(typ="safe", pure=True).parse(view))
    except ReaderError as error:
        line = line_ends(text, 0, error.position) + 1
        raise UnparsableYamlError(path, line, "a character that YAML does not allow") from None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = 1 if mark is None else line_ends(text, 0, mark.index) + 1
        reason = getattr(error, "problem", None) or getattr(error, "context", None) or "no YAML"
        raise UnparsableYamlError(path, line, printable(str(reason))) from None
    except (ValueError, IndexError, OverflowError):
        # A directive or an escape that ruamel.yaml trips over.
        raise UnparsableYamlError(path, 1, "no YAML") from None


def _decoded(path: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = len(re.findall(rb"\r\n|\r|\n", data[: error.start])) + 1
        raise UnparsableYamlError(path, line, "a byte that is no UTF-8") from None


class _Composer:
    """Makes nodes of events, and refuses what js-yaml refuses although it can be parsed."""

    def __init__(self, path: str, text: str, view: str, bom: str) -> None:
        self._path = path
        self._bom = bom
        self._text = text
        self._view = view
        self._anchors: dict[str, Scalar | Sequence | Mapping | None] = {}
        self._aliases: list[Alias] = []
        self._events: Iterator[Any] = iter(())

    def document(self, events: Iterator[Any]) -> YamlFile:
        from ruamel.yaml.events import DocumentStartEvent

        self._events = events
        next(events)  # the stream's start
        if not isinstance(next(events), DocumentStartEvent):
            raise self._no_service("is empty")
        root = self._node(next(events), 0)
        limit = min(next(events).start_mark.index, len(self._text))
        following = next(events)
        if isinstance(following, DocumentStartEvent):
            raise self._refused(following, "a second document begins")
        if isinstance(root, Scalar) and root.is_null:
            raise self._no_service("is empty")
        if not isinstance(root, Mapping):
            raise self._no_service("holds no keys")
        return YamlFile(self._path, self._bom, self._text, root, limit, tuple(self._aliases))

    def _node(self, event: Any, level: int) -> Node:
        from ruamel.yaml.events import AliasEvent, MappingStartEvent, ScalarEvent, SequenceStartEvent

        if level > _MOST_LEVELS:
            raise self._refused(event, f"nested in more than {_MOST_LEVELS} levels")
        if isinstance(event, AliasEvent):
            return self._alias(event)
        tag = None if event.tag is None else str(event.tag)
        node: Scalar | Sequence | Mapping
        if event.anchor is not None:
            # In js-yaml a name that is given anew stands for the new node at once, unfinished as it is.
            self._anchors[event.anchor] = None
        if isinstance(event, ScalarEvent):
            node = self._scalar(event, tag)
        elif isinstance(event, SequenceStartEvent):
            items, end = self._items(event, level)
            node = Sequence(items, tag, event.anchor, event.start_mark.index, end)
        else:
            assert isinstance(event, MappingStartEvent)
            pairs, end = self._pairs(event, level)
            flow = bool(event.flow_style)
            node = Mapping(pairs, tag, event.anchor, event.start_mark.index, end, flow)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Alias:
        if event.anchor not in self._anchors:
            raise self._refused(event, f"*{event.anchor} stands for nothing, since there is no &{event.anchor} before")
        target = self._anchors[event.anchor]
        if target is None:
            raise self._refused(event, f"*{event.anchor} stands inside of what it stands for")
        alias = Alias(event.anchor, target, event.start_mark.index, event.end_mark.index)
        self._aliases.append(alias)
        return alias

    def _scalar(self, event: Any, tag: str | None) -> Scalar:
        start, end = event.start_mark.index, min(event.end_mark.index, len(self._text))
        keeps = False
        if event.style in ("|", ">"):
            # Its mark is behind the blank lines that follow; these are the scalar's own only where '+' says so.
            header = re.compile(r"[|>][0-9+-]*").search(self._view, start)
            assert header is not None
            keeps = "+" in header[0]
            ends = r"(\r\n|\r|\n)\Z" if keeps else r"[\r\n]+\Z"
            end = start + len(re.sub(ends, "", self._text[start:end]))
        return Scalar(event.value, tag, event.anchor, start, end, not event.style, keeps)

    def _items(self, event: Any, level: int) -> tuple[tuple[Node, ...], int]:
        from ruamel.yaml.events import SequenceEndEvent

        items = []
        while not isinstance(following := next(self._events), SequenceEndEvent):
            items.append(self._node(following, level + 1))
        return tuple(items), following.end_mark.index if event.flow_style else items[-1].end

    def _pairs(self, event: Any, level: int) -> tuple[tuple[tuple[Node, Node], ...], int]:
        from ruamel.yaml.events import MappingEndEvent

        pairs = []
        names = set()
        while not isinstance(following := next(self._events), MappingEndEvent):
            key = self._node(following, level + 1)
            name = resolved(key)
            if isinstance(name, Scalar) and not is_merge_key(key):
                said = "null" if name.is_null else name.value
                if said in names:
                    raise self._refused(following, f"the key '{said}' stands twice")
                names.add(said)
            pairs.append((key, self._beside(key, self._node(next(self._events), level + 1))))
        end: int = following.end_mark.index
        if not event.flow_style:
            key, value = pairs[-1]
            end = max(key.end, value.end)
        return tuple(pairs), end

    def _beside(self, key: Node, value: Node) -> Node:
        """Return a value; one that is not there at all is put beside its key, since its mark may be at the next key."""
        if not isinstance(value, Scalar) or value.start < value.end:
            return value
        colon = _COLON.match(self._view, key.end)
        place = colon.end() if colon else key.end
        return replace(value, start=place, end=place)

    def _refused(self, event: Any, reason: str) -> UnparsableYamlError:
        return UnparsableYamlError(self._path, line_ends(self._text, 0, event.start_mark.index) + 1, printable(reason))

    def _no_service(self, why: str) -> AwsprofError:
        return AwsprofError(
            f"{self._path} {why}, so it describes no service; nothing was written",
            hint="It begins with a line like 'service: NAME'; add the profiles once it is there.",
        )
