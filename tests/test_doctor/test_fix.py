"""``doctor --fix``: what it mends, what it leaves to a person, and that ``undo`` gives every byte back."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from awsprof.configfiles.document import Document
from tests.command_line import Outcome
from tests.test_cli.conftest import everything
from tests.test_doctor.cases import CASES, ONE, OTHER, SECRET, P, keys
from tests.test_doctor.test_codes import SERIAL, own

if TYPE_CHECKING:
    from pathlib import Path

    from tests.test_doctor.conftest import Clinic

UNDOES = "Mended; 'awsprof undo' takes it back.\n"


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.mended])
def test_mended_and_undone(clinic: Clinic, name: str) -> None:
    """Afterwards the code is gone and the file is sound; undo gives the broken bytes back, to the last."""
    case = CASES[name]
    clinic.lay(case.sick)
    before = clinic.bytes()
    outcome = clinic.fix("--yes")
    assert outcome.stderr == UNDOES
    Document("config", clinic.bytes()[0])
    Document("credentials", clinic.bytes()[1])
    for variable in case.sick.environ:
        clinic._monkeypatch.delenv(variable)
    # That the profile's name is no name of awsprof's is not for --fix.
    assert set(clinic.codes()) <= {"outside-convention"}
    assert clinic.fix("--yes").stderr == "There is nothing to mend here.\n"
    assert len(json.loads(clinic.awsprof("undo", "--list", "--json").stdout)["entries"]) == 1
    undone = clinic.awsprof("undo", "--yes")
    assert (undone.status, undone.stderr) == (0, "")
    assert clinic.bytes() == before


SICK = """\
# accounts
[profile autochart_dev_paul]
region = eu-west-1 # home
Output: json

# the second half
[profile autochart_dev_paul]
  region = eu-west-2
  s3 =
    addressing_style = path ; old
  oops
[sso-session x]
sso_region = eu-west-1
[profile "q"]
credential_process = tool "#1" # all
"""
MENDED = """\
# accounts
[profile autochart_dev_paul]
output = json
# the second half
region = eu-west-2
s3 =
    ; old
    addressing_style = path
  # oops

[sso-session x]
sso_region = eu-west-1
[profile q]
credential_process = tool "#1" # all
"""
CREDENTIALS = f"[q]\naws_access_key_id = {ONE}\naws_secret_access_key = {SECRET}\naws_access_key_id = {OTHER}\n"


def test_both_files_are_one_change(clinic: Clinic) -> None:
    """Sections merged with the last value of each key, comments kept, both files and their modes in one entry."""
    clinic.write(SICK, CREDENTIALS)
    clinic.credentials.chmod(0o644)
    before = clinic.bytes()
    outcome = clinic.fix(answers=["y"])
    assert clinic.awsprof.terminal.questions == ["Mend this?"]
    assert SECRET not in outcome.stdout
    assert f"-aws_access_key_id = {ONE}\n" in outcome.stdout
    assert f"chmod 600 {clinic.credentials}\n" in outcome.stdout
    config, credentials = clinic.bytes()
    assert config.decode() == MENDED
    assert credentials == CREDENTIALS.replace(f"aws_access_key_id = {ONE}\n", "").encode()
    assert clinic.credentials.stat().st_mode & 0o7777 == 0o600
    (entry,) = json.loads(clinic.awsprof("undo", "--list", "--json").stdout)["entries"]
    assert (entry["command"], entry["summary"]) == ("doctor", "2 files mended")
    assert sorted(entry["files"]) == [str(clinic.config), str(clinic.credentials)]
    assert clinic.awsprof("undo", "--yes").status == 0
    assert clinic.bytes() == before
    assert clinic.credentials.stat().st_mode & 0o7777 == 0o644


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_stay(clinic: Clinic, end: str) -> None:
    """A file of another kind of lines is mended in its own."""
    clinic.write(SICK.replace("\n", end).encode())
    clinic.fix("--yes")
    assert clinic.bytes()[0].decode() == MENDED.replace("\n", end)


def test_dry_run_changes_nothing(clinic: Clinic) -> None:
    """The plan is a masked diff, exit status 0; without a terminal and --yes it is a question nobody can answer."""
    clinic.write(SICK, CREDENTIALS)
    clinic.credentials.chmod(0o644)
    before = everything(clinic.awsprof)
    outcome = clinic.fix("--dry-run")
    assert outcome.status == 0
    assert "+region = eu-west-2" in outcome.stdout.splitlines()
    assert SECRET not in outcome.stdout
    assert clinic.fix().status == 2
    assert clinic.fix(answers=["n"]) == Outcome(1, outcome.stdout, "Nothing was mended.\n")
    assert everything(clinic.awsprof) == before
    assert clinic.awsprof("doctor", "--yes").status == 2


def test_json_after_a_repair(clinic: Clinic) -> None:
    """With --json stdout is what is left, and nothing else."""
    clinic.write(SICK, CREDENTIALS)
    outcome = clinic.fix("--yes", "--json")
    codes = {row["code"] for row in json.loads(outcome.stdout)["findings"]}
    assert codes == {"inline-comment", "missing-process", "plaintext-long-term-key", "outside-convention",
                     "keys-shadow-process"}  # fmt: skip


LEFT = {
    "an unclosed header": ("region = x\n[profile p\nregion = y\n", 2, "a section header without its closing bracket"),
    "two readers, two values": (
        "[profile p]\nregion = x\nRegion = y\n",
        3,
        "'region' stands twice, and JS and Go take different values",
    ),
    "an empty last value": (
        "[profile p]\nregion = x\nregion =\n",
        3,
        "'region' stands twice, and JS and Go take different values",
    ),
    "nested twice": (
        "[profile p]\ns3 =\n  a = b\ns3 =\n  c = d\n",
        4,
        "'s3' stands twice, with more lines below",
    ),
    "a header below a value": ("[profile p]\ns3 =\n  [profile q]\n  a = b\n", 3, "a nested line without '='"),
    "a delimiter that JS does not know": (
        "[profile p]\nregion = x\nregion: y\n",
        3,
        "'region' stands twice, and JS and Go take different values",
    ),
    "a header's stray byte": (b"[profile \xe9]\n", 1, "a byte that is no UTF-8"),
    "a key's stray byte": (b"[profile p]\n\xe9 = x\n", 2, "a byte that is no UTF-8"),
    "a byte of no character": (b"[profile p]\nx = \x81\n", 2, "a byte that is no UTF-8"),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_takes_a_decision_is_left(clinic: Clinic, name: str) -> None:
    """Nothing in such a file is mended, and a sentence says which line is in the way; the other file is."""
    config, line, reason = LEFT[name]
    clinic.write(config, "[q]\noops\n")
    before = clinic.bytes()
    outcome = clinic.fix("--yes")
    sentence = f"{clinic.config}, line {line}: {reason}; nothing in this file was mended"
    assert outcome.stderr == f"Warning: {sentence}.\n{UNDOES}"
    assert clinic.bytes() == (before[0], b"[q]\n# oops\n")


def test_stray_bytes_become_what_they_mean(clinic: Clinic) -> None:
    """In comments and values; what is UTF-8 beside them stays."""
    clinic.write("# é\n[profile p]\nca_bundle = ".encode() + b"/etc/caf\xe9\n#\x93\xe9\x94\n")
    clinic.fix("--yes")
    assert clinic.bytes()[0].decode() == "# é\n[profile p]\nca_bundle = /etc/café\n#“é”\n"


TAIL = "AbCdEfGhIjKlMnOpQrStUvWxYz0123"
BROKEN_SECRETS = {
    "a token over two lines": f"[y]\naws_session_token = IQoJ\n{TAIL}==\nRegion = x\n",
    "a key twice": f"[y]\n{SECRET.replace('/', 'x')} = 1\n{SECRET.replace('/', 'x')} = 2\nRegion = x\n",
    "a secret without '='": f"[y]\nmy_seed {TAIL[:20]}\npassword_of_mine {TAIL}\nRegion = x\n",
}


@pytest.mark.parametrize("name", BROKEN_SECRETS)
def test_pieces_of_secrets_are_not_shown(clinic: Clinic, name: str) -> None:
    """In no finding, sentence or diff; nor is one spelled otherwise, in which it would be lost."""
    clinic.write("", BROKEN_SECRETS[name])
    shown = ""
    for words in (["doctor"], ["doctor", "--json"], ["doctor", "--fix", "--dry-run"], ["doctor", "--fix", "--yes"]):
        outcome = clinic.awsprof(*words)
        shown += (outcome.stdout + outcome.stderr).lower()
    for piece in (TAIL, TAIL[:20], SECRET.replace("/", "x")):
        assert piece.lower() not in shown
    left = clinic.bytes()[1].decode()
    assert "region = x" in left
    assert TAIL[:20] in left or SECRET.replace("/", "x") in left


def test_sections_are_not_merged_with_what_js_takes_for_none(clinic: Clinic) -> None:
    """A header with more than a comment behind its bracket: what stands below it JS counts elsewhere."""
    clinic.write("[profile p]x\nregion = y\n[profile p]\nregion = z\n")
    before = clinic.bytes()
    assert "line 1: a header with more than a comment behind its bracket" in clinic.fix("--yes").stderr
    assert clinic.bytes() == before


HEADERS = {
    "there already": ("[Profile p]\nregion = x\n[profile p]\nregion = y\n", ""),
    "twice": ("[Profile default]\nregion = x\n", ""),
    "a role for keys": ("[p]\nrole_arn = x\nsource_profile = q\n", keys("p", ONE)),
    "another program's": ("[tool]\ncolour = red\n", ""),
    "odd characters": ('[profile "a b"]\nregion = x\n', ""),
    "of sign-ins": ("[sso-session s]\nsso_region = x\n[services s]\n[preview]\na = b\n", ""),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_that_stay(clinic: Clinic, name: str) -> None:
    """Where a corrected header would be a default, another profile's twin, or give it other credentials."""
    clinic.write(*HEADERS[name])
    before = clinic.bytes()
    clinic.fix("--yes")
    assert clinic.bytes() == before


def test_of_two_dead_headers_one_comes_to_life(clinic: Clinic) -> None:
    """Never both, since that would be a section that stands twice."""
    clinic.write("[Profile p]\nregion = x\n[ profile p ]\nregion = y\n")
    clinic.fix("--yes")
    assert clinic.bytes()[0] == b"[profile p]\nregion = x\n[ profile p ]\nregion = y\n"


def role(source: str) -> str:
    arn = "arn:aws:iam::111111111111:role/x"
    return f"[profile r]\nrole_arn = {arn}\nsource_profile = {source}\nmfa_serial = {SERIAL}\n"


def test_mfa_of_a_role_comes_with_its_source(clinic: Clinic) -> None:
    """The serial goes where the source's session carries MFA; elsewhere the role could not be assumed without it."""
    source = own("autochart_dev_paul", f"mfa_serial = {SERIAL}")
    clinic.write(source + role("autochart_dev_paul"))
    clinic.fix("--yes")
    assert clinic.bytes()[0].decode() == source + role("autochart_dev_paul").replace(f"mfa_serial = {SERIAL}\n", "")
    clinic.write(role("q"), keys("q", ONE))
    before = clinic.bytes()
    (row,) = [row for row in clinic.examine() if row["code"] == "mfa-serial-on-role"]
    assert row["fix"] == "Give it a source_profile of awsprof's that has an MFA device."
    clinic.fix("--yes")
    assert clinic.bytes() == before


def test_a_launcher_that_moved(clinic: Clinic, launcher: Path) -> None:
    """Each process line of ours names the present launcher; where there is none to name, that is said once."""
    gone = "/gone/bin/awsprof"
    two = own("autochart_dev_paul") + own("autochart_prod_paul")
    sick = two.replace("= awsprof", f"= {gone}")
    clinic.write(sick)
    clinic.fix("--yes")
    assert clinic.bytes()[0].decode() == two.replace("= awsprof", f"= {launcher}")


def test_without_a_lasting_launcher(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs none is mended all the same; that there is none is said once, with what helps, and not promised."""
    monkeypatch.setenv("UV_CACHE_DIR", "/")
    source = own("autochart_dev_paul", f"mfa_serial = {SERIAL}").replace("= awsprof", "= /gone/bin/awsprof")
    second = own("autochart_qa_paul").replace("= awsprof", "= /gone/bin/awsprof")
    clinic.write(source + second + role("autochart_dev_paul"))
    fixes = {(row["code"], row["fix"]) for row in clinic.examine() if row["code"] != "outside-convention"}
    left = "Mend it by hand; 'awsprof doctor --fix' leaves it."
    assert fixes == {("moved-executable", left), ("mfa-serial-on-role", "awsprof doctor --fix")}
    outcome = clinic.fix("--yes")
    assert outcome.stderr.count("no credential_process was mended. Install it with") == 1
    assert clinic.bytes()[0].decode() == source + second + role("autochart_dev_paul").replace(
        f"mfa_serial = {SERIAL}\n", ""
    )


def test_a_default_that_is_read_again_is_said(clinic: Clinic) -> None:
    """Where botocore refused the files, a repair also lets it use the default that is in them."""
    clinic.write("[profile p]\nregion = x\n[profile p]\n", keys("default", ONE))
    outcome = clinic.fix("--yes")
    said = "mended, the files are read by the aws CLI and boto3 again, and with them the default"
    assert outcome.stderr == f"Warning: {said}: 'awsprof default' shows it.\n{UNDOES}"


@pytest.mark.skipif(os.name != "posix", reason="links take rights elsewhere")
def test_two_files_that_are_one(clinic: Clinic) -> None:
    """They are refused before anything is planned, with what helps."""
    clinic.write(f"{P}oops\n")
    clinic.credentials.unlink()
    clinic.credentials.symlink_to(clinic.config)
    outcome = clinic.fix("--yes")
    assert (outcome.status, outcome.stdout) == (5, "")
    assert "are one file, and its sections would be read twice" in outcome.stderr
    assert clinic.config.read_text() == f"{P}oops\n"


def test_the_plan_is_shown_before_the_question(clinic: Clinic) -> None:
    """With --json on stderr."""
    clinic.write(f"{P}oops\n")
    outcome = clinic.fix("--json", answers=["n"])
    assert clinic.awsprof.terminal.questions == ["Mend this?"]
    assert "+# oops\n" in outcome.stderr
    assert json.loads(outcome.stdout)["findings"]
    assert "oops" not in clinic.fix("--json", "--yes").stderr


def test_undo_of_a_repair_after_another_change(clinic: Clinic) -> None:
    """What was changed elsewhere since stays, although the file is broken again."""
    clinic.write(f"{P}oops\n\n[profile autochart_dev_paul]\nregion = x\n")
    clinic.fix("--yes")
    assert clinic.awsprof("set", "autochart_dev_paul", "output=json").status == 0
    assert clinic.awsprof("undo", "1", "--yes").status == 0
    assert clinic.bytes()[0].decode() == f"{P}oops\n\n[profile autochart_dev_paul]\nregion = x\noutput = json\n"


def test_a_file_that_changed_since_is_left(clinic: Clinic) -> None:
    """While a person reads the plan, somebody else may write; then nothing is."""
    clinic.write(f"{P}oops\n")

    def meanwhile() -> str:
        clinic.config.write_text(f"{P}oops\noops\n")
        return "y"

    outcome = clinic.awsprof("doctor", "--fix", answers=[meanwhile])
    assert outcome.status == 5
    assert "has changed since it was looked at" in outcome.stderr
    assert clinic.bytes()[0].decode() == f"{P}oops\noops\n"
    assert clinic.awsprof("undo", "--list").stdout == ""
