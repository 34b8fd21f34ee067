"""Bytes that nobody meant: every read and edit ends in a foreseen error or a sound file, never in anything else."""

from __future__ import annotations

import os
import random
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from awsprof.configfiles.diff import unified
from awsprof.configfiles.document import Document
from awsprof.configfiles.editing import with_renamed_section, with_settings, without_section
from awsprof.errors import AwsprofError
from awsprof.journal.patch import taken_back
from tests.command_line import CommandLine
from tests.test_configfiles.test_document import ACCEPTED, REFUSED
from tests.test_configfiles.test_properties import seen

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.heavy

ALL = bool(os.environ.get("AWSPROF_TEST_ALL"))
fuzzed = settings(
    max_examples=100_000 if ALL else 200,
    derandomize=not ALL,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CORPUS = [*ACCEPTED.values(), *(data for data, _ in REFUSED.values())]
_PIECES = [
    b"[",
    b"]",
    b"\n",
    b"\r",
    b"\r\n",
    b"=",
    b":",
    b"#",
    b";",
    b" ",
    b"\t",
    b"\x00",
    b"\xff",
    b"\xc3",
    b"\xe2\x80\xa8",
]
_PIECES += [
    b"[DEFAULT]",
    b"[default]",
    b"[profile a]",
    b"region = x\n",
    b"\n  ",
    b"\xef\xbb\xbf",
    b"\xc2\x85",
    b"\x0b",
    b"\x1c",
]


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """A file of the corpus with bytes cut out, doubled, swapped or put in."""
    data = bytearray(draw(st.sampled_from(CORPUS)))
    for _ in range(draw(st.integers(0, 6))):
        at, length = draw(st.integers(0, len(data))), draw(st.integers(0, 12))
        match draw(st.integers(0, 3)):
            case 0:
                del data[at : at + length]
            case 1:
                data[at:at] = data[at : at + length]
            case 2:
                data[at:at] = draw(st.sampled_from(_PIECES))
            case _:
                data[at:at] = draw(st.binary(max_size=4))
    return bytes(data)


files = st.one_of(mutations(), mutations(), st.binary(max_size=200))


@pytest.mark.timeout(3600)
@fuzzed
@given(data=files, seed=st.integers(0, 1 << 30))
def test_document(data: bytes, seed: int, tmp_path: Path) -> None:
    """No bytes bring the document down, and no edit makes of a sound file one that botocore refuses."""
    rng = random.Random(seed)
    try:
        document = Document("config", data)
    except AwsprofError:
        return
    assert document.to_bytes() == data
    names = [*document.sections, "profile new"]
    section = rng.choice(names)
    keys = [*(document.sections[section].options if section in document.sections else ()), "region"]
    edits = [
        lambda: with_settings(document, section, {rng.choice(keys): rng.choice(["x", None, "x = y", "\n[default]"])})
    ]
    if section in document.sections:
        edits += [
            lambda: without_section(document, section),
            lambda: with_renamed_section(document, section, "profile q"),
        ]
    try:
        edited = rng.choice(edits)()
    except AwsprofError:
        return
    unified("config", data, edited)
    assert taken_back(data, edited, edited) == data
    if section != "DEFAULT" and seen(data, tmp_path) is not None:
        found = seen(edited, tmp_path)
        assert found is not None
        before = seen(data, tmp_path)
        assert before is not None
        others = {name: own for name, own in before.own.items() if name != section}
        assert others.items() <= found.own.items()


COMMANDS = (
    ("list",),
    ("list", "--names"),
    ("list", "--json"),
    ("show", "a", "--exact"),
    ("default",),
    ("set", "a", "output=json", "--exact"),
    ("set", "autochart_dev_paul", "output="),
    ("rename", "a", "autochart", "new", "paul", "--yes", "--exact"),
    ("remove", "a", "--yes", "--exact"),
    ("default", "--remove", "--yes"),
    ("default", "--rename", "autochart", "new", "paul", "--yes"),
    ("undo", "--yes"),
)


@pytest.mark.timeout(3600)
@settings(fuzzed, max_examples=5_000 if ALL else 30)
@given(config=files, credentials=st.one_of(st.just(b""), files))
def test_commands(config: bytes, credentials: bytes, home: Path) -> None:
    """Every command ends with a status of the contract and without a traceback; one that refuses changes no byte."""
    for command in COMMANDS:
        shutil.rmtree(home / ".aws", ignore_errors=True)
        (home / ".aws").mkdir()
        paths = (home / ".aws" / "config", home / ".aws" / "credentials")
        for path, data in zip(paths, (config, credentials), strict=True):
            path.write_bytes(data)
        outcome = CommandLine(home)(*command)
        assert outcome.status in (0, 1, 2, 3, 4, 5, 6, 7, 8), command
        assert "unexpectedly" not in outcome.stderr, (command, outcome)
        if outcome.status != 0:
            assert [path.read_bytes() for path in paths] == [config, credentials], command
        assert [name for name in os.listdir(home / ".aws") if name.startswith(".awsprof-")] == []
