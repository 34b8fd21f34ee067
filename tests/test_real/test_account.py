"""From no organization at all to two accounts, and the AWS CLI at work in one of them."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from awsprof.aws.calls import Aws
from awsprof.errors import AccessDeniedError
from awsprof.model import LongTermCredentials
from awsprof.vault import AgeVault, PassphraseSources
from tests.command_line import CommandLine
from tests.test_accounts.conftest import MANAGEMENT, REGION, VIA, devices, one_clock
from tests.test_cli.conftest import two_lines

if TYPE_CHECKING:
    from tests.localaws import LocalAWS
    from tests.test_real.machine import Machine

__all__ = ["one_clock"]
NAME = "autochart_prod_paul"


@pytest.fixture
def awsprof(machine: Machine) -> CommandLine:
    """The command line over the machine's own vault, minutes ago: what it waits for need not be waited for here."""
    vault = AgeVault(machine.vault, runtime=machine.runtime / "awsprof", passphrases=PassphraseSources({}, None))
    return CommandLine(machine.home, vault=vault, ahead=timedelta(minutes=-10))  # type: ignore[arg-type]


def test_from_nothing(awsprof: CommandLine, machine: Machine, aws: LocalAWS) -> None:
    """Dev, and prod with MFA enrolled and demanded; each with its alias, and the key alone is good for nothing."""
    key = aws.account(MANAGEMENT).user("paul").access_key()
    words = ("company", "main", "paul", "--from", "-", "--no-verify", "--account-id", MANAGEMENT, "--region", REGION)
    assert awsprof("add", *words, stdin=two_lines(key)).status == 0
    options = ("--email", "paul@example.com", "--via", VIA, "--user", "paul", "--region", REGION, "--yes")
    dev = awsprof("account", "create", "autochart", "dev", *options, "--create-organization")
    assert dev.status == 0, dev
    prod = awsprof("account", "create", "autochart", "prod", *options, "--mfa", "store-seed")
    assert prod.status == 0, prod
    aws.clock.shift(-awsprof.ahead.total_seconds())
    shown = machine.run("aws", "sts", "get-caller-identity", "--profile", NAME)
    assert shown.status == 0, shown
    account_id = shown.json()["Account"]
    assert shown.json()["Arn"] == f"arn:aws:iam::{account_id}:user/paul"
    assert account_id not in (MANAGEMENT, json.loads(awsprof("show", "dev", "--json").stdout)["profile"]["account_id"])
    assert aws.account(account_id).alias == "autochart-prod"
    assert devices(aws, account_id) == ["paul"]
    alias = machine.run("aws", "iam", "list-account-aliases", "--profile", NAME, "--query", "AccountAliases[0]")
    assert alias.json() == "autochart-prod"
    item = json.loads(awsprof.vault.get(NAME) or "")
    alone = LongTermCredentials(item["access_key_id"], item["secret_access_key"])
    with pytest.raises(AccessDeniedError, match="explicit deny"):
        Aws(os.environ, lambda _: None).account_summary(alone, region=REGION)
