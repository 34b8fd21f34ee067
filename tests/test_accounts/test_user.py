"""``awsprof account user``: a place for a colleague, a lost phone, and a leaver."""

from __future__ import annotations

import json
import os
import random
from typing import TYPE_CHECKING

import pytest
from moto.iam.models import SigningCertificate

from awsprof.aws.calls import Aws
from awsprof.errors import AccessDeniedError
from awsprof.model import LongTermCredentials
from tests.faults import KINDS, Fault, KilledError, Things
from tests.localaws import motobackend
from tests.test_accounts.conftest import DEV, PROD, REGION, VIA, changes, devices, keys_at_aws
from tests.test_cli.conftest import everything

if TYPE_CHECKING:
    from tests.localaws import LocalAWS
    from tests.localaws.accounts import User
    from tests.test_accounts.conftest import Company
    from tests.test_cli.conftest import WatchedCommandLine

ANNA = "autochart_dev_anna"
USER = ("account", "user", "autochart", "dev", "anna")
VIA_MAIN = (*USER, "--via", VIA)
_CERTIFICATE = "C" * 24


@pytest.fixture
def set_up(awsprof: WatchedCommandLine, company: Company) -> WatchedCommandLine:
    """The dev account, set up, with the profile autochart_dev_paul."""
    company.member(DEV, "autochart_dev")
    assert awsprof("account", "setup", "autochart", "dev", "--via", VIA, "--yes").status == 0
    return awsprof


@pytest.fixture
def anna(company: Company) -> User:
    """A colleague with all that a user can have."""
    user = company.member(DEV, "autochart_dev").user("anna", administrator=False)
    motobackend.iam(DEV).create_group("sysadmins")
    motobackend.iam(DEV).add_user_to_group("sysadmins", "anna")
    user.access_key()
    user.password("Example-password-1!")
    user.mfa_device()
    user.mfa_device("hardware")
    return user


def groups(user: str, account_id: str = DEV) -> list[str]:
    return [group.name for group in motobackend.iam(account_id).get_groups_for_user(user)]


def test_a_colleague(set_up: WatchedCommandLine, aws: LocalAWS) -> None:
    """User, group, first password, and the words to send, without the password in them; again: nothing to do."""
    aws.clear_calls()
    outcome = set_up(*USER, "--yes")
    assert outcome.status == 0
    assert changes(aws) == ["CreateUser", "AddUserToGroup", "CreateLoginProfile"]
    assert aws.calls_of("AssumeRole") == []
    assert groups("anna") == ["sysadmins"]
    password = set_up.items[f"{ANNA}/console"]
    assert motobackend.iam(DEV).users["anna"].password == password
    assert outcome.stdout.partition("\n\n")[2] == (
        "You have a user in the AWS account autochart-dev (111111111111).\n"
        "\n"
        "  sign in at  https://autochart-dev.signin.aws.amazon.com/console?region=eu-west-1\n"
        "  user name   anna\n"
        "\n"
        "The first password comes another way, and is to be changed at the first sign-in.\n"
        "Under 'Security credentials' make an access key for the command line, then on your machine:\n"
        "\n"
        "  awsprof add autochart dev anna --account-id 111111111111 --region eu-west-1\n"
        "  awsprof mfa enroll autochart_dev_anna\n"
        "  awsprof login autochart_dev_anna\n"
    )
    assert outcome.stderr == f"The first password: 'awsprof account password {ANNA} --copy'; send it another way.\n"
    assert set_up("account", "password", ANNA, "--show").stdout == f"{password}\n"
    aws.clear_calls()
    assert "Nothing to do.\n" in set_up(*USER, "--yes").stdout
    assert changes(aws) == []
    # Once she has changed it, the one in the vault is good for nothing.
    motobackend.iam(DEV).users["anna"].password_reset_required = False
    changed = set_up(*USER, "--yes")
    assert "The password is the one that the user has already." in changed.stdout
    assert ("the first is in the vault" in changed.stdout, changed.stderr) == (False, "")


def test_readonly_in_prod(awsprof: WatchedCommandLine, company: Company) -> None:
    """A new group in a protected env demands MFA from the start; the words say that a device comes first."""
    company.member(PROD, "autochart_prod")
    words = ("account", "user", "autochart", "prod", "anna", "--group", "readonly", "--via", VIA, "--yes")
    outcome = awsprof(*words)
    assert outcome.status == 0
    attached = [policy.name for policy in motobackend.iam(PROD).groups["readonly"].managed_policies.values()]
    assert attached == ["ReadOnlyAccess", "awsprof-self-service", "awsprof-deny-without-mfa"]
    assert "Then add an authenticator app there as your MFA device (a passkey is of no use" in outcome.stdout
    assert "mfa enroll" not in outcome.stdout


def test_nobody_is_locked_out(awsprof: WatchedCommandLine, company: Company) -> None:
    """Somebody in the group has no device: MFA is not demanded of the group yet, and said why."""
    company.member(PROD, "autochart_prod").user("otto", administrator=False)
    backend = motobackend.iam(PROD)
    backend.create_group("sysadmins")
    backend.add_user_to_group("sysadmins", "otto")
    words = ("account", "user", "autochart", "prod", "anna", "--via", VIA, "--yes", "--json")
    outcome = awsprof(*words)
    assert outcome.status == 0
    (row,) = [row for row in json.loads(outcome.stdout)["steps"] if row["step"] == "MFA demanded"]
    assert row["state"] == "skipped"
    assert row["detail"] == "otto in sysadmins would be locked out, having no MFA device"
    # Nothing is demanded, and the first password made elsewhere: neither is said.
    del awsprof.vault.items["autochart_prod_anna/console"]
    again = awsprof(*words[:-1])
    assert "The password is the one that the user has already." in again.stdout
    assert ("refuses all else" in again.stdout, "mfa enroll" in again.stdout) == (False, True)


READONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def test_a_policy_does_not_make_an_administrator(set_up: WatchedCommandLine, aws: LocalAWS) -> None:
    """The usual group gives more than --policy says: exit 2 until a group is named, with all of it in the plan."""
    aws.clear_calls()
    zed = ("account", "user", "autochart", "dev", "zed", "--policy", READONLY, "--yes")
    outcome = set_up(*zed)
    assert (outcome.status, changes(aws)) == (2, [])
    assert "The group sysadmins of account 111111111111 gives AdministratorAccess already" in outcome.stderr
    assert "Name another group with --group" in outcome.stderr
    assert "Name another group" in set_up("account", "setup", "autochart", "dev", *zed[5:], "--via", VIA).stderr
    motobackend.iam(DEV).groups["sysadmins"].put_policy("secrets", '{"Statement": []}')
    plan = set_up(*zed[:-1], "--group", "sysadmins", "--dry-run").stdout
    assert "ReadOnlyAccess beside AdministratorAccess, secrets for sysadmins, and so for paul" in plan
    assert set_up(*zed, "--group", "zoo").status == 0
    assert groups("zed") == ["zoo"]
    assert "ok     ReadOnlyAccess for zoo" in set_up(*zed[:5], "--group", "zoo", "--dry-run").stdout


def test_who_is_in_a_group_stays_there(set_up: WatchedCommandLine, aws: LocalAWS) -> None:
    """Nobody becomes an administrator because no group was named."""
    carl = ("account", "user", "autochart", "dev", "carl", "--yes")
    assert set_up(*carl, "--group", "readonly").status == 0
    aws.clear_calls()
    outcome = set_up(*carl)
    assert (outcome.status, changes(aws), groups("carl")) == (0, [], ["readonly"])
    assert "carl in readonly" in outcome.stdout


def test_a_lost_phone(awsprof: WatchedCommandLine, anna: User, aws: LocalAWS) -> None:
    """All her devices go, and nothing else."""
    plan = awsprof(*VIA_MAIN, "--reset-mfa", "--dry-run")
    assert "arn:aws:iam::111111111111:mfa/anna, GAHT" in plan.stdout
    outcome = awsprof(*VIA_MAIN, "--reset-mfa", "--yes")
    assert (outcome.status, devices(aws, DEV)) == (0, [])
    assert "anna can enrol another device" in outcome.stderr
    assert groups("anna") == ["sysadmins"]
    assert awsprof(*VIA_MAIN, "--reset-mfa", "--yes").stdout.endswith("Nothing to do.\n")


def test_a_leaver(awsprof: WatchedCommandLine, anna: User, aws: LocalAWS) -> None:
    """Keys inactive, password and devices gone, in no group; the user is still there."""
    awsprof.vault.items[f"{ANNA}/console"] = "Example-password-1!"
    before = everything(awsprof)
    aws.clear_calls()
    assert awsprof(*VIA_MAIN, "--disable", "--dry-run").status == 0
    assert (changes(aws), everything(awsprof)) == ([], before)
    outcome = awsprof(*VIA_MAIN, "--disable", answers=["y"])
    assert outcome.status == 0
    user = motobackend.iam(DEV).users["anna"]
    assert [key.status for key in user.access_keys] == ["Inactive"]
    assert (user.password, devices(aws, DEV), groups("anna")) == (None, [], [])
    assert f"{ANNA}/console" not in awsprof.items
    assert "Sessions that had begun have no rights any more" in outcome.stderr
    assert awsprof(*VIA_MAIN, "--disable", "--yes").stdout.endswith("Nothing to do.\n")


def test_an_old_password_is_not_good_again(set_up: WatchedCommandLine, aws: LocalAWS) -> None:
    """Whoever was sent one and lost it must not find it valid; one that AWS has and does not tell of yet stays."""
    assert set_up(*USER, "--yes").status == 0
    user, item = motobackend.iam(DEV).users["anna"], f"{ANNA}/console"
    sent = set_up.items[item]
    user.password = None
    assert set_up(*USER, "--yes").status == 0
    assert user.password == set_up.items[item] != sent
    user.password = None
    assert set_up(*USER, "--disable", "--yes").status == 0
    assert item not in set_up.items
    assert set_up(*USER, "--disable", "--yes").stdout.endswith("Nothing to do.\n")
    user.password = set_up.vault.items[item] = "Example-password-1!"
    aws.fail("GetLoginProfile", status=404, code="NoSuchEntity", times=2)
    assert set_up(*USER, "--yes").status == 0
    assert set_up.items[item] == user.password == "Example-password-1!"


def test_no_way_in_is_left(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS) -> None:
    """Rights of the user's own, and the rarer credentials, go too; a session that had begun may do nothing any more."""
    bob = company.member(DEV, "autochart_dev").user("bob")
    bob.put_policy("all", {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    key, device = bob.access_key(), bob.mfa_device()
    calls, long_term = Aws(os.environ, lambda _: None), LongTermCredentials(key.id, key.secret)
    session = calls.get_session_token(
        long_term, region=REGION, serial=device.serial, code=device.code(), duration_s=129_600
    )
    assert list(calls.users(session, region=REGION))
    made = [
        calls._client("iam", session, REGION).read(operation, UserName="bob", **words)
        for operation, words in (
            ("UploadSSHPublicKey", {"SSHPublicKeyBody": "ssh-rsa AAAA"}),
            ("CreateServiceSpecificCredential", {"ServiceName": "codecommit.amazonaws.com"}),
        )
    ]
    user = motobackend.iam(DEV).users["bob"]
    user.signing_certificates[_CERTIFICATE] = SigningCertificate(_CERTIFICATE, "bob", "none")
    words = ("account", "user", "autochart", "dev", "bob", "--via", VIA, "--disable")
    plan = awsprof(*words, "--dry-run").stdout
    assert (
        f"SSH key {made[0]['SSHPublicKey']['SSHPublicKeyId']}, signing certificate {_CERTIFICATE}, service credential A"
        in plan
    )
    assert "AdministratorAccess detached, all, an inline one, deleted" in plan
    assert awsprof(*words, "--yes").status == 0
    assert user.policies == user.managed_policies == {}
    with pytest.raises(AccessDeniedError):
        list(calls.users(session, region=REGION))
    assert (user.ssh_public_keys[0].status, user.signing_certificates[_CERTIFICATE].status) == ("Inactive", "Inactive")
    assert [row["Status"] for row in user.__dict__["service_credentials"]] == ["Inactive"]
    assert awsprof(*words, "--yes").stdout.endswith("Nothing to do.\n")


@pytest.mark.parametrize("words", [["--reset-mfa", "--disable"], ["--disable", "--group", "readonly"]])
def test_what_excludes_each_other(set_up: WatchedCommandLine, words: list[str]) -> None:
    """Exit 2, and nothing is asked of AWS."""
    assert set_up(*USER, *words).status == 2


def test_not_oneself(set_up: WatchedCommandLine, aws: LocalAWS) -> None:
    """Whoever acts is not locked out by a slip of the finger; nor is there nobody to disable."""
    aws.clear_calls()
    oneself = set_up("account", "user", "autochart", "dev", "paul", "--disable", "--yes")
    assert (oneself.status, "acts as paul itself" in oneself.stderr) == (1, True)
    nobody = set_up(*USER, "--disable", "--yes")
    assert (nobody.status, "Account 111111111111 has no user anna" in nobody.stderr) == (7, True)
    assert changes(aws) == []


@pytest.mark.parametrize("option", ["--disable", "--reset-mfa"])
def test_not_oneself_with_a_path(set_up: WatchedCommandLine, aws: LocalAWS, option: str) -> None:
    """A user's ARN may have a path in it."""
    motobackend.iam(DEV).users["paul"].path = "/admins/"
    aws.clear_calls()
    oneself = set_up("account", "user", "autochart", "dev", "paul", option, "--yes")
    assert (oneself.status, "acts as paul itself" in oneself.stderr, changes(aws)) == (1, True, [])


@pytest.mark.parametrize("name", ["anna@example.com", "Paul", "deploy_bot", "default"])
def test_users_that_others_made(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS, name: str) -> None:
    """Taken away whatever they are called; made only as the convention has it."""
    user = company.member(DEV, "autochart_dev").user(name)
    user.access_key()
    user.mfa_device()
    words = ("account", "user", "autochart", "dev", name, "--via", VIA, "--yes")
    reset = awsprof(*words, "--reset-mfa")
    assert (reset.status, devices(aws, DEV)) == (0, [])
    assert reset.stderr == f"{name} can enrol another device: in the console.\n"
    assert awsprof(*words, "--disable").status == 0
    assert [key.status for key in motobackend.iam(DEV).users[name].access_keys] == ["Inactive"]
    aws.clear_calls()
    assert (awsprof(*words).status, aws.calls) == (2, [])


@pytest.mark.parametrize("name", ["anna/x", "", "a" * 65, "änna"])
def test_no_user_is_called_that(awsprof: WatchedCommandLine, company: Company, aws: LocalAWS, name: str) -> None:
    """Exit 2, and AWS is not asked."""
    aws.clear_calls()
    outcome = awsprof("account", "user", "autochart", "dev", name, "--via", VIA, "--disable")
    assert (outcome.status, "cannot be an IAM user" in outcome.stderr, aws.calls) == (2, True, [])


def test_rights_go_first(awsprof: WatchedCommandLine, anna: User, aws: LocalAWS) -> None:
    """A step that is denied leaves a key, maybe, but none that may do anything."""
    aws.fail("UpdateAccessKey", status=403, code="AccessDenied", times=99)
    anna.attach_policy("arn:aws:iam::aws:policy/AdministratorAccess")
    assert awsprof(*VIA_MAIN, "--disable", "--yes").status == 7
    assert (groups("anna"), motobackend.iam(DEV).users["anna"].managed_policies) == ([], {})


def test_without_a_profile_there(awsprof: WatchedCommandLine, company: Company) -> None:
    """One's own profile of that env acts; without one, --via says which does."""
    outcome = awsprof(*USER, "--yes")
    assert (outcome.status, "No profile matches 'autochart_dev'" in outcome.stderr) == (3, True)
    assert outcome.stderr.endswith("\nName the profile that acts with --via.\n")


DISABLE = (*VIA_MAIN, "--disable", "--yes")
# How many things disabling does that nothing disturbs.
THINGS = 33


def test_these_are_all(awsprof: WatchedCommandLine, anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test below disturbs is everything that disabling does to the vault and at AWS."""
    with Things(awsprof, monkeypatch, None) as things:
        assert awsprof(*DISABLE).status == 0
    assert len(things.seen) == THINGS, things.seen


_EVERY = [Fault(number, *kind) for number in range(1, THINGS + 1) for kind in KINDS]


@pytest.mark.parametrize(
    "fault", _EVERY if os.environ.get("AWSPROF_TEST_ALL") else random.Random(9).sample(_EVERY, 3), ids=str
)
def test_a_fault(
    awsprof: WatchedCommandLine, anna: User, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """Wherever it strikes, the same command goes on: no half device, no key left active."""
    with Things(awsprof, monkeypatch, fault):
        if fault.kind == "kill":
            with pytest.raises(KilledError):
                awsprof(*DISABLE)
        else:
            assert awsprof(*DISABLE).status in (0, 7, 130)
    assert awsprof(*DISABLE).status == 0
    user = motobackend.iam(DEV).users["anna"]
    assert ([key.status for key in user.access_keys], len(keys_at_aws(DEV, "anna"))) == (["Inactive"], 1)
    assert (user.password, devices(aws, DEV), groups("anna")) == (None, [], [])
    assert f"{ANNA}/mfa-reset" not in awsprof.items
    assert awsprof(*DISABLE).stdout.endswith("Nothing to do.\n")
