"""``import`` beside what other programs keep: nothing of theirs is swallowed, and what stands in the way is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.test_cli.conftest import DEV, PROD, everything, write_config
from tests.test_cli.test_import import found, held, pair

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
