"""``awsprof account create``: from no organization at all to an account one works in."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from awsprof.aws.calls import Aws
from awsprof.errors import VaultLockedError
from awsprof.model import LongTermCredentials
from awsprof.sessions.login import Sessions
from tests.localaws import motobackend
from tests.test_accounts.conftest import DEV, MANAGEMENT, PROD, REGION, ROLE, VIA, changes
from tests.test_cli.conftest import everything, two_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Outcome
    from tests.localaws import LocalAWS
    from tests.localaws.accounts import Account
    from tests.test_accounts.conftest import Company
    from tests.test_cli.conftest import WatchedCommandLine

_LIMIT = "You have exceeded the allowed number of AWS accounts."
EMAIL = ("--email", "paul@example.com")


def create(awsprof: WatchedCommandLine, env: str, *options: str, answers: list[Any] | None = None) -> Outcome:
    return awsprof("account", "create", "autochart", env, "--via", VIA, *EMAIL, *options, answers=answers)


def accounts() -> dict[str, str]:
    """The e-mail address of each account of the organization, by name."""
    return {account.name: account.email for account in motobackend.organizations(MANAGEMENT).accounts}


def places() -> dict[str, str]:
    """The unit that each account is in."""
    organization = motobackend.organizations(MANAGEMENT)
    names = {unit.id: unit.name for unit in organization.ou}
    return {account.name: names[account.parent_id] for account in organization.accounts}


def row(outcome: Outcome, step: str) -> tuple[str, str]:
    (found,) = [row for row in json.loads(outcome.stdout)["steps"] if row["step"] == step]
    return found["state"], found["detail"]


def test_dev_and_prod(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """Two accounts in one unit of the product, each with an address of its own; a second run reads only."""
    team = awsprof.home / ".awsprof.toml"
    team.write_text('product = "autochart"\n')
    for env in ("dev", "prod"):
        outcome = create(awsprof, env, "--yes", "--mfa", "skip")
        assert f"{team} does not tell the account of {env} yet: 'awsprof product init' adds it." in outcome.stderr
        assert outcome.status == 0, outcome
        assert f"reset its password by e-mail (paul+autochart_{env}@example.com)" in outcome.stderr
    assert places() == {"master": "Root", "autochart_dev": "autochart", "autochart_prod": "autochart"}
    assert accounts()["autochart_prod"] == "paul+autochart_prod@example.com"
    dev, prod = (json.loads(awsprof("whoami", env, "--json").stdout) for env in ("dev", "prod"))
    assert (dev["alias"], prod["alias"]) == ("autochart-dev", "autochart-prod")
    assert dev["account_id"] != prod["account_id"]
    aws.clear_calls()
    assert create(awsprof, "dev", "--yes").stdout.endswith("Nothing to do.\n")
    assert changes(aws) == []


def test_a_new_account_passes_its_audit(awsprof: WatchedCommandLine, company: Company) -> None:
    """All but the root user's MFA, which no call can give it."""
    assert create(awsprof, "prod", "--yes", "--mfa", "store-seed").status == 0
    outcome = awsprof("audit", "prod", "--via", VIA, "--json")
    rows = json.loads(outcome.stdout)["findings"]
    assert [row["code"] for row in rows if row["status"] != "pass"] == ["root-mfa"], rows
    assert len(rows) == 12
    assert outcome.status == 1


def test_an_organization_is_made_only_when_asked_for(awsprof: WatchedCommandLine, via: Account, aws: LocalAWS) -> None:
    """Its account cannot leave it again."""
    outcome = create(awsprof, "dev", "--yes")
    assert (outcome.status, outcome.stderr) == (
        1,
        f"Error: Account {MANAGEMENT} is in no organization, and without one no account is made.\n"
        "Say --create-organization to make it the management account of a new one.\n",
    )
    plan = create(awsprof, "dev", "--create-organization", "--dry-run", "--json")
    assert row(plan, "organization")[0] == "to-do"
    assert changes(aws) == []
    assert create(awsprof, "dev", "--create-organization", "--yes").status == 0
    assert places() == {"master": "Root", "autochart_dev": "autochart"}


def test_dry_run(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """What is there, what will be made, and the address it will have; nothing changes."""
    root = motobackend.organizations(MANAGEMENT).ou[0].id
    motobackend.organizations(MANAGEMENT).create_organizational_unit(ParentId=root, Name="apps", Tags=[])
    before = everything(awsprof)
    aws.clear_calls()
    outcome = create(awsprof, "dev", "--dry-run", "--json", "--ou", "apps", "--email-exact")
    assert (outcome.status, changes(aws), everything(awsprof)) == (0, [], before)
    assert row(outcome, "organizational unit") == ("ok", "apps")
    assert row(outcome, "account") == ("to-do", "autochart_dev, paul@example.com")
    assert row(outcome, "account's place") == ("unseen", "in apps")


def test_a_locked_vault(
    awsprof: WatchedCommandLine, company: Company, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noticed before anything is planned, although the session of the profile that acts is good still: exit 6."""
    keys = json.loads(awsprof.items[VIA])
    credentials = LongTermCredentials(keys["access_key_id"], keys["secret_access_key"])
    monkeypatch.setattr(Sessions, "serve", lambda *_, **__: SimpleNamespace(credentials=credentials))
    get = awsprof.vault.get

    def locked(item: str) -> str | None:
        if item in awsprof.vault.items:  # as a vault of files knows without being open
            raise VaultLockedError("The vault is locked")
        return get(item)

    monkeypatch.setattr(awsprof.vault, "get", locked)
    outcome = create(awsprof, "dev", "--yes")
    assert (outcome.status, outcome.stdout, changes(aws)) == (6, "", [])


ADDRESSES = {
    "paul": "'paul' is no e-mail address",
    "paul@example": "'paul@example' is no e-mail address",
    "paul pan@example.com": "is no e-mail address",
    f"{'p' * 40}@example.com": "has 66 characters, and AWS takes 64",
}


def test_addresses(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """What AWS would refuse is refused before anything is planned."""
    aws.clear_calls()
    for email, sentence in ADDRESSES.items():
        outcome = awsprof("account", "create", "autochart", "dev", "--via", VIA, "--email", email, "--yes")
        assert (outcome.status, aws.calls) == (2, [])
        assert sentence in outcome.stderr


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("ACCOUNT_LIMIT_EXCEEDED", "the organization has as many accounts as it may"),
        ("SOMETHING_NEW", "AWS says SOMETHING_NEW"),
    ],
)
def test_why_it_fails(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS, reason: str, sentence: str) -> None:
    """AWS's reason as a sentence, with what to do; run again, it goes on."""
    aws.fail_next_account(reason)
    outcome = create(awsprof, "dev", "--yes", "--mfa", "skip")
    assert outcome.status == 7
    assert f"Error: AWS did not make the account autochart_dev: {sentence}.\n" in outcome.stderr
    assert "The same command goes on from there." in outcome.stderr
    assert create(awsprof, "dev", "--yes", "--mfa", "skip").status == 0
    assert list(accounts()) == ["master", "autochart_dev"]


def test_a_limit(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """Refused at once, with where to ask for more."""
    aws.fail("CreateAccount", status=400, code="ConstraintViolationException", message=_LIMIT)
    outcome = create(awsprof, "dev", "--yes", "--mfa", "skip")
    assert (outcome.status, "Ask for more in the Service Quotas console" in outcome.stderr) == (7, True)


def test_a_taken_address(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """Told with what to do."""
    company.management.add_member(aws.account(PROD), "other", "paul+autochart_dev@example.com")
    outcome = create(awsprof, "dev", "--yes", "--mfa", "skip")
    assert (outcome.status, "another account of AWS's has this e-mail address" in outcome.stderr) == (7, True)


def test_one_that_is_there_already(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """Found by its name: moved into the unit and set up, and none is made."""
    company.member(DEV, "autochart_dev")
    aws.clear_calls()
    outcome = create(awsprof, "dev", "--yes", "--json")
    assert (outcome.status, row(outcome, "account")) == (0, ("ok", f"autochart_dev, {DEV}"))
    assert row(outcome, "account's place")[0] == "done"
    assert "CreateAccount" not in changes(aws)


def test_an_old_one_without_the_role(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """Only a new account is waited for: one that has been there for long says at once what it takes."""
    company.management.add_member(aws.account(DEV), "autochart_dev", "dev@example.com")
    motobackend.organizations(MANAGEMENT).accounts[-1].create_time -= timedelta(days=2)
    outcome = create(awsprof, "dev", "--yes")
    assert (outcome.status, awsprof.slept_s) == (7, [])
    assert f"needs a role {ROLE} that trusts it" in outcome.stderr


def test_its_own_address_is_told(awsprof: WatchedCommandLine, company: Company) -> None:
    """An account that is there keeps its address: said, and that one is named at the end."""
    company.member(DEV, "autochart_dev")
    outcome = create(awsprof, "dev", "--yes")
    assert "with the address autochart_dev@example.com; paul+autochart_dev@example.com is not used" in outcome.stderr
    assert "reset its password by e-mail (autochart_dev@example.com)" in outcome.stderr


def units() -> list[str]:
    """Every unit, with the one above it."""
    every = motobackend.organizations(MANAGEMENT).ou
    names = {unit.id: unit.name for unit in every}
    return [f"{names.get(unit.parent_id, '')}/{unit.name}" for unit in every[1:]]


def add_unit(parent_id: str, name: str) -> str:
    made = motobackend.organizations(MANAGEMENT).create_organizational_unit(ParentId=parent_id, Name=name, Tags=[])
    return str(made["OrganizationalUnit"]["Id"])


def test_one_that_was_moved(awsprof: WatchedCommandLine, company: Company) -> None:
    """Where somebody put it, it stays, unless --ou says where to; a product's unit counts wherever it is."""
    company.member(DEV, "autochart_dev")
    organization = motobackend.organizations(MANAGEMENT)
    workloads = add_unit(organization.ou[0].id, "Workloads")
    organization.accounts[-1].parent_id = add_unit(workloads, "others")
    outcome = create(awsprof, "dev", "--yes", "--json")
    assert (outcome.status, row(outcome, "account's place")) == (0, ("ok", "in others"))
    assert units() == ["Root/Workloads", "Workloads/others"]
    nested = add_unit(workloads, "autochart")
    organization.accounts[-1].parent_id = organization.ou[0].id
    assert row(create(awsprof, "dev", "--dry-run", "--json"), "account's place")[1] == "from the root into autochart"
    assert create(awsprof, "dev", "--yes").status == 0
    assert organization.accounts[-1].parent_id == nested


def test_a_unit_by_path_or_id(awsprof: WatchedCommandLine, company: Company) -> None:
    """A path is walked from the root, and what is missing of it made; an id is taken as it is."""
    company.member(DEV, "autochart_dev")
    organization = motobackend.organizations(MANAGEMENT)
    workloads = add_unit(organization.ou[0].id, "Workloads")
    assert create(awsprof, "dev", "--yes", "--ou", "Workloads/nest/one").status == 0
    assert units() == ["Root/Workloads", "Workloads/nest", "nest/one"]
    assert places()["autochart_dev"] == "one"
    assert create(awsprof, "dev", "--yes", "--ou", "Workloads/nest/one").stdout.endswith("Nothing to do.\n")
    assert create(awsprof, "dev", "--yes", "--ou", workloads).status == 0
    assert places()["autochart_dev"] == "Workloads"
    unknown = create(awsprof, "dev", "--yes", "--ou", f"{workloads[:-2]}zz")
    assert (unknown.status, "'awsprof account list' shows the units there are" in unknown.stderr) == (7, True)
    assert create(awsprof, "dev", "--yes", "--ou", "Workloads//one").status == 2
    for mistyped in (organization.ou[0].id, "ou-AB12-typo"):
        refused = create(awsprof, "dev", "--yes", "--ou", mistyped)
        assert (refused.status, "is no organizational unit's id" in refused.stderr) == (2, True)
    add_unit(workloads, "autochart")
    add_unit(add_unit(organization.ou[0].id, "More"), "autochart")
    organization.accounts[-1].parent_id = organization.ou[0].id
    several = create(awsprof, "dev", "--yes")
    assert (several.status, "Name one with --ou ID." in several.stderr) == (1, True)


def test_one_that_was_closed(awsprof: WatchedCommandLine, company: Company) -> None:
    """It does not count."""
    company.management.add_member(company.aws.account(DEV), "autochart_dev", "old@example.com")
    next(it for it in motobackend.organizations(MANAGEMENT).accounts if it.id == DEV).status = "SUSPENDED"
    outcome = create(awsprof, "dev", "--yes", "--json")
    assert (outcome.status, row(outcome, "account")[0]) == (0, "done")


def test_by_the_team_file(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """The account it names is taken, whatever its name; one that is not here is not made anew."""
    company.member(DEV, "other name")
    team = awsprof.home / ".awsprof.toml"
    team.write_text(f'product = "autochart"\n[envs.dev]\naccount_id = "{PROD}"\n')
    aws.clear_calls()
    outcome = create(awsprof, "dev", "--yes")
    assert (outcome.status, changes(aws)) == (1, [])
    assert f"The team file says account {PROD} for autochart_dev, which is not in this organization" in outcome.stderr
    team.write_text(f'product = "autochart"\n[envs.dev]\naccount_id = "{DEV}"\n')
    outcome = create(awsprof, "dev", "--yes", "--json")
    assert (outcome.status, row(outcome, "account")) == (0, ("ok", f"other name, {DEV}"))
    assert places()["other name"] == "autochart"


def test_a_profile_that_is_there(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """A profile of an account outside the organization: exit 4, and nothing is made beside it."""
    key = aws.account(DEV).user("paul").access_key()
    words = ("autochart", "dev", "paul", "--from", "-", "--no-verify", "--account-id", DEV, "--region", REGION)
    assert awsprof("add", *words, stdin=two_lines(key)).status == 0
    aws.clear_calls()
    outcome = create(awsprof, "dev", "--yes")
    assert (outcome.status, changes(aws)) == (4, [])
    assert f"There is a profile autochart_dev_paul already, of account {DEV}" in outcome.stderr


def test_a_group_of_ones_own(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """A new account has no such group, so what it may do must be said: exit 2, before anything is made."""
    aws.clear_calls()
    outcome = create(awsprof, "dev", "--yes", "--group", "coders")
    assert (outcome.status, changes(aws)) == (2, [])
    assert "What the group 'coders' of a new account may do is not said" in outcome.stderr


def test_only_the_management_account_can(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """A member's profile is told whose it must be."""
    key = company.member(PROD, "other").user("paul").access_key()
    words = ("other", "prod", "paul", "--from", "-", "--no-verify", "--account-id", PROD, "--region", REGION)
    assert awsprof("add", *words, stdin=two_lines(key)).status == 0
    words = ("account", "create", "autochart", "dev", "--via", "other_prod_paul", *EMAIL, "--yes")
    outcome = awsprof(*words)
    assert outcome.status == 1
    assert f"other_prod_paul is in account {PROD}, and the organization is managed by {MANAGEMENT}" in outcome.stderr


def test_it_takes_a_while(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """The new account's role cannot be assumed at first: waited for, with a word."""
    aws.fail("AssumeRole", status=403, code="AccessDenied", times=3)
    outcome = create(awsprof, "dev", "--yes", "--mfa", "skip")
    assert outcome.status == 0
    assert "Waiting 4 s for the new account to let OrganizationAccountAccessRole in …" in outcome.stderr


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("ListParents", "ChildNotFoundException"),
        ("MoveAccount", "AccountNotFoundException"),
        ("MoveAccount", "SourceParentNotFoundException"),
        ("MoveAccount", "DestinationParentNotFoundException"),
    ],
)
def test_what_was_just_made_is_not_found(
    awsprof: WatchedCommandLine, company: Company, aws: LocalAWS, action: str, code: str
) -> None:
    """Organizations does not know a new account, or a new unit, everywhere at once: asked again."""
    aws.fail(action, status=400, code=code, times=2)
    assert create(awsprof, "dev", "--yes", "--mfa", "skip").status == 0
    assert aws.calls_of(action)[-1].status == 200


def test_a_role_that_never_comes(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """After five minutes it gives up, and says how to go on."""
    aws.fail("AssumeRole", status=403, code="AccessDenied", times=99)
    outcome = create(awsprof, "dev", "--yes", "--mfa", "skip")
    assert outcome.status == 7
    assert 300 <= sum(awsprof.slept_s) <= 400
    assert "The same command goes on from there." in outcome.stderr


def test_an_answer_that_is_lost(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """The account that AWS makes all the same is found, and no second one is asked for."""
    aws.fail("CreateAccount", drop="after")
    outcome = create(awsprof, "dev", "--yes", "--mfa", "skip")
    assert outcome.status == 0
    assert "to see whether AWS makes the account all the same" in outcome.stderr
    assert len(aws.calls_of("CreateAccount")) == 1


def test_one_on_its_way(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """Asked for by a run that was killed, and not made yet: waited for."""
    keys = json.loads(awsprof.items[VIA])
    credentials = LongTermCredentials(keys["access_key_id"], keys["secret_access_key"])
    calls = Aws(os.environ, lambda _: None)
    calls.create_account(credentials, region=REGION, name="autochart_dev", email="paul@example.com")
    plan = create(awsprof, "dev", "--dry-run", "--json")
    assert row(plan, "account") == ("to-do", "autochart_dev, being made already")
    assert create(awsprof, "dev", "--yes", "--mfa", "skip").status == 0
    assert len(aws.calls_of("CreateAccount")) == 1


def before_it_asks(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None]) -> None:
    """Let something happen between a run's last look and its CreateAccount."""
    ask = Aws.create_account

    def asked(self: Aws, *arguments: Any, **words: Any) -> Any:
        monkeypatch.setattr(Aws, "create_account", ask)
        meanwhile()
        return ask(self, *arguments, **words)

    monkeypatch.setattr(Aws, "create_account", asked)


def test_two_at_once(
    awsprof: WatchedCommandLine, company: Company, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run on this machine waits, in bounds, and asks for nothing itself."""
    others: list[Outcome] = []
    monkeypatch.setattr("awsprof.accounts.alone.LIMIT_S", 0.0)
    before_it_asks(monkeypatch, lambda: others.append(create(awsprof, "dev", "--yes", "--email-exact")))
    assert create(awsprof, "dev", "--yes").status == 0
    (other,) = others
    assert (other.status, "has been busy with the account autochart_dev for 0 s: pid" in other.stderr) == (1, True)
    assert len(aws.calls_of("CreateAccount")) == 1
    assert create(awsprof, "dev", "--yes").stdout.endswith("Nothing to do.\n")


def test_another_machine(
    awsprof: WatchedCommandLine, company: Company, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account that another machine's run made meanwhile, with the same address, is the one."""

    def made() -> None:
        company.member(DEV, "autochart_dev")
        motobackend.organizations(MANAGEMENT).accounts[-1].email = "paul+autochart_dev@example.com"

    before_it_asks(monkeypatch, made)
    outcome = create(awsprof, "dev", "--yes", "--json")
    assert (outcome.status, row(outcome, "account")) == (0, ("done", f"autochart_dev, {DEV}, which another run made"))
    assert list(accounts()) == ["master", "autochart_dev"]


def test_a_second_of_the_name(
    awsprof: WatchedCommandLine, company: Company, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With another address, two are made: warned of at once."""

    def made() -> None:
        company.member(DEV, "autochart_dev")

    before_it_asks(monkeypatch, made)
    outcome = create(awsprof, "dev", "--yes")
    assert outcome.status == 0
    assert "Warning: A second account autochart_dev was made at the same time" in outcome.stderr
    assert DEV in outcome.stderr


def test_interrupted(awsprof: WatchedCommandLine, company: Company) -> None:
    """Ctrl-C at a question in the middle of a run: 130, with how to go on."""
    company.aws.account(PROD, alias="autochart-dev")
    outcome = create(awsprof, "dev", "--mfa", "skip", answers=["y"])
    assert (outcome.status, outcome.stderr.splitlines()[-1]) == (130, "The same command goes on from here.")
