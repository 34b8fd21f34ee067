"""Files as teams have them: each gets its profiles, keeps every line it had, and gets its bytes back by undo."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.test_serverless.judge import said, with_wanted
from tests.test_serverless.team import STYLES, TEAM_FILE, WANTED

if TYPE_CHECKING:
    from tests.command_line import CommandLine, Outcome

CORPUS = Path(__file__).parent / "corpus"
# Serverless would refuse these, or there is no service in them: exit status, and what the error says.
BROKEN = {
    "a-list.yml": (1, "serverless.yml holds no keys, so it describes no service"),
    "comments-only.yml": (1, "serverless.yml is empty, so it describes no service"),
    "duplicate-keys.yml": (5, "serverless.yml, line 8: the key 'timeout' stands twice"),
    "duplicate-sections.yml": (5, "serverless.yml, line 6: the key 'custom' stands twice"),
    "empty.yml": (1, "serverless.yml is empty, so it describes no service"),
    "latin-1.yml": (5, "serverless.yml, line 5: a byte that is no UTF-8"),
    "tab-as-indentation.yml": (5, "serverless.yml, line 3: "),
    "two-documents.yml": (5, "serverless.yml, line 4: a second document begins"),
    "unclosed-bracket.yml": (5, "serverless.yml, line 5: "),
    "unknown-alias.yml": (5, "serverless.yml, line 4: *tags stands for nothing"),
}
# Good files that have to be changed elsewhere, in all styles or in some: what the error says.
ELSEWHERE = {
    "custom-in-a-file.yml": (STYLES, "line 2: custom is '${file(./config/custom.yml):${sls:stage}}'"),
    "custom-is-a-list.yml": (STYLES, "line 5: custom is a list"),
    "custom-is-an-alias.yml": (STYLES, "line 6: custom is *custom"),
    "shared-provider.yml": (("map", "params"), "line 2: provider cannot be changed alone, since *provider in line 7"),
}
# Good files that say otherwise, in all styles or in some, and need --force: in how many places.
OTHERWISE = {
    "disagreeing-map.yml": {"map": 5, "params": 3, "env": 3},
    "disagreeing-profile.yml": {"map": 1, "params": 1, "env": 1},
    "merge-key-brings-custom.yml": {"map": 1, "params": 1, "env": 1},
    "sections-all-there.yml": {"params": 1, "env": 1},
}
# Where things stand in braces, lines grow; everywhere else they only get company.
IN_BRACES = ("flow-mappings.yml", "flow-mapping-without-blanks.yml", "all-in-braces.yml", "params-there.yml")
IN_BRACES = (*IN_BRACES, "profiles-in-custom.yml", "sections-all-there.yml", "empty-sections.yml")
GOOD = sorted({path.name for path in CORPUS.iterdir()} - BROKEN.keys())


class Service:
    """A directory with a team file and one of the corpus's files as its serverless.yml."""

    def __init__(self, awsprof: CommandLine, name: str) -> None:
        self._awsprof = awsprof
        self.path = awsprof.home / "serverless.yml"
        self.before = (CORPUS / name).read_bytes()
        self.path.write_bytes(self.before)
        # As old as a file is that nobody is in the middle of writing.
        os.utime(self.path, (1_700_000_000, 1_700_000_000))
        (awsprof.home / ".awsprof.toml").write_text(TEAM_FILE)

    @property
    def bytes(self) -> bytes:
        return self.path.read_bytes()

    def write(self, style: str, *options: str) -> Outcome:
        return self._awsprof("serverless", "write", "--style", style, "--yes", *options)

    def undo(self) -> None:
        outcome = self._awsprof("undo", "--yes")
        assert (outcome.status, outcome.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "style"),
    [(name, style) for name in GOOD for style in STYLES if style not in ELSEWHERE.get(name, ((), ""))[0]],
)
def test_write(awsprof: CommandLine, name: str, style: str) -> None:
    """The data is the old with what is wanted; a second write changes nothing, and undo gives the first bytes back."""
    service = Service(awsprof, name)
    places = OTHERWISE.get(name, {}).get(style)
    if places is not None:
        outcome = service.write(style)
        assert outcome.status == 1
        assert f"says otherwise in {places if places > 1 else 'one'} place" in outcome.stderr
        assert service.bytes == service.before
    outcome = service.write(style, *["--force"] * (places is not None))
    assert outcome.status == 0, outcome.stderr
    after = service.bytes
    expected = with_wanted(said(service.before), WANTED[style])
    if style == "env":
        expected["provider"].pop("profile", None)
        expected["provider"] = expected["provider"] or None
    assert said(after) == expected
    # Merge keys aside, whose keys PyYAML puts first, the order is the old one, too.
    assert [key for key in said(after) if key in said(service.before)] == list(said(service.before))
    if places is None:
        assert_only_added(service.before, after, in_braces=name in IN_BRACES)
    again = service.write(style)
    assert (again.status, again.stdout) == (0, "serverless.yml: nothing to change.\n")
    assert service.bytes == after
    if after != service.before:
        service.undo()
    assert service.bytes == service.before


def assert_only_added(before: bytes, after: bytes, *, in_braces: bool) -> None:
    """Assert that all old lines, or in braces all old characters, are there in their order."""
    old, new = (
        (before.decode(), after.decode())
        if in_braces
        # The last line may have got a line end.
        else ([line.rstrip(b"\r\n") for line in text.splitlines(keepends=True)] for text in (before, after))
    )
    left = iter(new)
    assert all(piece in left for piece in old)
    assert after.endswith((b"\n", b"\r")) == before.endswith((b"\n", b"\r"))
    assert (b"\r\n" in after, after.count(b"\n") == after.count(b"\r\n")) == (
        b"\r\n" in before,
        before.count(b"\n") == before.count(b"\r\n"),
    ) or b"\n" not in before


@pytest.mark.parametrize("name", BROKEN)
def test_broken_is_left_alone(awsprof: CommandLine, name: str) -> None:
    """What Serverless would refuse is refused with its line, and not a byte of it changes, forced or not."""
    service = Service(awsprof, name)
    status, sentence = BROKEN[name]
    for options in ((), ("--force",), ("--dry-run",)):
        outcome = service.write("map", *options)
        assert (outcome.status, outcome.stdout) == (status, "")
        assert outcome.stderr.startswith(f"Error: {sentence}")
        assert service.bytes == service.before


@pytest.mark.parametrize("name", ELSEWHERE)
def test_changed_elsewhere(awsprof: CommandLine, name: str) -> None:
    """What comes from another place is not changed here, forced or not; the error says which line and where to go."""
    service = Service(awsprof, name)
    styles, sentence = ELSEWHERE[name]
    for style in styles:
        for options in ((), ("--force",)):
            outcome = service.write(style, *options)
            assert outcome.status == 1
            assert outcome.stderr.startswith(f"Error: serverless.yml, {sentence}")
            assert service.bytes == service.before


def test_corpus_is_a_corpus() -> None:
    """No table names a file that is not there, and there are enough of them."""
    names = {path.name for path in CORPUS.iterdir()}
    assert {*BROKEN, *ELSEWHERE, *OTHERWISE, *IN_BRACES} <= names
    assert len(GOOD) >= 25
