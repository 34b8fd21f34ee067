"""``awsprof account setup``: all that an account needs, and only what is missing of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from awsprof.aws.sts import Sts
from awsprof.errors import BrowserError, InvalidKeyError
from tests.localaws import motobackend
from tests.localaws.totp import code_of_step, step_at
from tests.test_accounts.conftest import (
    DEV,
    MANAGEMENT,
    PROD,
    REGION,
    ROLE,
    VIA,
    changes,
    devices,
    keys_at_aws,
)
from tests.test_cli.conftest import everything, two_lines

if TYPE_CHECKING:
    from pathlib import Path

    from awsprof.model import CallerIdentity, Credentials
    from tests.command_line import Outcome
    from tests.localaws import LocalAWS
    from tests.test_accounts.conftest import Company
    from tests.test_cli.conftest import WatchedCommandLine

DEV_NAME, PROD_NAME = "autochart_dev_paul", "autochart_prod_paul"
CHANGES = [
    "CreateAccountAlias",
    "UpdateAccountPasswordPolicy",
    "CreateGroup",
    "AttachGroupPolicy",
    "CreatePolicy",
    "AttachGroupPolicy",
    "CreateUser",
    "AddUserToGroup",
    "CreateLoginProfile",
    "CreateAccessKey",
]
MFA_CHANGES = ["CreateVirtualMFADevice", "EnableMFADevice", "CreatePolicy", "AttachGroupPolicy"]


def setup(awsprof: WatchedCommandLine, env: str, *options: str, answers: list[Any] | None = None) -> Outcome:
    return awsprof("account", "setup", "autochart", env, "--via", VIA, *options, answers=answers)


def states(outcome: Outcome) -> dict[str, str]:
    return {row["step"]: row["state"] for row in json.loads(outcome.stdout)["steps"]}


def attached(account_id: str, group: str = "sysadmins") -> list[str]:
    return [policy.name for policy in motobackend.iam(account_id).groups[group].managed_policies.values()]


@pytest.fixture
def set_up(awsprof: WatchedCommandLine, company: Company) -> WatchedCommandLine:
    """The dev account, set up once."""
    company.member(DEV, "autochart_dev")
    assert setup(awsprof, "dev", "--yes").status == 0
    return awsprof


def test_a_dev_account(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """Found by its name in the organization; what is made there works, and a second run has nothing to do."""
    account = company.member(DEV, "autochart_dev")
    aws.clear_calls()
    outcome = setup(awsprof, "dev", "--yes")
    assert outcome.status == 0
    assert changes(aws) == CHANGES
    assert outcome.stdout.endswith(f"\n{DEV_NAME} is ready. Next: aws sts get-caller-identity --profile {DEV_NAME}\n")
    assert "The root user: reset its password by e-mail and give it MFA" in outcome.stderr
    assert account.alias == "autochart-dev"
    backend = motobackend.iam(DEV)
    assert [group.name for group in backend.get_groups_for_user("paul")] == ["sysadmins"]
    assert backend.users["paul"].policies == backend.users["paul"].managed_policies == {}
    assert backend.users["paul"].password_reset_required
    held = json.loads(awsprof.items[DEV_NAME])["access_key_id"]
    assert keys_at_aws(DEV) == [held]
    shown = json.loads(awsprof("show", DEV_NAME, "--json").stdout)["profile"]
    assert (shown["account_id"], shown["region"], shown["mfa_serial"]) == (DEV, REGION, None)
    assert json.loads(awsprof("whoami", DEV_NAME, "--json").stdout)["arn"] == f"arn:aws:iam::{DEV}:user/paul"
    assert (awsprof.home / ".local" / "share" / "applications" / f"awsprof-{DEV_NAME}.desktop").exists()
    aws.clear_calls()
    again = setup(awsprof, "dev", "--yes")
    assert (again.status, again.stderr, again.stdout.splitlines()[-1]) == (0, "", "Nothing to do.")
    assert changes(aws) == []


def test_a_prod_account(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """With a stored seed: MFA is enrolled, and demanded of the group once the device is proven."""
    company.member(PROD, "autochart_prod")
    aws.clear_calls()
    outcome = setup(awsprof, "prod", "--yes", "--mfa", "store-seed")
    assert outcome.status == 0
    assert changes(aws) == [*CHANGES, *MFA_CHANGES]
    assert "Warning: With the seed stored, both factors lie on this machine" in outcome.stderr
    assert devices(aws, PROD) == ["paul"]
    # The key alone is good for nothing but a session.
    assert json.loads(awsprof("whoami", PROD_NAME, "--json").stdout)["alias"] == "autochart-prod"
    assert aws.calls_of("GetSessionToken")[-1].status == 200
    again = setup(awsprof, "prod", "--yes", "--mfa", "skip")
    assert (again.status, again.stdout.splitlines()[-1]) == (0, "Nothing to do.")


def test_a_phone(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """At a terminal: the plan is shown, one yes is asked for, and two codes of the device that is shown."""
    company.member(PROD, "autochart_prod")

    def code() -> str:
        (seed,) = re.findall(r"^(?:[A-Z2-7]{4} ){15}[A-Z2-7]{4}$", awsprof.terminal.written[-1], re.MULTILINE)
        awsprof._sleep(30)
        return code_of_step(seed.replace(" ", ""), step_at(awsprof.now()))

    outcome = setup(awsprof, "prod", answers=["y", code, code])
    assert outcome.status == 0
    assert outcome.stdout.startswith(
        "STEP              STATE   DETAIL\naccount           ok      222222222222, autochart_prod, autoch"
    )
    assert awsprof.terminal.questions[0] == "Do what is to do?"
    assert devices(aws, PROD) == ["paul"]
    assert f"{PROD_NAME}/seed" not in awsprof.items
    assert f"{PROD_NAME}@autochart-prod" in awsprof.terminal.written[-1]


def test_dry_run_reads_only(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """The plan, and not a byte or a call that changes anything."""
    company.member(PROD, "autochart_prod")
    before = everything(awsprof)
    aws.clear_calls()
    outcome = setup(awsprof, "prod", "--dry-run", "--json")
    assert (outcome.status, changes(aws), everything(awsprof)) == (0, [], before)
    assert states(outcome) == {
        "account": "ok",
        "way in": "ok",
        **dict.fromkeys(["alias", "password policy", "group", "permissions", "self-service", "user"], "to-do"),
        **dict.fromkeys(["membership", "console password", "access key", "profile", "MFA device"], "to-do"),
        "proof": "unseen",
        "MFA demanded": "unseen",
        "browser profile": "unseen",
        "launcher": "unseen",
    }


def test_json(awsprof: WatchedCommandLine, company: Company) -> None:
    """The report of the steps; the plan, which a question would need, is not in it."""
    company.member(DEV, "autochart_dev")
    outcome = setup(awsprof, "dev", "--yes", "--json")
    assert set(states(outcome).values()) == {"ok", "done", "skipped"}
    assert states(outcome)["MFA device"] == "skipped"


def test_no_is_no(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """Anything but yes changes nothing."""
    company.member(DEV, "autochart_dev")
    aws.clear_calls()
    outcome = setup(awsprof, "dev", "--mfa", "skip", answers=["n"])
    assert (outcome.status, outcome.stderr, changes(aws)) == (1, "Nothing was changed.\n", [])


REFUSED = {
    "prod --yes": "How the MFA device of a protected env is made needs an answer",
    "prod --yes --mfa ask": "Which two codes the new device shows needs an answer",
    "dev --mfa ask": "Which two codes the new device shows needs an answer",
    "dev": "Which two codes the new device shows needs an answer",
    "dev --mfa skip": "Do what is to do needs an answer",
    "dev --yes --alias Auto": "'Auto' cannot be an account alias",
    f"dev --yes --alias {'a' * 64}": "cannot be an account alias",
    "dev --yes --group a/b": "'a/b' cannot be a group's name",
    "dev --yes --policy Admin": "'Admin' is no policy's ARN",
    "dev --yes --group coders": "has no group 'coders', and what a new one may do is not said",
    "dev --yes --account-id 1": "'1' is no account id",
    "Dev --yes": "'Dev' cannot be an env",
    "dev --yes --json --password show": "exclude each other",
    f"{'a' * 32} --yes": None,
}


def test_refused_before_the_plan(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """Exit 2: nothing planned, nothing changed."""
    company.member(DEV, "autochart_dev")
    aws.clear_calls()
    for words, sentence in REFUSED.items():
        product = "autochart" if sentence else "b" * 32
        outcome = awsprof("account", "setup", product, *words.split(), "--via", VIA)
        assert (outcome.status, changes(aws)) == (2, []), words
        assert (sentence or "has 65 characters, and AWS takes 50") in outcome.stderr


def test_nobody_is_named(awsprof: WatchedCommandLine, company: Company) -> None:
    """Neither --user nor the setting: exit 2."""
    awsprof("settings", "set", "user", "paul")
    (awsprof.home / ".config" / "awsprof" / "config.toml").write_text("")
    outcome = setup(awsprof, "dev", "--yes")
    assert (outcome.status, outcome.stderr.splitlines()[0]) == (2, "Error: Whose account it is to be is not said.")


def test_which_account(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """By --account-id, else the team file; where these differ, or nothing tells it, nothing is planned."""
    company.member(DEV, "something_else")
    unknown = setup(awsprof, "dev", "--yes")
    assert (unknown.status, unknown.stderr.splitlines()[0]) == (
        3,
        "Error: Which account autochart_dev is is not known: neither the team file tells it, nor is there one of that "
        "name in the organization.",
    )
    assert "'awsprof account create autochart dev --email ADDRESS'" in unknown.stderr
    (awsprof.home / ".awsprof.toml").write_text(f'product = "autochart"\n[envs.dev]\naccount_id = "{DEV}"\n')
    other = setup(awsprof, "dev", "--yes", "--account-id", PROD)
    assert (other.status, "the team file says 111111111111" in other.stderr) == (1, True)
    aws.clear_calls()
    assert setup(awsprof, "dev", "--yes").status == 0
    assert aws.calls_of("ListAccounts") == []


def test_two_accounts_of_the_name(awsprof: WatchedCommandLine, company: Company) -> None:
    """Both are named, and one must be."""
    company.member(DEV, "autochart_dev")
    company.management.add_member(company.aws.account(PROD), "autochart_dev", "other@example.com")
    outcome = setup(awsprof, "dev", "--yes")
    assert outcome.status == 3
    assert f"The organization has 2 accounts named autochart_dev: {DEV}, {PROD}" in outcome.stderr


def test_no_way_in(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """An account that was invited has no such role: said at once, and what it takes."""
    company.management.add_member(aws.account(DEV), "autochart_dev", "dev@example.com")
    outcome = setup(awsprof, "dev", "--yes")
    assert (outcome.status, awsprof.slept_s) == (7, [])
    assert f"needs a role {ROLE} that trusts it" in outcome.stderr


def test_from_inside(awsprof: WatchedCommandLine, aws: LocalAWS) -> None:
    """A profile of the account itself needs no role and no organization."""
    key = aws.account(DEV).user("root-like").access_key()
    words = ("autochart", "dev", "admin", "--from", "-", "--no-verify", "--account-id", DEV, "--region", REGION)
    assert awsprof("add", *words, stdin=two_lines(key)).status == 0
    options = ("--account-id", DEV, "--user", "paul", "--yes", "--region", REGION)
    outcome = awsprof("account", "setup", "autochart", "dev", "--via", "autochart_dev_admin", *options)
    assert outcome.status == 0
    assert aws.calls_of("AssumeRole") == []


def test_the_management_account_is_refused(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """No product's users, alias and policies belong there; create takes no team file's word for it either."""
    aws.clear_calls()
    given = setup(awsprof, "dev", "--yes", "--account-id", MANAGEMENT)
    (awsprof.home / ".awsprof.toml").write_text(f'product = "autochart"\n[envs.dev]\naccount_id = "{MANAGEMENT}"\n')
    words = ("account", "create", "autochart", "dev", "--via", VIA, "--email", "paul@example.com", "--yes")
    for outcome in (given, awsprof(*words)):
        assert (outcome.status, changes(aws)) == (1, [])
        assert f"Account {MANAGEMENT} is the management account of o-" in outcome.stderr
        assert "'awsprof account create PRODUCT ENV --email ADDRESS'" in outcome.stderr


def test_the_plan_tells_the_account(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """By its real name, where whoever acts may see it, whatever was typed; one of another product is warned of."""
    company.member(DEV, "billing_prod")
    key = aws.account(DEV).user("uma").access_key()
    words = ("billing", "dev", "uma", "--from", "-", "--no-verify", "--account-id", DEV, "--region", REGION)
    assert awsprof("add", *words, stdin=two_lines(key)).status == 0
    plan = setup(awsprof, "dev", "--account-id", DEV, "--dry-run")
    assert plan.stdout.splitlines()[1].split(maxsplit=2) == [
        "account",
        "ok",
        f"{DEV}, billing_prod, billing_prod@example.com",
    ]
    assert plan.stderr == f"Warning: Account {DEV} is another product's already: billing_dev_uma leads there.\n"
    aws.fail("DescribeAccount", status=403, code="AccessDenied")
    unseen = setup(awsprof, "dev", "--account-id", DEV, "--dry-run")
    assert unseen.stdout.splitlines()[1].split() == ["account", "ok", DEV]


def test_from_inside_an_organization(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """A profile of that very env knows its account; one of another env is told what to name."""
    key = company.member(DEV, "something else").user("root-like").access_key()
    for words in (("autochart", "dev", "admin"), ("other", "dev", "admin")):
        add = (*words, "--from", "-", "--no-verify", "--account-id", DEV, "--region", REGION)
        assert awsprof("add", *add, stdin=two_lines(key)).status == 0
    other = awsprof("account", "setup", "autochart", "dev", "--via", "other_dev_admin", "--yes")
    assert (other.status, "Name the account with --account-id" in other.stderr) == (7, True)
    outcome = awsprof("account", "setup", "autochart", "dev", "--via", "autochart_dev_admin", "--yes")
    assert outcome.status == 0
    assert aws.calls_of("AssumeRole") == []


def test_rights_are_missing(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """A denial comes with what helps, before a plan and in one."""
    company.member(DEV, "autochart_dev")
    for action in ("DescribeOrganization", "GetAccountPasswordPolicy"):
        aws.fail(action, status=403, code="AccessDenied")
        outcome = setup(awsprof, "dev", "--yes")
        assert (outcome.status, len(outcome.stderr.splitlines())) == (7, 2), outcome.stderr


def test_a_shared_account_is_refused(set_up: WatchedCommandLine, aws: LocalAWS) -> None:
    """A protected env may not share its account with an unprotected one: told before anything is planned."""
    aws.clear_calls()
    outcome = setup(set_up, "prod", "--yes", "--mfa", "skip", "--account-id", DEV)
    assert (outcome.status, changes(aws)) == (1, [])
    assert "a protected env may not share its account" in outcome.stderr
    assert outcome.stderr.endswith("Make one of its own: 'awsprof account create autochart prod --email ADDRESS'.\n")


def test_a_profile_of_another_account(set_up: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """The profile that is there is not turned into another account's."""
    company.member(PROD, "other")
    aws.clear_calls()
    outcome = setup(set_up, "dev", "--yes", "--account-id", PROD)
    assert (outcome.status, changes(aws)) == (1, [])
    assert f"{DEV_NAME} is in account {DEV}, and {PROD} is to be set up" in outcome.stderr


def test_what_is_there_stays(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """Another alias, a stricter password policy, and a colleague's group are left as they are."""
    account = company.member(DEV, "autochart_dev")
    backend = motobackend.iam(DEV)
    backend.create_account_alias("our-own")
    backend.update_account_password_policy(True, False, 90, 20, 3, False, True, True, False)
    colleague = account.user("anna", administrator=False)
    backend.create_group("sysadmins")
    backend.add_user_to_group("sysadmins", colleague.name)
    assert setup(awsprof, "dev", "--yes").status == 0
    assert account.alias == "our-own"
    policy = backend.account_password_policy
    assert policy is not None
    assert (policy.minimum_password_length, policy.max_password_age, policy.password_reuse_prevention) == (20, 90, 24)
    assert policy.require_lowercase_characters
    assert [user.name for user in backend.groups["sysadmins"].users] == ["anna", "paul"]


def test_what_is_asked_for_and_not_done(set_up: WatchedCommandLine) -> None:
    """Another alias, and another region, are there already: a warning each, once."""
    outcome = setup(set_up, "dev", "--yes", "--alias", "our-own", "--region", "eu-west-3")
    assert outcome.stderr == (
        f"Warning: {DEV_NAME} has the region {REGION}, which stays: 'awsprof set {DEV_NAME} region=eu-west-3' changes "
        f"it.\nWarning: Account {DEV} has the alias autochart-dev, which stays: our-own is not used.\n"
    )
    assert setup(set_up, "dev", "--yes", "--alias", "autochart-dev", "--region", REGION).stderr == ""


def test_a_taken_alias(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """Somebody asks for another; where nobody is there, --alias says it, and the run goes on from there."""
    account = company.member(DEV, "autochart_dev")
    aws.account(PROD, alias="autochart-dev")
    alone = setup(awsprof, "dev", "--yes", "--json")
    assert (alone.status, states(alone)["alias"], states(alone)["group"]) == (7, "failed", "to-do")
    error = json.loads(alone.stderr)["error"]
    assert "--alias" in error["hint"]
    assert "The same command goes on from there." in error["hint"]
    outcome = setup(awsprof, "dev", "--mfa", "skip", answers=["y", "", "our_dev", "our-dev"])
    assert "'our_dev' cannot be an account alias; which one instead? " in awsprof.terminal.questions
    assert (outcome.status, account.alias) == (0, "our-dev")


def test_a_typo_at_the_region(awsprof: WatchedCommandLine, company: Company) -> None:
    """Asked again, before anything is planned."""
    company.member(DEV, "autochart_dev")
    (awsprof.home / ".config" / "awsprof" / "config.toml").write_text('user = "paul"\n')
    outcome = setup(awsprof, "dev", "--mfa", "skip", "--no-require-mfa", answers=["y", "eu-west-3", "n"])
    assert (outcome.status, outcome.stderr) == (1, "Nothing was changed.\n")
    assert awsprof.terminal.questions[1].endswith("; region (empty for none): ")


def test_a_user_with_a_key_of_its_own(awsprof: WatchedCommandLine, company: Company) -> None:
    """A second key is made beside one whose secret lies elsewhere, and told of."""
    account = company.member(DEV, "autochart_dev")
    theirs = account.user("paul", administrator=False).access_key()
    plan = setup(awsprof, "dev", "--dry-run")
    assert f"beside {theirs.id}, whose secret is not in this vault" in plan.stdout
    assert setup(awsprof, "dev", "--yes").status == 0
    assert keys_at_aws(DEV)[0] == theirs.id
    assert len(keys_at_aws(DEV)) == 2


def test_never_a_third_key(awsprof: WatchedCommandLine, company: Company) -> None:
    """Two keys whose secrets lie elsewhere: explained, and none is deleted."""
    user = company.member(DEV, "autochart_dev").user("paul", administrator=False)
    theirs = [user.access_key().id, user.access_key().id]
    outcome = setup(awsprof, "dev", "--yes")
    assert (outcome.status, keys_at_aws(DEV)) == (1, theirs)
    assert "its user has two whose secrets are not in this vault" in outcome.stderr
    assert "Delete one of them in IAM, then run this again" in outcome.stderr


def test_a_key_that_is_gone(set_up: WatchedCommandLine) -> None:
    """The profile is given a new one, and keeps all else."""
    backend = motobackend.iam(DEV)
    backend.delete_access_key(keys_at_aws(DEV)[0], "paul")
    assert set_up("set", DEV_NAME, "region=eu-west-3").status == 0
    before = set_up.config
    assert setup(set_up, "dev", "--yes").status == 0
    assert keys_at_aws(DEV) == [json.loads(set_up.items[DEV_NAME])["access_key_id"]]
    assert set_up.config == before


def test_a_device_of_another_machine(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """The user has one already: the profile uses it, no other is made, and MFA is demanded."""
    user = company.member(PROD, "autochart_prod").user("paul", administrator=False)
    device = user.mfa_device()
    assert setup(awsprof, "prod", "--yes", "--mfa", "skip").status == 0
    assert f"mfa_serial = {device.serial}" in awsprof.config
    assert devices(aws, PROD) == ["paul"]
    assert "awsprof-deny-without-mfa" in attached(PROD)


def test_without_a_device_nothing_demands_one(awsprof: WatchedCommandLine, company: Company) -> None:
    """Whoever demands it without a device is locked out: skipped, with what to do."""
    company.member(PROD, "autochart_prod")
    outcome = setup(awsprof, "prod", "--yes", "--mfa", "skip", "--json")
    assert (outcome.status, states(outcome)["MFA demanded"]) == (0, "skipped")
    assert "awsprof-deny-without-mfa" not in attached(PROD)


def test_a_device_that_is_gone(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """Reset, or deleted in the console: the profile's word is not taken for it, and another is enrolled."""
    company.member(PROD, "autochart_prod")
    assert setup(awsprof, "prod", "--yes", "--mfa", "store-seed", "--no-require-mfa").status == 0
    words = ("account", "user", "autochart", "prod", "paul", "--reset-mfa", "--via", VIA, "--yes")
    assert awsprof(*words).status == 0
    left = setup(awsprof, "prod", "--yes", "--mfa", "skip", "--json")
    assert (left.status, states(left)["MFA device"], states(left)["MFA demanded"]) == (0, "skipped", "skipped")
    outcome = setup(awsprof, "prod", "--yes", "--mfa", "store-seed", "--json")
    assert (outcome.status, states(outcome)["MFA device"], states(outcome)["MFA demanded"]) == (0, "done", "done")
    assert devices(aws, PROD) == ["paul"]
    assert json.loads(awsprof("whoami", PROD_NAME, "--json").stdout)["alias"] == "autochart-prod"
    # Behind the guard too, where the key alone may still enrol.
    assert awsprof(*words).status == 0
    assert setup(awsprof, "prod", "--yes", "--mfa", "store-seed").status == 0
    assert (devices(aws, PROD), awsprof("login", PROD_NAME).status) == (["paul"], 0)


def test_a_second_administrator(awsprof: WatchedCommandLine, company: Company) -> None:
    """MFA is demanded of the group already: said, and that a device comes next."""
    company.member(PROD, "autochart_prod")
    assert setup(awsprof, "prod", "--yes", "--mfa", "store-seed").status == 0
    outcome = setup(awsprof, "prod", "--yes", "--mfa", "skip", "--user", "uma")
    assert re.search(r"^ok +MFA demanded: ", outcome.stdout, re.MULTILINE)
    assert outcome.stdout.endswith("autochart_prod_uma is ready. Next: awsprof mfa enroll autochart_prod_uma\n")


def test_setup_locks_no_colleague_out(awsprof: WatchedCommandLine, company: Company) -> None:
    """Somebody else in the group has no device: told, and not demanded yet."""
    company.member(PROD, "autochart_prod")
    assert setup(awsprof, "prod", "--yes", "--mfa", "skip").status == 0
    assert awsprof("account", "user", "autochart", "prod", "anna", "--via", VIA, "--yes").status == 0
    outcome = setup(awsprof, "prod", "--yes", "--mfa", "store-seed", "--json")
    assert (outcome.status, states(outcome)["MFA demanded"]) == (0, "skipped")
    assert "anna in sysadmins would be locked out, having no MFA device" in outcome.stdout


def test_no_require_mfa(awsprof: WatchedCommandLine, company: Company) -> None:
    """The demand is left out."""
    company.member(PROD, "autochart_prod")
    outcome = setup(awsprof, "prod", "--yes", "--mfa", "store-seed", "--no-require-mfa", "--json")
    assert (outcome.status, "MFA demanded" in states(outcome)) == (0, False)


def test_a_guard_of_ones_own_is_enough(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """A policy of another name that demands MFA counts."""
    account = company.member(PROD, "autochart_prod")
    account.user("anna", deny_without_mfa=True)
    backend = motobackend.iam(PROD)
    backend.create_group("sysadmins")
    backend.attach_group_policy(f"arn:aws:iam::{PROD}:policy/DenyWithoutMFA", "sysadmins")
    outcome = setup(awsprof, "prod", "--yes", "--mfa", "store-seed", "--json")
    assert (outcome.status, states(outcome)["MFA demanded"]) == (0, "ok")


def test_a_policy_of_our_name_that_says_something_else(awsprof: WatchedCommandLine, company: Company) -> None:
    """It is not attached, whatever it allows."""
    company.member(DEV, "autochart_dev")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    motobackend.iam(DEV).create_policy("", "/", json.dumps(document), "awsprof-self-service", [])
    outcome = setup(awsprof, "dev", "--yes")
    assert outcome.status == 1
    assert "The policy awsprof-self-service of account 111111111111 says something else" in outcome.stderr


def test_a_policy_of_ours_that_was_changed(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """Another version in force: told in the plan, and ours put in force, so that what audit sends here is mended."""
    company.member(PROD, "autochart_prod")
    assert setup(awsprof, "prod", "--yes", "--mfa", "store-seed").status == 0
    backend = motobackend.iam(PROD)
    nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
    names = ("awsprof-deny-without-mfa", "awsprof-self-service")
    for name in names:
        backend.create_policy_version(f"arn:aws:iam::{PROD}:policy/{name}", json.dumps(nothing), "true")
    plan = setup(awsprof, "prod", "--dry-run")
    assert plan.stdout.count("whose version in force says something else") == len(names)
    outcome = setup(awsprof, "prod", "--yes", "--mfa", "store-seed", "--json")
    assert (outcome.status, states(outcome)["MFA demanded"], states(outcome)["self-service"]) == (0, "done", "done")
    audited = json.loads(awsprof("audit", "prod", "--json").stdout)["findings"]
    assert [row["status"] for row in audited if row["code"] == "mfa-demanded"] == ["pass"]
    assert setup(awsprof, "prod", "--yes", "--mfa", "skip").stdout.endswith("Nothing to do.\n")


def test_a_lost_answer_to_a_policy(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """The policy that was made all the same is attached, in the same run."""
    company.member(DEV, "autochart_dev")
    aws.fail("CreatePolicy", drop="after")
    assert setup(awsprof, "dev", "--yes").status == 0
    assert "awsprof-self-service" in attached(DEV)


def test_a_region_that_must_be_opted_into(
    awsprof: WatchedCommandLine, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new account has not opened it, so its STS there knows no key of it: the key is proven elsewhere."""
    company.member(DEV, "autochart_dev")
    assert awsprof("set", VIA, "region=eu-south-1").status == 0
    ask = Sts.caller_identity

    def closed(self: Sts, credentials: Credentials, *, region: str) -> CallerIdentity:
        identity = ask(self, credentials, region=region)
        if region == "eu-south-1" and identity.account_id != MANAGEMENT:
            raise InvalidKeyError("AWS does not know this access key")
        return identity

    monkeypatch.setattr(Sts, "caller_identity", closed)
    outcome = setup(awsprof, "dev", "--yes", "--region", "eu-south-1", "--json")
    assert (outcome.status, states(outcome)["proof"]) == (0, "ok")
    assert json.loads(awsprof("show", DEV_NAME, "--json").stdout)["profile"]["region"] == "eu-south-1"


def test_a_key_that_is_inactive(set_up: WatchedCommandLine) -> None:
    """The same command would never go on from there: skipped, with what helps."""
    (key,) = motobackend.iam(DEV).users["paul"].access_keys
    key.status = "Inactive"
    outcome = setup(set_up, "dev", "--yes")
    assert (outcome.status, outcome.stdout.splitlines()[-1]) == (0, "Nothing to do.")
    assert f"{key.access_key_id} is inactive at AWS: make it active in IAM, or delete it there" in outcome.stdout
    motobackend.iam(DEV).delete_access_key(key.access_key_id, "paul")
    assert setup(set_up, "dev", "--yes").status == 0
    assert keys_at_aws(DEV) == [json.loads(set_up.items[DEV_NAME])["access_key_id"]]


def test_readonly(awsprof: WatchedCommandLine, company: Company) -> None:
    """Another group has its usual policy; one's own has what is said."""
    company.member(DEV, "autochart_dev")
    company.member(PROD, "autochart_legacy")
    assert setup(awsprof, "dev", "--yes", "--group", "readonly").status == 0
    assert "ReadOnlyAccess" in attached(DEV, "readonly")
    arn = "arn:aws:iam::aws:policy/PowerUserAccess"
    assert setup(awsprof, "legacy", "--yes", "--group", "coders", "--policy", arn).status == 0
    assert arn in motobackend.iam(PROD).groups["coders"].managed_policies


def test_a_policy_that_is_not_there(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """Told before anything is made, without a wait."""
    company.member(DEV, "autochart_dev")
    aws.clear_calls()
    arn = "arn:aws:iam::aws:policy/PowerUserAcess"
    outcome = setup(awsprof, "dev", "--yes", "--group", "coders", "--policy", arn)
    assert (outcome.status, changes(aws), awsprof.slept_s) == (7, [], [])
    assert outcome.stderr.startswith(f"Error: There is no policy {arn}.\n")


def test_a_policy_for_others_too(awsprof: WatchedCommandLine, company: Company) -> None:
    """What is added to a group that is there is its members' too: said in the plan."""
    company.member(DEV, "autochart_dev").user("anna", administrator=False)
    backend = motobackend.iam(DEV)
    backend.create_group("readonly")
    backend.add_user_to_group("readonly", "anna")
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    plan = setup(awsprof, "dev", "--dry-run", "--group", "readonly", "--policy", arn)
    assert "AdministratorAccess for readonly, and so for anna" in plan.stdout


def test_no_browser(awsprof: WatchedCommandLine, company: Company) -> None:
    """Skipped with a word, and all else is done."""
    company.member(DEV, "autochart_dev")
    awsprof.browsers.failure = BrowserError("No browser is installed")
    outcome = setup(awsprof, "dev", "--yes", "--json")
    assert (outcome.status, states(outcome)["browser profile"]) == (0, "skipped")
    assert setup(awsprof, "dev", "--yes").stdout.endswith("Nothing to do.\n")


def test_the_journal_tells_what_was_made(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """As it is made: after a failure it says how far it came, and what had begun."""
    company.member(DEV, "autochart_dev")
    aws.fail("CreateUser", status=403, code="AccessDenied", times=99)
    assert setup(awsprof, "dev", "--yes").status == 7
    entries = json.loads(awsprof("undo", "--list", "--json").stdout)["entries"]
    (entry,) = [entry for entry in entries if entry["command"] == "account"]
    assert entry["summary"].startswith("autochart_dev set up: alias: autochart-dev; password policy: 14 characters")
    assert entry["summary"].endswith("; user begun")
    assert not entry["undoable"]


def test_the_first_password(set_up: WatchedCommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the vault, shown or copied when asked for, and never otherwise."""
    password = set_up.items[f"{DEV_NAME}/console"]
    assert motobackend.iam(DEV).users["paul"].password == password
    assert len(password) == 24
    assert set_up("account", "password", DEV_NAME, "--show").stdout == f"{password}\n"
    assert set_up("account", "password", "dev", "--show").stdout == f"{password}\n"
    neither = set_up("account", "password", "dev")
    assert (neither.status, neither.stderr.splitlines()[1]) == (2, "Say --copy or --show.")
    none = set_up("account", "password", VIA, "--show")
    assert (none.status, "holds no first console password" in none.stderr) == (1, True)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    nowhere = set_up("account", "password", "dev", "--copy")
    assert (nowhere.status, nowhere.stderr.endswith("or say --show.\n")) == (1, True), nowhere
    monkeypatch.setenv("DISPLAY", ":9")
    taken = tmp_path / "clipboard"
    script = set_up.home.parent / "bin" / "xclip"
    script.write_text(f"#!/bin/sh\ncat >{taken}\n")
    script.chmod(0o755)
    assert set_up("account", "password", "dev", "--copy").stdout == "Copied\n"
    assert taken.read_text() == password


def test_password_show(awsprof: WatchedCommandLine, company: Company) -> None:
    """Asked for, it stands at the end; else nowhere."""
    company.member(DEV, "autochart_dev")
    outcome = setup(awsprof, "dev", "--yes", "--password", "show")
    password = awsprof.items[f"{DEV_NAME}/console"]
    assert f"First console password of paul: {password}\n" in outcome.stdout
    assert outcome.stdout.count(password) == 1
    assert password not in outcome.stderr
    again = setup(awsprof, "dev", "--yes", "--password", "show")
    assert again.stdout.endswith(f"Nothing to do.\nFirst console password of paul: {password}\n")
    assert (again.stderr, password in setup(awsprof, "dev", "--dry-run", "--password", "show").stdout) == ("", False)


def test_a_password_that_was_there(awsprof: WatchedCommandLine, company: Company) -> None:
    """Of somebody else's making: nothing is to be shown, which is no failure, nor is one promised."""
    company.member(DEV, "autochart_dev").user("paul", administrator=False).password("Example-password-1!")
    outcome = setup(awsprof, "dev", "--yes", "--password", "show")
    assert (outcome.status, f"{DEV_NAME} is ready" in outcome.stdout) == (0, True)
    assert "paul has had a console password already, so there is no first one.\n" in outcome.stderr
    motobackend.iam(DEV).delete_access_key(keys_at_aws(DEV)[0], "paul")
    again = setup(awsprof, "dev", "--yes")
    assert (again.status, "account password" in again.stderr) == (0, False)


def test_the_management_account_is_named(awsprof: WatchedCommandLine, company: Company) -> None:
    """Without --via, the active profile acts."""
    company.member(DEV, "autochart_dev")
    outcome = awsprof("account", "setup", "autochart", "dev", "--yes")
    assert (outcome.status, outcome.stderr.splitlines()[0]) == (
        2,
        "Error: No profile is named, and AWS_PROFILE is not set.",
    )
    assert MANAGEMENT not in awsprof.config.replace(f"aws_account_id = {MANAGEMENT}", "")
