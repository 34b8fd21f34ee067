"""'awsprof serverless check': what each stage would be deployed with, told beforehand."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.command_line import Outcome
from tests.test_cli.conftest import DEV, OTHER, PROD, add_unverified, write_config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.localaws import LocalAWS
    from tests.test_cli.conftest import Identity, WatchedCommandLine

TEAM = f"""\
product = "autochart"

[envs.dev]
account_id = "{DEV}"
stages = ["dev", "staging"]

[envs.prod]
account_id = "{PROD}"
"""
USER = "${env:AWSPROF_USER, 'set-AWSPROF_USER'}"
MAP = "${self:custom.profiles.${sls:stage}}"
GUARD = f"""\
  accounts:
    dev-{DEV}: ok
    staging-{DEV}: ok
    prod-{PROD}: ok
  accountGuard: ${{self:custom.accounts.${{sls:stage}}-${{aws:accountId}}}}
"""
PROFILES = f"""\
  profiles:
    dev: autochart_dev_{USER}
    staging: autochart_dev_{USER}
    prod: autochart_prod_{USER}
"""


def service(profile: str | None = MAP, custom: str = PROFILES + GUARD, *, stage: str = "", more: str = "") -> str:
    lines = ["service: orders", "provider:", "  name: aws"]
    lines += [f"  stage: {stage}"] if stage else []
    lines += [f"  profile: {profile}"] if profile is not None else []
    return "\n".join(lines) + (f"\ncustom:\n{custom}" if custom else "\n") + more


@pytest.fixture
def product(home: Path, dev: Identity, prod: Identity, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service of autochart with its team file, whose two profiles are on this machine, and paul as the user."""
    (home / ".awsprof.toml").write_text(TEAM)
    monkeypatch.setenv("AWSPROF_USER", "paul")
    return home


def check(awsprof: WatchedCommandLine, text: str, *options: str) -> list[tuple[str, str, int | None]]:
    """Code, severity and line of each finding."""
    (awsprof.home / "serverless.yml").write_text(text)
    outcome = awsprof("serverless", "check", "--json", *options)
    findings = json.loads(outcome.stdout)["findings"]
    assert outcome.status == int(any(finding["severity"] == "error" for finding in findings))
    return [(finding["code"], finding["severity"], finding["line"]) for finding in findings]


@pytest.mark.usefixtures("product")
def test_nothing_wrong(awsprof: WatchedCommandLine) -> None:
    """A file as 'serverless write' makes it is clean, for all stages and for one."""
    (awsprof.home / "serverless.yml").write_text(service())
    assert awsprof("serverless", "check") == Outcome(
        0, "serverless.yml: every stage uses its own account's profile.\n", ""
    )
    assert awsprof("serverless", "check", "serverless.yml", "--stage", "prod") == Outcome(
        0, "serverless.yml: stage prod uses its own account's profile.\n", ""
    )


@pytest.mark.usefixtures("product")
def test_says_where_what_and_how(awsprof: WatchedCommandLine) -> None:
    """A finding is one line: place, severity, code, what comes of it, and what mends it."""
    (awsprof.home / "serverless.yml").write_text(service(custom=PROFILES.replace("autochart_prod", "autochart_dev")))
    outcome = awsprof("serverless", "check")
    assert outcome.status == 1
    assert outcome.stdout.splitlines() == [
        "serverless.yml:5: warning: no-account-guard: nothing in the file stops a deploy with another account's "
        "credentials [awsprof serverless write]",
        "serverless.yml:9: error: other-env: stage prod uses autochart_dev_paul, a profile of dev, and the team file "
        "has the stage in prod [awsprof serverless write --force]",
    ]


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(service(MAP.replace("sls:stage", "self:provider.stage"), stage="dev"),
                     [("literal-stage", "error", 5)], id="literal stage"),
        pytest.param(service(None, GUARD), [], id="left to the environment, guarded"),
        pytest.param(service(None, ""), [("no-account-guard", "warning", 1), ("default-profile", "error", 2)],
                     id="no profile and no guard"),
        pytest.param(service("''"), [("default-profile", "error", 4)] * 3, id="empty"),
        pytest.param(service("${env:NONE, null}", GUARD), [("default-profile", "error", 4)] * 3, id="null fallback"),
        pytest.param(service("default", GUARD), [("default-profile", "error", 4)] * 3, id="default"),
        pytest.param(service(custom=PROFILES.replace("    prod", "    production") + GUARD),
                     [("unmapped-stage", "error", 4), ("unknown-stage", "warning", 9)], id="unmapped"),
        pytest.param(service("${ssm:/profile}", GUARD), [("cannot-tell", "warning", 4)] * 3, id="cannot tell"),
        pytest.param(service(custom=PROFILES.replace(USER, "paul") + GUARD),
                     [("user-in-file", "warning", 7), ("user-in-file", "warning", 8), ("user-in-file", "warning", 9)],
                     id="literal user"),
        pytest.param(service("billing_prod_paul", GUARD),
                     [("other-product", "error", 4), ("unknown-profile", "error", 4)], id="other product"),
        pytest.param(service("legacy", GUARD), [("outside-convention", "error", 4), ("unknown-profile", "error", 4)],
                     id="outside the convention"),
        pytest.param(service(custom=PROFILES + GUARD.replace(f"prod-{PROD}", f"prod-{OTHER}")),
                     [("guard-disagrees", "error", 13)], id="guard of another account"),
        pytest.param(service("${param:profile}", GUARD, more=f"params:\n  dev: {{profile: \"autochart_dev_{USER}\"}}\n"
                     f"  staging: {{profile: \"autochart_dev_{USER}\"}}\n  default: {{profile: autochart_dev_paul}}\n"),
                     [("other-env", "error", 4)], id="params of default"),
        pytest.param("service: [\n", [("unparsable", "error", 2)], id="no YAML"),
    ],
)  # fmt: skip
def test_files(awsprof: WatchedCommandLine, text: str, expected: list[tuple[str, str, int]]) -> None:
    """Each trap that a file can hold, with its line."""
    found = check(awsprof, text)
    # The same sentence at the same line is said once for all stages, and once for each where it names the stage.
    assert list(dict.fromkeys(found)) == list(dict.fromkeys(expected))


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"AWS_PROFILE": "autochart_prod_paul"}, None),
        ({"AWS_PROFILE": "autochart_dev_paul"}, "error"),
        ({"AWS_PROD_PROFILE": "autochart_dev_paul"}, "error"),
        ({"AWS_DEV_PROFILE": "autochart_dev_paul"}, None),
        ({"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}, "warning"),
        ({"AWS_PROD_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_PROD_SECRET_ACCESS_KEY": "x"}, "warning"),
        ({"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"}, None),
        ({"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x", "AWSPROF_PRODUCT": "autochart",
          "AWSPROF_ENV": "prod"}, None),
        ({"AWS_PROD_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_PROD_SECRET_ACCESS_KEY": "x", "AWSPROF_PRODUCT": "autochart",
          "AWSPROF_ENV": "prod"}, "warning"),
        ({"AWS_DEFAULT_PROFILE": "autochart_dev_paul"}, None),
    ],
)  # fmt: skip
def test_what_the_environment_puts_in_its_place(
    awsprof: WatchedCommandLine, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], expected: str | None
) -> None:
    """Before a deploy of a stage, whatever would be used in the place of its profile is said."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    found = check(awsprof, service(), "--stage", "prod")
    assert found == ([] if expected is None else [("environment-override", expected, None)])


@pytest.mark.usefixtures("product")
def test_a_shell_of_another_env_fails_no_commit(awsprof: WatchedCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no stage named it is the file that is judged, and what the environment does now is a warning."""
    monkeypatch.setenv("AWS_PROFILE", "autochart_dev_paul")
    assert check(awsprof, service()) == [("environment-override", "warning", None)]


@pytest.mark.usefixtures("product")
def test_no_user(awsprof: WatchedCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forgotten AWSPROF_USER is an error, and none where keys in the environment are used anyway."""
    monkeypatch.delenv("AWSPROF_USER")
    assert check(awsprof, service(), "--stage", "prod") == [("no-user", "error", 4)]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    assert check(awsprof, service(), "--stage", "prod") == [
        ("no-user", "info", 4),
        ("environment-override", "warning", None),
    ]
    three = f'{service()}frameworkVersion: "3"\n'
    assert check(awsprof, three, "--stage", "prod")[0] == ("no-user", "error", 4)


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize(
    ("place", "text", "expected"),
    [
        ("package.json", '{"devDependencies": {"serverless": "^3.40.0"}}', True),
        ("package.json", '{"devDependencies": {"osls": "~4.3"}}', False),
        ("package.json", "no JSON", False),
        ("node_modules/osls/package.json", '{"name": "osls", "version": "3.77.1"}', True),
        ("node_modules/serverless/package.json", '{"name": "serverless", "version": "4.1.0"}', False),
    ],
)
def test_what_the_framework_can_use(
    awsprof: WatchedCommandLine, product: Path, place: str, text: str, expected: bool
) -> None:
    """Version 3 of both frameworks knows no credential_process, and a change of delivery is offered."""
    path = product / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    found = check(awsprof, service(), "--stage", "prod")
    assert found == ([("unusable-delivery", "error", 9)] if expected else [])


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        (service(None, 'bucket: "uploads-${aws:accountId}"\n'.join(("  ", ""))), "no-account-guard"),
        (service(custom=PROFILES + GUARD.rpartition("  accountGuard")[0] + "  arn: x-${aws:accountId}\n"),
         "no-account-guard"),
        (service(custom=PROFILES + GUARD.replace("accountId}}", "accountId}, 'ok'}")), "no-account-guard"),
        (service(custom=PROFILES + GUARD.replace(f"prod-{PROD}: ok", f"prod-{PROD}:")), "guard-disagrees"),
        (service(custom=PROFILES + GUARD.replace(f"prod-{PROD}: ok", f"prod-{PROD}: ok\n    prod-{OTHER}: ok")),
         "guard-disagrees"),
        (service(custom=PROFILES + "  x:\n    accounts: {prod-999999999999: ok}\n"
                 "  guard: ${self:custom.x.accounts.${sls:stage}-${aws:accountId}}\n"), "guard-disagrees"),
        (service(custom=PROFILES + "  guard: ${ssm:/x/${aws:accountId}}\n"), "cannot-tell"),
    ],
)  # fmt: skip
def test_a_guard_is_what_stops(awsprof: WatchedCommandLine, text: str, code: str) -> None:
    """A mention of the account is no guard: it must stop a foreign account and let the stage's own pass."""
    assert code in [found[0] for found in check(awsprof, text, "--stage", "prod")]


@pytest.mark.usefixtures("product")
def test_a_provider_from_a_file(awsprof: WatchedCommandLine, home: Path) -> None:
    """What an included file says of the profile counts like what the service says."""
    (home / "p.yml").write_text("name: aws\nprofile: autochart_dev_paul\n")
    text = "service: a\nprovider: ${file(./p.yml)}\ncustom:\n" + GUARD
    assert check(awsprof, text, "--stage", "prod") == [("other-env", "error", 2)]
    assert check(awsprof, text, "--stage", "dev") == []


@pytest.mark.usefixtures("product")
def test_a_stage_that_only_the_option_gives(awsprof: WatchedCommandLine) -> None:
    """provider.stage without a fallback is no reason to say nothing of the stages."""
    text = service("autochart_${self:provider.stage}_${env:AWSPROF_USER}", GUARD, stage='"${opt:stage}"')
    assert check(awsprof, text) == [("other-env", "error", 5), ("unknown-profile", "error", 5)]


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("autochart_prod_paul", []),
        ("autochart_prod_ghost", [("unknown-profile", "error", 2)]),
        ("autochart_dev_paul", [("environment-override", "error", None)]),
    ],
)
def test_a_profile_left_to_the_environment(
    awsprof: WatchedCommandLine, monkeypatch: pytest.MonkeyPatch, profile: str, expected: list[object]
) -> None:
    """In the style without profiles the one in AWS_PROFILE is checked as if it stood in the file."""
    monkeypatch.setenv("AWS_PROFILE", profile)
    assert check(awsprof, service(None, GUARD), "--stage", "prod") == expected


@pytest.mark.usefixtures("product")
def test_shows_nothing_that_comes_from_elsewhere(
    awsprof: WatchedCommandLine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile that comes to the text of a file, or of a variable, is shown as it is written."""
    (home / "secrets").write_text("aws_secret_access_key = EXAMPLE-OF-A-SECRET\n")
    monkeypatch.setenv("TOKEN", "EXAMPLE-OF-A-SECRET")
    for profile in ("${file(./secrets)}", "${env:TOKEN}"):
        (home / "serverless.yml").write_text(service(profile, GUARD))
        for options in ((), ("--json",)):
            outcome = awsprof("serverless", "check", *options)
            assert outcome.status == 1
            assert profile in outcome.stdout
            assert "EXAMPLE-OF-A-SECRET" not in outcome.stdout + outcome.stderr


@pytest.mark.usefixtures("product")
def test_hostile_input(awsprof: WatchedCommandLine, home: Path) -> None:
    """Endless numbers and pipes neither crash it nor hold it up."""
    os.mkfifo(home / ".env")
    os.mkfifo(home / "package.json")
    (home / "node_modules" / "osls").mkdir(parents=True)
    (home / "node_modules" / "osls" / "package.json").write_text(f'{{"name": "osls", "version": "{"9" * 5000}"}}')
    text = service(more=f"useDotenv: true\nnumber: {'9' * 5000}\n")
    assert check(awsprof, text) == []


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize(
    ("wanted", "expected"), [("^3.40.0", True), ("3", True), ("npm:@x2/osls@3.77.1", True), (">=3", False),
                             ("3 || 4", False), ("latest", False), ("<4", False), ("~4.3", False)]
)  # fmt: skip
def test_ranges(awsprof: WatchedCommandLine, home: Path, wanted: str, expected: bool) -> None:
    """A range that leaves the version open is no reason for an error."""
    (home / "package.json").write_text(json.dumps({"dependencies": {"osls": wanted}}))
    found = check(awsprof, service(), "--stage", "prod")
    assert found == ([("unusable-delivery", "error", 9)] if expected else [])


@pytest.mark.usefixtures("product")
def test_role_and_keys(awsprof: WatchedCommandLine, home: Path) -> None:
    """A role in config and keys of its name in credentials are two identities for two versions."""
    text = awsprof.config.replace("[profile autochart_prod_paul]", "[profile autochart_prod_paul]\nrole_arn = x\n")
    write_config(home, text)
    write_config(
        home, "[autochart_prod_paul]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n", "credentials"
    )
    assert ("role-and-keys", "error", 9) in check(awsprof, service(), "--stage", "prod")


@pytest.mark.usefixtures("product")
def test_profile_of_another_account(awsprof: WatchedCommandLine, home: Path) -> None:
    """A profile that says it is in another account than the team file."""
    write_config(home, awsprof.config.replace(PROD, OTHER))
    assert check(awsprof, service(), "--stage", "prod") == [("other-account", "error", 9)]


def test_online(awsprof: WatchedCommandLine, product: Path, aws: LocalAWS, paul_in_dev: Identity) -> None:
    """With --online AWS is asked; what a profile says of itself counts no more."""
    key = aws.account(OTHER).user("eve").access_key()
    awsprof.vault.items["autochart_dev_paul"] = awsprof.vault.items["autochart_dev_paul"].replace(
        paul_in_dev.key.id, key.id).replace(paul_in_dev.key.secret, key.secret)  # fmt: skip
    assert awsprof("set", "autochart_dev_paul", "mfa_serial=").status == 0
    assert check(awsprof, service(), "--stage", "dev") == []
    assert check(awsprof, service(), "--stage", "dev", "--online") == [("wrong-account", "error", 7)]
    # prod needs a session, and nobody is there to give a code.
    assert check(awsprof, service(), "--stage", "prod", "--online") == [("not-reached", "error", 9)]


def test_needs_a_team_file(awsprof: WatchedCommandLine, home: Path) -> None:
    """Without a team file nothing can be held against it."""
    (home / "serverless.yml").write_text(service())
    outcome = awsprof("serverless", "check")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("Error: There is no .awsprof.toml in ")


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize("words", [("--stage", "qa"), ("none.yml",), ("serverless.ts",)])
def test_refuses(awsprof: WatchedCommandLine, home: Path, words: tuple[str, ...]) -> None:
    """A stage that the team file does not know, a file that is not there, and one that only JavaScript can read."""
    (home / "serverless.ts").write_text("export default {}\n")
    (home / "serverless.yml").write_text(service())
    assert awsprof("serverless", "check", *words).status == 2


def test_not_for_another_users_profiles(awsprof: WatchedCommandLine, home: Path, paul_in_dev: Identity) -> None:
    """A new colleague without profiles is told the command that adds one."""
    add_unverified(awsprof, paul_in_dev)
    (home / ".awsprof.toml").write_text(TEAM)
    (home / "serverless.yml").write_text(service(custom=PROFILES.replace(USER, "mia") + GUARD))
    outcome = awsprof("serverless", "check", "--stage", "dev")
    assert "there is no such profile on this machine [awsprof add autochart dev mia]" in outcome.stdout
