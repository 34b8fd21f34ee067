"""``awsprof list`` and ``awsprof show``: what profiles there are, ours and everybody else's."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.command_line import CommandLine, Outcome
from tests.test_cli.conftest import DEV, OTHER, PROD, REGION, leave, profile_object, write_config, write_settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.localaws import LocalAWS
    from tests.localaws.accounts import AccessKey
    from tests.test_cli.conftest import Identity

OUTSIDE = """\
[default]
region = us-east-1

[profile bare]
region = us-west-2

[profile admin]
role_arn = arn:aws:iam::444444444444:role/Admin
source_profile = autochart_dev_paul

[profile adrift]
role_arn = arn:aws:iam::444444444444:role/Admin
source_profile = gone

[profile corp]
sso_session = corp
sso_account_id = 555555555555
sso_role_name = Admin
region = eu-west-2

[sso-session corp]
sso_start_url = https://corp.example/start
sso_region = eu-west-2

[profile signed-in]
login_session = arn:aws:iam::666666666666:user/paul

[profile vendor]
credential_process = /opt/vendor/tool --for paul

[profile pod]
role_arn = arn:aws:iam::444444444444:role/Pod
web_identity_token_file = /var/run/token

[services local]
sts =
  endpoint_url = http://127.0.0.1:1
"""
PLAIN = "[old]\naws_access_key_id = AKIAXXXXXXXXXEXAMPLE\naws_secret_access_key = planted-EXAMPLEKEY\n"


def outside(name: str, kind: str, **known: object) -> dict[str, object]:
    empty = dict.fromkeys(
        ("product", "env", "user", "account_id", "alias", "region", "delivery", "mfa_serial", "session")
    )
    return {**empty, "name": name, "kind": kind, "protected": False, "in_convention": False, **known}


NO_SESSION = {"state": "none", "expiration": None, "seconds_left": None}
OUTSIDE_OBJECTS = [
    outside("admin", "role", account_id="444444444444", session=NO_SESSION),
    outside("adrift", "role", account_id="444444444444"),
    outside("bare", "other", region="us-west-2"),
    outside("corp", "sso", account_id="555555555555", region="eu-west-2"),
    outside("default", "other", region="us-east-1"),
    outside("old", "keys"),
    outside("pod", "other", account_id="444444444444"),
    outside("signed-in", "login", account_id="666666666666"),
    outside("vendor", "process"),
]


@pytest.fixture
def full_house(awsprof: CommandLine, dev: Identity, prod: Identity, home: Path) -> list[dict[str, object]]:
    """Two profiles of ours among every kind of others', as JSON shows them."""
    write_config(home, f"{awsprof.config}\n{OUTSIDE}")
    write_config(home, PLAIN, "credentials")
    return [profile_object(dev), profile_object(prod), *OUTSIDE_OBJECTS]


def test_lists_every_kind_of_profile_as_json(awsprof: CommandLine, full_house: list[dict[str, object]]) -> None:
    """``list --json`` has one object for each profile: ours by product and env, then the others, and no secret."""
    outcome = awsprof("list", "--json")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout) == {"version": 1, "profiles": full_house}


def test_shows_one_profile_as_json(awsprof: CommandLine, full_house: list[dict[str, object]]) -> None:
    """``show --json`` has the same object as ``list``, for every kind."""
    for profile in full_house:
        if profile["name"] != "default":
            outcome = awsprof("show", str(profile["name"]), "--json")
            assert (outcome.status, outcome.stderr) == (0, "")
            assert json.loads(outcome.stdout) == {"version": 1, "profile": profile}


def test_lists_names_alone(awsprof: CommandLine, full_house: list[dict[str, object]]) -> None:
    """``list --names`` prints what a selector may name, one a line; ``default`` is none of them."""
    names = ["autochart_dev_paul", "autochart_prod_paul", "admin", "adrift", "bare", "corp", "old", "pod"]
    expected = "".join(f"{name}\n" for name in [*names, "signed-in", "vendor"])
    assert awsprof("list", "--names") == Outcome(0, expected, "")


def test_lists_a_table(awsprof: CommandLine, logged_in: Identity, prod: Identity, without_mfa: AccessKey) -> None:
    """A person gets a table by product and env, with the time a session has left and protected envs marked."""
    assert awsprof("list") == Outcome(
        0,
        "PROFILE                          ACCOUNT                       REGION     KIND  MFA  SESSION\n"
        f"autochart_dev_paul               {DEV} (autochart-dev)  eu-west-1  user  yes  12 h 00 min\n"
        f"autochart_legacy_paul            {OTHER}                  eu-west-1  user  no   -\n"
        f"autochart_prod_paul (protected)  {PROD}                  eu-west-1  user  yes  none\n",
        "",
    )


def test_lists_one_product(awsprof: CommandLine, full_house: list[dict[str, object]], paul_in_dev: Identity) -> None:
    """--product keeps the others out."""
    assert awsprof("list", "--product", "autochart", "--names").stdout == "autochart_dev_paul\nautochart_prod_paul\n"
    assert awsprof("list", "--product", "other", "--names") == Outcome(0, "", "")


def test_says_what_to_do_where_there_is_nothing(awsprof: CommandLine) -> None:
    """An empty home is no error; a person is told how to begin, unless --quiet."""
    assert awsprof("list") == Outcome(0, "", "No profiles yet. Add one with: awsprof add PRODUCT ENV USER\n")
    assert awsprof("list", "--quiet") == Outcome(0, "", "")
    assert json.loads(awsprof("list", "--json").stdout) == {"version": 1, "profiles": []}
    assert awsprof("list", "--names") == Outcome(0, "", "")


def test_shows_one_profile_in_words(awsprof: CommandLine, prod: Identity) -> None:
    """``show`` puts each of the object's keys on a line."""
    assert awsprof("show", "prod") == Outcome(
        0,
        "name           autochart_prod_paul\n"
        "product        autochart\n"
        "env            prod\n"
        "user           paul\n"
        f"account id     {PROD}\n"
        "alias          -\n"
        f"region         {REGION}\n"
        "kind           user\n"
        "delivery       process\n"
        f"mfa serial     {prod.device.serial}\n"
        "protected      yes\n"
        "in convention  yes\n"
        "session        none\n",
        "",
    )


def shown(awsprof: CommandLine, selector: str) -> dict[str, object]:
    found = json.loads(awsprof("show", selector, "--json").stdout)["profile"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(("seconds", "state"), [(7200, "live"), (61, "live"), (55, "expired"), (-7200, "expired")])
def test_shows_a_session(awsprof: CommandLine, logged_in: Identity, home: Path, seconds: int, state: str) -> None:
    """A session is live while a minute is left; a role's is its source's, since that is what tools use."""
    write_config(home, f"{awsprof.config}\n{OUTSIDE}")
    expiration = leave(awsprof, logged_in.profile, seconds)
    for name in (logged_in.profile, "admin"):
        session = shown(awsprof, name)["session"]
        assert isinstance(session, dict)
        left = session.pop("seconds_left")
        assert max(0, seconds - 5) <= left <= max(0, seconds)
        instant = f"{datetime.fromtimestamp(expiration, UTC):%Y-%m-%dT%H:%M:%SZ}"
        assert session == {"state": state, "expiration": instant}


@pytest.mark.parametrize(
    ("env", "settings", "team", "protected"),
    [
        ("prod", "", "", True),
        ("production", "", "", True),
        ("live", "", "", True),
        ("dev", "", "", False),
        ("legacy", 'protected_envs = ["legacy", "qa"]', "", True),
        ("prod", 'protected_envs = ["legacy"]', "", True),
        ("dev", "", "[envs.dev]\nprotected = true", True),
        ("prod", "", "[envs.prod]\nprotected = false", True),
        ("legacy", 'protected_envs = ["legacy"]', "[envs.legacy]\nprotected = false", True),
    ],
)
def test_protection_is_only_ever_added(
    awsprof: CommandLine, home: Path, env: str, settings: str, team: str, protected: bool
) -> None:
    """Settings and the team file add protected envs, and neither takes one away."""
    write_config(home, f"[profile autochart_{env}_paul]\nregion = x\n")
    write_settings(home, f"{settings}\n")
    if team:
        (home / ".awsprof.toml").write_text(f'product = "autochart"\n{team}\n')
    assert shown(awsprof, env)["protected"] is protected


def test_another_products_team_file_protects_nothing(awsprof: CommandLine, home: Path) -> None:
    """A team file speaks for its own product."""
    write_config(home, "[profile autochart_dev_paul]\nregion = x\n")
    (home / ".awsprof.toml").write_text('product = "other"\n[envs.dev]\nprotected = true\n')
    assert shown(awsprof, "autochart_dev_paul")["protected"] is False


def test_a_profile_may_be_split_over_both_files(awsprof: CommandLine, home: Path) -> None:
    """A name in both files is one profile, and for a key in both the credentials file wins, as for every reader."""
    write_config(home, "[profile old]\nregion = us-east-1\noutput = json\n")
    write_config(home, f"{PLAIN}region = us-west-1\n", "credentials")
    assert shown(awsprof, "old") == outside("old", "keys", region="us-west-1")


def test_names_from_a_file_cannot_drive_the_terminal(awsprof: CommandLine, home: Path) -> None:
    """An escape character in somebody's file is shown as such."""
    write_config(home, '[profile "a\x1b[31mb"]\nregion = \x1b]0;x\x07\n')
    for words in (["list"], ["show", "a\x1b[31mb"]):
        outcome = awsprof(*words)
        assert outcome.status == 0
        assert "\x1b" not in outcome.stdout
        assert "\x07" not in outcome.stdout


@pytest.mark.parametrize("command", [["list"], ["list", "--names"], ["list", "--json"], ["status"], ["show", "a"]])
@pytest.mark.parametrize("name", ["config", "credentials"])
def test_refuses_a_broken_file(awsprof: CommandLine, home: Path, command: list[str], name: str) -> None:
    """A file that the AWS CLI refuses is exit 5 with path and line, whatever only reads it."""
    path = write_config(home, "[a]\nregion = x\n[a]\n", name)
    outcome = awsprof(*command)
    assert (outcome.status, outcome.stdout) == (5, "")
    assert f"{path}, line 3: section [a] stands twice" in outcome.stderr


def test_makes_no_call(awsprof: CommandLine, full_house: list[dict[str, object]], aws: LocalAWS) -> None:
    """Listing asks AWS and the vault nothing."""
    awsprof.vault.items.clear()
    for words in (["list"], ["list", "--json"], ["show", "prod"], ["status"]):
        assert awsprof(*words).status == 0
    assert aws.calls == []
