"""'awsprof exec' of Serverless: not for a stage of another env, and so that version 3 finds what it looks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from awsprof.serverless.framework import Invocation, invocation
from tests.command_line import Outcome
from tests.test_cli.test_serverless_check import TEAM, service

if TYPE_CHECKING:
    from tests.localaws import LocalAWS
    from tests.test_cli.conftest import Identity, WatchedCommandLine


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("serverless deploy --stage prod", Invocation("prod", None, None)),
        ("sls deploy -s prod --aws-profile x", Invocation("prod", "x", None)),
        ("osls info --stage=qa --config other.yml", Invocation("qa", None, "other.yml")),
        ("npx serverless@3 deploy --stage prod", Invocation("prod", None, None)),
        ("npx --yes -p osls osls deploy", Invocation(None, None, None)),
        ("pnpm exec sls deploy --stage prod", Invocation("prod", None, None)),
        ("yarn serverless deploy", Invocation(None, None, None)),
        ("npm exec -- osls deploy --stage prod", Invocation("prod", None, None)),
        ("./node_modules/.bin/serverless print", Invocation(None, None, None)),
        ("node node_modules/serverless/bin/serverless.js print -c=a.yml", Invocation(None, None, "a.yml")),
        (r"C:\\npm\\serverless.cmd deploy --stage dev", Invocation("dev", None, None)),
        ("serverless deploy --stage", Invocation(None, None, None)),
        ("npm run deploy -- --stage prod", None),
        ("aws s3 ls serverless", None),
        ("echo serverless --stage prod", None),
        ("npm install serverless", None),
        ("npm run serverless", Invocation(None, None, None)),
        ("env A=b serverless deploy -s prod", Invocation("prod", None, None)),
        ("node --inspect x/serverless.js deploy --stage prod", Invocation("prod", None, None)),
        ("yarn --cwd api sls deploy --stage prod", Invocation("prod", None, None)),
        ("pnpm --filter api exec sls deploy --stage prod", Invocation("prod", None, None)),
        ("node", None),
        ("npx", None),
    ],
)
def test_reads_a_command_line(line: str, expected: Invocation | None) -> None:
    """The framework is known by its name, itself or behind a runner, and its options in both forms."""
    assert invocation(line.split()) == expected


@pytest.fixture
def product(home: Path, logged_in: Identity) -> Path:
    """A service of autochart, with a session for dev."""
    (home / ".awsprof.toml").write_text(TEAM)
    (home / "serverless.yml").write_text(service())
    return home


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize("words", [("--stage", "staging"), ("--stage=dev",), ()])
def test_starts_a_stage_of_the_env(awsprof: WatchedCommandLine, words: tuple[str, ...]) -> None:
    """Every stage of the selector's env is started, and the one that holds when none is named."""
    assert awsprof("exec", "dev", "--", "serverless", "deploy", *words) == Outcome(0, "", "")
    ((command, environ),) = awsprof.became
    assert command == ["serverless", "deploy", *words]
    assert environ["AWSPROF_USER"] == "paul"


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--stage", "prod"), "Stage prod lives in prod, and autochart_dev_paul is of dev; nothing was started."),
        (("--stage", "qa"), "{home}/.awsprof.toml knows no stage 'qa'; nothing was started."),
        (("--aws-profile", "x"), "--aws-profile x would go before autochart_dev_paul; nothing was started."),
    ],
)
def test_stops(awsprof: WatchedCommandLine, aws: LocalAWS, words: tuple[str, ...], message: str) -> None:
    """A stage of another env, one that nobody knows, and a profile of the command's own: exit 1, before any call."""
    before = len(aws.calls)
    outcome = awsprof("exec", "dev", "--", "npx", "sls", "deploy", *words)
    assert (outcome.status, outcome.stdout, awsprof.became) == (1, "", [])
    assert outcome.stderr.splitlines()[0] == f"Error: {message.format(home=awsprof.home)}"
    assert len(aws.calls) == before


@pytest.mark.usefixtures("product")
def test_the_files_own_stage_counts(awsprof: WatchedCommandLine, home: Path) -> None:
    """With no --stage it is the stage in the file that would be deployed."""
    (home / "serverless.yml").write_text(service(stage="${opt:stage, 'prod'}"))
    assert awsprof("exec", "dev", "--", "sls", "deploy").status == 1
    assert awsprof("exec", "dev", "--", "sls", "deploy", "--stage", "dev").status == 0


@pytest.mark.usefixtures("product")
def test_a_service_of_another_product(awsprof: WatchedCommandLine, home: Path) -> None:
    """A profile of autochart deploys nothing of another product."""
    (home / ".awsprof.toml").write_text('product = "billing"\n')
    outcome = awsprof("exec", "autochart_dev_paul", "--", "sls", "deploy")
    assert outcome.status == 1
    assert "is of the product billing, and autochart_dev_paul is not" in outcome.stderr


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize("line", ["AWS_PROFILE=autochart_prod_paul", "AWS_DEV_PROFILE=x", "export AWS_PROFILE='x'"])
def test_a_dotenv_file_puts_nothing_before_the_credentials(awsprof: WatchedCommandLine, home: Path, line: str) -> None:
    """What exec has taken out of the environment, a .env file would bring back: refused, and the variable is named."""
    (home / "serverless.yml").write_text(service(more="useDotenv: true\n"))
    (home / ".env.dev").write_text(f"A=b\n{line}\n")
    outcome = awsprof("exec", "dev", "--", "sls", "deploy", "--stage", "dev")
    assert (outcome.status, awsprof.became) == (1, [])
    assert "The service's .env file sets AWS_" in outcome.stderr
    (home / "serverless.yml").write_text(service())
    assert awsprof("exec", "dev", "--", "sls", "deploy", "--stage", "dev").status == 0


@pytest.mark.usefixtures("product")
def test_a_stage_that_cannot_be_told(awsprof: WatchedCommandLine, home: Path, prod: Identity) -> None:
    """Of a service that only the framework can read: a warning, and in a protected env the stage must be named."""
    (home / "serverless.yml").unlink()
    (home / "serverless.ts").write_text("export default {}\n")
    outcome = awsprof("exec", "dev", "--", "sls", "deploy")
    assert (outcome.status, outcome.stderr) == (
        0,
        "Warning: Which stage it is cannot be told, so it is not held against the team file: name --stage.\n",
    )
    assert awsprof("exec", "dev", "--", "sls", "deploy", "--stage", "dev").stderr == ""
    outcome = awsprof("exec", "prod", "--", "sls", "deploy")
    assert (outcome.status, outcome.stderr) == (
        1,
        "Error: Which stage it is cannot be told, and prod is protected; nothing was started.\n"
        "Name the stage with --stage.\n",
    )


def test_without_a_team_file(awsprof: WatchedCommandLine, logged_in: Identity) -> None:
    """Where nothing says which stage is whose, the command is started as any other."""
    assert awsprof("exec", logged_in.profile, "--", "sls", "deploy", "--stage", "prod").status == 0


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize(("version", "expected"), [("3.40.0", True), ("4.3.1", False), (None, False)])
def test_version_3_is_shown_the_profile(
    awsprof: WatchedCommandLine, product: Path, version: str | None, expected: bool
) -> None:
    """A credentials file without keys, private, where the framework is version 3; nothing of the user's changes."""
    if version is not None:
        package = product / "node_modules" / "osls" / "package.json"
        package.parent.mkdir(parents=True)
        package.write_text(f'{{"name": "osls", "version": "{version}"}}')
    assert awsprof("exec", "dev", "--", "sls", "deploy").status == 0
    ((_, environ),) = awsprof.became
    assert ("AWS_SHARED_CREDENTIALS_FILE" in environ) is expected
    if expected:
        path = Path(environ["AWS_SHARED_CREDENTIALS_FILE"])
        assert path.read_text() == "[autochart_dev_paul]\naws_session_token = in-the-environment\n"
        assert path.stat().st_mode & 0o777 == 0o600
    assert not (product / ".aws" / "credentials").exists()
