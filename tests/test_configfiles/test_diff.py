"""The diff people are shown: it leads from one text to the other, and takes a time that grows with the changes."""

from __future__ import annotations

import random
import re
import time

import pytest

from awsprof.configfiles.diff import unified

_HUNK = re.compile(r"@@ -(\d+)(,0)?(?:,\d+)? \+(\d+)(,0)?(?:,\d+)? @@")


def _applied(lines: list[str], diff: list[str]) -> list[str]:
    """Do what a diff says, and check all it says of the old text on the way."""
    done: list[str] = []
    at = 0
    for line in diff[2:]:
        match = _HUNK.match(line)
        if match is not None:
            start = int(match[1]) - (0 if match[2] else 1)
            done += lines[at:start]
            at = start
            assert len(done) == int(match[3]) - (0 if match[4] else 1)
        elif line.startswith("+"):
            done.append(line[1:])
        else:
            assert lines[at] == line[1:]
            done += [] if line.startswith("-") else [lines[at]]
            at += 1
    return done + lines[at:]


@pytest.mark.parametrize("seed", range(40))
def test_leads_from_one_text_to_the_other(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(20):
        old = rng.choices("abcdefg", k=rng.randint(0, 30))
        new = list(old)
        for _ in range(rng.randint(0, 5)):
            if new and rng.random() < 0.5:
                del new[rng.randrange(len(new))]
            else:
                new.insert(rng.randint(0, len(new)), rng.choice("abcxyz"))
        before, after = ("".join(f"{line}\n" for line in lines).encode() for lines in (old, new))
        assert _applied(old, unified("config", before, after)) == new


def test_equal_texts_have_none() -> None:
    assert unified("config", b"[default]\n", b"[default]\n") == []


def test_many_changes_take_time_by_their_number() -> None:
    """A change in every section of 10 times the sections takes 10 times as long, and not 100."""
    took_s = []
    for count in (300, 3000):
        before = "".join(f"[profile p{number}]\nRegion = a\nOutput: json\n\n" for number in range(count))
        after = before.replace("Region", "region").replace("Output:", "output =")
        started = time.perf_counter()
        assert len(unified("config", before.encode(), after.encode())) > 4 * count
        took_s.append(time.perf_counter() - started)
    assert took_s[1] < 40 * took_s[0]


LONG = "0123456789abcdefABCDEF0123456789abcdefABCDEF"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("/bin/echo --password hunter2hunter2 --api-token x", "/bin/echo --password ********"),
        ("sh -c '-token \"a b\"'", "sh -c '-token ********"),
        (f"/bin/echo {LONG} --profile p", "/bin/echo ******** --profile p"),
        (f"X={LONG} /bin/echo", "X=******** /bin/echo"),
        (f"/{LONG}/awsprof credential-process a_dev_paul", f"/{LONG}/awsprof credential-process a_dev_paul"),
        (f'"/{LONG}/a b" {LONG}', f'"/{LONG}/a b" ********'),
    ],
)
def test_a_process_is_shown_without_its_secrets(line: str, shown: str) -> None:
    """A program's path may be as long as a secret; what stands behind it may be one."""
    diff = unified("config", b"", f"credential_process = {line}\n".encode())
    assert diff[-1] == f"+credential_process = {shown}"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("note = my password is hunter2", "note = my password is ********"),
        ("mfa_pin=1234", "mfa_pin=********"),
        ("api_key = 0123456789abcdef", "api_key = ********"),
        ("db_url = postgres://u:s3cr3tpw@host/db", "db_url = postgres://u:********@host/db"),
        ("mapping = one", "mapping = one"),
        ("url = https://example.com:8443/@x", "url = https://example.com:8443/@x"),
    ],
)
def test_other_secrets_are_hidden(line: str, shown: str) -> None:
    """Of whatever program they are, and however they are noted."""
    assert unified("config", b"", f"{line}\n".encode())[-1] == f"+{shown}"
