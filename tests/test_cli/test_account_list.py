"""account list: the tree of an organization, and who reaches what in it."""

from __future__ import annotations

import copy
import json
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from awsprof.accounts.tree import Tree
from awsprof.aws.answers import MemberAccount, Organization
from tests.localaws import motobackend
from tests.test_cli.conftest import DEV, OTHER, PROD, REGION, two_lines
from tests.test_heavy.conftest import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.command_line import CommandLine
    from tests.localaws import LocalAWS
    from tests.localaws.accounts import AccessKey


@pytest.fixture
def boss(aws: LocalAWS, awsprof: CommandLine) -> AccessKey:
    """The key of the management account's profile company_main_boss, and the profile."""
    company = aws.account(OTHER)
    company.create_organization()
    key = company.user("boss").access_key()
    given = ["--from", "-", "--no-verify", "--account-id", OTHER, "--region", REGION]
    assert awsprof("add", "company", "main", "boss", *given, stdin=two_lines(key)).status == 0
    return key


def _organizations(key: AccessKey) -> Any:
    return boto3.client("organizations", region_name=REGION, aws_access_key_id=key.id, aws_secret_access_key=key.secret)


@pytest.fixture
def autochart(aws: LocalAWS, awsprof: CommandLine, boss: AccessKey) -> None:
    """Two accounts of a product in its unit, which lies in another, and paul's profile of one of them."""
    company = aws.account(OTHER)
    organizations = _organizations(boss)
    root = organizations.list_roots()["Roots"][0]["Id"]
    parent = root
    for name in ("products", "autochart"):
        unit = organizations.create_organizational_unit(ParentId=parent, Name=name)
        parent = unit["OrganizationalUnit"]["Id"]
    for account_id, env in ((DEV, "dev"), (PROD, "prod")):
        company.add_member(aws.account(account_id), f"autochart_{env}", f"{env}@example.com")
        organizations.move_account(AccountId=account_id, SourceParentId=root, DestinationParentId=parent)
    given = ["--from", "-", "--no-verify", "--account-id", DEV, "--region", REGION]
    key = aws.account(DEV).user("paul").access_key()
    assert awsprof("add", "autochart", "dev", "paul", *given, stdin=two_lines(key)).status == 0


@pytest.mark.usefixtures("autochart")
def test_the_tree(awsprof: CommandLine) -> None:
    """Units are indented, each account under its own, with the profiles that reach it."""
    outcome = awsprof("account", "list", "--via", "company_main")
    assert (outcome.status, outcome.stderr) == (0, "")
    head, *lines = outcome.stdout.splitlines()
    assert head.startswith("organization o-")
    assert head.endswith(f", management account {OTHER}")
    assert lines == [
        f"  {OTHER}  master  <master@example.com>  management account  company_main_boss",
        "  products/",
        "    autochart/",
        f"      {DEV}  autochart_dev  <dev@example.com>  autochart_dev_paul",
        f"      {PROD}  autochart_prod  <prod@example.com>",
    ]


@pytest.mark.usefixtures("autochart")
def test_json(awsprof: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the contract has it; with no --via, the active profile looks."""
    monkeypatch.setenv("AWS_PROFILE", "company_main_boss")
    answer = json.loads(awsprof("account", "list", "--json").stdout)
    assert answer["version"] == 1
    assert answer["accounts"] == [
        {
            "id": OTHER,
            "name": "master",
            "email": "master@example.com",
            "status": "ACTIVE",
            "ou": None,
            "profiles": ["company_main_boss"],
        },
        {
            "id": DEV,
            "name": "autochart_dev",
            "email": "dev@example.com",
            "status": "ACTIVE",
            "ou": "products/autochart",
            "profiles": ["autochart_dev_paul"],
        },
        {
            "id": PROD,
            "name": "autochart_prod",
            "email": "prod@example.com",
            "status": "ACTIVE",
            "ou": "products/autochart",
            "profiles": [],
        },
    ]


def test_no_organization(aws: LocalAWS, awsprof: CommandLine) -> None:
    given = ["--from", "-", "--no-verify", "--account-id", DEV, "--region", REGION]
    key = aws.account(DEV).user("paul").access_key()
    assert awsprof("add", "autochart", "dev", "paul", *given, stdin=two_lines(key)).status == 0
    outcome = awsprof("account", "list", "--via", "dev")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert "This account is in no organization" in outcome.stderr
    assert "--create-organization" in outcome.stderr


@pytest.mark.usefixtures("autochart")
def test_only_the_management_account_may(awsprof: CommandLine) -> None:
    """Nothing of the object is printed before AWS has told of an account; and the error says whom to ask."""
    outcome = awsprof("account", "list", "--via", "dev", "--json")
    assert (outcome.status, outcome.stdout) == (7, "")
    error = json.loads(outcome.stderr)["error"]
    assert "AWS denies" in error["message"]
    assert error["hint"] == "Name a profile of the management account with --via."


def test_many_accounts(awsprof: CommandLine, boss: AccessKey) -> None:
    """The tree costs little more than the paged ListAccounts calls alone."""
    organization = motobackend.organizations(OTHER)
    for number in range(5000 if ALL else 300):
        account = copy.copy(organization.accounts[0])
        account.id, account.email = f"{700000000000 + number}", f"a{number}@example.com"
        organization.accounts.append(account)
    client = _organizations(boss)
    started = time.perf_counter()
    answer = client.list_accounts(MaxResults=20)
    alone = len(answer["Accounts"])
    while answer.get("NextToken"):
        answer = client.list_accounts(MaxResults=20, NextToken=answer["NextToken"])
        alone += len(answer["Accounts"])
    bare_s = time.perf_counter() - started
    started = time.perf_counter()
    outcome = awsprof("account", "list", "--via", "company_main")
    listed_s = time.perf_counter() - started
    assert len(outcome.stdout.splitlines()) == alone + 1
    # Twice the goal of 3.
    assert listed_s < 6 * bare_s


class _Endless:
    """Organizations with as many accounts as wanted, made as they are asked for."""

    def __init__(self, count: int) -> None:
        self._count = count

    def root_id(self, _: object, *, region: str) -> str:
        return "r-root"

    def organizational_units(self, *_: object, **__: object) -> list[Any]:
        return []

    def accounts_of(self, *_: object, **__: object) -> Iterator[MemberAccount]:
        return (
            MemberAccount(f"{number:012}", f"a{number}", "a@example.com", "ACTIVE") for number in range(self._count)
        )


def test_memory_is_flat() -> None:
    """Ten times the accounts need no more memory."""
    peaks = []
    for count in (1000, 10_000):
        tree = Tree(_Endless(count), None, region=REGION)  # type: ignore[arg-type]  # as far as a walk goes
        tracemalloc.start()
        assert sum(1 for _ in tree.walk(Organization("o-example", OTHER))) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0]
