"""``serverless show`` and ``serverless write``: what they print, ask, refuse and change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.command_line import CommandLine, Outcome
from tests.test_cli.conftest import everything
from tests.test_serverless.team import STYLES, TEAM_FILE, WANTED

if TYPE_CHECKING:
    from pathlib import Path

SERVICE = """\
service: invoices   # mine
provider:
  name: aws
functions: {}
"""
MAP = """\
provider:
  profile: ${self:custom.profiles.${sls:stage}}
custom:
  profiles:
    dev: autochart_dev_${env:AWSPROF_USER, 'set-AWSPROF_USER'}
    staging: autochart_dev_${env:AWSPROF_USER, 'set-AWSPROF_USER'}
    prod: autochart_prod_${env:AWSPROF_USER, 'set-AWSPROF_USER'}
  accounts:
    dev-111111111111: ok
    staging-111111111111: ok
    prod-222222222222: ok
  accountGuard: ${self:custom.accounts.${sls:stage}-${aws:accountId}}
"""
GUARD = "".join(MAP.partition("  accounts:\n")[1:])
PARAMS = f"""\
provider:
  profile: ${{param:profile}}
params:
  dev:
    profile: autochart_dev_${{env:AWSPROF_USER, 'set-AWSPROF_USER'}}
  staging:
    profile: autochart_dev_${{env:AWSPROF_USER, 'set-AWSPROF_USER'}}
  prod:
    profile: autochart_prod_${{env:AWSPROF_USER, 'set-AWSPROF_USER'}}
custom:
{GUARD}"""
WRITTEN = SERVICE.replace("  name: aws\n", "  name: aws\n  profile: ${self:custom.profiles.${sls:stage}}\n") + (
    "\n" + MAP.partition("sls:stage}}\n")[2]
)
DIFF = "--- serverless.yml\n+++ serverless.yml\n@@ -1,4 +1,16 @@\n" + "".join(
    (" " if line and line in SERVICE.splitlines() else "+") + f"{line}\n" for line in WRITTEN.splitlines()
)
SAID = "serverless.yml: style map written; 'awsprof undo' takes it back.\n"


@pytest.fixture
def team(home: Path) -> Path:
    path = home / ".awsprof.toml"
    path.write_text(TEAM_FILE)
    return path


@pytest.fixture
def service(home: Path, team: Path) -> Path:
    """A serverless.yml beside a team file, in the working directory."""
    return write(home / "serverless.yml", SERVICE)


def write(path: Path, text: str) -> Path:
    """Write a file as old as one that nobody is in the middle of writing."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode())
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


# show.


@pytest.mark.parametrize(
    ("style", "snippet"), [("map", MAP), ("params", PARAMS), ("env", f"custom:\n{GUARD}")], ids=STYLES
)
def test_show(awsprof: CommandLine, team: Path, style: str, snippet: str) -> None:
    """Nothing but the snippet stands on stdout; with the style env, stderr says where the profile comes from then."""
    said = (
        "No profile stands in the file: 'awsprof exec dev -- serverless deploy --stage dev' gives it, "
        "or 'awsprof use dev' before.\n"
    )
    assert awsprof("serverless", "show", "--style", style) == Outcome(0, snippet, said if style == "env" else "")
    assert awsprof("serverless", "show", "--style", style, "--quiet") == Outcome(0, snippet, "")


def test_show_one_stage(awsprof: CommandLine, team: Path) -> None:
    """A stage alone has its own profile and account alone; one that the team file does not have is a usage error."""
    assert awsprof("serverless", "show", "--stage", "staging") == Outcome(
        0,
        "provider:\n"
        "  profile: ${self:custom.profiles.${sls:stage}}\n"
        "custom:\n"
        "  profiles:\n"
        "    staging: autochart_dev_${env:AWSPROF_USER, 'set-AWSPROF_USER'}\n"
        "  accounts:\n"
        "    staging-111111111111: ok\n"
        "  accountGuard: ${self:custom.accounts.${sls:stage}-${aws:accountId}}\n",
        "",
    )
    assert awsprof("serverless", "show", "--stage", "prd") == Outcome(
        2, "", f"Error: {team} has no stage 'prd'.\nIt has dev, staging, prod.\n"
    )


@pytest.mark.parametrize("style", STYLES)
def test_show_json(awsprof: CommandLine, team: Path, style: str) -> None:
    """The snippet as an object, with the team file that it was made from."""
    outcome = awsprof("serverless", "show", "--style", style, "--json")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout) == {"version": 1, "style": style, "file": str(team), "snippet": WANTED[style]}


def test_no_team_file(awsprof: CommandLine, home: Path) -> None:
    """Without a team file there is nothing to make it from: exit 1, and the command that writes one."""
    write(home / "serverless.yml", SERVICE)
    refusal = Outcome(
        1,
        "",
        f"Error: There is no .awsprof.toml in {home} or above.\n"
        "'awsprof product init' writes one from the profiles you have.\n",
    )
    assert awsprof("serverless", "show") == refusal
    assert awsprof("serverless", "write", "--yes") == refusal


def test_no_account(awsprof: CommandLine, service: Path, team: Path) -> None:
    """An env whose account is not told has no guard, so nothing is made of it."""
    team.write_text(TEAM_FILE.replace('account_id = "222222222222"\n', ""))
    for command in ("show", "write"):
        outcome = awsprof("serverless", command)
        assert (outcome.status, outcome.stdout) == (1, "")
        assert f"{team} does not tell the account of the env prod" in outcome.stderr
    assert service.read_text() == SERVICE


# write.


def test_write(awsprof: CommandLine, service: Path) -> None:
    """Shows the diff, asks, writes, and notes it, so that undo takes it back."""
    outcome = awsprof("serverless", "write", answers=["y"])
    assert outcome == Outcome(0, DIFF + SAID, "")
    assert awsprof.terminal.questions == ["Change serverless.yml?"]
    assert service.read_text() == WRITTEN
    entry = json.loads(awsprof("undo", "--json").stdout)["entries"][0]
    assert (entry["command"], entry["summary"]) == ("serverless", "serverless.yml: style map")
    assert entry["files"] == [str(service)]
    undone = awsprof("undo", "--yes")
    assert undone == Outcome(0, "Undone: serverless.yml: style map.\n", "")
    assert service.read_text() == SERVICE


def test_yes_does_not_ask(awsprof: CommandLine, service: Path) -> None:
    """--yes answers, and the diff is shown all the same."""
    assert awsprof("serverless", "write", "--yes") == Outcome(0, DIFF + SAID, "")


def test_no_is_no(awsprof: CommandLine, service: Path) -> None:
    """Without a yes nothing is written and nothing noted: exit 1 after a no, 2 where nobody can be asked."""
    before = everything(awsprof)
    assert awsprof("serverless", "write", answers=["n"]) == Outcome(1, DIFF, "Nothing was written.\n")
    outcome = awsprof("serverless", "write")
    assert (outcome.status, outcome.stdout) == (2, DIFF)
    assert outcome.stderr.endswith("Give it with --yes.\n")
    assert everything(awsprof) == before


def test_dry_run(awsprof: CommandLine, service: Path) -> None:
    """Only the diff, and not a byte changes."""
    before = everything(awsprof)
    assert awsprof("serverless", "write", "--dry-run") == Outcome(0, DIFF, "")
    assert everything(awsprof) == before


def test_nothing_to_change(awsprof: CommandLine, service: Path) -> None:
    """A second write says so, and leaves no entry to undo."""
    awsprof("serverless", "write", "--yes")
    before = everything(awsprof)
    for options in ((), ("--yes",), ("--dry-run",), ("--force",)):
        outcome = awsprof("serverless", "write", *options)
        assert outcome == Outcome(0, "serverless.yml: nothing to change.\n", "")
    assert everything(awsprof) == before


def test_env_says_who_gives_the_profile(awsprof: CommandLine, service: Path) -> None:
    """With the style env no profile is written, and stderr says where it comes from."""
    outcome = awsprof("serverless", "write", "--style", "env", "--yes")
    assert outcome.status == 0
    assert outcome.stderr == (
        "No profile stands in the file: 'awsprof exec ENV -- serverless deploy --stage STAGE' gives it, "
        "or 'awsprof use ENV' before.\n"
    )
    assert service.read_text() == f"{SERVICE}\ncustom:\n{GUARD}"


def test_another_writer_meanwhile(awsprof: CommandLine, service: Path) -> None:
    """What somebody else wrote while the question stood there is in the file afterwards, too."""

    def edit() -> str:
        write(service, f"{SERVICE}plugins:\n  - new\n")
        return "y"

    outcome = awsprof("serverless", "write", answers=[edit])  # type: ignore[list-item]
    assert (outcome.status, outcome.stderr) == (0, "")
    assert service.read_text() == WRITTEN.replace("functions: {}\n", "functions: {}\nplugins:\n  - new\n")
    assert awsprof("undo", "--yes").status == 0
    assert service.read_text() == f"{SERVICE}plugins:\n  - new\n"


def test_another_writer_disagrees_meanwhile(awsprof: CommandLine, service: Path) -> None:
    """What somebody else wrote while the question stood there is not overwritten unseen."""
    other = SERVICE.replace("aws\n", "aws\n  profile: other\n")

    def edit() -> str:
        write(service, other)
        return "y"

    outcome = awsprof("serverless", "write", answers=[edit])  # type: ignore[list-item]
    assert outcome.status == 1
    assert "line 4: provider.profile\n  there:  other\n" in outcome.stdout
    assert service.read_text() == other
    assert json.loads(awsprof("undo", "--json").stdout)["entries"] == []


# Which file.


def test_file_is_found_as_serverless_finds_it(awsprof: CommandLine, home: Path, team: Path) -> None:
    """serverless.yml before serverless.yaml before the others; none is a usage error."""
    assert awsprof("serverless", "write", "--yes") == Outcome(
        2, "", f"Error: There is no serverless.yml in {home}.\nName the file, or go where it is.\n"
    )
    script = write(home / "serverless.ts", "export default {};\n")
    assert "profile: " in awsprof("serverless", "write", "--yes").stdout
    yaml = write(home / "serverless.yaml", SERVICE)
    assert awsprof("serverless", "write", "--yes").status == 0
    assert yaml.read_text() == WRITTEN
    assert awsprof("serverless", "write").stdout == "serverless.yaml: nothing to change.\n"
    write(home / "serverless.yml", SERVICE)
    assert awsprof("serverless", "write", "--dry-run").stdout == DIFF
    assert script.read_text() == "export default {};\n"


def test_named_file_and_its_team(awsprof: CommandLine, home: Path) -> None:
    """The team file is looked for from the named file upwards, not from where one happens to be."""
    path = write(home / "api" / "serverless.yml", SERVICE)
    (home / "api" / ".awsprof.toml").write_text(TEAM_FILE)
    outcome = awsprof("serverless", "write", "api/serverless.yml", "--yes")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert path.read_text() == WRITTEN


@pytest.mark.parametrize(
    ("name", "stderr"),
    [
        ("gone.yml", "Error: There is no file gone.yml.\nName the service's file, as in serverless.yml.\n"),
        (
            "notes.txt",
            "Error: notes.txt is no service's file.\nIt ends in .yml, .yaml, .json, .ts, .js, .mjs, .cjs.\n",
        ),
        (
            "link.yml",
            "Error: link.yml is no service's file.\nIt ends in .yml, .yaml, .json, .ts, .js, .mjs, .cjs.\n",
        ),
    ],
)
def test_no_such_file(awsprof: CommandLine, home: Path, team: Path, name: str, stderr: str) -> None:
    """A file that is not there, or is none of Serverless's, is a usage error, also behind a link."""
    write(home / "notes.txt", SERVICE)
    (home / "link.yml").symlink_to("notes.txt")
    assert awsprof("serverless", "write", name, "--yes") == Outcome(2, "", stderr)


def test_directory(awsprof: CommandLine, home: Path, team: Path) -> None:
    """A directory of that name cannot be read, and the error says so."""
    (home / "serverless.yml").mkdir()
    outcome = awsprof("serverless", "write", "serverless.yml", "--yes")
    assert outcome == Outcome(5, "", "Error: serverless.yml cannot be read: Is a directory.\n")


def test_link_and_mode(awsprof: CommandLine, home: Path, team: Path) -> None:
    """A link stays a link, and the file behind it keeps its mode."""
    target = write(home / "real" / "base.yml", SERVICE)
    target.chmod(0o664)
    link = home / "serverless.yml"
    link.symlink_to(target)
    assert awsprof("serverless", "write", "--yes") == Outcome(0, DIFF + SAID, "")
    assert link.is_symlink()
    assert (target.read_text(), target.stat().st_mode & 0o777) == (WRITTEN, 0o664)
    assert awsprof("undo", "--yes").status == 0
    assert (target.read_text(), target.stat().st_mode & 0o777) == (SERVICE, 0o664)


def test_read_only(awsprof: CommandLine, service: Path) -> None:
    """A file that may not be changed is not, and nothing is noted."""
    service.chmod(0o444)
    outcome = awsprof("serverless", "write", "--yes")
    assert outcome == Outcome(
        5,
        DIFF,
        f"Error: {service} is read-only; nothing was written.\nIf it may be changed: chmod u+w {service}\n",
    )
    assert service.read_text() == SERVICE
    assert json.loads(awsprof("undo", "--json").stdout)["entries"] == []


def test_json_file(awsprof: CommandLine, home: Path, team: Path) -> None:
    """JSON is printed to paste and not edited; stderr says why."""
    path = write(home / "serverless.json", '{"service": "invoices"}\n')
    for options in (("serverless.json",), ()):
        outcome = awsprof("serverless", "write", *options)
        assert (outcome.status, json.loads(outcome.stdout)) == (0, WANTED["map"])
        assert outcome.stderr == "serverless.json is JSON, and awsprof edits YAML only, so nothing was written.\n"
    assert path.read_text() == '{"service": "invoices"}\n'


@pytest.mark.parametrize("ending", ["ts", "js", "mjs", "cjs"])
def test_program(awsprof: CommandLine, home: Path, team: Path, ending: str) -> None:
    """For a program the properties of an object are printed to paste; stderr says why it is not edited."""
    name = f"serverless.{ending}"
    write(home / name, "module.exports = {};\n")
    assert awsprof("serverless", "write", "--style", "env") == Outcome(
        0,
        "custom: {\n"
        "  accounts: {\n"
        '    "dev-111111111111": "ok",\n'
        '    "staging-111111111111": "ok",\n'
        '    "prod-222222222222": "ok",\n'
        "  },\n"
        '  accountGuard: "${self:custom.accounts.${sls:stage}-${aws:accountId}}",\n'
        "},\n",
        f"{name} is a program, whose text awsprof does not edit, so nothing was written.\n",
    )


# What is refused.


def test_disagreements(awsprof: CommandLine, service: Path) -> None:
    """All places where the file says otherwise are shown, there and wanted; nothing is written."""
    before = (
        "service: invoices\n"
        "provider:\n"
        "  name: aws\n"
        "  profile: legacy # Peter's\n"
        "custom:\n"
        "  profiles: {prod: company-prod}\n"
        "  accounts:\n"
        "    - 111111111111\n"
        "    - 222222222222\n"
    )
    write(service, before)
    expected = Outcome(
        1,
        "serverless.yml, line 4: provider.profile\n"
        "  there:  legacy\n"
        "  wanted: ${self:custom.profiles.${sls:stage}}\n"
        "serverless.yml, line 6: custom.profiles.prod\n"
        "  there:  company-prod\n"
        "  wanted: autochart_prod_${env:AWSPROF_USER, 'set-AWSPROF_USER'}\n"
        "serverless.yml, line 8: custom.accounts\n"
        "  there:  - 111111111111 …\n"
        "  wanted: a map of dev-111111111111, staging-111111111111, prod-222222222222\n",
        "Error: serverless.yml says otherwise in 3 places; nothing was written.\n"
        "--force puts what is wanted there instead; 'awsprof undo' would take that back.\n",
    )
    for options in (("--yes",), ("--dry-run",), ()):
        assert awsprof("serverless", "write", *options) == expected
    assert service.read_text() == before
    assert awsprof("serverless", "write", "--yes", "--force").status == 0
    assert service.read_text() == (
        "service: invoices\n"
        "provider:\n"
        "  name: aws\n"
        "  profile: ${self:custom.profiles.${sls:stage}} # Peter's\n"
        "custom:\n"
        "  profiles: {prod: \"autochart_prod_${env:AWSPROF_USER, 'set-AWSPROF_USER'}\", "
        "dev: \"autochart_dev_${env:AWSPROF_USER, 'set-AWSPROF_USER'}\", "
        "staging: \"autochart_dev_${env:AWSPROF_USER, 'set-AWSPROF_USER'}\"}\n"
        "  accounts:\n"
        "    dev-111111111111: ok\n"
        "    staging-111111111111: ok\n"
        "    prod-222222222222: ok\n"
        "  accountGuard: ${self:custom.accounts.${sls:stage}-${aws:accountId}}\n"
    )
    assert awsprof("undo", "--yes").status == 0
    assert service.read_text() == before


def test_env_wants_no_profile(awsprof: CommandLine, service: Path) -> None:
    """For the style env a profile that stands there is a disagreement; forced, its line goes and no other."""
    awsprof("serverless", "write", "--yes")
    outcome = awsprof("serverless", "write", "--style", "env")
    assert (outcome.status, outcome.stdout) == (
        1,
        "serverless.yml, line 4: provider.profile\n  there:  ${self:custom.profiles.${sls:stage}}\n  wanted: none\n",
    )
    assert awsprof("serverless", "write", "--style", "env", "--yes", "--force").status == 0
    assert service.read_text() == WRITTEN.replace("  profile: ${self:custom.profiles.${sls:stage}}\n", "")


def test_switching_styles_leaves_the_other(awsprof: CommandLine, service: Path) -> None:
    """From map to params the profile is changed under force, and the map of before is left alone."""
    awsprof("serverless", "write", "--yes")
    assert awsprof("serverless", "write", "--style", "params").status == 1
    assert awsprof("serverless", "write", "--style", "params", "--yes", "--force").status == 0
    changed = WRITTEN.replace("${self:custom.profiles.${sls:stage}}", "${param:profile}")
    params = PARAMS.partition("params:\n")[2].partition("custom:\n")[0]
    assert service.read_text() == f"{changed}\nparams:\n{params}"


def test_what_comes_from_elsewhere(awsprof: CommandLine, service: Path) -> None:
    """Where a section is a variable, stdout has what to paste, and the error where to."""
    write(service, "service: x\nprovider: {name: aws}\ncustom: ${file(./config/custom.yml)}\n")
    for options in (("--yes",), ("--force",), ("--dry-run",)):
        assert awsprof("serverless", "write", "--style", "env", *options) == Outcome(
            1,
            GUARD.replace("\n  ", "\n").removeprefix("  "),
            "Error: serverless.yml, line 3: custom is '${file(./config/custom.yml)}', so nothing can be put into it "
            "from here; nothing was written.\n"
            "Put this into ./config/custom.yml.\n",
        )


def test_unparsable(awsprof: CommandLine, service: Path) -> None:
    """YAML that cannot be parsed is left alone, with path and line."""
    write(service, "service: x\nprovider:\n  name: aws\n  name: aws\n")
    before = everything(awsprof)
    assert awsprof("serverless", "write", "--yes") == Outcome(
        5,
        "",
        "Error: serverless.yml, line 4: the key 'name' stands twice.\n"
        "Serverless refuses the whole file because of it: mend that line, then run the command again.\n",
    )
    assert everything(awsprof) == before


def test_help_needs_no_yaml() -> None:
    """Neither the root's help nor this group's reads ruamel.yaml in."""
    code = (
        "import sys\n"
        "from awsprof.cli.main import main\n"
        "for words in (['--help'], ['serverless', '--help'], ['serverless', 'write', '--help']):\n"
        "    main.main(words, standalone_mode=False)\n"
        "sys.exit([name for name in sys.modules if name.startswith('ruamel')] or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
