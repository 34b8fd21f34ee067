"""Where a wanted key goes in each layout of YAML, and what is refused rather than guessed at."""

from __future__ import annotations

import itertools

import pytest

from awsprof.errors import AwsprofError, UnparsableYamlError
from awsprof.serverless.merging import CannotMergeError, Disagreement, DisagreementError, Wanted, merged
from awsprof.serverless.stages import as_yaml

WANTED = Wanted({"provider": {"profile": "p"}, "custom": {"map": {"dev": "d"}, "guard": "${g}"}})
NO_PROFILE = Wanted({}, absent=(("provider", "profile"),))
START = "provider:\n  profile: p\n"


def write(before: str, wanted: Wanted = WANTED, *, force: bool = False) -> str:
    """Write twice, and return what both times came to."""
    after = merged("serverless.yml", before.encode(), wanted, force=force)
    assert merged("serverless.yml", after, wanted) == after
    return after.decode()


CUSTOM = {
    "missing": ("", "\ncustom:\n  map:\n    dev: d\n  guard: ${g}\n"),
    "empty": ("custom:\n", "custom:\n  map:\n    dev: d\n  guard: ${g}\n"),
    "empty, with comments": (
        "custom:  # none\n\n  # of its own\n# of others\na: b\n",
        "custom:  # none\n\n  # of its own\n  map:\n    dev: d\n  guard: ${g}\n# of others\na: b\n",
    ),
    "tilde": ("custom: ~\na: b\n", "custom:\n  map:\n    dev: d\n  guard: ${g}\na: b\n"),
    "null with a comment": ("custom:   null # c\n", "custom: # c\n  map:\n    dev: d\n  guard: ${g}\n"),
    "null with a name": ("custom: &c\n", "custom:\n  map:\n    dev: d\n  guard: ${g}\n"),
    "null in it": ("custom:\n  guard:\n  map:\n", "custom:\n  guard: ${g}\n  map:\n    dev: d\n"),
    "half there": ("custom:\n  map: {a: b}\n", 'custom:\n  map: {a: b, dev: "d"}\n  guard: ${g}\n'),
    "all there": (
        "custom: {guard: '${g}', map: {\"dev\": !!str d}}\n",
        "custom: {guard: '${g}', map: {\"dev\": !!str d}}\n",
    ),
    "braces": ("custom: {}\n", 'custom: { map: { dev: "d" }, guard: "${g}" }\n'),
    "braces with a blank": ("custom: { } # c\n", 'custom: { map: { dev: "d" }, guard: "${g}" } # c\n'),
    "braces and a comma": ("custom: {a: b,}\n", 'custom: {a: b, map: { dev: "d" }, guard: "${g}",}\n'),
    "braces and no value": ("custom: {a: }\n", 'custom: {a: , map: { dev: "d" }, guard: "${g}" }\n'),
    "braces and no colon": ("custom: {map}\n", 'custom: {map: { dev: "d" }, guard: "${g}"}\n'),
    "braces like JSON": ('custom: {"a":1}\n', 'custom: {"a":1, "map": { "dev": "d" }, "guard": "${g}"}\n'),
    "braces over lines": (
        "custom: {\n    a: b   # }, c\n  }\n",
        'custom: {\n    a: b,   # }, c\n    map: { dev: "d" },\n    guard: "${g}"\n  }\n',
    ),
    "braces over lines with a comma": (
        "custom: {\n  a: b,   # c\n\n  }\n",
        'custom: {\n  a: b,   # c\n  map: { dev: "d" },\n  guard: "${g}",\n\n  }\n',
    ),
    "braces half over lines": (
        "custom: { a: b\n  }\n",
        'custom: { a: b,\n  map: { dev: "d" },\n  guard: "${g}"\n  }\n',
    ),
    "no last line end": ("custom:\n  a: b", "custom:\n  a: b\n  map:\n    dev: d\n  guard: ${g}"),
    "document's end": ("...\n# c\n", "\ncustom:\n  map:\n    dev: d\n  guard: ${g}\n...\n# c\n"),
    "comment at the end": ("# c\n\n", "# c\n\ncustom:\n  map:\n    dev: d\n  guard: ${g}\n\n"),
    "kept blank lines": ("a: |+\n  b\n\n", "a: |+\n  b\n\ncustom:\n  map:\n    dev: d\n  guard: ${g}\n"),
    "kept blank lines in it": (
        "custom:\n  a: |+\n    b\n\n\nc: d\n",
        "custom:\n  a: |+\n    b\n\n\n  map:\n    dev: d\n  guard: ${g}\nc: d\n",
    ),
    "blank lines that are not kept": (
        "custom:\n  a: |\n    b\n\n    \n\nc: d\n",
        "custom:\n  a: |\n    b\n\n    \n  map:\n    dev: d\n  guard: ${g}\n\nc: d\n",
    ),
    "tabs where only js-yaml takes them": (
        "custom:\t# c\n  a:\tb\t\n\t\nc:\td\n",
        "custom:\t# c\n  a:\tb\t\n  map:\n    dev: d\n  guard: ${g}\n\t\nc:\td\n",
    ),
    "no line ends to js-yaml": (
        "custom:\n  a: b\x85c # \u2028 x: y\n",
        "custom:\n  a: b\x85c # \u2028 x: y\n  map:\n    dev: d\n  guard: ${g}\n",
    ),
    "lone carriage returns": ("custom:\r  a: b\r", "custom:\r  a: b\r  map:\r    dev: d\r  guard: ${g}\r"),
    "shared inside": (
        "custom:\n  a: &a {b: c}\nd: *a\n",
        "custom:\n  a: &a {b: c}\n  map:\n    dev: d\n  guard: ${g}\nd: *a\n",
    ),
    "brought by a merge key": (
        "x: &x {map: {dev: d, e: f}}\ncustom:\n  <<: *x\n",
        "x: &x {map: {dev: d, e: f}}\ncustom:\n  <<: *x\n  guard: ${g}\n",
    ),
    "all of it by a name": (
        "x: &x {map: {dev: d}, guard: '${g}'}\ncustom: *x\n",
        "x: &x {map: {dev: d}, guard: '${g}'}\ncustom: *x\n",
    ),
    "a key by a name": (
        "x: &x custom\n*x :\n  a: b\n",
        "x: &x custom\n*x :\n  a: b\n  map:\n    dev: d\n  guard: ${g}\n",
    ),
}


@pytest.mark.parametrize("layout", CUSTOM)
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["", "marked"])
def test_layouts(layout: str, bom: str) -> None:
    """Wanted keys go to the end of their own block, or in braces before the closing one; nothing else changes."""
    before, after = CUSTOM[layout]
    start = START.replace("\n", "\r") if "\r" in before else START
    assert write(f"{bom}{start}{before}") == f"{bom}{start}{after}"


OTHERWISE = {
    "a plain value": ("custom:\n  guard: x # c\n  map: {dev: d}\n", "custom:\n  guard: ${g} # c\n  map: {dev: d}\n"),
    "a quoted value": ("custom: {guard: 'x y', map: {dev: d}}\n", 'custom: {guard: "${g}", map: {dev: d}}\n'),
    "over lines": (
        "custom:\n  guard: >-\n    a\n    b\n\n  map: {dev: d}\n",
        "custom:\n  guard: ${g}\n\n  map: {dev: d}\n",
    ),
    "on the next line": (
        "custom:\n  guard:\n    x\n  map: {dev: d}\n",
        "custom:\n  guard:\n    ${g}\n  map: {dev: d}\n",
    ),
    "a mapping": (
        "custom:\n  guard: # c\n    a: b\n    # d\n  map: {dev: d}\n",
        "custom:\n  guard: # c\n    ${g}\n    # d\n  map: {dev: d}\n",
    ),
    "a list as deep as its key": (
        "custom:\n  guard:\n  - a\n  map: {dev: d}\n",
        "custom:\n  guard:\n    ${g}\n  map: {dev: d}\n",
    ),
    "a list for a mapping": (
        "custom:\n  map:\n  - a\n  - b\n  guard: ${g}\n",
        "custom:\n  map:\n    dev: d\n  guard: ${g}\n",
    ),
    "a value for a mapping": (
        "custom:\n  map: ${file(x)}  # c\n  guard: ${g}\n",
        "custom:\n  map:  # c\n    dev: d\n  guard: ${g}\n",
    ),
    "a name for a value": (
        "x: &x y\ncustom:\n  guard: *x\n  map: {dev: d}\n",
        "x: &x y\ncustom:\n  guard: ${g}\n  map: {dev: d}\n",
    ),
    "a name for a mapping": (
        "x: &x {a: b}\ncustom:\n  map: *x\n  guard: ${g}\n",
        "x: &x {a: b}\ncustom:\n  map:\n    dev: d\n  guard: ${g}\n",
    ),
    "a value that a merge key brings": (
        "x: &x {guard: y}\ncustom:\n  <<: *x\n  map: {dev: d}\n",
        "x: &x {guard: y}\ncustom:\n  <<: *x\n  map: {dev: d}\n  guard: ${g}\n",
    ),
    "a tag": ("custom:\n  guard: !Ref X\n  map: {dev: d}\n", "custom:\n  guard: ${g}\n  map: {dev: d}\n"),
}


@pytest.mark.parametrize("layout", OTHERWISE)
def test_force(layout: str) -> None:
    """Another value is a disagreement; forced, it is replaced, and it alone."""
    before, after = (f"{START}{text}" for text in OTHERWISE[layout])
    with pytest.raises(DisagreementError) as refusal:
        write(before)
    assert refusal.value.status == 1
    assert [one.keys[0] for one in refusal.value.disagreements] == ["custom"]
    assert write(before, force=True) == after


def test_disagreement_has_the_facts() -> None:
    """The keys, the place, what is there and what is wanted, each in one line."""
    with pytest.raises(DisagreementError) as refusal:
        write("provider:\n  profile: |\n    a\n    b\ncustom:\n  map:\n    dev: {}\n")
    assert refusal.value.disagreements == (
        Disagreement(("provider", "profile"), "serverless.yml", 2, "a …", "p"),
        Disagreement(("custom", "map", "dev"), "serverless.yml", 7, "{}", "d"),
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("provider:\n  name: aws\n  profile: x # c\n  # d\n  a: b\n", "provider:\n  name: aws\n  # d\n  a: b\n"),
        ("provider:\n  # c\n  profile: >-\n    x\n    y\n  a: b\n", "provider:\n  # c\n  a: b\n"),
        ("provider:\n  profile: x\nz: y\n", "provider:\nz: y\n"),
        ("provider:\n  profile: x", "provider:"),
        ("provider:\r\n  a: b\r\n  profile:\r\n", "provider:\r\n  a: b\r\n"),
        ("provider: {profile: x, a: b}\n", "provider: {a: b}\n"),
        ("provider: { a: b, profile: x, c: d }\n", "provider: { a: b, c: d }\n"),
        ("provider: { a: b, profile: x }\n", "provider: { a: b }\n"),
        ("provider: { profile: x }\n", "provider: {  }\n"),
        ("provider: &p {profile: x, a: b}\n", "provider: &p {a: b}\n"),
    ],
)
def test_absent(before: str, after: str) -> None:
    """A key that is not to be there goes with its line or its comma, when that is forced."""
    with pytest.raises(DisagreementError) as refusal:
        write(before, NO_PROFILE)
    assert [(one.keys, one.wanted) for one in refusal.value.disagreements] == [(("provider", "profile"), None)]
    assert write(before, NO_PROFILE, force=True) == after


def test_taken_out_and_put_in_at_one_place() -> None:
    """Where the last line goes, what is added behind it still comes."""
    wanted = Wanted({"custom": {"a": "b"}}, absent=(("provider", "profile"),))
    for end in ("", "\n", "\n\n"):
        before = f"x: y\nprovider:\n  profile: x{end}"
        assert write(before, wanted, force=True) == f"x: y\nprovider:\n\ncustom:\n  a: b{end}"


@pytest.mark.parametrize(
    ("before", "sentence", "hint", "snippet"),
    [
        (
            "custom: ${file(./c.yml):x}\n",
            "line 3: custom is '${file(./c.yml):x}', so",
            "Put this into ./c.yml.",
            "map:\n  dev: d\nguard: ${g}\n",
        ),
        ("custom: ${env:X}\n", "line 3: custom is '${env:X}', so", "Put this where its value comes from.", None),
        ("custom:\n- a\n", "line 4: custom is a list, so", "Put this into one of the files that it lists.", None),
        (
            "x: &x {a: b}\ncustom: *x\n",
            "line 4: custom is *x, so",
            "Put this into what &x names, line 3.",
            None,
        ),
        ("custom: !Foo {a: b}\n", "line 3: custom is under the tag !Foo, so", None, None),
        (
            "x: &x {map: {a: b}}\ncustom:\n  <<: *x\n",
            "line 3: custom.map comes by a merge key '<<';",
            "Add this there by hand.",
            "map:\n  dev: d\n",
        ),
        ("custom: &c\n  a: b\nx: *c\n", "line 3: custom cannot be changed alone, since *c in line 5", None, ""),
        ("custom:\n  map: &m {a: b}\nx: [*m]\n", "line 4: custom.map cannot be changed alone", None, ""),
        ("custom:\n  guard: &g\n  map: {dev: d}\nx: *g\n", "line 4: custom.guard cannot be changed alone", None, ""),
    ],
)
def test_elsewhere(before: str, sentence: str, hint: str | None, snippet: str | None) -> None:
    """What comes from elsewhere, or is used elsewhere, is not changed here, forced or not."""
    for force in (False, True):
        with pytest.raises(CannotMergeError) as refusal:
            write(f"{START}{before}", force=force)
        assert refusal.value.message.startswith(f"serverless.yml, {sentence}")
        assert hint is None or refusal.value.hint == hint
        assert snippet is None or refusal.value.snippet == snippet


def test_shared_value_is_not_replaced() -> None:
    """Not even by force: the other place would lose it."""
    with pytest.raises(CannotMergeError) as refusal:
        write("provider:\n  profile: &p x\ny: *p\n", force=True)
    assert "*p in line 3 is the same" in refusal.value.message


@pytest.mark.parametrize("name", ["provider: *x", "provider:\n  <<: *x\n  a: b"])
def test_absent_key_from_elsewhere(name: str) -> None:
    """A profile that is brought from another place cannot be taken out here."""
    before = f"x: &x\n  profile: y\n{name}\n"
    with pytest.raises(DisagreementError):
        write(before, NO_PROFILE)
    with pytest.raises(CannotMergeError) as refusal:
        write(before, NO_PROFILE, force=True)
    assert refusal.value.message.startswith("serverless.yml, line 2: provider.profile comes from another place")


def test_what_cannot_be_proven_is_not_written() -> None:
    """A layout that is not foreseen here is refused, with what to put in by hand."""
    with pytest.raises(CannotMergeError) as refusal:
        write("? provider\n: {name: aws}\n")
    assert refusal.value.message == "serverless.yml, line 1: this file cannot be edited safely; nothing was written"
    assert refusal.value.snippet == as_yaml(WANTED.tree)


@pytest.mark.parametrize(
    ("before", "line", "reason"),
    [
        ("a: b\n'a': c\n", 2, "the key 'a' stands twice"),
        ("a:\n  - b: {~: 1, null: 2}\n", 2, "the key 'null' stands twice"),
        ("a: &a [*a]\n", 1, "*a stands inside of what it stands for"),
        ("a: *b\n", 1, "*b stands for nothing, since there is no &b before"),
        ("a: b\n---\nc: d\n", 2, "a second document begins"),
        ("a: b\x00\n", 1, "a character that YAML does not allow"),
        ("a:\n\tb: c\n", 2, None),
        ("a: 'b\n", 2, None),
        ("a: " + "[" * 200 + "]" * 200 + "\n", 1, "nested in more than 100 levels"),
        ("%YAML 3.0\n---\na: b\n", 1, None),
        ('a: "\\UFFFFFFFF"\n', 1, None),
    ],
)
def test_unparsable(before: str, line: int, reason: str | None) -> None:
    """What Serverless would refuse is refused with path and line."""
    with pytest.raises(UnparsableYamlError) as refusal:
        write(before)
    assert (refusal.value.status, refusal.value.path, refusal.value.line) == (5, "serverless.yml", line)
    assert reason is None or refusal.value.reason == reason


def test_no_utf_8() -> None:
    """A byte that is no UTF-8 is refused with its line."""
    with pytest.raises(UnparsableYamlError) as refusal:
        merged("serverless.yml", b"a: b\r\nc: \xff\n", WANTED)
    assert (refusal.value.line, refusal.value.reason) == (2, "a byte that is no UTF-8")


@pytest.mark.parametrize("before", ["", "\n", "# c\n", "---\n", "~\n", "- a\n", "a\n", "\ufeff"])
def test_no_service(before: str) -> None:
    """A file without a key is no service, and none is made of it."""
    with pytest.raises(AwsprofError) as refusal:
        write(before)
    assert refusal.value.status == 1
    assert "so it describes no service; nothing was written" in refusal.value.message


def test_largest() -> None:
    """More than a mebibyte is refused before it is read."""
    with pytest.raises(AwsprofError) as refusal:
        write(f"a: {'x' * (1 << 20)}\n")
    assert refusal.value.message == "serverless.yml has more than 1 MiB, so nothing is written to it"


@pytest.mark.parametrize(
    "how", ["[*{0}, *{0}, *{0}, *{0}, *{0}, *{0}]", "{{<<: [*{0}, *{0}, *{0}, *{0}, *{0}, *{0}]}}"]
)
def test_names_of_names_of_names(how: str) -> None:
    """A file of a kilobyte that would be one of terabytes with all names written out is edited as any other."""
    names = "abcdefghijklmnopqrst"
    pairs = [f"{two}: &{two} {how.format(one)}\n" for one, two in itertools.pairwise(names)]
    before = f"{START}a: &a {{x: y}}\n{''.join(pairs)}custom:\n  <<: *t\n"
    if how.startswith("["):
        before = before.replace("  <<: *t\n", "  t: *t\n")
    assert write(before) == f"{before}  map:\n    dev: d\n  guard: ${{g}}\n"


@pytest.mark.parametrize("value", ["yes", "1", "", " a", "a: b", "a #b", "a:", "*a", "é", "~", "-", "No"])
def test_values_are_texts(value: str) -> None:
    """A text that a reader might take for something else is quoted."""
    assert write("a: b\n", Wanted({"custom": {"k": value}})).startswith('a: b\n\ncustom:\n  k: "')
