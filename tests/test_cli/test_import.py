"""``import``: what there is, what it would be called, and how it comes into the vault without ever being nowhere."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from awsprof.errors import UnreachableError, VaultError
from awsprof.importing.moving import BATCH
from awsprof.sessions.keys import load_keys
from tests.test_cli.conftest import DEV, OTHER, PROD, everything, write_config, write_settings
from tests.test_vault.memory import MemoryVault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import CommandLine
    from tests.localaws import LocalAWS
    from tests.test_cli.conftest import Identity
    from tests.test_importing.awsfake import FakeAws, FakeKey

MFA = "arn:aws:iam::222222222222:mfa/paul"


@dataclass
class FakePeers:
    """Another tool's keyring."""

    stored: dict[tuple[str, str], str] = field(default_factory=dict)
    refusal: VaultError | None = None
    can_list: bool = True

    def items(self) -> list[FakeItem]:
        if self.refusal is not None:
            raise self.refusal
        return [FakeItem(*name) for name in self.stored]

    def read(self, tool: str, name: str) -> str:
        return self.stored[tool, name]


@dataclass
class FakeItem:
    tool: str
    name: str


def credentials_of(home: Path) -> str:
    path = home / ".aws" / "credentials"
    return path.read_text() if path.exists() else ""


def found(awsprof: CommandLine) -> dict[str, dict[str, object]]:
    outcome = awsprof("import", "--json")
    assert outcome.status == 0, outcome
    return {row["name"]: row for row in json.loads(outcome.stdout)["found"]}


def held(awsprof: CommandLine, name: str) -> tuple[str, str] | None:
    stored = load_keys(awsprof.vault, name)
    return (stored.credentials.access_key_id, stored.credentials.secret_access_key) if stored else None


def pair(key: FakeKey) -> tuple[str, str]:
    return key.id, key.secret


# What there is.


def test_table_and_json_of_everything(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """Each kind of profile has its row: where its secret lies, and the name it would get or why it gets none."""
    one, two, three, four = (cloud.key(account) for account in (DEV, PROD, OTHER, DEV))
    awsprof.peer_secrets = FakePeers()
    config = write_config(
        home,
        f"[profile autochart-dev]\nregion = eu-west-1\n\n[profile autochart.qa]\n{three.lines}\n"
        f"[profile autochart-ops]\nrole_arn = arn:aws:iam::{PROD}:role/ops\nsource_profile = autochart-prod\n\n"
        "[profile base]\nregion = eu-west-1\n\n"
        f"[profile autochart_sso_paul]\nsso_session = x\nsso_account_id = {DEV}\nsso_role_name = y\n\n[sso-session x]\n"
        "sso_start_url = https://x\nsso_region = eu-west-1\n\n"
        "[profile granted-dev]\ncredential_process = granted credential-process --profile=granted-dev\n",
    )
    credentials = write_config(
        home,
        f"[default]\n{four.lines}\n[autochart-dev]\n{one.lines}\n[autochart-prod-long-term]\n{two.lines}"
        f"aws_mfa_device = {MFA}\n\n[autochart-prod]\naws_access_key_id = ASIAAAAAAAAAAAAAAAAA\n"
        "aws_secret_access_key = gone\naws_session_token = gone\n\n"
        "[stale]\naws_access_key_id = ASIAAAAAAAAAAAAAAAAA\naws_secret_access_key = g\naws_session_token = g\n",
        "credentials",
    )

    def row(kind: str, account: str | None, where: str | None, proposed: str | None, why: str | None, **more: object):
        return {"kind": kind, "account_id": account, "where": where, "proposed": proposed, "why": why} | {
            "tool": None,
            "file": None,
            "line": None,
            **more,
        }

    rows = found(awsprof)
    no_name = "its name tells no product, env and user"
    export = "granted credentials export-plaintext granted-dev, then awsprof import granted-dev"
    assert {name: {key: value for key, value in table.items() if key != "name"} for name, table in rows.items()} == {
        "autochart-dev": row(
            "keys", None, "credentials-file", "autochart_dev_paul", None, file=str(credentials), line=5
        ),
        "autochart.qa": row("keys", None, "config-file", "autochart_qa_paul", None, file=str(config), line=4),
        "autochart-ops": row("role", PROD, None, "autochart_ops_paul", None),
        "autochart-prod": row("keys", PROD, "aws-mfa", "autochart_prod_paul", None, file=str(credentials), line=9),
        "autochart_sso_paul": row("sso", DEV, None, None, None),
        "base": row("other", None, None, None, "it has no credentials of its own"),
        "default": row(
            "keys",
            None,
            "credentials-file",
            None,
            "a default has no product, env and user",
            file=str(credentials),
            line=1,
        ),
        "granted-dev": row("process", None, "out-of-reach", None, export, tool="Granted"),
        "stale": row("keys", None, None, None, "a session's keys, which expire"),
    }
    assert no_name not in json.dumps(rows)
    shown = awsprof("import", "--dry-run")
    assert shown.status == 0
    assert "autochart-prod      keys     222222222222  aws-mfa pair           autochart_prod_paul" in shown.stdout
    assert "granted-dev: granted credentials export-plaintext granted-dev" in shown.stderr


def test_nothing_to_import(awsprof: CommandLine) -> None:
    outcome = awsprof("import")
    assert (outcome.status, outcome.stdout) == (0, "")
    assert "awsprof add PRODUCT ENV USER" in outcome.stderr


@pytest.mark.parametrize("words", [(), ("autochart-dev",), ("autochart-dev", "--as", "autochart", "dev", "anna")])
def test_with_no_terminal_nothing_changes(
    awsprof: CommandLine, cloud: FakeAws, home: Path, words: tuple[str, ...]
) -> None:
    """Where nobody can be asked, --yes is named, and nothing is touched."""
    write_config(home, f"[autochart-dev]\n{cloud.key(DEV).lines}", "credentials")
    before = everything(awsprof)
    outcome = awsprof("import", *words)
    assert (outcome.status, everything(awsprof)) == (2, before)
    assert "--yes" in outcome.stderr


def test_file_that_botocore_refuses(awsprof: CommandLine, home: Path) -> None:
    path = write_config(home, "[a]\nregion = x\n[a]\n", "credentials")
    outcome = awsprof("import", "--yes")
    assert outcome.status == 5
    assert outcome.stderr == f"Error: {path}, line 3: section [a] stands twice.\n'awsprof doctor --fix' mends it.\n"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("nothing",), 3),
        (("--as", "autochart", "dev", "paul"), 2),
        (("a", "b", "--as", "autochart", "dev", "paul"), 2),
        (("--from", "-"), 2),
        (("autochart-dev", "--as", "Auto", "dev", "paul"), 2),
        (("autochart-dev", "--as", "autochart", "default", "paul"), 2),
        (("autochart-dev", "--as", "autochart", "taken", "paul", "--yes"), 4),
        (("autochart_taken_paul", "--yes"), 1),
        (("work", "--yes"), 2),
        (("stale", "--yes"), 1),
        (("stale", "--as", "autochart", "dev", "paul", "--yes"), 1),
    ],
)
def test_statuses(awsprof: CommandLine, cloud: FakeAws, home: Path, words: tuple[str, ...], status: int) -> None:
    write_config(
        home,
        f"[autochart-dev]\n{cloud.key(DEV).lines}\n[work]\n{cloud.key(PROD).lines}\n"
        "[stale]\naws_access_key_id = ASIAAAAAAAAAAAAAAAAA\naws_secret_access_key = g\naws_session_token = g\n",
        "credentials",
    )
    write_config(home, f"[profile autochart_taken_paul]\nrole_arn = arn:aws:iam::{DEV}:role/x\nsource_profile = work\n")
    before = everything(awsprof)
    outcome = awsprof("import", *words)
    assert (outcome.status, everything(awsprof)) == (status, before), outcome


# Moving keys.


@pytest.mark.parametrize("place", ["credentials", "config", "both", "only credentials"])
def test_keys_go_into_the_vault(awsprof: CommandLine, cloud: FakeAws, home: Path, place: str) -> None:
    """The profile has its new name, its settings and no keys; comments stay; undo brings every byte back."""
    key = cloud.key(PROD, devices=[MFA])
    in_config = key.lines if place in ("config", "both") else ""
    in_credentials = "" if place == "config" else f"# others\n[other]\nregion = x\n\n[prod]\n{key.lines}output = json\n"
    if place != "only credentials":
        write_config(home, f"# mine\n[profile prod]\nregion = eu-west-1\n{in_config}# end\n\n[profile z]\nregion = x\n")
    if in_credentials:
        write_config(home, in_credentials, "credentials")
    before, files = (awsprof.config, credentials_of(home)), set(everything(awsprof))
    outcome = awsprof("import", "prod", "--as", "autochart", "prod", "paul", "--yes")
    arn = f"arn:aws:iam::{PROD}:user/paul"
    assert (outcome.status, outcome.stdout) == (
        0,
        f"Imported prod as autochart_prod_paul: account {PROD}, {arn}\n"
        f"MFA device {MFA}. Next: awsprof login autochart_prod_paul\n",
    ), outcome
    assert held(awsprof, "autochart_prod_paul") == pair(key)
    shown = json.loads(awsprof("show", "autochart_prod_paul", "--json").stdout)["profile"]
    region = None if place == "only credentials" else "eu-west-1"
    assert (shown["kind"], shown["delivery"], shown["account_id"]) == ("user", "process", PROD)
    assert (shown["mfa_serial"], shown["region"]) == (MFA, region)
    assert cloud.asked == [key.id, key.id], "once from the file, and once from the vault's own copy"
    assert key.secret not in awsprof.config + credentials_of(home)
    assert ("output = json" in awsprof.config) == (place != "config")
    if in_credentials:
        assert credentials_of(home) == "# others\n[other]\nregion = x\n\n"
    if place != "only credentials":
        assert awsprof.config.startswith("# mine\n[profile autochart_prod_paul]\nregion = eu-west-1\n")
        assert "# end\n\n[profile z]\nregion = x\n" in awsprof.config
    assert awsprof("undo", "--yes").status == 0
    assert (awsprof.config, credentials_of(home)) == before
    assert awsprof.items == {}
    assert files <= set(everything(awsprof))


def test_device_that_was_known_is_no_news(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    write_config(home, f"[profile prod]\nmfa_serial = {MFA}\n{cloud.key(PROD, devices=[MFA]).lines}")
    assert "MFA device" not in awsprof("import", "prod", "--as", "autochart", "prod", "paul", "--yes").stdout


def test_aws_mfa_pair_becomes_one_profile(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """The lasting keys go into the vault, the stale session goes, and source_profile follows."""
    key = cloud.key(PROD, may_list=False)
    write_config(
        home,
        "[profile prod]\noutput = json\n\n[profile prod-long-term]\nregion = eu-west-1\n\n"
        f"[profile autochart-ops]\nrole_arn = arn:aws:iam::{PROD}:role/x\nsource_profile = prod\n",
    )
    write_config(
        home,
        f"[prod-long-term]\n{key.lines}aws_mfa_device = {MFA}\n\n[prod]\nassumed_role = False\n"
        "aws_access_key_id = ASIAAAAAAAAAAAAAAAAA\naws_secret_access_key = g\naws_session_token = g\n"
        "aws_security_token = g\nexpiration = 2020-01-01 00:00:00\n",
        "credentials",
    )
    outcome = awsprof("import", "prod-long-term", "--as", "autochart", "prod", "paul", "--yes")
    assert outcome.status == 0, outcome
    assert "may not list its MFA devices" in outcome.stderr
    assert credentials_of(home) == ""
    launcher = next(line for line in awsprof.config.splitlines() if line.startswith("credential_process"))
    assert awsprof.config == (
        "[profile autochart_prod_paul]\noutput = json\nregion = eu-west-1\n"
        f"mfa_serial = {MFA}\naws_account_id = {PROD}\n{launcher}\n\n"
        f"[profile autochart-ops]\nrole_arn = arn:aws:iam::{PROD}:role/x\nsource_profile = autochart_prod_paul\n"
    )


@pytest.mark.parametrize("header", ["default", "profile default"])
def test_default_finds_a_name(awsprof: CommandLine, cloud: FakeAws, home: Path, header: str) -> None:
    key = cloud.key(DEV)
    write_config(home, f"[{header}]\nregion = eu-west-1\n")
    write_config(home, f"[default]\n{key.lines}", "credentials")
    assert awsprof("import", "default", "--as", "autochart", "dev", "paul", answers=["y"]).status == 0
    assert awsprof.config.startswith("[profile autochart_dev_paul]\nregion = eu-west-1\n")
    assert (credentials_of(home), awsprof("default").stdout[:19]) == ("", "There is no default")
    assert held(awsprof, "autochart_dev_paul") == pair(key)


def test_default_rename_with_a_credentials_file_alone(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """``default --rename`` writes the profile where there is no shared config file yet."""
    key = cloud.key(DEV)
    write_config(home, f"[default]\n{key.lines}", "credentials")
    assert awsprof("default", "--rename", "autochart", "dev", "paul", "--yes").status == 0
    assert awsprof.config.startswith("[profile autochart_dev_paul]\n")
    assert (held(awsprof, "autochart_dev_paul"), credentials_of(home)) == (pair(key), "")


def test_keys_that_hide_a_process_of_ours(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """A profile that has its name already keeps it; the plain-text copy of what is in the vault just goes."""
    key = cloud.key(DEV)
    words = ("add", "autochart", "dev", "paul", "--from", "-", "--region", "eu-west-1")
    assert awsprof(*words, stdin=f"{key.id}\n{key.secret}\n").status == 0
    config = awsprof.config
    write_config(home, f"[autochart_dev_paul]\n{key.lines}", "credentials")
    outcome = awsprof("import", "--yes")
    assert outcome.status == 0, outcome
    assert "Moved the keys of autochart_dev_paul into the vault" in outcome.stdout
    assert (awsprof.config, credentials_of(home)) == (config, "")


def test_other_keys_in_the_vault_stay(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """What lies under the new name already is never written over by other keys."""
    key, other = cloud.key(DEV), cloud.key(DEV)
    words = ("add", "autochart", "dev", "paul", "--from", "-", "--region", "eu-west-1")
    assert awsprof(*words, stdin=f"{key.id}\n{key.secret}\n").status == 0
    write_config(home, f"[autochart_dev_paul]\n{other.lines}", "credentials")
    before = everything(awsprof)
    outcome = awsprof("import", "--yes")
    assert (outcome.status, everything(awsprof)) == (1, before)
    assert "The vault has other keys under autochart_dev_paul" in outcome.stderr


@pytest.mark.parametrize(
    ("what", "status", "sentence"),
    [
        ("dead", 7, "not known to AWS"),
        ("root", 2, "root user"),
        ("other account", 1, f"of account {PROD}, and its settings say {DEV}"),
        ("team file", 1, f"the team file says {OTHER}"),
        ("two keys", 1, "two different access keys"),
        ("a role too", 1, "it has keys and role_arn"),
        ("lent", 1, "[DEFAULT]'s"),
        ("refused value", 2, "holds a control character"),
        ("vault", 6, "did not give back"),
    ],
)
def test_what_is_refused_stays_as_it_is(
    awsprof: CommandLine, cloud: FakeAws, home: Path, what: str, status: int, sentence: str
) -> None:
    """Whatever is wrong with a key or its profile, nothing changes, and the exit status says what it was."""
    key = cloud.key(PROD, user="root" if what == "root" else "paul")
    lines, config = key.lines, ""
    if what == "dead":
        del cloud.keys[key.id]
    elif what == "other account":
        config = f"aws_account_id = {DEV}\n"
    elif what == "team file":
        (home / ".awsprof.toml").write_text(f'product = "autochart"\n[envs.prod]\naccount_id = "{OTHER}"\n')
    elif what == "two keys":
        config = cloud.key(PROD).lines
    elif what == "a role too":
        config = f"role_arn = arn:aws:iam::{PROD}:role/x\nsource_profile = x\n"
    elif what == "refused value":
        lines += "output = js\x07on\n"
    elif what == "vault":
        awsprof.vault = Forgetful()
    write_config(home, f"[profile prod]\nregion = eu-west-1\n{config}")
    write_config(home, f"[{'DEFAULT' if what == 'lent' else 'prod'}]\n{lines}\n[x]\nregion = x\n", "credentials")
    if what == "lent":
        write_config(home, f"[DEFAULT]\n{lines}[prod]\nregion = x\n", "credentials")
    before = everything(awsprof)
    outcome = awsprof("import", "prod", "--as", "autochart", "prod", "paul", "--yes")
    assert (outcome.status, everything(awsprof)) == (status, before), outcome
    assert sentence in outcome.stderr


class Forgetful(MemoryVault):
    """A vault that takes keys and gives back others."""

    def get(self, item: str) -> str | None:
        value = super().get(item)
        return value.replace("FAKE", "LOST") if value and not item.startswith("awsprof/") else value


def test_keys_that_another_program_wrote_meanwhile_stay(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """While AWS is asked of the old keys, 'aws configure' writes new ones: those are not thrown away."""
    old, new = cloud.key(DEV), cloud.key(DEV)
    path = write_config(home, f"[autochart-dev]\n{old.lines}", "credentials")

    def configure(call: Callable[[], object]) -> object:
        path.write_text(f"[autochart-dev]\n{new.lines}")
        return call()

    cloud.around = configure  # type: ignore[assignment]
    outcome = awsprof("import", "--yes")
    assert outcome.status == 5
    assert "other keys than those that were verified" in outcome.stderr
    assert (credentials_of(home), awsprof.config, awsprof.items) == (f"[autochart-dev]\n{new.lines}", "", {})


def test_no_verify(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """AWS is not asked, so the profile must say its account."""
    one, two = cloud.key(DEV), cloud.key(DEV)
    write_config(
        home, f"[autochart-dev]\n{one.lines}aws_account_id = {DEV}\n\n[autochart-qa]\n{two.lines}", "credentials"
    )
    outcome = awsprof("import", "--yes", "--no-verify")
    assert outcome.status == 1
    assert "autochart-qa does not say its account" in outcome.stderr
    assert (held(awsprof, "autochart_dev_paul"), cloud.asked) == (pair(one), [])
    assert credentials_of(home) == f"[autochart-qa]\n{two.lines}"


# Several at once.


def test_a_dead_key_is_left_and_the_others_are_done(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    keys = {env: cloud.key(account) for env, account in (("dev", DEV), ("qa", PROD), ("prod", OTHER))}
    dead = keys["qa"]
    del cloud.keys[dead.id]
    write_config(home, "".join(f"[autochart-{env}]\n{key.lines}\n" for env, key in keys.items()), "credentials")
    outcome = awsprof("import", "--yes", "--json")
    assert outcome.status == 1
    answer = json.loads(outcome.stdout)
    assert [row["from"] for row in answer["imported"]] == ["autochart-prod", "autochart-dev"]
    assert [(row["name"], row["status"]) for row in answer["left"]] == [("autochart-qa", 7)]
    assert credentials_of(home) == f"[autochart-qa]\n{dead.lines}\n"
    entries = json.loads(awsprof("undo", "--json").stdout)["entries"]
    summary = "2 profiles imported: autochart-prod as autochart_prod_paul, autochart-dev as autochart_dev_paul"
    assert [entry["summary"] for entry in entries] == [summary]


def test_one_that_cannot_be_written_does_not_hinder_the_others(
    awsprof: CommandLine, cloud: FakeAws, home: Path
) -> None:
    """Where the edit of one is refused, each of the batch is tried by itself."""
    one, two = cloud.key(DEV), cloud.key(DEV)
    write_config(home, f"[autochart-dev]\n{one.lines}\n[autochart-qa]\n{two.lines}output = a\x07b\n", "credentials")
    outcome = awsprof("import", "--yes")
    assert outcome.status == 1
    assert "autochart-qa: The value of output in line 8 of" in outcome.stderr
    assert (held(awsprof, "autochart_dev_paul"), held(awsprof, "autochart_qa_paul")) == (pair(one), None)


def test_renames_follow_each_other(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """Roles, sign-ins and others' processes only get a name; every source_profile among them is right afterwards."""
    key = cloud.key(DEV)
    write_config(
        home,
        f"[profile autochart-audit]\nrole_arn = arn:aws:iam::{DEV}:role/b\nsource_profile = autochart-ops\n"
        f"external_id = x=y\n\n[profile autochart-ops]\nrole_arn = arn:aws:iam::{DEV}:role/a\n"
        "source_profile = autochart-dev\n\n[profile autochart-demo]\nsso_session = x\nsso_account_id = 111111111111\n"
        "sso_role_name = y\n\n[profile autochart-live]\ncredential_process = /opt/other thing\n\n"
        "[profile autochart-qa]\nlogin_session = arn:aws:iam::333333333333:user/x\n",
    )
    write_config(home, f"[autochart-dev]\n{key.lines}", "credentials")
    before = awsprof.config
    outcome = awsprof("import", "--yes")
    assert outcome.status == 0, outcome
    for env in ("audit", "ops", "demo", "live", "qa", "dev"):
        before = before.replace(f"profile autochart-{env}]", f"profile autochart_{env}_paul]")
        before = before.replace(f"source_profile = autochart-{env}\n", f"source_profile = autochart_{env}_paul\n")
    assert awsprof.config.startswith(before)
    assert awsprof("undo", "--yes").status == 0
    assert credentials_of(home) == f"[autochart-dev]\n{key.lines}"


def test_protected_env_shares_no_account_within_one_import(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """Two keys of one account cannot become dev and prod together, unless forced; prod's key is the one that goes."""
    dev, prod = cloud.key(DEV), cloud.key(DEV)
    write_config(home, f"[autochart-dev]\n{dev.lines}\n[autochart-prod]\n{prod.lines}", "credentials")
    outcome = awsprof("import", "--yes")
    assert outcome.status == 1
    assert "a protected env may not share its account" in outcome.stderr
    assert held(awsprof, "autochart_prod_paul") == pair(prod)
    assert awsprof("import", "--yes").status == 1
    assert awsprof("import", "--yes", "--force").status == 0
    assert held(awsprof, "autochart_dev_paul") == pair(dev)


def test_asking_for_each(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """Nothing typed takes the proposed name, '-' leaves it out, and three words are another name."""
    keys = [cloud.key(account) for account in (DEV, PROD, OTHER, DEV)]
    names = ("autochart-dev", "autochart-prod", "autochart-qa", "work")
    write_config(
        home, "".join(f"[{name}]\n{key.lines}\n" for name, key in zip(names, keys, strict=True)), "credentials"
    )
    outcome = awsprof("import", answers=["", "-", "auto chart", "autochart Default paul", "autochart blue anna", ""])
    assert outcome.status == 0, outcome
    assert sorted(awsprof.items) == ["autochart_blue_anna", "autochart_dev_paul"]
    assert awsprof.terminal.questions[0].startswith("autochart-dev as PRODUCT ENV USER (empty for autochart_dev_paul")
    assert "'default' is refused" in awsprof.terminal.questions[4]
    outcome = awsprof("import", answers=["-", "-"])
    assert (outcome.status, outcome.stderr.splitlines()[-1]) == (1, "Nothing was imported.")


def test_ctrl_c_between_two_batches(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """What was moved before stays moved, was said, and can be undone; the batch that was cut off is as it was."""
    keys = [cloud.key(DEV) for _ in range(BATCH + 5)]
    text = "".join(f"[autochart_e{number}-dev_paul]\n{key.lines}\n" for number, key in enumerate(keys))
    write_config(home, text.replace("-dev_paul", "_Paul"), "credentials")

    def break_late(call: Callable[[], object]) -> object:
        if len(cloud.asked) > 2 * BATCH + 7:
            raise KeyboardInterrupt
        return call()

    cloud.around = break_late  # type: ignore[assignment]
    outcome = awsprof("import", "--yes")
    assert outcome.status == 130
    assert outcome.stdout.count("Imported autochart_e") == len(awsprof.items) == BATCH
    assert credentials_of(home).count("aws_access_key_id") == 5
    cloud.around = lambda call: call()
    again = awsprof("import", "--yes")
    assert (again.status, credentials_of(home), len(awsprof.items)) == (0, "", BATCH + 5)
    assert [awsprof("undo", "--yes").status for _ in range(2)] == [0, 0]
    assert credentials_of(home).count("aws_access_key_id") == BATCH + 5
    assert awsprof.items == {}


def test_aws_out_of_reach_ends_it_at_once(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """With no answer for one key, AWS is not asked for the others, and the status is that of no answer."""
    text = "".join(f"[autochart-{env}]\n{cloud.key(DEV).lines}\n" for env in ("dev", "qa", "test"))
    write_config(home, text, "credentials")
    asked: list[int] = []

    def no_answer(call: Callable[[], object]) -> object:
        asked.append(1)
        raise UnreachableError("AWS does not answer", sent=False)

    cloud.around = no_answer  # type: ignore[assignment]
    outcome = awsprof("import", "--yes")
    assert (outcome.status, len(asked), credentials_of(home)) == (7, 1, text)
    assert "AWS does not answer" in outcome.stderr


def test_active_profile_is_warned_of(
    awsprof: CommandLine, cloud: FakeAws, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(home, f"[autochart-dev]\n{cloud.key(DEV).lines}region = eu-west-1\n", "credentials")
    monkeypatch.setenv("AWS_PROFILE", "autochart-dev")
    outcome = awsprof("import", "--yes")
    assert outcome.status == 0
    assert "AWS_PROFILE still names autochart-dev in this shell: 'awsprof use autochart_dev_paul'" in outcome.stderr
    assert "No region is set" not in outcome.stderr


def test_dry_run_changes_nothing_and_masks_secrets(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    key = cloud.key(PROD)
    write_config(home, f"[autochart-prod]\n{key.lines}", "credentials")
    before = everything(awsprof)
    outcome = awsprof("import", "autochart-prod", "--dry-run")
    assert (outcome.status, everything(awsprof), cloud.asked) == (0, before, [])
    assert "autochart-prod becomes autochart_prod_paul, its keys into the vault" in outcome.stdout
    assert "-aws_secret_access_key = ********" in outcome.stdout
    assert key.secret not in outcome.stdout + outcome.stderr


@pytest.mark.parametrize("verify", [True, False])
def test_dry_run_is_the_run(awsprof: CommandLine, cloud: FakeAws, home: Path, *, verify: bool) -> None:
    """Every line that the run writes is in the plan, where the files tell all there is to know."""
    write_settings(home, 'user = "paul"\nregion = "eu-west-1"\n')
    key = cloud.key(DEV, devices=[MFA])
    known = f"mfa_serial = {MFA}\naws_account_id = {DEV}\n"
    write_config(home, f"[autochart-dev]\n{key.lines}{known}[autochart-qa]\n{cloud.key(OTHER).lines}", "credentials")
    words = ("import", "autochart-dev", *(() if verify else ("--no-verify",)))
    planned = awsprof(*words, "--dry-run").stdout
    assert awsprof(*words, "--yes").status == 0
    assert [line[1:] for line in planned.splitlines() if line.startswith("+") and line[1] != "+"] == (
        awsprof.config.splitlines()
    )
    assert "region = eu-west-1\n" in awsprof.config
    planned = awsprof("import", "autochart-qa", "--no-verify", "--dry-run")
    assert "becomes" not in planned.stdout
    assert "autochart-qa: --no-verify asks AWS nothing, and autochart-qa does not say its account" in planned.stderr


# What other tools keep.


def test_keys_of_other_tools_keyrings(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """An item beside a profile becomes that profile's keys, one by itself a new profile; sessions are passed over."""
    one, two, three = cloud.key(DEV), cloud.key(PROD), cloud.key(OTHER)
    awsprof.peer_secrets = FakePeers(
        {
            ("aws-vault", "autochart-dev"): ITEM.format(one),
            ("aws-vault", "sts.GetSessionToken,YXV0b2NoYXJ0LWRldg,,1700000000"): "{}",
            ("aws-vault", "autochart-dev session (abc) (1)"): "{}",
            ("aws-vault", "autochart-dev session (17)"): "{}",
            ("Granted", "autochart-prod"): ITEM.format(two),
            ("aws-vault", "autochart-qa"): ITEM.format(three).replace('""', '"token"'),
        }
    )
    write_config(
        home,
        f"[profile autochart-dev]\nregion = eu-west-1\nmfa_serial = {MFA.replace(PROD, DEV)}\n\n"
        "[profile autochart-prod]\ncredential_process = granted credential-process --profile=autochart-prod\n",
    )
    rows = found(awsprof)
    assert rows["autochart-dev"]["where"] == rows["autochart-prod"]["where"] == "keyring"
    assert "autochart-dev session (17)" not in rows
    outcome = awsprof("import", "autochart-dev", "autochart-prod", "autochart-qa", "--yes")
    assert outcome.status == 1
    assert "autochart-qa: That item holds no long-term credentials" in outcome.stderr
    assert "aws-vault still has its own copy of autochart-dev's key" in outcome.stderr
    assert held(awsprof, "autochart_dev_paul") == pair(one)
    assert held(awsprof, "autochart_prod_paul") == pair(two)
    assert "granted" not in awsprof.config
    assert "[profile autochart-" not in awsprof.config


ITEM = '{{"AccessKeyID": "{0.id}", "SecretAccessKey": "{0.secret}", "SessionToken": ""}}'


def test_keyring_items_of_names_that_are_taken(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """A key that shares its name with a role, with keys in a file or with another tool's has a row of its own."""
    item = ITEM.format(cloud.key(DEV))
    names = [("aws-vault", "acme-ops"), ("aws-vault", "acme-dev"), ("aws-vault", "acme-qa"), ("Granted", "acme-qa")]
    awsprof.peer_secrets = FakePeers(dict.fromkeys(names, item))
    write_config(home, f"[profile acme-ops]\nrole_arn = arn:aws:iam::{DEV}:role/x\n")
    write_config(home, f"[acme-dev]\n{cloud.key(PROD).lines}", "credentials")
    rows = json.loads(awsprof("import", "--json").stdout)["found"]
    assert [(row["name"], row["kind"], row["where"], row["tool"], row["proposed"]) for row in rows] == [
        ("acme-dev", "keys", "credentials-file", None, "acme_dev_paul"),
        ("acme-ops", "role", None, None, "acme_ops_paul"),
        ("acme-qa", "keys", "keyring", "aws-vault", "acme_qa_paul"),
        ("acme-ops", "keys", "keyring", "aws-vault", None),
        ("acme-dev", "keys", "keyring", "aws-vault", None),
        ("acme-qa", "keys", "keyring", "Granted", None),
    ]
    taken = "the profile of that name is another: give that one its new name first"
    assert [row["why"] for row in rows[-3:-1]] == [taken, taken]
    assert rows[-1]["why"].startswith("granted credentials export-plaintext acme-qa")
    assert awsprof("import", "acme-ops", "--yes").status == 0
    assert found(awsprof)["acme-ops"]["proposed"] is None
    assert awsprof("import", "acme-ops", "--as", "acme", "base", "paul", "--yes").status == 0


def test_keyring_item_is_imported_once(awsprof: CommandLine, cloud: FakeAws) -> None:
    """The other tool keeps its copy, and the next import has nothing to do for it, and nothing for undo."""
    one, two = cloud.key(DEV), cloud.key(OTHER)
    awsprof.peer_secrets = FakePeers({("aws-vault", "acme-dev"): ITEM.format(one), ("Granted", "x"): ITEM.format(two)})
    assert awsprof("import", "--yes").status == 0
    assert found(awsprof)["acme-dev"]["where"] == "vault"
    assert awsprof("import", "--yes").stderr.endswith("Nothing was imported.\n")
    words = ("import", "x", "--as", "acme", "qa", "paul", "--yes")
    assert "'awsprof undo' takes it back" in awsprof(*words).stderr
    again = awsprof(*words)
    said = f"The keys of x are acme_qa_paul's already: account {OTHER}, {two.arn}\n"
    assert (again.status, again.stdout) == (0, said)
    assert "undo" not in again.stderr


@pytest.mark.parametrize("locked", [False, True])
def test_keys_in_a_keyring_that_cannot_be_listed(
    awsprof: CommandLine, cloud: FakeAws, home: Path, *, locked: bool
) -> None:
    """A profile without credentials may have them in aws-vault: the row says how it hands them over."""
    awsprof.peer_secrets = FakePeers(refusal=VaultError("It is locked") if locked else None, can_list=locked)
    write_config(home, f"[profile acme-dev]\nregion = eu-west-1\nmfa_serial = {MFA}\n")
    command = "aws-vault export --no-session --format=json acme-dev | awsprof import acme-dev --from - --as"
    why = f"it has no credentials of its own; if aws-vault has them: {command} PRODUCT ENV USER"
    assert found(awsprof)["acme-dev"]["why"] == why
    assert awsprof("import", "acme-dev", "--as", "acme", "dev", "paul", "--yes").stdout == (
        f"Renamed acme-dev to acme_dev_paul: account {PROD}\n"
    )


def test_keyring_that_does_not_answer_hinders_nothing(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    awsprof.peer_secrets = FakePeers(refusal=VaultError("It does not answer"))
    write_config(home, f"[autochart-dev]\n{cloud.key(DEV).lines}", "credentials")
    outcome = awsprof("import", "--yes")
    assert outcome.status == 0
    assert "Other tools' keyrings are left out: It does not answer." in outcome.stderr


def test_what_is_out_of_reach_names_the_command(awsprof: CommandLine, home: Path) -> None:
    """Encrypted files of aws-vault are shown by their names, with the command that hands a key over."""
    keys = home / ".awsvault" / "keys"
    keys.mkdir(parents=True)
    for name in ("it's mine", "session,aXQ,,1700000000"):
        (keys / name).touch()
    rows = found(awsprof)
    assert [(row["where"], row["why"]) for row in rows.values()] == [
        (
            "out-of-reach",
            "aws-vault export --no-session --format=json 'it'\"'\"'s mine' | "
            "awsprof import 'it'\"'\"'s mine' --from - --as PRODUCT ENV USER",
        )
    ]


@pytest.mark.parametrize("form", ["process", "create-access-key", "lines", "csv"])
def test_keys_on_stdin(awsprof: CommandLine, cloud: FakeAws, home: Path, form: str) -> None:
    """What a tool's own export command prints is taken, and becomes the profile of that name."""
    key = cloud.key(PROD)
    text = {
        "process": json.dumps({"Version": 1, "AccessKeyId": key.id, "SecretAccessKey": key.secret}),
        "create-access-key": json.dumps({"AccessKey": {"AccessKeyId": key.id, "SecretAccessKey": key.secret}}),
        "lines": f"{key.id}\n{key.secret}\n",
        "csv": f"Access key ID,Secret access key\n{key.id},{key.secret}\n",
    }[form]
    write_config(home, f"[profile old]\nregion = eu-west-1\nmfa_serial = {MFA}\n")
    words = ("--from", "-", "--as", "autochart", "prod", "paul")
    assert awsprof("import", "old", *words, stdin=text).status == 0
    assert awsprof.config.startswith("[profile autochart_prod_paul]\nregion = eu-west-1\n")
    assert held(awsprof, "autochart_prod_paul") == pair(key)
    again = awsprof("import", *words, stdin=text)
    assert again.status == 4


def test_keys_on_stdin_for_no_profile_yet(awsprof: CommandLine, cloud: FakeAws) -> None:
    key = cloud.key(PROD)
    words = ("import", "--from", "-", "--as", "autochart", "prod", "paul")
    outcome = awsprof(*words, stdin=f"{key.id}\n{key.secret}\n")
    assert outcome.status == 0, outcome
    assert held(awsprof, "autochart_prod_paul") == pair(key)


def test_keys_on_stdin_never_replace_others_in_the_file(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    key, other = cloud.key(PROD), cloud.key(PROD)
    write_config(home, f"[old]\n{other.lines}", "credentials")
    words = ("import", "old", "--from", "-", "--as", "autochart", "prod", "paul")
    before = everything(awsprof)
    outcome = awsprof(*words, stdin=f"{key.id}\n{key.secret}\n")
    assert (outcome.status, everything(awsprof)) == (5, before)


# Undo.


def test_undo_brings_no_deleted_key_back(awsprof: CommandLine, aws: LocalAWS, home: Path) -> None:
    """A key that was deleted at AWS since does not return into a file in plain text."""
    key = aws.account(DEV).user("paul").access_key()
    lines = f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
    write_config(home, f"[autochart-dev]\n{lines}", "credentials")
    write_settings(home, 'user = "paul"\n')
    assert awsprof("import", "--yes").status == 0
    assert awsprof("remove", "autochart_dev_paul", "--delete-key", "--yes").status == 0
    number = json.loads(awsprof("undo", "--json").stdout)["entries"][1]["id"]
    outcome = awsprof("undo", str(number), "--yes")
    assert outcome.status == 1
    assert f"Access key {key.id} was in" in outcome.stderr
    assert credentials_of(home) == ""


def test_undo_refuses_once_the_key_was_rotated(awsprof: CommandLine, aws: LocalAWS, home: Path) -> None:
    key = aws.account(DEV).user("paul").access_key()
    lines = f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
    write_config(home, f"[autochart-dev]\n{lines}", "credentials")
    write_settings(home, 'user = "paul"\n')
    assert awsprof("import", "--yes").status == 0
    assert awsprof("rotate", "autochart_dev_paul").status == 0
    assert awsprof("undo", "1", "--yes").status == 1
    assert credentials_of(home) == ""


def test_import_with_the_strict_aws(awsprof: CommandLine, paul_in_prod: Identity, home: Path) -> None:
    """A user under deny-without-MFA: its device is found, and a login works at once."""
    key = paul_in_prod.key
    write_config(
        home,
        f"[autochart-prod]\nregion = eu-west-1\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n",
        "credentials",
    )
    write_settings(home, 'user = "paul"\n')
    assert awsprof("import", "--yes").status == 0
    assert f"mfa_serial = {paul_in_prod.device.serial}" in awsprof.config
    assert awsprof("login", "prod", "--code", paul_in_prod.device.code()).status == 0
