"""
Ways in which a service reaches another account than its serverless.yml seems to say, or the right one after all.

Each row is a situation on the machine that :class:`TrapDesk` describes, and what each framework does in it; the rows
were found by running them, and a test runs them again. Knows nothing of who reads it.
"""

from __future__ import annotations

import configparser
import contextlib
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tests.test_real.frameworks import FRAMEWORKS, minimal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.localaws.accounts import AccessKey
    from tests.test_real.machine import Identity, Machine, Outcome

DEV, PROD, LEGACY, STRAY, DEFAULT = "111111111111", "222222222222", "333333333333", "444444444444", "555555555555"

# What happens, in these words:
DEV_PROFILE, PROD_PROFILE = "profile autochart_dev_paul", "profile autochart_prod_paul"
LEGACY_PROFILE = "profile autochart_legacy_paul"
STRAY_KEYS = "keys of stray"
DEPLOY_ROLE = "role Deploy"


def keys_in(section: str) -> str:
    """The row's own keys in a section of the shared credentials file."""
    return f"keys in [{section}]"


def aborts(why: str) -> str:
    """The framework stops without a call that does something, and says *why*."""
    return f"aborts: {why}"


def everywhere(what: str) -> dict[str, str]:
    return dict.fromkeys(FRAMEWORKS, what)


def older(what: str, *, osls4: str) -> dict[str, str]:
    """Serverless 3 and osls 3, which have the AWS SDK v2, do one thing, and osls 4 another."""
    return {"serverless3": what, "osls3": what, "osls4": osls4}


@dataclass(frozen=True)
class Trap:
    """One situation, and what ``serverless info`` does in it."""

    name: str
    yaml: str  # beside a minimal service; see frameworks.minimal
    what_happens: Mapping[str, str] = field(hash=False)
    stage: str | None = "prod"  # None: no --stage
    environ: Mapping[str, str] = field(default_factory=dict, hash=False)
    keys: tuple[str, ...] = ()  # prefixes of variables that hold the keys of stray: AWS, AWS_PROD
    files: Mapping[str, str] = field(default_factory=dict, hash=False)  # beside serverless.yml
    options: tuple[str, ...] = ()
    config: str = ""  # more sections in the shared config file
    key_sections: tuple[str, ...] = ()  # sections in the shared credentials file with the keys of "default"


@dataclass(frozen=True)
class TrapDesk:
    """
    A machine with the profiles of three envs, all of one user's.

    Attributes:
        dev: Delivered by file: its session stands in the credentials file.
        prod: The same.
        legacy: Delivered by process: its keys are in the vault, and it has no MFA device.
        stray: Keys of another account, which no profile has.
        default: Keys of yet another account, for a row's ``key_sections``, ``[default]`` most of all.
        role_arn: A role called Deploy in prod's account, which dev's user may assume.
    """

    machine: Machine
    dev: Identity
    prod: Identity
    legacy: Identity
    stray: AccessKey
    default: AccessKey
    role_arn: str

    @classmethod
    def on(cls, machine: Machine) -> Self:
        """Join the envs on an empty machine."""
        dev, prod = machine.joined("dev", DEV), machine.joined("prod", PROD)
        legacy = machine.joined("legacy", LEGACY, mfa=False)
        for identity in (dev, prod):
            machine.succeed("set", identity.name, "awsprof_delivery=file")
            assert machine.login(identity).status == 0
        stray, default = (machine.aws.account(account).user("anna").access_key() for account in (STRAY, DEFAULT))
        role = machine.aws.account(PROD).role("Deploy", DEV)
        return cls(machine, dev, prod, legacy, stray, default, role.arn)

    def environ(self, trap: Trap) -> dict[str, str]:
        """The row's own variables, and the user's name."""
        parts = {"ACCESS_KEY_ID": self.stray.id, "SECRET_ACCESS_KEY": self.stray.secret}
        keys = {f"{prefix}_{part}": value for prefix in trap.keys for part, value in parts.items()}
        return {"AWSPROF_USER": "paul", **keys, **trap.environ}

    @contextlib.contextmanager
    def laid(self, trap: Trap) -> Iterator[dict[str, str]]:
        """Have the shared files as the row wants them, for a while; hands over the files of the service."""
        machine = self.machine
        saved = {path: path.read_bytes() for path in (machine.config_file, machine.credentials_file)}
        with machine.config_file.open("a") as file:
            file.write(trap.config.format(role_arn=self.role_arn))
        with machine.credentials_file.open("a") as file:
            for section in trap.key_sections:
                file.write(f"\n[{section}]\naws_access_key_id = {self.default.id}\n")
                file.write(f"aws_secret_access_key = {self.default.secret}\n")
        try:
            yield {"serverless.yml": minimal(trap.yaml), **trap.files}
        finally:
            for path, content in saved.items():
                path.write_bytes(content)

    def what_happened(self, answer: Outcome) -> str:
        """In the table's words, whom a framework's calls were made as, or why it made none."""
        written = configparser.ConfigParser()
        written.read(self.machine.credentials_file)
        names = {self.legacy.key.id: f"profile {self.legacy.name}", self.stray.id: STRAY_KEYS}
        for section in written.sections():
            key_id = written[section]["aws_access_key_id"]
            names[key_id] = keys_in(section) if key_id == self.default.id else f"profile {section}"
        reached = {
            DEPLOY_ROLE if ":assumed-role/Deploy/" in (call.user_arn or "") else names[call.access_key_id or ""]
            for call in self.machine.aws.calls
            if call.action != "AssumeRole"
        }
        if reached:
            return ", ".join(sorted(reached))
        lines = answer.stdout.partition("Error:\n")[2].strip().splitlines()
        if "Variables resolution errored with:" in lines[0]:
            lines = lines[1:]
        return aborts(lines[0].removeprefix("  - "))


DEFAULT_KEYS = keys_in("default")
NOBODY = "autochart_prod_bob"


def provider(profile: str, more: str = "") -> str:
    return f"provider:\n  profile: {profile}\n{more}"


_PROFILES = """\
dev: autochart_dev_${env:AWSPROF_USER}
prod: autochart_prod_${env:AWSPROF_USER}
legacy: autochart_legacy_${env:AWSPROF_USER}
"""
CUSTOM = "custom:\n  profiles:\n" + textwrap.indent(_PROFILES, "    ")
BY_STAGE = provider("${self:custom.profiles.${sls:stage}}")
MAP = BY_STAGE + CUSTOM
PARAMS = """\
params:
  default:
    profile: autochart_dev_paul
  prod:
    profile: autochart_prod_paul
"""
ROLE = """
[profile autochart_deploy_paul]
role_arn = {role_arn}
source_profile = autochart_dev_paul
"""
DEFAULT_PROCESS = """
[default]
credential_process = awsprof credential-process autochart_legacy_paul
"""


def not_found(source: str) -> str:
    return aborts(f'Cannot resolve variable at "provider.profile": Value not found at "{source}" source')


def not_configured(profile: str) -> str:
    return aborts(f'AWS profile "{profile}" doesn\'t seem to be configured')


def no_credentials(page: str) -> str:
    return aborts(
        f"AWS provider credentials not found. Learn how to set up AWS provider credentials in our docs here: <{page}>."
    )


NO_CREDENTIALS = {
    "serverless3": no_credentials("http://slss.io/aws-creds-setup"),
    "osls3": no_credentials("https://github.com/oss-serverless/osls/blob/3.x/docs/guides/credentials.md"),
    "osls4": no_credentials("https://github.com/oss-serverless/osls/blob/4.x/docs/guides/credentials.md"),
}
NO_PARAM = everywhere(not_found("param")) | {
    "serverless3": aborts(
        'Cannot resolve variable at "provider.profile": The param "profile" cannot be resolved from CLI options or '
        "stage params. If you are using Serverless Framework Compose, make sure to run commands via Compose so that "
        "all parameters can be resolved"
    )
}
WRONG_VERSION = {
    name: aborts(
        f"The {'Serverless' if name == 'serverless3' else 'osls'} version ({version}) does not satisfy the "
        '"frameworkVersion" (2) in serverless.yml'
    )
    for name, version in FRAMEWORKS.items()
}
DEV_NAME = {"AWS_PROFILE": "autochart_dev_paul"}
LEGACY_NOT_CONFIGURED = not_configured("autochart_legacy_paul")

TRAPS = (
    # --- as it should be
    Trap("a map by stage", MAP, everywhere(PROD_PROFILE)),
    Trap("a stage that the map lacks", MAP, everywhere(not_found("self")), stage="qa"),
    Trap("a profile of nobody", provider(NOBODY), everywhere(not_configured(NOBODY))),
    Trap("a process profile", MAP, older(LEGACY_NOT_CONFIGURED, osls4=LEGACY_PROFILE), stage="legacy"),
    Trap(
        "a map in another file",
        provider("${file(./x.yml):profiles.${sls:stage}}"),
        everywhere(PROD_PROFILE),
        files={"x.yml": "profiles:\n" + textwrap.indent(_PROFILES, "  ")},
    ),
    Trap(
        "custom in another file",
        BY_STAGE + "custom: ${file(./custom.yml)}\n",
        everywhere(PROD_PROFILE),
        files={"custom.yml": "profiles:\n" + textwrap.indent(_PROFILES, "  ")},
    ),
    Trap(
        "provider in another file",
        "provider: ${file(./provider.yml)}\n" + CUSTOM,
        everywhere(PROD_PROFILE),
        files={"provider.yml": "name: aws\nregion: eu-west-1\nprofile: ${self:custom.profiles.${sls:stage}}\n"},
    ),
    Trap(
        "a profile of an anchor",
        "provider:\n  tags:\n    owner: &owner autochart_prod_paul\n  profile: *owner\n",
        everywhere(PROD_PROFILE),
    ),
    # --- the environment
    Trap("AWS_PROFILE", MAP, everywhere(DEV_PROFILE), environ=DEV_NAME),
    Trap(
        "AWS_PROFILE of a process profile",
        MAP,
        older(LEGACY_NOT_CONFIGURED, osls4=LEGACY_PROFILE),
        environ={"AWS_PROFILE": "autochart_legacy_paul"},
    ),
    Trap("AWS_PROFILE of nobody", MAP, everywhere(not_configured(NOBODY)), environ={"AWS_PROFILE": NOBODY}),
    Trap(
        "AWS_PROFILE of nobody beside AWS_<STAGE>_PROFILE",
        MAP,
        older(not_configured(NOBODY), osls4=DEV_PROFILE),
        environ={"AWS_PROFILE": NOBODY, "AWS_PROD_PROFILE": "autochart_dev_paul"},
    ),
    Trap("empty AWS_PROFILE", MAP, everywhere(PROD_PROFILE), environ={"AWS_PROFILE": ""}),
    Trap("AWS_DEFAULT_PROFILE", MAP, everywhere(PROD_PROFILE), environ={"AWS_DEFAULT_PROFILE": "autochart_dev_paul"}),
    Trap("AWS_<STAGE>_PROFILE", MAP, everywhere(DEV_PROFILE), environ={"AWS_PROD_PROFILE": "autochart_dev_paul"}),
    Trap(
        "AWS_<STAGE>_PROFILE beside AWS_PROFILE",
        MAP,
        everywhere(PROD_PROFILE),
        stage="dev",
        environ={"AWS_DEV_PROFILE": "autochart_prod_paul", **DEV_NAME},
    ),
    Trap(
        "another stage's AWS_<STAGE>_PROFILE",
        MAP,
        everywhere(PROD_PROFILE),
        environ={"AWS_DEV_PROFILE": "autochart_dev_paul"},
    ),
    Trap(
        "a stage with a hyphen, and an underscore in the variable",
        provider("autochart_prod_paul"),
        everywhere(PROD_PROFILE),
        stage="prod-eu",
        environ={"AWS_PROD_EU_PROFILE": "autochart_dev_paul"},
    ),
    Trap(
        "a stage with a hyphen, and one in the variable",
        provider("autochart_prod_paul"),
        everywhere(DEV_PROFILE),
        stage="prod-eu",
        environ={"AWS_PROD-EU_PROFILE": "autochart_dev_paul"},
    ),
    Trap("keys", MAP, everywhere(STRAY_KEYS), keys=("AWS",)),
    Trap("a key id without its secret", MAP, everywhere(PROD_PROFILE), environ={"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"}),
    Trap("keys beside AWS_PROFILE", MAP, everywhere(DEV_PROFILE), keys=("AWS",), environ=DEV_NAME),
    Trap("keys of the stage", MAP, everywhere(STRAY_KEYS), keys=("AWS_PROD",)),
    Trap("keys of the stage beside AWS_PROFILE", MAP, everywhere(STRAY_KEYS), keys=("AWS_PROD",), environ=DEV_NAME),
    Trap(
        "keys of the stage beside AWS_<STAGE>_PROFILE",
        MAP,
        everywhere(DEV_PROFILE),
        keys=("AWS_PROD",),
        environ={"AWS_PROD_PROFILE": "autochart_dev_paul"},
    ),
    Trap(
        "keys, and a process profile in the file",
        MAP,
        older(LEGACY_NOT_CONFIGURED, osls4=STRAY_KEYS),
        stage="legacy",
        keys=("AWS",),
    ),
    Trap(
        "keys, and a profile of nobody in the file",
        provider(NOBODY),
        older(not_configured(NOBODY), osls4=STRAY_KEYS),
        keys=("AWS",),
    ),
    Trap(
        "keys, and a profile that an empty variable takes out",
        provider("${env:TAKEN_OUT, self:custom.profiles.${sls:stage}}", CUSTOM),
        everywhere(STRAY_KEYS),
        stage="legacy",
        keys=("AWS",),
        environ={"TAKEN_OUT": ""},
    ),
    Trap(
        "keys, and a process profile that has keys too",
        MAP,
        everywhere(STRAY_KEYS),
        stage="legacy",
        keys=("AWS",),
        key_sections=("autochart_legacy_paul",),
    ),
    # --- options
    Trap(
        "--aws-profile",
        MAP,
        everywhere(DEV_PROFILE),
        keys=("AWS", "AWS_PROD"),
        environ={"AWS_PROFILE": "autochart_prod_paul", "AWS_PROD_PROFILE": "autochart_prod_paul"},
        options=("--aws-profile", "autochart_dev_paul"),
    ),
    # --- no profile
    Trap("no profile, no [default]", "", NO_CREDENTIALS),
    Trap("no profile", "", everywhere(DEFAULT_KEYS), key_sections=("default",)),
    Trap(
        "no profile, [default] is a process",
        "",
        NO_CREDENTIALS | {"osls4": LEGACY_PROFILE},
        config=DEFAULT_PROCESS,
    ),
    Trap(
        "no profile, AWS_DEFAULT_PROFILE",
        "",
        everywhere(DEV_PROFILE),
        key_sections=("default",),
        environ={"AWS_DEFAULT_PROFILE": "autochart_dev_paul"},
    ),
    Trap(
        "no profile, AWS_DEFAULT_PROFILE of nobody",
        "",
        everywhere(DEFAULT_KEYS),
        key_sections=("default",),
        environ={"AWS_DEFAULT_PROFILE": NOBODY},
    ),
    Trap("empty profile", provider('""'), everywhere(DEFAULT_KEYS), key_sections=("default",)),
    Trap(
        "empty variable",
        provider("${env:EMPTY}"),
        everywhere(DEFAULT_KEYS),
        key_sections=("default",),
        environ={"EMPTY": ""},
    ),
    Trap("null for a fallback", provider("${env:NOT_SET, null}"), everywhere(DEFAULT_KEYS), key_sections=("default",)),
    Trap(
        "a variable that is not set",
        provider("${env:NOT_SET}"),
        everywhere(not_found("env")),
        key_sections=("default",),
    ),
    Trap(
        "a fallback behind the map",
        provider("${self:custom.profiles.${sls:stage}, 'autochart_dev_paul'}", CUSTOM),
        everywhere(DEV_PROFILE),
        stage="qa",
    ),
    # --- the stage
    Trap(
        "provider.stage, literal",
        provider("${self:custom.profiles.${self:provider.stage}}", "  stage: dev\n" + CUSTOM),
        everywhere(DEV_PROFILE),
    ),
    Trap(
        "provider.stage from --stage",
        provider("${self:custom.profiles.${self:provider.stage}}", "  stage: ${opt:stage, 'dev'}\n" + CUSTOM),
        everywhere(PROD_PROFILE),
    ),
    Trap(
        "no --stage",
        MAP,
        everywhere(DEV_PROFILE),
        stage=None,
        environ={"SLS_STAGE": "prod", "STAGE": "prod", "SERVERLESS_STAGE": "prod"},
    ),
    Trap("no --stage, provider.stage", BY_STAGE + "  stage: prod\n" + CUSTOM, everywhere(PROD_PROFILE), stage=None),
    Trap(
        "no --stage, provider.stage from the environment",
        BY_STAGE + "  stage: ${env:STAGE}\n" + CUSTOM,
        everywhere(PROD_PROFILE),
        stage=None,
        environ={"STAGE": "prod"},
    ),
    Trap(
        "no --stage, provider.stage, AWS_<STAGE>_PROFILE",
        BY_STAGE + "  stage: prod\n" + CUSTOM,
        everywhere(DEV_PROFILE),
        stage=None,
        environ={"AWS_PROD_PROFILE": "autochart_dev_paul"},
    ),
    Trap(
        "no --stage, opt:stage with a fallback",
        provider("${self:custom.profiles.${opt:stage, 'dev'}}", "  stage: prod\n" + CUSTOM),
        everywhere(DEV_PROFILE),
        stage=None,
    ),
    Trap("-s", MAP, everywhere(PROD_PROFILE), stage=None, options=("-s", "prod")),
    Trap("a stage in upper case", MAP, everywhere(not_found("self")), stage="PROD"),
    # --- params
    Trap("params by stage", provider("${param:profile}", PARAMS), everywhere(PROD_PROFILE)),
    Trap("params.default", provider("${param:profile}", PARAMS), everywhere(DEV_PROFILE), stage="qa"),
    Trap(
        "--param",
        provider("${param:profile}", PARAMS),
        everywhere(DEV_PROFILE),
        options=("--param", "profile=autochart_dev_paul"),
    ),
    Trap(
        "stages, as in Serverless 4",
        provider("${param:profile}", "stages:\n  prod:\n    params:\n      profile: autochart_prod_paul\n"),
        NO_PARAM,
    ),
    # --- .env files
    Trap(
        "AWS_PROFILE in .env.<stage>",
        MAP + "useDotenv: true\n",
        everywhere(DEV_PROFILE),
        files={".env.prod": "AWS_PROFILE=autochart_dev_paul\n"},
    ),
    Trap(
        "AWS_PROFILE in .env",
        MAP + "useDotenv: true\n",
        everywhere(DEV_PROFILE),
        files={".env": "AWS_PROFILE=autochart_dev_paul\n"},
    ),
    Trap(
        "AWS_PROFILE in .env beside .env.<stage>",
        MAP + "useDotenv: true\n",
        everywhere(PROD_PROFILE),
        files={".env": "AWS_PROFILE=autochart_dev_paul\n", ".env.prod": "OTHER=1\n"},
    ),
    Trap(".env without useDotenv", MAP, everywhere(PROD_PROFILE), files={".env": "AWS_PROFILE=autochart_dev_paul\n"}),
    Trap(
        "a variable from .env.<stage>",
        provider("${env:PROFILE}", "useDotenv: true\n"),
        everywhere(PROD_PROFILE),
        files={".env.prod": "PROFILE=autochart_prod_paul\n", ".env.dev": "PROFILE=autochart_dev_paul\n"},
    ),
    Trap(
        "a variable from .env.<stage> that is set already",
        provider("${env:PROFILE}", "useDotenv: true\n"),
        everywhere(DEV_PROFILE),
        files={".env.prod": "PROFILE=autochart_prod_paul\n"},
        environ={"PROFILE": "autochart_dev_paul"},
    ),
    # --- the shared files
    Trap(
        "a role",
        provider("autochart_deploy_paul"),
        older(not_configured("autochart_deploy_paul"), osls4=DEPLOY_ROLE),
        config=ROLE,
    ),
    Trap(
        "a role, AWS_SDK_LOAD_CONFIG",
        provider("autochart_deploy_paul"),
        everywhere(DEPLOY_ROLE),
        config=ROLE,
        environ={"AWS_SDK_LOAD_CONFIG": "1"},
    ),
    Trap(
        "a role, and keys of its name",
        provider("autochart_deploy_paul"),
        older(keys_in("autochart_deploy_paul"), osls4=DEPLOY_ROLE),
        config=ROLE,
        key_sections=("autochart_deploy_paul",),
    ),
    Trap(
        "a role, and keys of its name, AWS_SDK_LOAD_CONFIG",
        provider("autochart_deploy_paul"),
        everywhere(DEPLOY_ROLE),
        config=ROLE,
        key_sections=("autochart_deploy_paul",),
        environ={"AWS_SDK_LOAD_CONFIG": "1"},
    ),
    Trap(
        "a process profile, AWS_SDK_LOAD_CONFIG",
        MAP,
        older(LEGACY_NOT_CONFIGURED, osls4=LEGACY_PROFILE),
        stage="legacy",
        environ={"AWS_SDK_LOAD_CONFIG": "1"},
    ),
    Trap(
        "a process profile that has keys too",
        MAP,
        everywhere(keys_in("autochart_legacy_paul")),
        stage="legacy",
        key_sections=("autochart_legacy_paul",),
    ),
    # --- the file's own demands
    Trap("frameworkVersion", MAP + 'frameworkVersion: "2"\n', WRONG_VERSION),
)
