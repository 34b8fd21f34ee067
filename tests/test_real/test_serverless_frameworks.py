"""Serverless 3, osls 3 and osls 4, run on what awsprof says of a product's stages, reach the account meant or none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from awsprof.serverless.stages import Style, as_yaml, stages_of, wanted
from awsprof.settings import TeamEnv, TeamFile
from tests.test_heavy.conftest import ALL
from tests.test_real.frameworks import FRAMEWORKS, Framework, minimal, require_frameworks
from tests.test_real.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.localaws import LocalAWS
    from tests.test_real.machine import Identity

DEV, PROD = "111111111111", "222222222222"
TEAM = TeamFile(
    Path(".awsprof.toml"),
    "autochart",
    "eu-west-1",
    {"dev": TeamEnv(DEV, None, False, ("dev", "staging")), "prod": TeamEnv(PROD, None, True, ("prod",))},
)
ENV_OF_STAGE = {"dev": "dev", "staging": "dev", "prod": "prod"}
NOT_CONFIGURED = 'AWS profile "{}" doesn\'t seem to be configured'
# JS SDK v2 in these knows no credential_process.
WITHOUT_PROCESS = ("serverless3", "osls3")


def service(style: Style, name: str = "shop") -> str:
    """The serverless.yml of a service called *name*, with what awsprof wants in it."""
    return minimal(as_yaml(wanted(TEAM, stages_of(TEAM), style)), name)


@dataclass(frozen=True)
class Desk:
    """A developer's machine, with a profile in dev and one in prod."""

    machine: Machine
    user: str
    identities: dict[str, Identity]

    def framework(self, name: str, style: Style) -> Framework:
        return Framework.on(self.machine, name, {"serverless.yml": service(style)})

    def profile(self, stage: str) -> str:
        return self.identities[ENV_OF_STAGE[stage]].name

    def caller(self, stage: str) -> tuple[str, str]:
        """The account of a stage, and the access key id that its profile hands out now."""
        identity = self.identities[ENV_OF_STAGE[stage]]
        served = self.machine.succeed("export", identity.name, "--format", "json").json()
        return identity.account_id, served["AWS_ACCESS_KEY_ID"]

    def info(self, stage: str) -> set[tuple[str, str, str | None, str | None]]:
        """The calls of ``serverless info``: the guard's, and its own."""
        actions = (("sts", "GetCallerIdentity"), ("cloudformation", "DescribeStacks"))
        return {(*action, *self.caller(stage)) for action in actions}


@pytest.fixture(scope="module")
def paul(shared_machine: Machine) -> Desk:
    """His profiles hand out credentials by process: dev without MFA, prod by a session."""
    require_frameworks()
    dev = shared_machine.joined("dev", DEV, mfa=False)
    prod = shared_machine.joined("prod", PROD)
    assert shared_machine.login(prod).status == 0
    return Desk(shared_machine, "paul", {"dev": dev, "prod": prod})


@pytest.fixture(scope="module")
def anna(shared_machine: Machine, _aws_server: LocalAWS, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Her sessions stand in the credentials file: dev's always, prod's by ``login --write``."""
    require_frameworks()
    machine = Machine.below(tmp_path_factory.mktemp("anna"), _aws_server)
    machine.take_vault_of(shared_machine)
    dev, prod = (machine.joined(env, account, user="anna") for env, account in (("dev", DEV), ("prod", PROD)))
    machine.succeed("set", dev.name, "awsprof_delivery=file")
    assert machine.login(dev).status == 0
    assert machine.login(prod, "--write").status == 0
    return Desk(machine, "anna", {"dev": dev, "prod": prod})


def _printed() -> Iterator[tuple[str, Style, str]]:
    """Every combination with --all; else a third of them, in which every two go together once."""
    for first, name in enumerate(FRAMEWORKS):
        for second, style in enumerate(Style):
            for third, stage in enumerate(ENV_OF_STAGE):
                if ALL or (first + second + third) % 3 == 0:
                    yield name, style, stage


@pytest.mark.parametrize(("name", "style", "stage"), list(_printed()))
def test_print_names_the_stage_s_profile(anna: Desk, name: str, style: Style, stage: str) -> None:
    """In every style each stage has its profile, and the guard has asked its account and no other."""
    # In the third style the profile is in no file: `use` gives it.
    given = {"AWS_PROFILE": anna.profile(stage)} if style is Style.ENV else {"AWSPROF_USER": "anna"}
    framework = anna.framework(name, style)
    printed = framework.run("print", "--stage", stage, "--format", "json", **given)
    assert printed.status == 0, printed
    assert framework.calls() == {("sts", "GetCallerIdentity", *anna.caller(stage))}
    said = json.loads(printed.stdout)
    assert said["provider"].get("profile") == (None if style is Style.ENV else anna.profile(stage))
    assert said["custom"]["accountGuard"] == "ok"


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_without_a_user_no_account_is_reached(anna: Desk, name: str) -> None:
    """A forgotten AWSPROF_USER names a profile that nobody has, and that says what to set."""
    framework = anna.framework(name, Style.MAP)
    printed = framework.run("print", "--stage", "dev")
    assert printed.status == 1
    assert NOT_CONFIGURED.format("autochart_dev_set-AWSPROF_USER") in printed.stdout + printed.stderr
    assert framework.calls() == set()


@pytest.mark.parametrize("style", [Style.PARAMS, Style.ENV])
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_unknown_stage_aborts(anna: Desk, name: str, style: Style) -> None:
    """A stage that the team file does not have stops in every style, if need be by the guard."""
    framework = anna.framework(name, style)
    given = {"AWS_PROFILE": anna.profile("dev")} if style is Style.ENV else {"AWSPROF_USER": "anna"}
    printed = framework.run("print", "--stage", "qa", **given)
    profile = 'The param "profile" cannot be resolved' if name == "serverless3" else 'Value not found at "param" source'
    where = {
        Style.PARAMS: f'"provider.profile": {profile}',
        Style.ENV: '"custom.accountGuard": Value not found at "self" source',
    }[style]
    assert printed.status == 1
    assert where in printed.stdout + printed.stderr
    assert {action for _, action, *_ in framework.calls()} <= {"GetCallerIdentity"}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_deploy_reaches_the_account_meant(anna: Desk, name: str) -> None:
    """With a session in the credentials file by ``login --write`` each makes its stack there."""
    framework = Framework.on(anna.machine, name, {"serverless.yml": service(Style.MAP, name)})
    deployed = framework.run("deploy", "--stage", "prod", AWSPROF_USER="anna")
    assert deployed.status == 0, deployed
    assert {tuple(who) for _, _, *who in framework.calls()} == {anna.caller("prod")}
    assert {"PutObject", "ExecuteChangeSet"} <= {action for _, action, *_ in framework.calls()}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_process_is_known_to_osls_4_alone(paul: Desk, name: str) -> None:
    """osls 4 asks credential_process; the older two say that there is no such profile, and reach nothing."""
    framework = paul.framework(name, Style.PARAMS)
    answer = framework.run("info", "--stage", "prod", AWSPROF_USER="paul")
    if name in WITHOUT_PROCESS:
        assert NOT_CONFIGURED.format(paul.profile("prod")) in answer.stdout + answer.stderr
        assert framework.calls() == set()
    else:
        assert framework.calls() == paul.info("prod")


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_guard_stops_another_account_s_keys(anna: Desk, name: str) -> None:
    """Keys in the environment beat provider.profile; the guard sees whose they are before anything is done."""
    framework = anna.framework(name, Style.MAP)
    foreign = anna.machine.succeed("export", anna.profile("dev"), "--format", "json").json()
    keys = {name: foreign[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
    answer = framework.run("deploy", "--stage", "prod", AWSPROF_USER="anna", **keys)
    assert answer.status == 1
    assert '"custom.accountGuard": Value not found at "self" source' in answer.stdout + answer.stderr
    assert framework.calls() == {("sts", "GetCallerIdentity", *anna.caller("dev"))}


@pytest.mark.parametrize("style", [Style.MAP, Style.ENV])
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_exec_gives_its_keys_to_the_framework(paul: Desk, name: str, style: Style) -> None:
    """Under exec each uses the keys in the environment, though the older two would not know the profile in the file."""
    framework = paul.framework(name, style)
    through = ("awsprof", "exec", "prod", "--")
    framework.run("info", "--stage", "prod", through=through)
    assert framework.calls() == paul.info("prod")


@pytest.mark.parametrize("style", [Style.MAP, Style.ENV])
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_pipeline_with_keys_and_no_profile(bare: Machine, paul: Desk, name: str, style: Style) -> None:
    """In a pipeline with keys and nothing else the guard passes; the older two need the style without profiles."""
    framework = Framework.on(bare, name, {"serverless.yml": service(style)})
    key = paul.identities["dev"].key
    answer = framework.run("print", "--stage", "dev", AWS_ACCESS_KEY_ID=key.id, AWS_SECRET_ACCESS_KEY=key.secret)
    if name in WITHOUT_PROCESS and style is not Style.ENV:
        assert NOT_CONFIGURED.format("autochart_dev_set-AWSPROF_USER") in answer.stdout + answer.stderr
        assert framework.calls() == set()
    else:
        assert answer.status == 0, answer
        assert framework.calls() == {("sts", "GetCallerIdentity", DEV, key.id)}


@pytest.fixture
def bare(tmp_path: Path, _aws_server: LocalAWS) -> Machine:
    """A build machine: no profile, no awsprof."""
    return Machine.below(tmp_path, _aws_server)
