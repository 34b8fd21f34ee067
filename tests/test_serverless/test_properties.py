"""Whatever a serverless.yml looks like: PyYAML sees what was wanted and no other change, once and for all."""

from __future__ import annotations

from dataclasses import dataclass, field

import yaml
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from awsprof.errors import UnparsableYamlError
from awsprof.serverless.merging import CannotMergeError, DisagreementError, Wanted, merged
from tests.test_configfiles.test_properties import ALL, bounded
from tests.test_serverless.judge import said, with_wanted
from tests.test_serverless.team import STYLES, WANTED

many = settings(bounded, max_examples=1000 if ALL else 150)

SECTIONS = ["service", "provider", "custom", "params", "functions", "resources", "x-shared", "plugins"]
KEYS = [
    "a",
    "b",
    "name",
    "dev",
    "prod",
    "staging",
    "profile",
    "profiles",
    "accounts",
    "accountGuard",
    "dev-111111111111",
]
WORDS = ["x", "aws", "ok", "yes", "1", "0777", "${sls:stage}", "${file(./a.yml):b}", "it's", "ünï", "a b", "http://x"]
COMMENTS = ["# c", "#", "# a: b", "#x", "# } ]"]


@dataclass
class Page:
    """A text while it is made up: its lines, and the anchors that may be named in it."""

    draw: st.DrawFn
    step: int
    lines: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    mappings: list[str] = field(default_factory=list)

    def chance(self, of: int) -> bool:
        return self.draw(st.integers(0, of)) == of

    def one_of(self, choices: list[str]) -> str:
        return self.draw(st.sampled_from(choices))

    def key(self, names: set[str], indent: int) -> str:
        free = sorted(set(SECTIONS if indent == 0 else KEYS) - names)
        name = self.one_of(free)
        names.add(name)
        return self.one_of([name] * 6 + [f'"{name}"', f"'{name}' ", f"{name} "])

    def between(self, indent: int) -> None:
        """Add what may stand between two pairs."""
        while self.chance(4):
            self.lines.append(self.one_of(["", "", "  ", f"{' ' * indent}{self.one_of(COMMENTS)}"]))
            if self.chance(4):
                self.lines.append(f"{' ' * self.draw(st.integers(0, 8))}{self.one_of(COMMENTS)}")

    def flow(self, depth: int) -> str:
        if depth == 0 or self.chance(1):
            return self.one_of(["x", "'y, z'", '"{"', "1", "ok"])
        if self.chance(1):
            return f"[{', '.join(self.flow(depth - 1) for _ in range(self.draw(st.integers(0, 2))))}]"
        names: set[str] = set()
        pairs = [f"{self.key(names, 1)}: {self.flow(depth - 1)}" for _ in range(self.draw(st.integers(0, 2)))]
        blank, comma = self.one_of(["", " "]), self.one_of(["", ",", " ,"]) if pairs else ""
        return f"{{{blank}{', '.join(pairs)}{comma}{blank}}}"

    def flow_lines(self, indent: int) -> None:
        """Add a mapping in braces over lines; its last pair with or without a comma."""
        names: set[str] = set()
        count = self.draw(st.integers(1, 3))
        for number in range(count):
            comma = "," if number < count - 1 or self.chance(1) else ""
            comment = f"   {self.one_of(COMMENTS)}" if self.chance(3) else ""
            self.lines.append(f"{' ' * indent}{self.key(names, 1)}: {self.flow(1)}{comma}{comment}")
        self.lines.append(f"{' ' * (indent - 1)}}}")

    def pair(self, names: set[str], indent: int, depth: int) -> None:
        head = f"{' ' * indent}{self.key(names, indent)}:"
        deeper = indent + self.step
        end = f"  {self.one_of(COMMENTS)}" if self.chance(5) else ""
        kind = self.one_of(
            ["mapping"] * 4 * bool(depth) + ["word"] * 3 + ["list", "flow", "braces", "null", "block"] + ["odd"]
        )
        if indent == 0 and not self.chance(4):
            kind = "mapping"
        anchor = f" &n{len(self.lines)}" if kind in ("mapping", "flow", "word") and self.chance(6) else ""
        if kind == "mapping":
            self.lines.append(f"{head}{anchor}{end}")
            self.pairs(deeper, depth - 1)
        elif kind == "word":
            word = self.one_of(WORDS)
            self.lines.append(f"{head}{anchor} {self.one_of([word, repr(word) if chr(39) not in word else word])}{end}")
        elif kind == "list":
            self.lines.append(f"{head}{end}")
            at = indent + self.one_of(["0", "2"]).count("2") * self.step
            self.lines += [f"{' ' * at}- {self.flow(1)}" for _ in range(self.draw(st.integers(1, 2)))]
        elif kind == "flow":
            self.lines.append(f"{head}{anchor} {self.flow(2)}{end}")
        elif kind == "braces":
            self.lines.append(f"{head} {{{end}")
            self.flow_lines(deeper)
        elif kind == "null":
            self.lines.append(f"{head}{self.one_of(['', ' ', ' ~', ' null'])}{end}")
        elif kind == "block":
            self.block(head, deeper)
        else:
            alias = [f"*{name}" for name in self.anchors]
            self.lines.append(f"{head} {self.one_of(['!Ref X', '!Sub [a, b]', '!!str 1', *alias, *alias])}{end}")
        if anchor:
            self.anchors.append(anchor[2:])
            self.mappings += [anchor[2:]] * (kind == "mapping")

    def block(self, head: str, deeper: int) -> None:
        """Add a block scalar, or a plain one over lines."""
        header = self.one_of(["|", ">", "|-", ">-", "|+", ">+", "| # c", ""])
        self.lines.append(f"{head} {header or 'first'}".rstrip())
        for _ in range(self.draw(st.integers(1, 3))):
            self.lines.append(f"{' ' * deeper}{self.one_of(['text', 'a', 'more text'])}")
            if header and self.chance(2):
                self.lines += [self.one_of(["", " " * deeper, f"{' ' * deeper}  # no comment"])]

    def pairs(self, indent: int, depth: int) -> None:
        names: set[str] = set()
        if indent and self.mappings and self.chance(5):
            self.lines.append(f"{' ' * indent}<<: *{self.one_of(self.mappings)}")
        for _ in range(self.draw(st.integers(1, 4 if indent else 6))):
            self.between(indent)
            self.pair(names, indent, depth)
        self.between(indent)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Make up the bytes of a serverless.yml."""
    page = Page(draw, step=draw(st.sampled_from([2, 2, 4, 3])))
    if page.chance(5):
        page.lines.append(page.one_of(["---", "%YAML 1.2\n---", "--- # c"]))
    page.pairs(0, depth=3)
    if page.chance(5):
        page.lines.append("...")
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    text = end.join("\n".join(page.lines).split("\n")) + end * draw(st.sampled_from([1, 1, 1, 0, 3]))
    return text.encode("utf-8-sig" if page.chance(9) else "utf-8")


@many
@given(data=documents(), style=st.sampled_from(STYLES))
def test_write(data: bytes, style: str) -> None:
    """What is wanted is there afterwards, all else as it was, and a second write has nothing to do."""
    note(data.decode())
    try:
        before = said(data)
    except yaml.YAMLError:
        assume(False)
    wanted = Wanted(WANTED[style], (("provider", "profile"),) if style == "env" else ())
    expected = with_wanted(before, WANTED[style])
    if style == "env" and isinstance(expected.get("provider"), dict) and expected["provider"].pop("profile", 0) != 0:
        expected["provider"] = expected["provider"] or None
    try:
        try:
            after = merged("serverless.yml", data, wanted)
            kept = True
        except DisagreementError as error:
            assert error.disagreements
            after = merged("serverless.yml", data, wanted, force=True)
            kept = False
    except CannotMergeError as error:
        # Refusing is always safe, but not to know why would be a fault here.
        assert "safely" not in error.message
        return
    except UnparsableYamlError:
        assume(False)
    note(after.decode())
    assert said(after) in (expected, _empty_braces(expected))
    assert merged("serverless.yml", after, wanted) == after
    if kept:
        left = iter(after)
        # Nothing but a null that is filled goes.
        assert all(byte in left for byte in data) or b"~" in data or b"null" in data


def _empty_braces(expected: object) -> object:
    """A provider in braces is left with none, one that is a block with nothing."""
    return {**expected, "provider": expected.get("provider") or {}} if isinstance(expected, dict) else expected
