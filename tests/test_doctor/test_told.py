"""What doctor says beyond codes: which tool does what, commands that can be pasted, and no promise that is not kept."""

from __future__ import annotations

import json
import os
import shlex
import time
from typing import TYPE_CHECKING

import pytest

from awsprof.doctor.advice import FIX
from tests.test_doctor.cases import ENV, ONE, SECRET, P, keys, session

if TYPE_CHECKING:
    from tests.test_doctor.conftest import Clinic

KEYS = {"AWS_ACCESS_KEY_ID": ENV, "AWS_SECRET_ACCESS_KEY": SECRET}
WEB = {"AWS_WEB_IDENTITY_TOKEN_FILE": "/x", "AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/x"}
# As the models of the readers have it, which are held against the real ones.
SAID = {
    "unknown, with keys": (
        {"AWS_PROFILE": "gone", **KEYS},
        "unknown-aws-profile",
        "the aws CLI, boto3, JS v3 and Go stop, JS v2 uses the keys in the environment",
    ),
    "half a key": (
        {"AWS_ACCESS_KEY_ID": ENV},
        "keys-in-environment",
        "the aws CLI and boto3 stop, JS v3, JS v2 and Go find no credentials",
    ),
    "empty, with keys": (
        {"AWS_PROFILE": "", **KEYS},
        "empty-aws-profile",
        "the aws CLI and boto3 stop, JS v3, JS v2 and Go use the keys in the environment",
    ),
    "empty, and the older one": (
        {"AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": "p"},
        "aws-default-profile",
        "the aws CLI, boto3 and Go use p, JS v3 and JS v2 find no credentials",
    ),
    "a web identity before keys": (
        {"AWS_PROFILE": "p", **WEB},
        "web-identity-in-environment",
        "the aws CLI, boto3 and Go use the web identity, JS v3 and JS v2 use p",
    ),
    "keys under names that Go alone knows": (
        {"AWS_PROFILE": "p", "AWS_ACCESS_KEY": ENV, "AWS_SECRET_KEY": SECRET},
        "keys-in-environment",
        "the aws CLI, boto3, JS v3 and JS v2 use p, Go uses the keys in the environment",
    ),
    "a default that is not there": ({"AWS_PROFILE": "Default"}, "default-in-environment", "every tool stops"),
}


@pytest.mark.parametrize("name", SAID)
def test_of_variables(clinic: Clinic, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each tool does is what the readers' models say."""
    environ, code, message = SAID[name]
    clinic.write("", keys("p", ONE))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for variable, value in environ.items():
        monkeypatch.setenv(variable, value)
    (row,) = [row for row in clinic.examine() if row["code"] == code]
    assert row["message"].endswith(message), row["message"]


@pytest.mark.parametrize(
    ("header", "in_config", "tools"),
    [
        (" profile p ", True, "Go"),
        ("profile\tp", True, "all, in an odd spelling"),
        ("profile  p", True, "the aws CLI, boto3 and Go"),
        ("profile p ", True, "the aws CLI, boto3 and Go"),
        (" p ", False, "Go"),
    ],
)
def test_of_headers(clinic: Clinic, header: str, in_config: bool, tools: str) -> None:
    """Which tools take one for a profile."""
    text = f"[{header}]\nregion = x\n"
    clinic.write(*((text, "") if in_config else ("", text)))
    (row,) = [row for row in clinic.examine() if row["code"] == "wrong-section-spelling"]
    assert f"is profile 'p' for {tools}" in row["message"]


def test_of_keys_beside_a_process(clinic: Clinic) -> None:
    """Not every tool sees keys that are spelled in capitals."""
    clinic.write("[profile p]\ncredential_process = /bin/echo x\n", keys("p", ONE).replace("aws_", "AWS_"))
    (row,) = [row for row in clinic.examine() if row["code"] == "keys-shadow-process"]
    assert "JS v3 and JS v2 would ask the process" in row["message"]


@pytest.mark.parametrize(
    "line", ["VAULT_TOKEN=hvs.CAESIJ8xxZZ /bin/echo x", ". hvs.CAESIJ8xxZZ; /bin/echo x", "(hvs.CAESIJ8xxZZ;true)"]
)
def test_of_a_process_for_a_shell(clinic: Clinic, line: str) -> None:
    """JS and Go start it by one; no word of it is shown, since it may be a secret."""
    clinic.write(f"[profile p]\ncredential_process = {line}\n")
    (row,) = [row for row in clinic.examine() if row["code"] == "missing-process"]
    assert row["severity"] == "warning"
    assert "only JS and Go find a program" in row["message"]
    assert "hvs." not in json.dumps(row)


def test_of_a_process_whose_program_is_a_secret(clinic: Clinic) -> None:
    """It is not there, and is not shown."""
    clinic.write(f"[profile p]\ncredential_process = {SECRET} x\n")
    (row,) = [row for row in clinic.examine() if row["code"] == "missing-process"]
    assert SECRET not in row["message"]


@pytest.mark.parametrize("name", ["$(id)", "--yes", "a;b"])
def test_commands_can_be_pasted(clinic: Clinic, name: str) -> None:
    """A profile's name is one word of them, and no option."""
    clinic.write("", keys(name, ONE))
    fixes = [row["fix"] for row in clinic.examine() if row["code"] in ("plaintext-long-term-key", "outside-convention")]
    words = ["awsprof", "import", *(["--"] if name.startswith("-") else []), name]
    assert [shlex.split(fix) for fix in fixes] == [words, words]
    assert fixes[0] == " ".join([*words[:-1], shlex.quote(name)])


@pytest.mark.skipif(os.name != "posix", reason="named pipes and modes are POSIX's")
def test_what_is_no_file_needs_no_mode(clinic: Clinic) -> None:
    """A directory in a file's place is not made readable by chmod."""
    clinic.write(P)
    clinic.credentials.unlink()
    clinic.credentials.mkdir()
    (row,) = [row for row in clinic.examine() if row["code"] == "unparsable"]
    assert row["fix"] == "Put a plain file in its place, or take it away."


def test_json_of_a_dry_run(clinic: Clinic) -> None:
    """It is one object, of what is found; nor is a declined repair silent."""
    clinic.write(f"{P}oops\n")
    outcome = clinic.fix("--dry-run", "--json")
    assert outcome.status == 0
    assert "key-without-value" in [row["code"] for row in json.loads(outcome.stdout)["findings"]]
    declined = clinic.fix("--json", answers=["n"])
    assert (declined.status, json.loads(declined.stdout)) == (1, json.loads(outcome.stdout))


@pytest.mark.parametrize(
    ("config", "codes"),
    [
        ('[profile "default"]\nregion = x\n', {"default-profile", "quoted-name"}),
        ("[profile  default]\nregion = x\n", {"default-profile", "wrong-section-spelling"}),
        ('[default]\nregion = x\n[profile "default"]\n', {"default-profile", "quoted-name", "duplicate-section"}),
        ("[default]\nregion = x\n[profile default]\nregion = y\n", {"default-profile", "duplicate-section"}),
    ],
)
def test_of_a_default_however_it_is_spelled(clinic: Clinic, config: str, codes: set[str]) -> None:
    """Tools that take an odd spelling use it without being told to."""
    clinic.write(config)
    rows = clinic.examine()
    assert {row["code"] for row in rows} == codes
    assert {row["severity"] for row in rows if row["code"] in ("default-profile", "duplicate-section")} == {"error"}
    stops = [row for row in rows if "JS v2 and Serverless 3 stop at it" in row["message"]]
    assert len(stops) == ("[profile default]" in config)


def test_an_empty_session_token_is_none(clinic: Clinic) -> None:
    """The key before it is one for good."""
    clinic.write("", f"{keys('p', ONE)}aws_session_token =\n")
    long_ago = time.time() - 40 * 3600
    os.utime(clinic.credentials, (long_ago, long_ago))
    codes = clinic.codes()
    assert "plaintext-long-term-key" in codes
    assert "stale-session-triple" not in codes


def test_keys_of_a_session_are_not_for_import(clinic: Clinic) -> None:
    """It would refuse what expires."""
    clinic.write("[profile p]\ncredential_process = /bin/echo x\n", session("p", "2020-01-31T12:00:00Z"))
    codes = ("stale-session-triple", "keys-shadow-process")
    fixes = {row["fix"] for row in clinic.examine() if row["code"] in codes}
    assert fixes == {f"Take its keys out of {clinic.credentials}, line 2."}


def test_of_awsprofs_own_files(clinic: Clinic) -> None:
    """An unsound one is a finding among the others, of which none is lost."""
    clinic.write(f"{P}oops\n")
    settings, team = clinic.home / ".config" / "awsprof" / "config.toml", clinic.home / ".awsprof.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('user = "paul"\nregion = 1\n')
    team.write_text("\nproduct = \n")
    rows = clinic.examine()
    found = [(row["severity"], row["file"], row["line"]) for row in rows if row["code"] == "unsound-settings"]
    assert found == [("error", str(settings), 2), ("error", str(team), 2)]
    assert "region is a text" in rows[0]["message"]
    assert "key-without-value" in [row["code"] for row in rows]
    assert clinic.fix("--dry-run").status == 0


def test_of_a_comment_behind_a_source(clinic: Clinic) -> None:
    """JS and Go do not count it to the name."""
    role = "role_arn = arn:aws:iam::111111111111:role/x\nsource_profile = base # old\n"
    clinic.write(f"[profile r]\n{role}", keys("base", ONE))
    (row,) = [row for row in clinic.examine() if row["code"] == "dangling-source-profile"]
    assert "only JS and Go can assume the role" in row["message"]


UNMENDED = {
    "a comment on a value with lines below": "[profile p]\nexternal_id = e ; f\n  more\n",
    "two spellings, quoted": '[profile "p"]\nregion = x\n[profile p]\nregion = y\n',
    "two spellings, a tab": "[profile\tp]\nregion = x\n[profile p]\nregion = y\n",
    "JS and Go disagree": "[profile p]\nregion = x # y\nRegion: z\n",
    "a comment for a value": "[profile p]\nregion = # only\n",
    "a comment in quotes": '[profile p]\nexternal_id = "a # b"\n',
}


@pytest.mark.parametrize("name", UNMENDED)
def test_no_promise_that_is_not_kept(clinic: Clinic, name: str) -> None:
    """What --fix would leave, doctor does not say that it mends."""
    clinic.write(UNMENDED[name])
    before = clinic.bytes()
    rows = clinic.examine()
    assert {row["code"] for row in rows} & {"inline-comment", "duplicate-section", "duplicate-key"}
    assert FIX not in [row["fix"] for row in rows]
    clinic.fix("--yes")
    assert clinic.bytes() == before


def test_a_secret_in_a_comment(clinic: Clinic) -> None:
    """One on a line that a repair made a comment is found afterwards, and not shown."""
    clinic.write("", f"aws_secret_access_key = {SECRET}\n[p]\nregion = x\n")
    clinic.fix("--yes")
    (row,) = [row for row in clinic.examine() if row["code"] == "plaintext-long-term-key"]
    assert (row["line"], row["severity"]) == (1, "warning")
    assert SECRET not in json.dumps(row)


@pytest.mark.parametrize(
    "line", ["[profile{}p", "[profile{}x]", "[Profile{}p ]", "{}x", "k{}x", "K{}= x", "k = a{}b # c", "[profile p]{}x"]
)
def test_long_lines(clinic: Clinic, line: str) -> None:
    """A line of blanks takes a time that grows with its length, and not with its square."""
    spent = []
    for length in (1_000, 40_000):
        clinic.write(f"{P}{line.format(' ' * length)}\nregion = x\n")
        start = time.perf_counter()
        clinic.examine()
        clinic.fix("--dry-run")
        spent.append(time.perf_counter() - start)
    assert spent[1] < 20 * max(spent[0], 0.1)
