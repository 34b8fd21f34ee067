"""Whatever the files look like: botocore sees the intended change and no other, and undo gives the first bytes back."""

from __future__ import annotations

import configparser
import contextlib
import io
import itertools
import os
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import botocore.configloader
import botocore.exceptions
import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from awsprof.configfiles.document import Document
from awsprof.configfiles.editing import with_renamed_section, with_settings, without_section
from awsprof.errors import RefusedNameError, SharedFileError, UnparsableFileError
from tests.command_line import CommandLine
from tests.test_configfiles.test_document import ACCEPTED, REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ALL = bool(os.environ.get("AWSPROF_TEST_ALL"))
bounded = settings(
    max_examples=1000 if ALL else 60,
    derandomize=not ALL,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
# Whole commands take longer.
few = settings(bounded, max_examples=250 if ALL else 20)
NEW = "autochart_new_paul"


# What botocore sees: the judge of every edit.


@dataclass
class Seen:
    """One shared file as botocore reads it: what ``[DEFAULT]`` lends, and each section's own settings."""

    lent: dict[str, str]
    own: dict[str, dict[str, str]]

    def with_lent(self) -> dict[str, dict[str, str]]:
        return {name: {**self.lent, **settings} for name, settings in self.own.items()}


def seen(data: bytes, directory: Path) -> Seen | None:
    """Read *data* with botocore; None when it refuses the file."""
    path = directory / "judged"
    path.write_bytes(data)
    try:
        botocore.configloader.load_config(str(path))
    except (botocore.exceptions.ConfigParseError, UnicodeDecodeError):
        return None
    raw = botocore.configloader.raw_config_parse(str(path), parse_subsections=False)
    parser = configparser.RawConfigParser()
    parser.read(path, "utf-8")
    # A [DEFAULT] of configparser's own kind hides which settings are a section's own.
    own = {name: dict(parser._sections[name]) for name in parser.sections()}  # type: ignore[attr-defined]
    found = Seen(dict(parser.defaults()), own)
    assert found.with_lent() == raw
    return found


def lines_of(data: bytes) -> list[str]:
    return io.StringIO(data.decode(), newline="").readlines()


def region(data: bytes, section: str) -> tuple[int, int]:
    """Return the lines from a section's header to before the next header, found with configparser alone."""
    count = itertools.count()
    # Only [DEFAULT] may stand twice: each gets a name of its own.
    text = re.sub(r"\[DEFAULT\]", lambda _: f"[DEFAULT {next(count)}]", data.decode())
    lines = io.StringIO(text, newline="").readlines()
    headers: dict[str, int] = {}
    for number in range(1, len(lines) + 1):
        parser = configparser.RawConfigParser(default_section="")
        with contextlib.suppress(configparser.Error):
            parser.read_file(io.StringIO("".join(lines[:number]), newline=None))
        for name in parser.sections():
            headers.setdefault(name, number - 1)
    first = headers[section]
    return first, min((number for number in headers.values() if number > first), default=len(lines))


def is_comment(line: str) -> bool:
    return line.strip().startswith(("#", ";"))


def is_content(line: str) -> bool:
    return bool(line.strip()) and not is_comment(line)


def without(data: bytes, section: str) -> list[str]:
    """Return the lines, but for blank ones, that should be left when a section goes with the comments that are its."""
    lines = lines_of(data)
    first, end = region(data, section)
    last = max(number for number in range(first, end) if is_content(lines[number]))
    while first and is_comment(lines[first - 1]):
        first -= 1
    behind = last + 1
    while behind < end and is_comment(lines[behind]):
        behind += 1
    if behind == end < len(lines):
        # No blank line parts them from the next header: they introduce it.
        behind = last + 1
    return [line.rstrip("\r\n") for line in lines[:first] + lines[behind:] if line.strip()]


# Files that nobody would write by hand, and some that somebody would.

_ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])
_INDENTS = st.sampled_from(["", "", "", "  ", "\t", "    "])
_KEYS = ["region", "output", "role_arn", "source_profile", "note", "s3", "Region_Two", "x-y.z"]
_VALUES = [
    "eu-west-1",
    "json",
    "a=b:c",
    "100%% [x]",
    "x # y",
    "x ; y",
    "ünï",
    "'quoted'",
    "",
    "a",
    "autochart_dev_paul",
]
_COMMENTS = ["# a word", ";; another", "#", "  # indented", "#key = value", "# [profile commented]"]
_PROFILES = ["a", "autochart_dev_paul", "autochart_prod_paul", "b.c-d", "é"]
_OTHERS = ["sso-session corp", "services x", "preview", "plugins", "profile", "Profile x"]
_CONFIG_DEFAULTS = ["default", "profile default", "DEFAULT"]


@st.composite
def section_lines(draw: st.DrawFn, header: str) -> list[str]:
    """One section's lines without their ends: its introduction, header, settings, comments, blanks, nested blocks."""
    lines = draw(st.lists(st.sampled_from([*_COMMENTS, ""]), max_size=2))
    base = draw(st.sampled_from(["", "", "", "", "  "]))
    behind = draw(st.sampled_from(["", "", "", " ", " # words"]))
    lines.append(f"{base}[{header}]{behind}")
    indent = base + draw(_INDENTS)
    for key in draw(st.lists(st.sampled_from(_KEYS), max_size=4, unique_by=str.lower)):
        equals = draw(st.sampled_from([" = ", "=", " =", "= ", ": ", "  =  ", "\t=\t"]))
        if key == "s3" or draw(st.integers(0, 9)) == 0:
            lines.append(f"{indent}{key}{equals}".rstrip() if key == "s3" else f"{indent}{key}{equals}first")
            nested = ["k = v", "region = other", "# inside", "", "[profile nested] = 1", "k2=v2"]
            lines += [
                f"{indent}    {line}" if line else "" for line in draw(st.lists(st.sampled_from(nested), max_size=3))
            ]
        else:
            lines.append(f"{indent}{key}{equals}{draw(st.sampled_from(_VALUES))}")
        lines += draw(st.lists(st.sampled_from([*_COMMENTS, "", "", "   "]), max_size=1))
    return lines + [""] * draw(st.integers(0, 2))


@st.composite
def shared_files(draw: st.DrawFn, *, credentials: bool = False, defaults: bool = True) -> bytes:
    """The bytes of a whole file: sections in any order, one kind of line end or several, perhaps none at the end."""
    profiles = draw(st.lists(st.sampled_from(_PROFILES), max_size=4, unique=True))
    headers = profiles if credentials else [f"profile {name}" for name in profiles]
    if defaults:
        spellings = ["default", "DEFAULT"] if credentials else _CONFIG_DEFAULTS
        headers += draw(st.lists(st.sampled_from(spellings), max_size=2, unique=True))
    headers += [] if credentials else draw(st.lists(st.sampled_from(_OTHERS), max_size=2, unique=True))
    lines = draw(st.lists(st.sampled_from([*_COMMENTS, ""]), max_size=2))
    for header in draw(st.permutations(headers)):
        lines += draw(section_lines(header))
    end = draw(_ENDS)
    ends = [draw(_ENDS) for _ in lines] if draw(st.integers(0, 5)) == 0 else [end] * len(lines)
    text = "".join(f"{line}{line_end}" for line, line_end in zip(lines, ends, strict=True))
    return (text if draw(st.booleans()) else text.rstrip("\r\n")).encode()


_TOKENS = [
    *("[profile a]", "[b]", "[DEFAULT]", "[default]", "[", "]", "region", "s3 =", "k2 = v", "a = 1"),
    *("=", " = ", ": ", "x", " ", "  ", "\t", "# c", "; d", "é", "\x00", "\ufeff"),
    *("\n", "\n", "\n", "\n", "\r\n", "\r", "\n  ", "\x0b", "\x0c", "\x1c", "\x85", "\xa0", "\u2028", "\u3000"),
]
heaps = st.lists(st.sampled_from(_TOKENS), max_size=30).map(lambda tokens: "".join(tokens).encode())
files = st.one_of(shared_files(), shared_files(), st.sampled_from([*ACCEPTED.values()]), heaps)


def readable(data: bytes, directory: Path) -> Seen:
    found = seen(data, directory)
    assume(found is not None)
    assert found is not None
    return found


# The scanner.


@settings(bounded, max_examples=20_000 if ALL else 200)
@given(data=st.one_of(files, heaps, st.sampled_from([data for data, _ in REFUSED.values()])))
def test_scanner_agrees_with_botocore(data: bytes, tmp_path: Path) -> None:
    """What botocore accepts is read alike, setting for setting; what it refuses is refused, and nothing else is."""
    expected = seen(data, tmp_path)
    try:
        document = Document("config", data)
    except UnparsableFileError as error:
        # With nothing to lend it to, botocore does not look into what [DEFAULT] holds.
        assert expected is None or not expected.own, f"botocore reads this, awsprof does not: {error}"
        assert 1 <= error.line <= len(lines_of(data.decode("utf-8", "replace").encode())) + 1
        return
    assert expected is not None, "botocore refuses this, and awsprof reads it"
    assert document.to_bytes() == data
    assert document.defaults == expected.lent
    own = {name: section.settings for name, section in document.sections.items() if name != "DEFAULT"}
    assert own == expected.own


# One edit of one section, whatever stands around it.


def check_outside(before: bytes, after: bytes, section: str) -> None:
    """Every byte before a section's header and from the next header on is as it was."""
    first, end = region(before, section)
    lines = lines_of(before)
    assert after.startswith("".join(lines[:first]).encode())
    assert after.endswith("".join(lines[end:]).encode())


@bounded
@given(data=files, values=st.dictionaries(st.sampled_from(["region", "zz"]), st.just("eu-west-1"), max_size=2))
def test_new_section(data: bytes, values: dict[str, str], tmp_path: Path) -> None:
    """A section that was not there comes behind everything else, and is all that is new."""
    before = readable(data, tmp_path)
    after = with_settings(Document("config", data), "profile brand.new", values)
    assert seen(after, tmp_path) == Seen(before.lent, {**before.own, "profile brand.new": values})
    assert after.startswith(data)


@bounded
@given(data=files, draw=st.data())
def test_set_and_unset(data: bytes, draw: st.DataObject, tmp_path: Path) -> None:
    """Settings of one section get values or go; an edit that cannot be made safely is refused instead."""
    before = readable(data, tmp_path)
    assume(before.own)
    section = draw.draw(st.sampled_from(sorted(before.own)), "section")
    keys = st.sampled_from(sorted({*filter(str.isascii, before.own[section]), "region", "brand_new"}))
    changes = draw.draw(st.dictionaries(keys, st.sampled_from([None, "eu-west-1", "a=b"]), min_size=1, max_size=3))
    note(repr((section, changes)))
    try:
        after = with_settings(Document("config", data), section, changes)
    except (SharedFileError, RefusedNameError):
        # Refusing is always safe; that it is rare is what the corpus's own tests see to.
        return
    own = {key: value for key, value in {**before.own[section], **changes}.items() if value is not None}
    assert seen(after, tmp_path) == Seen(before.lent, {**before.own, section: own})
    check_outside(data, after, section)


@bounded
@given(data=files, draw=st.data())
def test_remove_section(data: bytes, draw: st.DataObject, tmp_path: Path) -> None:
    """One section goes with the comments that are its, and nothing else does."""
    before = readable(data, tmp_path)
    assume(before.own)
    section = draw.draw(st.sampled_from(sorted(before.own)), "section")
    try:
        after = without_section(Document("config", data), section)
    except SharedFileError:
        return
    del before.own[section]
    assert seen(after, tmp_path) == before
    assert [line.rstrip("\r\n") for line in lines_of(after) if line.strip()] == without(data, section)


@bounded
@given(data=files, draw=st.data())
def test_rename_section(data: bytes, draw: st.DataObject, tmp_path: Path) -> None:
    """A header gets another name; every other byte, also of its own line, stays."""
    before = readable(data, tmp_path)
    assume(before.own)
    section = draw.draw(st.sampled_from(sorted(before.own)), "section")
    try:
        after = with_renamed_section(Document("config", data), section, "profile brand.new")
    except SharedFileError:
        return
    renamed = {("profile brand.new" if name == section else name): own for name, own in before.own.items()}
    assert seen(after, tmp_path) == Seen(before.lent, renamed)
    old, new = lines_of(data), lines_of(after)
    first, _ = region(data, section)
    assert (old[:first], old[first + 1 :]) == (new[:first], new[first + 1 :])
    assert new[first] == old[first].replace(f"[{section}]", "[profile brand.new]", 1)


@pytest.mark.parametrize(
    "data",
    [
        b"[profile a]\n  [profile b]\n  region = z\n",
        b"[profile x]\nregion = x\n[profile a]\n    region = y\n    [profile b]\n    region = z\n",
    ],
    ids=["behind an empty section", "behind a deeper one"],
)
@pytest.mark.parametrize("edit", ["set", "remove"])
def test_indented_header_is_not_swallowed(data: bytes, edit: str, tmp_path: Path) -> None:
    """A header that is indented would continue a value that an edit puts before it: such an edit is refused."""
    before = seen(data, tmp_path)
    assert before is not None
    document = Document("config", data)
    with contextlib.suppress(SharedFileError):
        if edit == "set":
            after = with_settings(document, "profile a", {"output": "json"})
            before.own["profile a"]["output"] = "json"
        else:
            after = without_section(document, "profile a")
            del before.own["profile a"]
        assert seen(after, tmp_path) == before


@pytest.mark.parametrize("char", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_nested_line_that_only_botocore_breaks(char: str, tmp_path: Path) -> None:
    """A nested block's value is broken at more characters than a file is, and each piece needs its '='."""
    data = f"[profile a]\ns3 =\n  a = 1{char}oops\n".encode()
    assert seen(data, tmp_path) is None
    with pytest.raises(UnparsableFileError):
        Document("config", data)


# Whole commands on both files, and back again.


@dataclass
class Home:
    """A home that begins anew with each example."""

    path: Path

    def begin(self, config: bytes | None, credentials: bytes | None) -> CommandLine:
        shutil.rmtree(self.path)
        (self.path / ".aws").mkdir(parents=True)
        for name, data in (("config", config), ("credentials", credentials)):
            if data is not None:
                (self.path / ".aws" / name).write_bytes(data)
        os.chdir(self.path)
        return CommandLine(self.path)

    def bytes(self) -> tuple[bytes | None, bytes | None]:
        paths = (self.path / ".aws" / "config", self.path / ".aws" / "credentials")
        return tuple(path.read_bytes() if path.exists() else None for path in paths)  # type: ignore[return-value]


@pytest.fixture
def anew(home: Path) -> Home:
    return Home(home)


Pair = tuple[Seen, Seen]


def _profile(section: str) -> str | None:
    """Return the profile of a config section, in the spellings that are generated here."""
    name = section if section == "default" else section.removeprefix("profile ")
    return name if section == "default" or (name != section and " " not in name and "profile" not in name) else None


def do(anew: Home, *arguments: str, expected: Callable[[Pair], Pair], tmp_path: Path) -> None:
    """Run a command and its undo: botocore sees what was intended, then the first bytes are back."""
    first = anew.bytes()
    before = tuple(readable(data or b"", tmp_path) for data in first)
    awsprof = CommandLine(anew.path)
    outcome = awsprof(*arguments)
    note(f"awsprof {' '.join(arguments)}: {outcome}")
    if outcome.status != 0:
        assert outcome.status in (1, 2, 5)
        assert "unexpectedly" not in outcome.stderr
        assert anew.bytes() == first
        return
    after = tuple(seen(data or b"", tmp_path) for data in anew.bytes())
    assert after == expected(before)  # type: ignore[arg-type]
    if anew.bytes() == first:
        return
    # Undone twice over: back, there again, and back.
    second = anew.bytes()
    for number, wanted in enumerate([first, second, first], 1):
        outcome = awsprof("undo", str(number), "--yes")
        assert (outcome.status, outcome.stderr) == (0, "")
        assert anew.bytes() == wanted


both = {"config": shared_files(), "credentials": st.one_of(st.none(), shared_files(credentials=True))}


@few
@given(**both, name=st.sampled_from(["autochart_dev_paul", "autochart_prod_paul"]), value=st.sampled_from(["json", ""]))
def test_set_command(
    config: bytes, credentials: bytes | None, name: str, value: str, anew: Home, tmp_path: Path
) -> None:
    """``set`` changes one setting in the config file, or makes the section there; undo takes it back."""
    anew.begin(config, credentials)
    found = tuple(readable(data or b"", tmp_path) for data in anew.bytes())
    assume(f"profile {name}" in found[0].own or name in found[1].own)

    def expected(pair: Pair) -> Pair:
        own = {key: old for key, old in pair[0].own.get(f"profile {name}", {}).items() if key != "output"}
        own.update({"output": value} if value else {})
        if own or f"profile {name}" in pair[0].own:
            pair[0].own[f"profile {name}"] = own
        return pair

    do(anew, "set", name, f"output={value}", expected=expected, tmp_path=tmp_path)


@few
@given(**both)
def test_add_command(config: bytes, credentials: bytes | None, anew: Home, tmp_path: Path) -> None:
    """``add`` writes one section behind all others; undo takes it and the keys away again."""
    awsprof = anew.begin(config, credentials)
    first = anew.bytes()
    before = tuple(readable(data or b"", tmp_path) for data in first)
    keys = "AKIAIOSFODNN7EXAMPLE\nwJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
    options = ("--no-verify", "--account-id", "111111111111", "--region", "eu-west-1", "--from", "-")
    outcome = awsprof("add", "autochart", "new", "paul", *options, stdin=keys)
    assert outcome.status == 0, outcome
    after = tuple(readable(data or b"", tmp_path) for data in anew.bytes())
    made = after[0].own.pop(f"profile {NEW}")
    assert (made["region"], made["aws_account_id"]) == ("eu-west-1", "111111111111")
    assert after == before
    assert awsprof("undo", "--yes").status == 0
    assert (anew.bytes(), awsprof.items) == (first, {})


@few
@given(**both, name=st.sampled_from(_PROFILES))
def test_remove_command(config: bytes, credentials: bytes | None, name: str, anew: Home, tmp_path: Path) -> None:
    """``remove`` takes a profile's sections out of both files; undo brings them back where they were."""
    anew.begin(config, credentials)
    found = tuple(readable(data or b"", tmp_path) for data in anew.bytes())
    assume(f"profile {name}" in found[0].own or name in found[1].own)

    def expected(pair: Pair) -> Pair:
        pair[0].own.pop(f"profile {name}", None)
        pair[1].own.pop(name, None)
        return pair

    do(anew, "remove", name, "--exact", "--yes", expected=expected, tmp_path=tmp_path)


@few
@given(**both, name=st.sampled_from(["a", "autochart_dev_paul", "b.c-d"]))
def test_rename_command(config: bytes, credentials: bytes | None, name: str, anew: Home, tmp_path: Path) -> None:
    """``rename`` changes headers in both files and every source_profile that names the profile, and nothing else."""
    anew.begin(config, credentials)
    found = tuple(readable(data or b"", tmp_path) for data in anew.bytes())
    assume(f"profile {name}" in found[0].own or name in found[1].own)

    def expected(pair: Pair) -> Pair:
        for file, header, new in ((pair[0], f"profile {name}", f"profile {NEW}"), (pair[1], name, NEW)):
            file.own = {(new if section == header else section): own for section, own in file.own.items()}
            for own in (file.lent, *file.own.values()):
                if own.get("source_profile") == name:
                    own["source_profile"] = NEW
        return pair

    do(anew, "rename", name, *NEW.split("_"), "--exact", "--yes", expected=expected, tmp_path=tmp_path)


@few
@given(**both)
def test_default_remove_command(config: bytes, credentials: bytes | None, anew: Home, tmp_path: Path) -> None:
    """``default --remove`` leaves no default in any spelling, and every profile with the settings it had."""
    anew.begin(config, credentials)

    def expected(pair: Pair) -> Pair:
        def left(file: Seen, name_of: Callable[[str], str | None]) -> Seen:
            own = {}
            for section, mine in file.own.items():
                if name_of(section) != "default":
                    own[section] = {**file.lent, **mine} if name_of(section) else mine
            return Seen({}, own)

        return left(pair[0], _profile), left(pair[1], lambda section: section)

    do(anew, "default", "--remove", "--yes", expected=expected, tmp_path=tmp_path)


@few
@given(
    config=shared_files(defaults=False),
    credentials=shared_files(credentials=True, defaults=False),
    draw=st.data(),
    in_credentials=st.booleans(),
)
def test_default_rename_command(
    config: bytes, credentials: bytes, draw: st.DataObject, in_credentials: bool, anew: Home, tmp_path: Path
) -> None:
    """``default --rename`` gives the one default a name, in both files, and to every source_profile."""
    spelling = draw.draw(st.sampled_from(["default", "profile default"]))
    section = "\n".join(draw.draw(section_lines(spelling))).encode() + b"\n"
    config = config.rstrip(b"\r\n") + b"\n" + section + b"[profile role]\nsource_profile = default\n"
    if in_credentials:
        credentials = b"[default]\nregion = eu-west-3\n\n" + credentials
    anew.begin(config, credentials)

    def expected(pair: Pair) -> Pair:
        for file, headers, new in (
            (pair[0], ("default", "profile default"), f"profile {NEW}"),
            (pair[1], ("default",), NEW),
        ):
            file.own = {(new if name in headers else name): own for name, own in file.own.items()}
            for own in file.own.values():
                if own.get("source_profile") == "default":
                    own["source_profile"] = NEW
        return pair

    do(anew, "default", "--rename", *NEW.split("_"), "--yes", expected=expected, tmp_path=tmp_path)


@few
@given(
    config=st.sampled_from(sorted(name for name, (data, _) in REFUSED.items())), valid=shared_files(credentials=True)
)
def test_refused_file_is_not_touched(config: str, valid: bytes, anew: Home, tmp_path: Path) -> None:
    """A file that botocore refuses is never edited, by no command, and neither is the other file."""
    for pair in ((REFUSED[config][0], valid), (valid.replace(b"[", b"[profile "), REFUSED[config][0])):
        awsprof = anew.begin(*pair)
        for command in (
            ("rename", "a", *NEW.split("_"), "--yes"),
            ("remove", "a", "--yes"),
            ("set", "a", "output=json"),
            ("default", "--remove", "--yes"),
            ("default", "--rename", *NEW.split("_"), "--yes"),
        ):
            outcome = awsprof(*command)
            assert (outcome.status, outcome.stdout) in (
                (5, ""),
                (0, "a: output changed; 'awsprof undo' takes it back.\n"),
            )
            if outcome.status == 5:
                assert anew.bytes() == pair
                assert ", line " in outcome.stderr
            else:
                assert awsprof("undo", "--yes").status == 0
