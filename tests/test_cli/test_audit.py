"""audit: what is looked at in an account, in whose eyes, and what a refusal of AWS's does to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from awsprof.accounts.audit import Audited, Status, audit
from awsprof.accounts.looking import Look
from awsprof.errors import AccessDeniedError
from awsprof.model import CallerIdentity, Kind, LongTermCredentials, Profile
from tests.localaws import motobackend
from tests.localaws.accounts import GUARD_POLICY
from tests.test_cli.conftest import DEV, OTHER, PROD, REGION, two_lines

if TYPE_CHECKING:
    from tests.command_line import CommandLine, Outcome
    from tests.localaws import LocalAWS
    from tests.localaws.accounts import AccessKey, Account
    from tests.test_cli.conftest import Identity

_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def _client(service: str, key: AccessKey) -> Any:
    return boto3.client(service, region_name=REGION, aws_access_key_id=key.id, aws_secret_access_key=key.secret)


def _rows(outcome: Outcome) -> dict[str, tuple[str, str]]:
    found = json.loads(outcome.stdout)["findings"]
    return {row["code"]: (row["status"], row["message"]) for row in found}


def _statuses(outcome: Outcome) -> dict[str, str]:
    return {code: status for code, (status, _) in _rows(outcome).items()}


def _add(awsprof: CommandLine, name: str, account: Account, key: AccessKey, *options: str) -> None:
    given = ["--from", "-", "--no-verify", "--account-id", account.id, "--region", REGION, *options]
    outcome = awsprof("add", *name.split("_"), *given, stdin=two_lines(key))
    assert outcome.status == 0, outcome.stderr


@pytest.fixture(autouse=True)
def _one_after_the_other(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the test's own thread, where clients are lent; only one test is about auditing many at once."""
    if request.function is not test_all_accounts_at_once:
        monkeypatch.setattr("awsprof.cli.audit.each_at_once", lambda jobs, do, **_: [do(job) for job in jobs])


@pytest.fixture
def sound(aws: LocalAWS, awsprof: CommandLine) -> Account:
    """A prod account as it should be, and paul's profile of it, logged in."""
    account = aws.account(PROD, alias="autochart-prod")
    account.root_mfa_device()
    iam = _client("iam", account.user("helper").access_key())
    iam.update_account_password_policy(MinimumPasswordLength=14, AllowUsersToChangePassword=True)
    paul = account.user("paul", administrator=False)
    iam.create_group(GroupName="sysadmins")
    iam.attach_group_policy(GroupName="sysadmins", PolicyArn=_ADMINISTRATOR)
    guard = iam.create_policy(PolicyName="Guard", PolicyDocument=json.dumps(GUARD_POLICY))
    iam.attach_group_policy(GroupName="sysadmins", PolicyArn=guard["Policy"]["Arn"])
    iam.add_user_to_group(GroupName="sysadmins", UserName="paul")
    key, device = paul.access_key(), paul.mfa_device()
    # The helper was only for the test to set all this up.
    for row in iam.list_attached_user_policies(UserName="helper")["AttachedPolicies"]:
        iam.detach_user_policy(UserName="helper", PolicyArn=row["PolicyArn"])
    _add(awsprof, "autochart_prod_paul", account, key, "--mfa-serial", device.serial)
    assert awsprof("login", "prod", "--code", device.code()).status == 0
    return account


def test_a_sound_account_passes(awsprof: CommandLine, sound: Account) -> None:
    """All but what only the management account sees; the table says so too."""
    outcome = awsprof("audit", "prod", "--json")
    assert outcome.status == 0
    statuses = _statuses(outcome)
    assert statuses.pop("in-product-ou") == "not-allowed"
    assert set(statuses.values()) == {"pass"}, _rows(outcome)
    assert list(statuses) == [
        "root-mfa",
        "root-access-keys",
        "user-mfa",
        "mfa-demanded",
        "permissions-by-group",
        "password-policy",
        "account-alias",
        "access-key-age",
        "unused-access-key",
        "unused-user",
        "separate-accounts",
    ]
    shown = awsprof("audit", "prod")
    assert shown.status == 0
    assert shown.stdout.startswith("autochart_prod_paul\nRESULT              CHECK")
    assert "pass                root-mfa              the root user has MFA\n" in shown.stdout
    assert "  in-product-ou: --via a profile of that account\n" in shown.stdout


def test_a_bare_account_fails(aws: LocalAWS, awsprof: CommandLine) -> None:
    """Each failure has a sentence and what mends it, and the exit status is 1."""
    account = aws.account(PROD)
    account.root_access_key()
    _add(awsprof, "autochart_prod_paul", account, account.user("paul").access_key())
    outcome = awsprof("audit", "prod", "--json")
    assert outcome.status == 1
    failed = {row["code"]: row for row in json.loads(outcome.stdout)["findings"] if row["status"] == "fail"}
    assert list(failed) == [
        "root-mfa",
        "root-access-keys",
        "user-mfa",
        "mfa-demanded",
        "permissions-by-group",
        "password-policy",
        "account-alias",
    ]
    assert all(row["fix"] and row["severity"] == "error" for row in failed.values())
    assert failed["user-mfa"]["fix"] == "awsprof mfa enroll autochart_prod_paul"
    assert failed["mfa-demanded"]["fix"] == "awsprof account setup autochart prod --via SELECTOR"
    shown = awsprof("audit", "prod")
    assert "FAIL                user-mfa              user paul has no MFA device\n" in shown.stdout
    assert "  user-mfa: awsprof mfa enroll autochart_prod_paul\n" in shown.stdout


def test_an_unprotected_env_need_not_demand_mfa(aws: LocalAWS, awsprof: CommandLine) -> None:
    account = aws.account(DEV)
    _add(awsprof, "autochart_dev_paul", account, account.user("paul").access_key())
    statuses = _statuses(awsprof("audit", "dev", "--json"))
    assert (statuses["user-mfa"], statuses["mfa-demanded"]) == ("pass", "pass")


def test_a_policy_that_only_looks_like_a_demand(aws: LocalAWS, awsprof: CommandLine, sound: Account) -> None:
    """Bool in place of BoolIfExists lets a stolen access key pass."""
    iam = _client("iam", sound.user("admin").access_key())
    arn = f"arn:aws:iam::{PROD}:policy/Guard"
    text = json.dumps(GUARD_POLICY).replace("BoolIfExists", "Bool")
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
    rows = _rows(awsprof("audit", "prod", "--json"))
    assert rows["mfa-demanded"] == (
        "fail",
        "no policy demands MFA of user paul: a stolen key works without any code",
    )


def test_another_administrator_without_a_demand(awsprof: CommandLine, sound: Account) -> None:
    """One's own demand keeps nobody from what another's key opens; whoever has no way in does not count."""
    olga = sound.user("olga")
    assert _rows(awsprof("audit", "prod", "--json"))["mfa-demanded"][0] == "pass"
    olga.access_key()
    expected = ("fail", "olga has permissions, and no policy demands MFA for them")
    assert _rows(awsprof("audit", "prod", "--json"))["mfa-demanded"] == expected


def test_old_and_unused(aws: LocalAWS, awsprof: CommandLine) -> None:
    """A hundred days on every key is old; one that is used still is not unused, nor is its user."""
    account = aws.account(DEV)
    key = account.user("paul").access_key()
    _add(awsprof, "autochart_dev_paul", account, key)
    iam = _client("iam", key)
    iam.create_user(UserName="left")
    iam.create_access_key(UserName="left")
    for user in motobackend.iam(DEV).users.values():
        user.create_date -= timedelta(days=100)
        for one in user.access_keys:
            one.create_date -= timedelta(days=100)
    rows = _rows(awsprof("audit", "dev", "--json"))
    assert rows["access-key-age"] == ("fail", "left and paul have an access key older than 90 days (100 at most)")
    assert rows["unused-access-key"] == ("fail", "left has an active access key that nobody has used for 90 days")
    assert rows["unused-user"] == ("fail", "left has not been seen for 90 days")


def test_a_denied_call_fails_nothing_else(aws: LocalAWS, awsprof: CommandLine) -> None:
    """Who may only look at the alias sees that, and is told of the rest that it is not allowed."""
    account = aws.account(DEV, alias="autochart-dev")
    user = account.user("paul", administrator=False)
    user.put_policy(
        "little",
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "iam:ListAccountAliases", "Resource": "*"}],
        },
    )
    _add(awsprof, "autochart_dev_paul", account, user.access_key())
    outcome = awsprof("audit", "dev", "--json")
    assert outcome.status == 0
    statuses = _statuses(outcome)
    passed = {code for code, status in statuses.items() if status == "pass"}
    assert passed == {"mfa-demanded", "account-alias", "separate-accounts"}
    assert "fail" not in statuses.values()


def test_all_accounts_at_once(aws: LocalAWS, awsprof: CommandLine, sound: Account) -> None:
    """One that cannot be entered is told of row by row, and keeps nobody from the others; the exit status is 7."""
    dead = aws.account(DEV).user("paul").access_key()
    _add(awsprof, "autochart_dev_paul", aws.account(DEV), dead)
    dead.deactivate()
    outcome = awsprof("audit", "--all", "--json")
    assert outcome.status == 7
    found = json.loads(outcome.stdout)["findings"]
    by_profile: dict[str, set[str]] = {}
    for row in found:
        by_profile.setdefault(row["profile"], set()).add(row["status"])
    assert by_profile == {"autochart_dev_paul": {"not-allowed"}, "autochart_prod_paul": {"pass", "not-allowed"}}
    assert awsprof("audit", "--all", "prod").status == 2


def test_nothing_could_be_asked(aws: LocalAWS, awsprof: CommandLine) -> None:
    """With one profile there is nothing to show but AWS's own error."""
    dead = aws.account(DEV).user("paul").access_key()
    _add(awsprof, "autochart_dev_paul", aws.account(DEV), dead)
    dead.deactivate()
    outcome = awsprof("audit", "dev", "--json")
    assert (outcome.status, outcome.stdout) == (7, "")
    assert json.loads(outcome.stderr)["error"]["status"] == 7


@pytest.mark.parametrize(
    ("code", "bare", "status"), [("AccessDenied", False, 0), ("Malformed", False, 7), ("Malformed", True, 1)]
)
def test_a_check_that_is_not_answered(
    aws: LocalAWS, awsprof: CommandLine, sound: Account, code: str, bare: bool, status: int
) -> None:
    """A denial is an answer, and a failure of AWS's is none; what failed a check counts more."""
    aws.fail("ListAccountAliases", status=403, code=code, times=99)
    if bare:
        sound.root_access_key()
    outcome = awsprof("audit", "prod", "--json")
    assert (outcome.status, _statuses(outcome)["account-alias"]) == (status, "not-allowed")


def test_a_root_user_without_credentials(aws: LocalAWS, awsprof: CommandLine) -> None:
    """No password and no key: nobody can sign in, so there is nothing for MFA to keep."""
    account = aws.account(DEV)
    _add(awsprof, "autochart_dev_paul", account, account.user("paul").access_key())
    account.delete_root_password()
    assert _rows(awsprof("audit", "dev", "--json"))["root-mfa"] == ("pass", "the root user has no credentials")
    account.root_access_key()
    assert _rows(awsprof("audit", "dev", "--json"))["root-mfa"][0] == "fail"


def test_a_leaver_who_was_disabled(aws: LocalAWS, awsprof: CommandLine) -> None:
    """Whoever has no way in any more is not told of for ever; a password is one, and an active key."""
    account = aws.account(DEV)
    _add(awsprof, "autochart_dev_paul", account, account.user("paul").access_key())
    for name in ("disabled", "keyed", "signing-in"):
        account.user(name, administrator=False)
    account.user("inactive").access_key().deactivate()
    backend = motobackend.iam(DEV)
    backend.create_login_profile("signing-in", "Example-password-1!")
    backend.create_access_key("keyed")
    for user in backend.users.values():
        user.create_date -= timedelta(days=100)
    aws.clear_calls()
    rows = _rows(awsprof("audit", "dev", "--json"))
    assert rows["unused-user"] == ("fail", "keyed and signing-in have not been seen for 90 days")
    # Only of those who look unused.
    assert len(aws.calls_of("GetLoginProfile")) == 3


def test_roles_and_root_keys(aws: LocalAWS, awsprof: CommandLine, sound: Account) -> None:
    """What a role is assumed with is judged, what nobody can see is not passed, and a root key is none of a role's."""
    arn = sound.role("deploy", PROD).arn
    words = ("add", "autochart", "prod", "deploy", "--role-arn", arn, "--source", "autochart_prod_paul")
    assert awsprof(*words).status == 0
    rows = _rows(awsprof("audit", "autochart_prod_deploy", "--json"))
    assert rows["user-mfa"] == ("pass", f"the role is assumed with the MFA device arn:aws:iam::{PROD}:mfa/paul")
    assert rows["mfa-demanded"] == (
        "not-allowed",
        "autochart_prod_deploy is a role's: what it demands stands in its trust policy, which is not read",
    )
    bare = sound.user("bare").access_key()
    root = sound.root_access_key()
    path = awsprof.home / ".aws" / "credentials"
    path.write_text(
        "".join(
            f"[{name}]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
            for name, key in (("autochart_prod_root", root), ("autochart_prod_bare", bare))
        )
    )
    config = awsprof.home / ".aws" / "config"
    config.write_text(
        f"{config.read_text()}\n[profile autochart_prod_ops]\nrole_arn = {arn}\n"
        "source_profile = autochart_prod_bare\nregion = eu-west-1\n"
    )
    rows = _rows(awsprof("audit", "autochart_prod_ops", "--json"))
    assert rows["user-mfa"] == (
        "not-allowed",
        "autochart_prod_ops is a role's, and no MFA device is named where it is assumed",
    )
    rows = _rows(awsprof("audit", "autochart_prod_root", "--json"))
    assert rows["user-mfa"] == ("pass", "the root user has MFA")
    assert rows["mfa-demanded"] == (
        "fail",
        "no policy binds the root user, whose access key works without any code",
    )


class _Denied:
    """An AWS that shows nothing."""

    def __getattr__(self, call: str) -> Any:
        def denied(*_: object, **__: object) -> None:
            raise AccessDeniedError(f"AWS denies {call}")

        return denied


def test_identity_center() -> None:
    """A sign-in there may have been with MFA or not: not passed, in a protected env."""
    arn = f"arn:aws:sts::{PROD}:assumed-role/AWSReservedSSO_Admin_0/paul"
    identity = CallerIdentity(PROD, arn, "AROAEXAMPLE:paul")
    look = Look(_Denied(), LongTermCredentials("AKIAEXAMPLE", ""), region=REGION, identity=identity)
    for protected, status in ((True, Status.NOT_ALLOWED), (False, Status.PASS)):
        profile = Profile("autochart_prod_paul", None, Kind.SSO, None, protected, {})
        rows = {row.finding.code: row for row in audit(Audited(profile, look, frozenset()), now=datetime.now(UTC))}
        assert {rows[code].status for code in ("user-mfa", "mfa-demanded")} == {status}
        assert "role's" not in rows["user-mfa"].finding.message + rows["mfa-demanded"].finding.message


def test_envs_that_share_an_account(aws: LocalAWS, awsprof: CommandLine) -> None:
    """A protected env and an unprotected one may not; two of a kind may."""
    account = aws.account(DEV)
    key = account.user("paul").access_key()
    _add(awsprof, "autochart_dev_paul", account, key)
    _add(awsprof, "autochart_test_paul", account, key)
    rows = _rows(awsprof("audit", "dev", "--json"))
    assert rows["separate-accounts"] == ("pass", "test is in this account too, and as much protected")
    _add(awsprof, "autochart_prod_paul", account, key, "--force")
    rows = _rows(awsprof("audit", "dev", "--json"))
    assert rows["separate-accounts"] == ("fail", f"prod and dev share account {DEV}, and one is protected")
    # An env may be in several accounts: another profile's word, or the team file's, hides none of them.
    elsewhere = aws.account(OTHER)
    _add(awsprof, "autochart_prod_zoe", elsewhere, elsewhere.user("zoe").access_key())
    (awsprof.home / ".awsprof.toml").write_text(f'product = "autochart"\n[envs.prod]\naccount_id = "{OTHER}"\n')
    rows = _rows(awsprof("audit", "dev", "--json", "--user", "paul"))
    assert rows["separate-accounts"] == ("fail", f"prod and dev share account {DEV}, and one is protected")


def test_via_the_management_account(aws: LocalAWS, awsprof: CommandLine) -> None:
    """Only there is the organizational unit seen."""
    company, account = aws.account(PROD), aws.account(DEV)
    company.create_organization()
    company.add_member(account, "autochart_dev", "dev@example.com")
    boss = company.user("boss").access_key()
    _add(awsprof, "company_main_boss", company, boss)
    _add(awsprof, "autochart_dev_paul", account, account.user("paul").access_key())
    rows = _rows(awsprof("audit", "dev", "--via", "company_main_boss", "--json"))
    assert rows["in-product-ou"][0] == "fail"
    assert "in the organization's root" in rows["in-product-ou"][1]
    organizations = _client("organizations", boss)
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="autochart")["OrganizationalUnit"]["Id"]
    organizations.move_account(AccountId=DEV, SourceParentId=root, DestinationParentId=unit)
    rows = _rows(awsprof("audit", "dev", "--via", "company_main_boss", "--json"))
    assert rows["in-product-ou"] == ("pass", "the account is in the organizational unit autochart")
    deeper = organizations.create_organizational_unit(ParentId=unit, Name="apps")["OrganizationalUnit"]["Id"]
    organizations.move_account(AccountId=DEV, SourceParentId=unit, DestinationParentId=deeper)
    rows = _rows(awsprof("audit", "dev", "--via", "company_main_boss", "--json"))
    assert rows["in-product-ou"] == ("pass", "the account is in the organizational unit autochart/apps")
    other = organizations.create_organizational_unit(ParentId=root, Name="others")["OrganizationalUnit"]["Id"]
    organizations.move_account(AccountId=DEV, SourceParentId=deeper, DestinationParentId=other)
    rows = _rows(awsprof("audit", "dev", "--via", "company_main_boss", "--json"))
    assert rows["in-product-ou"] == (
        "fail",
        "the account is in the organizational unit others, and not in a unit of its product",
    )
    # A unit that somebody chose, where none is named after the product.
    organizations.update_organizational_unit(OrganizationalUnitId=unit, Name="workloads")
    rows = _rows(awsprof("audit", "dev", "--via", "company_main_boss", "--json"))
    assert rows["in-product-ou"] == ("pass", "the account is in the organizational unit others")
    own = awsprof("audit", "company_main_boss", "--via", "company_main_boss", "--json")
    assert _rows(own)["in-product-ou"] == ("pass", "the management account is no product's")
    fixes = {row["code"]: row["fix"] for row in json.loads(own.stdout)["findings"]}
    assert fixes["password-policy"] == fixes["account-alias"] == "awsprof console company_main_boss --service iam"
    aws.fail("ListParents", status=400, code="ChildNotFoundException")
    outside = awsprof("audit", "dev", "--via", "company_main_boss", "--json")
    assert _rows(outside)["in-product-ou"][1] == "the account is not in the organization that --via shows"
    aws.clear_calls()
    awsprof("audit", "dev", "company_main_boss", "--via", "company_main_boss")
    assert len(aws.calls_of("DescribeOrganization")) == 1
    # What cannot be asked takes nothing from what was seen.
    aws.fail("DescribeOrganization", status=403, code="AccessDeniedException", times=99)
    rows = _rows(awsprof("audit", "dev", "--via", "company_main_boss", "--json"))
    assert (rows["password-policy"][0], rows["in-product-ou"][0]) == ("fail", "not-allowed")


def test_one_that_cannot_be_entered(awsprof: CommandLine, dev: Identity) -> None:
    """With a single profile there is nothing else to tell: the error is the command's own."""
    outcome = awsprof("audit", "dev", "--json")
    assert (outcome.status, outcome.stdout) == (8, "")
    assert "awsprof login" in outcome.stderr
