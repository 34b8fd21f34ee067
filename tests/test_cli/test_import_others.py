"""``import`` beside what other programs keep: nothing of theirs is swallowed, and what stands in the way is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from awsprof.errors import VaultUnavailableError
from tests.test_cli.conftest import DEV, PROD, everything, write_config
from tests.test_cli.test_import import credentials_of, found, held, pair

if TYPE_CHECKING:
    from pathlib import Path

    from tests.command_line import CommandLine
    from tests.test_importing.awsfake import FakeAws

MFA = "arn:aws:iam::222222222222:mfa/paul"
SESSION = "aws_access_key_id = ASIAAAAAAAAAAAAAAAAA\naws_secret_access_key = g\naws_session_token = g\n"

# Pairs, and what only looks like one.


@pytest.mark.parametrize(
    "section",
    [
        f"sso_start_url = https://x\nsso_region = eu-west-1\nsso_account_id = {DEV}\nsso_role_name = y\n",
        "credential_process = /usr/bin/mytool x\n",
        f"role_arn = arn:aws:iam::{DEV}:role/admin\nsource_profile = x-dev-p-long-term\n",
    ],
)
@pytest.mark.parametrize("session", ["", SESSION])
def test_another_profile_is_no_half_of_a_pair(
    awsprof: CommandLine, cloud: FakeAws, home: Path, section: str, session: str
) -> None:
    """A profile that gets its credentials elsewhere stays its own, although a key has its name and '-long-term'."""
    key = cloud.key(DEV)
    config = f"[profile x-dev-p]\n{section}region = eu-west-1\n"
    write_config(home, config)
    credentials = f"[x-dev-p]\n{session}\n" if session else ""
    write_config(home, f"{credentials}[x-dev-p-long-term]\n{key.lines}", "credentials")
    rows = found(awsprof)
    assert rows.keys() == {"x-dev-p", "x-dev-p-long-term"}
    assert rows["x-dev-p-long-term"]["where"] == "credentials-file"
    assert awsprof("import", "x-dev-p-long-term", "--as", "x", "base", "p", "--yes").status == 0
    assert held(awsprof, "x_base_p") == pair(key)
    assert awsprof.config.startswith(config.replace("= x-dev-p-long-term", "= x_base_p"))


def test_key_with_no_session_yet_is_followed(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """A role names the half that aws-mfa has not written yet: it names the new profile afterwards."""
    key = cloud.key(PROD)
    write_config(
        home, f"[profile role]\nrole_arn = arn:aws:iam::{PROD}:role/x\nsource_profile = mfab-prod-p\nregion = x\n"
    )
    write_config(home, f"[mfab-prod-p-long-term]\n{key.lines}aws_mfa_device = {MFA}\n", "credentials")
    assert found(awsprof)["mfab-prod-p-long-term"]["proposed"] == "mfab_prod_p"
    outcome = awsprof("import", "mfab-prod-p", "--yes")
    assert outcome.status == 0, outcome
    assert "Imported mfab-prod-p-long-term as mfab_prod_p" in outcome.stdout
    assert "source_profile = mfab_prod_p\n" in awsprof.config


@pytest.mark.parametrize("said_by", ["key", "session"])
def test_pair_of_a_role_is_refused(awsprof: CommandLine, cloud: FakeAws, home: Path, said_by: str) -> None:
    """Where aws-mfa assumes a role with the key, the profile would become the user: it is said how to do it by hand."""
    role = f"arn:aws:iam::{PROD}:role/admin"
    said = {"key": f"assume_role = {role}\n", "session": f"assumed_role = True\nassumed_role_arn = {role}\n"}
    write_config(
        home,
        f"[y-dev-p-admins-long-term]\n{cloud.key(PROD).lines}aws_mfa_device = {MFA}\n{said['key'] * (said_by == 'key')}"
        f"\n[y-dev-p-admins]\n{SESSION}{said['session'] * (said_by == 'session')}",
        "credentials",
    )
    before = everything(awsprof)
    for words in (("--yes",), ("y-dev-p-admins", "--as", "y", "dev", "p", "--yes")):
        outcome = awsprof("import", *words)
        assert everything(awsprof) == before
        assert f"its sessions are those of {role}, assumed with the key" in outcome.stderr
        assert f"'awsprof add PRODUCT ENV USER --role-arn {role} --source NAME'" in outcome.stderr


# Names and accounts.


def test_name_that_is_given_or_taken_is_asked_for_again(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """Neither another answer's name nor another profile's is accepted, typed or proposed."""
    one, two = cloud.key(DEV), cloud.key(PROD)
    write_config(home, f"[profile x_qa_p]\nsso_session = s\nsso_account_id = {DEV}\nsso_role_name = y\n")
    write_config(home, f"[autochart-dev]\n{one.lines}\n[autochart-test]\n{two.lines}", "credentials")
    outcome = awsprof("import", answers=["autochart test paul", "", "x qa p", "x_int_p"])
    assert outcome.status == 0, outcome
    assert sorted(awsprof.items) == ["autochart_test_paul", "x_int_p"]
    assert awsprof.terminal.questions[2:] == [
        "autochart_test_paul is the name you gave another one. Again (- to leave it out): ",
        "x_qa_p is another profile's name. Again (- to leave it out): ",
    ]


@pytest.mark.parametrize("as_json", [False, True])
def test_errors_name_their_profiles(awsprof: CommandLine, cloud: FakeAws, home: Path, *, as_json: bool) -> None:
    """Where several fail for one reason, each is named, and the status is that reason's."""
    write_config(
        home, f"[autochart-dev]\n{cloud.key(DEV).lines}\n[autochart-qa]\n{cloud.key(DEV).lines}", "credentials"
    )
    cloud.keys.clear()
    outcome = awsprof("import", "--yes", *(["--json"] if as_json else []))
    assert outcome.status == 7
    hint = (
        "For China and GovCloud write region into the profile. If it was deleted, take its two lines out; if it is "
        "inactive, make it active again in IAM."
    )
    if as_json:
        answer = json.loads(outcome.stdout)
        assert answer["imported"] == []
        rows = [(row["name"], row["status"], row["hint"]) for row in answer["left"]]
        assert rows == [("autochart-dev", 7, hint), ("autochart-qa", 7, hint)]
    else:
        for name in ("autochart-dev", "autochart-qa"):
            assert f"Error: {name}: The access key is not known to AWS" in outcome.stderr
        assert outcome.stderr.count(hint) == 2


def test_a_wrong_secret_is_no_reason_to_delete_the_key(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    write_config(home, f"[autochart-dev]\n{cloud.key(DEV).lines}".replace("secret0", "secret1"), "credentials")
    outcome = awsprof("import", "autochart-dev", "--yes")
    assert (outcome.status, outcome.stderr.splitlines()[-1]) == (7, "Mend its secret where it stands.")


def test_protected_keys_come_first(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """A role of dev in prod's account does not keep prod's key in plain text: the role's name is what must wait."""
    dev, prod = cloud.key(PROD), cloud.key(PROD)
    write_config(home, f"[profile shop-a-dev-r]\nrole_arn = arn:aws:iam::{PROD}:role/x\nsource_profile = s\n")
    write_config(
        home,
        f"[shop-a-dev-p]\n{dev.lines}\n[shop-a-prod-p]\n{prod.lines}aws_account_id = {PROD}\n[s]\nregion = x\n",
        "credentials",
    )
    planned = awsprof("import", "--dry-run")
    assert "shop-a-prod-p becomes shop-a_prod_p" in planned.stdout
    assert f"Warning: shop-a-dev-r: Account {PROD} is also shop-a_prod_p's" in planned.stderr
    assert "shop-a-dev-r becomes" not in planned.stdout
    outcome = awsprof("import", "--yes")
    assert outcome.status == 1
    assert held(awsprof, "shop-a_prod_p") == pair(prod)
    assert f"[shop-a-dev-p]\n{dev.lines}" in credentials_of(home)
    assert "Give it another name, or say --force" in outcome.stderr
    assert awsprof("import", "--dry-run", "--force").stdout.count(" becomes ") == 2


@pytest.mark.parametrize(
    ("process", "command"),
    [
        ("aws-vault exec acme-master --json", "aws-vault export --no-session --format=json acme-master |"),
        ("/opt/aws-vault exec -d 1h --json 'a b' -- x", "aws-vault export --no-session --format=json 'a b' |"),
        ("aws-vault --backend file exec --no-session k", "aws-vault export --no-session --format=json k |"),
        ("aws-vault exec -- x", "aws-vault export --no-session --format=json work-dev-p |"),
        ("granted credential-process --profile=k", "granted credentials export-plaintext k, then awsprof import k"),
        ("dgranted credential-process --profile k", "granted credentials export-plaintext k, then awsprof import k"),
        ("granted credential-process", "granted credentials export-plaintext work-dev-p, then"),
    ],
)
def test_command_for_what_is_out_of_reach_names_its_key(
    awsprof: CommandLine, home: Path, process: str, command: str
) -> None:
    """The other tool may keep the key under another name than the profile has."""
    write_config(home, f"[profile work-dev-p]\ncredential_process = {process}\n")
    why = str(found(awsprof)["work-dev-p"]["why"])
    assert why.startswith(command)
    assert command.startswith("granted") or "| awsprof import work-dev-p --from -" in why


def test_command_for_a_name_like_an_option(awsprof: CommandLine, home: Path) -> None:
    keys = home / ".awsvault" / "keys"
    keys.mkdir(parents=True)
    (keys / "--help").touch()
    assert found(awsprof)["--help"]["why"] == (
        "aws-vault export --no-session --format=json -- --help | "
        "awsprof import --from - --as PRODUCT ENV USER -- --help"
    )


# What the errors say.


WORDS = ("--as", "autochart", "prod", "paul")


@pytest.mark.parametrize(
    ("config", "credentials", "words", "status", "sentences"),
    [
        (
            "",
            "[old]\nOTHER",
            ("old", "--from", "-", *WORDS),
            5,
            ["[old] in PATH, line 1, has another key than the one given", "Take the lines of the old key out"],
        ),
        (
            "[profile autochart_prod_paul]\nregion = x\n",
            "",
            ("--from", "-", *WORDS),
            4,
            ["exists already", "Choose another with --as; 'awsprof add --replace' gives autochart_prod_paul new keys."],
        ),
        (
            "",
            "",
            ("--from", "-", "--no-verify", *WORDS),
            1,
            ["'awsprof add autochart prod paul --from FILE --no-verify --account-id ID'"],
        ),
        (
            "",
            "[old]\nOTHER",
            ("old", "--yes", "--no-verify", *WORDS),
            1,
            ["say the account: write aws_account_id into the profile"],
        ),
        (
            "[profile old]\naws_access_key_id = AKIAFAKE00000000KEYS\n",
            "[old]\naws_secret_access_key = s\n",
            ("old", "--yes", *WORDS),
            2,
            ["[profile old] in PATH, line 1, has an access key id and no aws_secret_access_key beside it"],
        ),
        (
            "",
            "[old]\naws_access_key_id = AKIAFAKE00000000KEYS # mine\naws_secret_access_key = s\n",
            ("old", "--yes", *WORDS),
            2,
            ["has a comment behind aws_access_key_id, which AWS's tools read as part of it"],
        ),
    ],
)
def test_errors_say_what_helps(
    awsprof: CommandLine,
    cloud: FakeAws,
    home: Path,
    config: str,
    credentials: str,
    words: tuple[str, ...],
    status: int,
    sentences: list[str],
) -> None:
    """Each error is of what a person can do about it in this very command."""
    key, other = cloud.key(PROD), cloud.key(PROD)
    paths = [
        write_config(home, config),
        write_config(home, credentials.replace("OTHER", other.lines.rstrip()), "credentials"),
    ]
    before = everything(awsprof)
    outcome = awsprof("import", *words, stdin=f"{key.id}\n{key.secret}\n" if "--from" in words else "")
    assert (outcome.status, everything(awsprof)) == (status, before), outcome
    for sentence in sentences:
        assert any(sentence.replace("PATH", str(path)) in outcome.stderr for path in paths)


def test_stdin_that_is_no_text(awsprof: CommandLine) -> None:
    outcome = awsprof("import", "--from", "-", *WORDS, stdin=b"\xff\xfe")  # type: ignore[arg-type]
    assert (outcome.status, outcome.stderr.splitlines()[0]) == (2, "Error: stdin is no text.")


def test_vault_is_asked_for_before_aws(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """With no vault to put keys into, AWS is asked of none."""
    write_config(home, f"[autochart-dev]\n{cloud.key(DEV).lines}", "credentials")
    awsprof.vault.refusal = VaultUnavailableError("There is no vault")
    outcome = awsprof("import", "--yes")
    assert (outcome.status, cloud.asked) == (6, [])
    assert "Error: There is no vault." in outcome.stderr


# The plan.


def test_plan_as_json(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """--dry-run --json says what would be done and what would be left, also for keys that are handed over."""
    key = cloud.key(PROD)
    write_config(home, f"[profile autochart_prod_paul]\nsso_session = s\nsso_account_id = {DEV}\nsso_role_name = y\n")
    write_config(home, f"[autochart-dev]\n{key.lines}", "credentials")
    before = everything(awsprof)
    answer = json.loads(awsprof("import", "--dry-run", "--json").stdout)
    assert [row["name"] for row in answer["found"]] == ["autochart_prod_paul", "autochart-dev"]
    assert (answer["plan"], answer["left"]) == (
        [{"from": "autochart-dev", "name": "autochart_dev_paul", "keys": True}],
        [],
    )
    words = ("import", "--from", "-", "--dry-run", "--json", "--as", "autochart")
    lines = f"{key.id}\n{key.secret}\n"
    answer = json.loads(awsprof(*words, "qa", "paul", stdin=lines).stdout)
    plan = [{"from": "autochart_qa_paul", "name": "autochart_qa_paul", "keys": True}]
    assert (answer["found"], answer["plan"]) == ([], plan)
    answer = json.loads(awsprof(*words, "prod", "paul", stdin=lines).stdout)
    assert (answer["plan"], [row["status"] for row in answer["left"]]) == ([], [4])
    assert everything(awsprof) == before


def test_delivery_by_file_that_goes_is_said(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    write_config(home, f"[autochart-dev]\n{cloud.key(DEV).lines}awsprof_delivery = file\n", "credentials")
    planned = awsprof("import", "--dry-run")
    assert "autochart-dev: awsprof_delivery = file goes unless AWS knows an MFA device" in planned.stderr
    outcome = awsprof("import", "--yes")
    assert outcome.status == 0, outcome
    assert "awsprof_delivery = file went: without an MFA device" in outcome.stderr


@pytest.mark.parametrize("given", [True, False])
def test_another_programs_line_goes_only_when_asked(
    awsprof: CommandLine, cloud: FakeAws, home: Path, *, given: bool
) -> None:
    """Keys that take the place of another program's process are asked for, and the line is named."""
    key = cloud.key(DEV)
    write_config(home, "[profile work]\nregion = x\ncredential_process = /usr/bin/mytool work\n")
    if not given:
        write_config(home, f"[work]\n{key.lines}", "credentials")
    words = ["import", "work", *(["--from", "-"] if given else []), "--as", "acme", "dev", "paul"]
    lines = f"{key.id}\n{key.secret}\n"
    before = everything(awsprof)
    assert awsprof(*words, stdin=lines).status == 2
    declined = awsprof(*words, stdin=lines, answers=["n"])
    assert (declined.status, everything(awsprof)) == (1, before)
    said = "Warning: work: its line 'credential_process = /usr/bin/mytool work' goes, for the keys.\n"
    assert declined.stderr == f"{said}Nothing was imported.\n"
    for more in ("--dry-run", "--yes"):
        outcome = awsprof(*words, more, stdin=lines)
        assert (outcome.status, said in outcome.stderr) == (0, True)
    assert "mytool" not in awsprof.config


# What is not moved.


def test_lines_that_name_an_imported_profile_are_said(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """No import changes another program's own settings; whoever has them hears of it, before and after."""
    write_config(
        home,
        "[profile a]\ncredential_process = aws configure export-credentials --profile base-dev-p\n\n"
        "[profile b]\ninclude_profile = base-dev-p\n\n[profile c]\nparent_profile = base-dev-p\n\n"
        "[profile d]\ncredential_process = other --profile=base-dev-p\n\n"
        "[profile e]\ncredential_process = other --profile base-dev-px\n",
    )
    write_config(home, f"[base-dev-p]\n{cloud.key(DEV).lines}", "credentials")
    rows = (("credential_process", "a"), ("include_profile", "b"), ("parent_profile", "c"), ("credential_process", "d"))
    expected = [f"Warning: The {key} of {name} names base-dev-p, which import does not change." for key, name in rows]
    for words in (("--dry-run",), ("--yes",)):
        outcome = awsprof("import", "base-dev-p", *words)
        assert outcome.status == 0, outcome
        assert [line for line in outcome.stderr.splitlines() if "which import does not" in line] == expected


def test_comments_that_go_and_keys_that_stay_in_them(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """What went with the keys' section is said, and where a key still lies in plain text."""
    one, two = cloud.key(DEV), cloud.key(DEV)
    config = write_config(home, "#aws_secret_access_key = OLDEXAMPLE\n\n[profile autochart-dev]\nregion = x\n")
    credentials = write_config(
        home, f"# mine\n[autochart-dev]\n# older\n{one.lines}\n# apart\n\n[autochart-qa]\n{two.lines}", "credentials"
    )
    outcome = awsprof("import", "autochart-dev", "--yes")
    assert f"Warning: 2 comments that stood beside keys have gone from {credentials}" in outcome.stderr
    assert f"Warning: {config}, line 1, still has a secret access key in a comment." in outcome.stderr
    assert "OLDEXAMPLE" not in outcome.stderr
    assert "gone from" not in awsprof("import", "autochart-qa", "--yes").stderr


def test_copies_of_a_moved_key_are_said(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """A section that no tool reads as the profile, and a note, may hold the very key that was moved."""
    key = cloud.key(DEV)
    config = write_config(home, f"[autochart-dev]\n{key.lines}\n# it was {key.secret}, once\n")
    write_config(home, f"[autochart-dev]\n{key.lines}", "credentials")
    said = awsprof("import", "autochart-dev", "--yes").stderr
    for line in (3, 5):
        assert f"Warning: {config}, line {line}, still has the secret access key of autochart_dev_paul." in said
    assert said.count("still has") == 2


def test_comments_of_a_pairs_other_section_are_said(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    sections = "[profile x-dev-p]\nregion = x\n\n[profile x-dev-p-long-term]\n# why\noutput = json\n"
    config = write_config(home, sections)
    write_config(home, f"[x-dev-p-long-term]\n{cloud.key(DEV).lines}", "credentials")
    said = awsprof("import", "x-dev-p", "--yes").stderr
    assert f"Warning: 1 comment that stood beside keys has gone from {config};" in said


def test_source_with_a_comment_behind_is_said(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """Go and JS read the name before the comment, which is nobody's by now."""
    write_config(home, "[profile ops]\nrole_arn = x\nsource_profile = work-dev-p # base\n")
    write_config(home, f"[work-dev-p]\n{cloud.key(DEV).lines}", "credentials")
    said = awsprof("import", "work-dev-p", "--yes").stderr
    assert "Warning: The source_profile of ops names work-dev-p, which import does not change." in said


def test_one_file_under_two_names_is_refused(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    config = write_config(home, f"[profile autochart-dev]\n{cloud.key(DEV).lines}")
    (config.parent / "credentials").symlink_to(config)
    before = everything(awsprof)
    outcome = awsprof("import", "--yes")
    assert (outcome.status, everything(awsprof)) == (5, before)
    assert "are one file, and its sections would be read twice" in outcome.stderr
