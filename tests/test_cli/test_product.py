"""``awsprof product``: a team file made from one's profiles, completed, explained, and joined by a new colleague."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from awsprof.settings import TeamFile
from tests.command_line import CommandLine, Outcome
from tests.test_cli.conftest import DEV, OTHER, PROD, everything, write_config, write_settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.localaws import LocalAWS
    from tests.test_cli.conftest import Identity

INTRODUCTION = """\
# The accounts of this product, for everybody who works on it: no secret, and nobody's name.
# 'awsprof product show' explains it; a new colleague runs 'awsprof product join'.
"""
MADE = f"""\
{INTRODUCTION}product = "autochart"
region = "eu-west-1"

[envs.dev]
account_id = "{DEV}"
stages = ["dev"]

[envs.prod]
account_id = "{PROD}"
stages = ["prod"]
"""
COMMIT = "Commit it: 'awsprof product join' is then a new colleague's whole set-up.\n"


def profile(name: str, account_id: str | None = DEV, region: str | None = "eu-west-1", more: str = "") -> str:
    """A section that needs no vault: what keys it has is another program's business."""
    lines = [f"[profile {name}]", f"credential_process = /bin/keys {name}"]
    lines += [f"region = {region}"] if region else []
    lines += [f"aws_account_id = {account_id}"] if account_id else []
    return "\n".join([*lines, more, ""])


TWO = profile("autochart_dev_paul") + profile("autochart_prod_paul", PROD)


@pytest.fixture
def repository(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository, and a directory deep in it that commands run in."""
    root = home / "autochart"
    (root / ".git").mkdir(parents=True)
    (root / "services" / "api").mkdir(parents=True)
    monkeypatch.chdir(root / "services" / "api")
    return root


@pytest.fixture
def file(repository: Path) -> Path:
    return repository / ".awsprof.toml"


def diff_of(path: Path, text: str) -> str:
    lines = text.splitlines()
    return "".join(f"{line}\n" for line in [f"--- {path}", f"+++ {path}", f"@@ -0,0 +1,{len(lines)} @@"]) + "".join(
        f"+{line}\n" for line in lines
    )


# init: a new file.


def test_init_makes_the_file_at_the_root_of_the_repository(
    awsprof: CommandLine, dev: Identity, prod: Identity, file: Path
) -> None:
    """From the profiles there are; shown, asked for, and without anybody's name in it."""
    outcome = awsprof("product", "init", answers=["n", "y"])
    wrote = f"Wrote {file}; 'awsprof undo' takes it back.\n"
    assert outcome == Outcome(0, diff_of(file, MADE) + wrote, COMMIT)
    assert awsprof.terminal.questions == [
        "Does the stage staging live in the account of dev?",
        f"Write {file}?",
    ]
    assert file.read_text() == MADE
    assert "paul" not in MADE


def test_init_asks_whether_staging_lives_in_dev(awsprof: CommandLine, home: Path, file: Path) -> None:
    """The one thing that profiles cannot tell; --yes leaves it out."""
    write_config(home, TWO)
    assert awsprof("product", "init", answers=["y", "y"]).status == 0
    assert file.read_text() == MADE.replace('["dev"]', '["dev", "staging"]')


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (profile("autochart_staging_paul", OTHER), ()),
        ("", ("--stage", "dev=dev,test")),
        ("", ("--stage", "prod=prod,staging")),
    ],
    ids=["an env", "stages given", "elsewhere"],
)
def test_init_does_not_ask_for_staging_where_it_is_known(
    awsprof: CommandLine, home: Path, file: Path, more: str, words: tuple[str, ...]
) -> None:
    """An env of that name, or stages that a person gave, are the answer."""
    write_config(home, TWO + more)
    assert awsprof("product", "init", *words, answers=["y"]).status == 0
    assert awsprof.terminal.questions == [f"Write {file}?"]


def test_init_takes_stages(awsprof: CommandLine, home: Path, file: Path) -> None:
    """--stage says which stages live in an env, once for each env."""
    write_config(home, TWO)
    words = ("--stage", "dev=dev,staging", "--stage", "prod=live,Prod-2")
    assert awsprof("product", "init", *words, "--yes").status == 0
    assert file.read_text() == MADE.replace('["dev"]', '["dev", "staging"]').replace('["prod"]', '["live", "Prod-2"]')


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("dev",), "'' cannot be a stage"),
        (("dev=",), "'' cannot be a stage"),
        (("dev=dev,",), "'' cannot be a stage"),
        (("dev=a.b",), "'a.b' cannot be a stage"),
        (("dev=a\x1b[31m",), "'a\\x1b[31m' cannot be a stage"),
        (("Dev=dev",), "'Dev' cannot be an env"),
        (("default=dev",), "'default' is refused"),
        (("dev=dev", "dev=staging"), "names the env dev twice"),
        (("qa=qa",), "names the env qa, and there is no profile of it"),
        (("dev=dev,prod",), "The stage prod would live in two envs"),
        (("dev=a,a",), "The stage a would live in two envs"),
    ],
)
def test_init_refuses_stages(
    awsprof: CommandLine, home: Path, repository: Path, words: tuple[str, ...], sentence: str
) -> None:
    """What is no stage, or lives twice, is exit 2, and nothing is written."""
    write_config(home, TWO)
    before = everything(awsprof)
    outcome = awsprof("product", "init", "--yes", *(part for word in words for part in ("--stage", word)))
    assert (outcome.status, outcome.stdout) == (2, "")
    assert sentence in outcome.stderr
    assert everything(awsprof) == before


def test_init_says_what_differs_and_what_is_protected(awsprof: CommandLine, home: Path, file: Path) -> None:
    """The commonest region is the product's, and stands again only where an env has another; what settings protect is
    said, what every awsprof protects by its name is not; an account nobody tells is left out."""
    write_config(
        home,
        TWO
        + profile("autochart_legacy_ann", OTHER, "us-east-1")
        + profile("autochart_qa_paul", None, None)
        + profile("other_dev_paul", OTHER),
    )
    write_settings(home, 'protected_envs = ["legacy", "prod"]\n')
    outcome = awsprof("product", "init", "autochart", "--yes")
    warning = "Warning: autochart_qa_paul does not tell its account, so the team file does not either.\n"
    assert (outcome.status, outcome.stderr) == (0, warning + COMMIT)
    legacy = f'[envs.legacy]\naccount_id = "{OTHER}"\nregion = "us-east-1"\nprotected = true\nstages = ["legacy"]\n\n'
    qa = '\n[envs.qa]\nstages = ["qa"]\n'
    assert file.read_text() == MADE.replace("[envs.prod]", f"{legacy}[envs.prod]") + qa


@pytest.mark.parametrize(("setting", "line"), [('region = "eu-north-1"\n', 'region = "eu-north-1"\n'), ("", "")])
def test_init_takes_the_region_from_the_settings(
    awsprof: CommandLine, home: Path, file: Path, setting: str, line: str
) -> None:
    """Where no profile has one."""
    write_config(home, profile("autochart_dev_paul", region=None))
    write_settings(home, setting)
    assert awsprof("product", "init", "--yes").status == 0
    dev = f'\n[envs.dev]\naccount_id = "{DEV}"\nstages = ["dev"]\n'
    assert file.read_text() == f'{INTRODUCTION}product = "autochart"\n{line}{dev}'


def test_init_outside_a_repository(
    awsprof: CommandLine, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There it is the directory's own."""
    write_config(home, TWO)
    (home / "plain").mkdir()
    monkeypatch.chdir(home / "plain")
    assert awsprof("product", "init", "--yes").status == 0
    assert (home / "plain" / ".awsprof.toml").read_text() == MADE


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_new_file_has_the_mode_of_any_other(awsprof: CommandLine, home: Path, file: Path, umask: int) -> None:
    """It is for everybody, so the umask alone has a say."""
    write_config(home, TWO)
    old = os.umask(umask)
    try:
        assert awsprof("product", "init", "--yes").status == 0
    finally:
        os.umask(old)
    assert file.stat().st_mode & 0o777 == 0o666 & ~umask


def test_init_and_undo(awsprof: CommandLine, home: Path, file: Path) -> None:
    """Undo takes a new file away, and brings the bytes of an old one back, with the mode it had."""
    write_config(home, TWO)
    assert awsprof("product", "init", "--yes").status == 0
    assert awsprof("undo", "--yes") == Outcome(0, "Undone: team file of autochart made.\n", "")
    assert not file.exists()
    old = b'# ours\r\nproduct="autochart"   # it\r\n'
    file.write_bytes(old)
    file.chmod(0o664)
    assert awsprof("product", "init", "--yes").status == 0
    assert file.read_bytes() != old
    assert awsprof("undo", "--yes").status == 0
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (old, 0o664)


@pytest.mark.parametrize("options", [("--dry-run",), ("--dry-run", "--yes")])
def test_init_dry_run(awsprof: CommandLine, home: Path, file: Path, options: tuple[str, ...]) -> None:
    """The diff alone: nobody is asked, and nothing changes."""
    write_config(home, TWO)
    before = everything(awsprof)
    assert awsprof("product", "init", *options) == Outcome(0, diff_of(file, MADE), "")
    assert everything(awsprof) == before


def test_init_takes_no_for_an_answer(awsprof: CommandLine, home: Path, file: Path) -> None:
    """Exit 1, and nothing is written; with nobody to ask exit 2, naming --yes."""
    write_config(home, TWO)
    before = everything(awsprof)
    assert awsprof("product", "init", answers=["n", "n"]) == Outcome(1, diff_of(file, MADE), "Nothing was written.\n")
    assert awsprof("product", "init") == Outcome(
        2,
        diff_of(file, MADE),
        f"Error: Write {file} needs an answer, and there is no terminal to ask on.\nGive it with --yes.\n",
    )
    assert everything(awsprof) == before


# init: which product.


@pytest.mark.parametrize(
    ("words", "variable", "answers", "product"),
    [
        (("autochart",), "", None, "autochart"),
        (("--product", "autochart"), "", None, "autochart"),
        (("autochart",), "other", None, "autochart"),
        ((), "other", None, "other"),
        ((), "", ["2", "n", "y"], "other"),
    ],
    ids=["argument", "option", "argument first", "context", "picker"],
)
def test_init_of_one_of_several_products(
    awsprof: CommandLine,
    home: Path,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    variable: str,
    answers: list[str] | None,
    product: str,
) -> None:
    """The one named, else the one in context, else a person chooses."""
    write_config(home, TWO + profile("other_dev_paul", OTHER))
    monkeypatch.setenv("AWSPROF_PRODUCT", variable)
    outcome = awsprof("product", "init", *words, *([] if answers else ["--yes"]), answers=answers)
    assert outcome.status == 0
    assert TeamFile.load(file).product == product


@pytest.mark.parametrize(
    ("config", "words", "status", "stderr"),
    [
        (
            TWO + profile("other_dev_paul"),
            (),
            2,
            "Which product it is for (autochart, other) needs an answer, and there is no terminal to ask on.\n"
            "Give it with --product.\n",
        ),
        (TWO, ("other",), 3, "There is no profile of the product other.\n'awsprof add other dev USER' makes one.\n"),
        ("", (), 3, "There are no profiles yet.\n'awsprof add PRODUCT ENV USER' makes one.\n"),
        (TWO, ("a", "--product", "b"), 2, "'a' and --product name two products.\nName one of them.\n"),
        (
            TWO + profile("autochart_dev_zoe", OTHER),
            (),
            1,
            f"autochart_dev_paul is in account {DEV}, and autochart_dev_zoe in {OTHER}; nothing was written.\n"
            "An env is one account: 'awsprof rename autochart_dev_zoe' gives the other a name of its own.\n",
        ),
    ],
    ids=["several", "not mine", "none at all", "two named", "two accounts"],
)
def test_init_refuses(
    awsprof: CommandLine, home: Path, repository: Path, config: str, words: tuple[str, ...], status: int, stderr: str
) -> None:
    """Without one product, or with an env in two accounts, nothing is written."""
    write_config(home, config)
    before = everything(awsprof)
    assert awsprof("product", "init", "--yes", *words) == Outcome(status, "", f"Error: {stderr}")
    assert everything(awsprof) == before


# init: a file that is there.


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            '# Ours.\nproduct   =  "autochart" # it\n\n[envs.dev] # here\n  stages = [ "dev", "staging" ]\n'
            "# to come\n\n"
            "# about prod\n[envs.prod]\nprotected=true\n\n\n# The end.\n",
            '# Ours.\nproduct   =  "autochart" # it\n\n[envs.dev] # here\n  stages = [ "dev", "staging" ]\n'
            f'account_id = "{DEV}"\n# to come\n\n'
            f'# about prod\n[envs.prod]\nprotected=true\naccount_id = "{PROD}"\n\n\n# The end.\n',
        ),
        (
            f'product = "autochart"\n\n[envs.prod]\naccount_id = "{PROD}"\n',
            f'product = "autochart"\n\n[envs.prod]\naccount_id = "{PROD}"\n\n'
            f'[envs.dev]\naccount_id = "{DEV}"\nregion = "eu-west-1"\nstages = ["dev"]\n',
        ),
        (
            f"product = 'autochart'\nregion = \"eu-west-1\"\nenvs.prod = {{ account_id = {PROD} }}\n",
            f"product = 'autochart'\nregion = \"eu-west-1\"\nenvs.prod = {{ account_id = {PROD} }}\n\n"
            f'[envs.dev]\naccount_id = "{DEV}"\nstages = ["dev"]\n',
        ),
        (
            f'envs = {{ dev = {{ account_id = {DEV} }}, prod = {{ stages = ["live"] }} }} # all\nproduct = "autochart"',
            f'envs = {{ dev = {{ account_id = {DEV} }}, prod = {{ stages = ["live"], account_id = "{PROD}"}} }} # all\n'
            'product = "autochart"\n',
        ),
        (
            f'product = "autochart"\nenvs.dev.account_id = "{DEV}"\nenvs.prod.protected = true',
            f'product = "autochart"\nenvs.dev.account_id = "{DEV}"\nenvs.prod.protected = true\n'
            f'envs.prod.account_id = "{PROD}"\n',
        ),
    ],
    ids=["accounts", "an env", "dotted inline", "inline", "dotted"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_init_completes_a_file(awsprof: CommandLine, home: Path, file: Path, old: str, new: str, end: str) -> None:
    """What it lacks is added where it belongs; comments, blanks, order, quoting and line ends stay. The second time
    there is nothing to change."""
    write_config(home, TWO)
    file.write_bytes(old.replace("\n", end).encode())
    outcome = awsprof("product", "init", "--yes")
    assert (outcome.status, outcome.stderr) == (0, COMMIT)
    assert file.read_bytes() == new.replace("\n", end).encode()
    assert awsprof("product", "init") == Outcome(0, f"{file}: nothing to change.\n", "")


def test_init_keeps_mixed_line_ends(awsprof: CommandLine, home: Path, file: Path) -> None:
    """Each old line keeps the end it had."""
    write_config(home, TWO)
    file.write_bytes(b'product = "autochart"\r\n[envs.dev]\nstages = ["dev"]\r\n\n[envs.prod]\n')
    assert awsprof("product", "init", "--yes").status == 0
    assert file.read_bytes() == (
        b'product = "autochart"\r\n[envs.dev]\nstages = ["dev"]\r\naccount_id = "111111111111"\r\n\n'
        b'[envs.prod]\naccount_id = "222222222222"\r\n'
    )


def test_init_adds_given_stages_once(awsprof: CommandLine, home: Path, file: Path) -> None:
    """Where the file says none for that env; what it says is not overwritten."""
    write_config(home, TWO)
    old = MADE.replace('stages = ["dev"]\n', "")
    file.write_text(old)
    words = ("product", "init", "--yes", "--stage", "dev=dev,staging")
    assert awsprof(*words).status == 0
    new = old.replace(f'account_id = "{DEV}"\n', f'account_id = "{DEV}"\nstages = ["dev", "staging"]\n')
    assert file.read_text() == new
    assert awsprof(*words).stdout == f"{file}: nothing to change.\n"


@pytest.mark.parametrize(
    ("text", "words", "stderr"),
    [
        (
            MADE.replace(DEV, OTHER),
            (),
            f"{{file}} says account {OTHER} for dev, and autochart_dev_paul is in {DEV}; nothing was written.\n"
            "Mend the one that is wrong: 'awsprof whoami autochart_dev_paul' asks AWS.\n",
        ),
        (
            MADE,
            ("--stage", "dev=dev,staging"),
            "{file} says dev for the stages of dev, and --stage says dev, staging; nothing was written.\n"
            "Change the line in the file, if it is wrong.\n",
        ),
        (
            MADE.replace("autochart", "other"),
            ("autochart",),
            "{file} is of the product other, not autochart; nothing was written.\n",
        ),
        (
            f'product = "autochart"\n[envs.dev]\naccount_id = "{DEV}"\nstages = ["dev", "prod"]\n',
            (),
            "{file} says that the stage prod lives in dev, and autochart_prod_paul is of the env prod; nothing was "
            "written.\nName the stages of prod with --stage prod=….\n",
        ),
        (
            'envs.dev.stages = ["dev"]\nproduct = "autochart"\n',
            (),
            "{file} is written in a way that nothing can be added to without changing it; nothing was written.\n"
            "Add by hand what is missing: 'awsprof product show' lists it.\n",
        ),
    ],
    ids=["another account", "other stages", "another product", "a stage elsewhere", "no room"],
)
def test_init_refuses_what_disagrees(
    awsprof: CommandLine, home: Path, file: Path, text: str, words: tuple[str, ...], stderr: str
) -> None:
    """Both sides are said, exit 1, and nothing is written."""
    write_config(home, TWO)
    file.write_text(text)
    before = everything(awsprof)
    outcome = awsprof("product", "init", "--yes", *words)
    assert outcome == Outcome(1, "", f"Error: {stderr.format(file=file)}")
    assert everything(awsprof) == before


def test_init_completes_the_nearest_file_in_the_repository(awsprof: CommandLine, home: Path, file: Path) -> None:
    """The one that commands there go by, and not one beyond the repository's root."""
    write_config(home, TWO)
    (home / ".awsprof.toml").write_text(MADE)
    nearer = file.parent / "services" / ".awsprof.toml"
    nearer.write_text('product = "autochart"\n')
    assert awsprof("product", "init", "--yes").status == 0
    assert TeamFile.load(nearer).envs.keys() == {"dev", "prod"}
    nearer.unlink()
    assert awsprof("product", "init", "--yes").status == 0
    assert file.read_text() == MADE


def test_init_leaves_a_link_where_it_is(awsprof: CommandLine, home: Path, file: Path) -> None:
    """A link within the repository stays one; one that leads out of it is refused."""
    write_config(home, TWO)
    target = file.parent / "team.toml"
    target.write_text('product = "autochart"\n')
    file.symlink_to("team.toml")
    assert awsprof("product", "init", "--yes").status == 0
    assert file.is_symlink()
    assert TeamFile.load(target).envs.keys() == {"dev", "prod"}
    file.unlink()
    (home / "elsewhere.toml").write_text('product = "autochart"\n')
    file.symlink_to(home / "elsewhere.toml")
    before = everything(awsprof)
    sentence = f"Error: {file} is a link that leads out of {file.parent}; nothing was written.\n"
    assert awsprof("product", "init", "--yes") == Outcome(1, "", sentence)
    assert everything(awsprof) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_init_leaves_another_users_file_alone(awsprof: CommandLine, home: Path, file: Path) -> None:
    """Nobody else's word counts for which account is whose, so it is not made longer either."""
    write_config(home, TWO)
    file.write_text('product = "autochart"\n')
    os.chown(file, 65_534, -1)
    before = everything(awsprof)
    sentence = f"Error: {file} is owned by another user; nothing was written.\n"
    assert awsprof("product", "init", "--yes") == Outcome(1, "", sentence)
    assert everything(awsprof) == before


HOSTILE = {
    "no TOML": (b"product = \n", "is no TOML"),
    "no text": (b"\xff\xfe\x00", "is no TOML"),
    "empty": (b"", "product is missing"),
    "huge": (b"#" * 300_000, "is larger than 256 KiB"),
    "deep": (b"product = " + b"[" * 100_000, "is no TOML"),
    "a number for a product": (b"product = 7\n", "product is missing"),
    "a list for envs": (b'product = "autochart"\nenvs = [1]\n', "envs holds one table"),
    "text for an env": (b'product = "autochart"\n[envs]\ndev = "x"\n', "envs holds one table"),
    "a list for an account": (b'product = "autochart"\n[envs.dev]\naccount_id = ["1"]\n', "is no account id"),
    "a number for a stage": (b'product = "autochart"\n[envs.dev]\nstages = [1]\n', "is a list of texts"),
    "a control character in an env": (b'product = "autochart"\n[envs."d\\u001b[31m"]\n', "'d\\x1b[31m' cannot be"),
    "a control character in a key": (b'product = "autochart"\n"\\u001b]0;x" = 1\n', "there is no key '\\x1b]0;x'"),
    "a stage twice": (
        b'product = "autochart"\n[envs.dev]\nstages = ["a\\u001b", "a\\u001b"]\n',
        "'a\\x1b' stands twice",
    ),
    "many stages": (
        b'product = "autochart"\n[envs.dev]\nstages = [' + b",".join(b'"%d"' % n for n in range(20_000)) + b',"0"]\n',
        "stage '0' stands twice",
    ),
}


@pytest.mark.parametrize(("data", "sentence"), HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(
    "words", [("init", "--yes"), ("show",), ("join", "--user", "paul")], ids=lambda words: words[0]
)
def test_refuses_a_hostile_file(
    awsprof: CommandLine, home: Path, file: Path, data: bytes, sentence: str, words: tuple[str, ...]
) -> None:
    """What is no team file is exit 2 and says why, shows nothing raw, and stays as it is."""
    write_config(home, TWO)
    file.write_bytes(data)
    before = everything(awsprof)
    outcome = awsprof("product", *words)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert str(file) in outcome.stderr
    assert sentence in outcome.stderr
    assert "\x1b" not in outcome.stderr
    assert everything(awsprof) == before


def test_init_of_a_file_that_cannot_be_read(awsprof: CommandLine, home: Path, file: Path) -> None:
    """A directory or a pipe in its place is an error, not a wait."""
    write_config(home, TWO)
    file.mkdir()
    assert awsprof("product", "init", "--yes") == Outcome(2, "", f"Error: {file} is no plain file.\n")
    file.rmdir()
    os.mkfifo(file)
    assert awsprof("product", "init", "--yes") == Outcome(2, "", f"Error: {file} is no plain file.\n")


# show.

TEAM = f"""\
product = "autochart"
region = "eu-west-1"

[envs.dev]
account_id = "{DEV}"
stages = ["dev", "staging"]

[envs.prod]
account_id = "{PROD}"
region = "eu-central-1"
"""


def rows(outcome: Outcome) -> list[list[object]]:
    table = json.loads(outcome.stdout)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert table.keys() == {"version", "product", "file", "region", "stages"}
    return [list(row.values()) for row in table["stages"]]


def test_show(awsprof: CommandLine, dev: Identity, prod: Identity, file: Path) -> None:
    """One row for each stage: its env, that env's account, and one's own profile there."""
    file.write_text(TEAM)
    assert awsprof("product", "show") == Outcome(
        0,
        f"autochart, eu-west-1: {file}\n"
        "STAGE    ENV   ACCOUNT       MY PROFILE\n"
        "dev      dev   111111111111  autochart_dev_paul\n"
        "staging  dev   111111111111  autochart_dev_paul\n"
        "prod     prod  222222222222  autochart_prod_paul\n",
        "",
    )
    assert json.loads(awsprof("product", "show", "--json").stdout) == {
        "version": 1,
        "product": "autochart",
        "file": str(file),
        "region": "eu-west-1",
        "stages": [
            {
                "stage": stage,
                "env": env,
                "account_id": account_id,
                "protected": env == "prod",
                "region": region,
                "profile": f"autochart_{env}_paul",
                "problem": None,
                "fix": None,
            }
            for stage, env, account_id, region in (
                ("dev", "dev", DEV, "eu-west-1"),
                ("staging", "dev", DEV, "eu-west-1"),
                ("prod", "prod", PROD, "eu-central-1"),
            )
        ],
    }


def test_show_says_what_is_missing(awsprof: CommandLine, home: Path, file: Path) -> None:
    """Every kind of thing that can be, once for each env, with the command that adds it; the exit status stays 0."""
    file.write_text(
        f'{TEAM}\n[envs.live]\naccount_id = "444444444444"\n[envs.qa]\n[envs.sand]\nstages = []\n'
        '[envs.test]\naccount_id = "555555555555"\n'
    )
    live = "[profile autochart_live_paul]\naws_account_id = 444444444444\n"
    live += "credential_process = /opt/bin/awsprof credential-process autochart_live_paul\n"
    write_config(
        home,
        profile("autochart_dev_paul", OTHER)
        + live
        + profile("autochart_qa_paul", OTHER)
        + profile("autochart_sand_paul", None)
        + profile("autochart_test_paul", None)
        + profile("autochart_legacy_paul", OTHER),
    )
    assert awsprof("product", "show") == Outcome(
        0,
        f"autochart, eu-west-1: {file}\n"
        "STAGE    ENV     ACCOUNT       MY PROFILE\n"
        "dev      dev     111111111111  autochart_dev_paul\n"
        "staging  dev     111111111111  autochart_dev_paul\n"
        "prod     prod    222222222222  -\n"
        "live     live    444444444444  autochart_live_paul\n"
        "qa       qa      -             autochart_qa_paul\n"
        "-        sand    -             autochart_sand_paul\n"
        "test     test    555555555555  autochart_test_paul\n"
        "-        legacy  -             autochart_legacy_paul\n"
        "dev: autochart_dev_paul is in account 333333333333, and the team file says 111111111111. "
        "Next: awsprof remove autochart_dev_paul, then awsprof product join\n"
        "prod: there is no profile for it. Next: awsprof add autochart prod paul\n"
        "live: autochart_live_paul is protected and has no MFA device. Next: awsprof mfa enroll autochart_live_paul\n"
        "qa: the team file does not tell the account. Next: awsprof product init\n"
        "sand: neither the team file nor autochart_sand_paul tells the account. "
        "Next: awsprof whoami autochart_sand_paul\n"
        "test: autochart_test_paul does not tell its account. "
        "Next: awsprof set autochart_test_paul aws_account_id=555555555555\n"
        "legacy: the team file has no such env, and autochart_legacy_paul is of it. Next: awsprof product init\n",
        "",
    )
    found = rows(awsprof("product", "show", "--json"))
    assert found[2] == [
        "prod",
        "prod",
        PROD,
        True,
        "eu-central-1",
        None,
        "there is no profile for it",
        "awsprof add autochart prod paul",
    ]
    assert [row[0] for row in found] == ["dev", "staging", "prod", "live", "qa", None, "test", None]
    assert found[-1][1:6] == ["legacy", None, False, None, "autochart_legacy_paul"]


def test_show_of_a_newcomer(awsprof: CommandLine, file: Path) -> None:
    """Whoever has no profile at all is sent to join."""
    file.write_text(TEAM)
    assert awsprof("product", "show") == Outcome(
        0,
        f"autochart, eu-west-1: {file}\n"
        "STAGE    ENV   ACCOUNT       MY PROFILE\n"
        "dev      dev   111111111111  -\n"
        "staging  dev   111111111111  -\n"
        "prod     prod  222222222222  -\n"
        "dev: there is no profile for it. Next: awsprof product join\n"
        "prod: there is no profile for it. Next: awsprof product join\n",
        "",
    )


@pytest.mark.parametrize(
    ("words", "variable", "setting", "profiles"),
    [
        (("--user", "zoe"), "ann", 'user = "paul"\n', ["autochart_dev_zoe", None]),
        ((), "ann", 'user = "paul"\n', [None, "autochart_prod_ann"]),
        ((), "", 'user = "paul"\n', ["autochart_dev_paul", "autochart_prod_paul"]),
        ((), "", "", [None, None]),
    ],
    ids=["--user", "AWSPROF_USER", "setting", "nobody"],
)
def test_show_of_whose_profiles(
    awsprof: CommandLine,
    home: Path,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    variable: str,
    setting: str,
    profiles: list[str | None],
) -> None:
    """--user, AWSPROF_USER, the setting; where nobody says, all profiles are listed and none is anybody's."""
    file.write_text(TEAM.replace(', "staging"', ""))
    write_config(home, TWO + profile("autochart_dev_zoe") + profile("autochart_prod_ann", PROD))
    write_settings(home, setting)
    monkeypatch.setenv("AWSPROF_USER", variable)
    assert [row[5] for row in rows(awsprof("product", "show", *words, "--json"))] == profiles
    if profiles == [None, None]:
        shown = awsprof("product", "show").stdout.splitlines()
        assert shown[2] == "dev    dev   111111111111  autochart_dev_paul, autochart_dev_zoe"
        assert shown[4] == (
            "dev: it has profiles of several users, and which is yours is not known. "
            "Next: awsprof settings set user USER"
        )


def test_show_escapes_what_a_terminal_would_obey(awsprof: CommandLine, file: Path) -> None:
    """A stage may be any text, and is another's."""
    file.write_text('product = "autochart"\n[envs.dev]\nstages = ["a\\u001b[31m\\u202e"]\n')
    outcome = awsprof("product", "show")
    assert "a\\x1b[31m\\u202e  dev  -" in outcome.stdout
    assert "\x1b" not in outcome.stdout


def test_show_of_a_file_without_envs(awsprof: CommandLine, file: Path) -> None:
    """It is sound, and says what to do."""
    file.write_text('product = "autochart"\n')
    shown = f"autochart: {file}\nIt has no env yet. Next: awsprof product init\n"
    assert awsprof("product", "show") == Outcome(0, shown, "")


@pytest.mark.parametrize("command", [("show",), ("join", "--user", "paul")])
def test_without_a_team_file(awsprof: CommandLine, repository: Path, command: tuple[str, ...]) -> None:
    """Exit 1, and how one is made."""
    assert awsprof("product", *command) == Outcome(
        1,
        "",
        f"Error: There is no .awsprof.toml in {repository / 'services' / 'api'} or above.\n"
        "'awsprof product init' writes one from the profiles you have.\n",
    )


@pytest.mark.parametrize("command", ["show", "join"])
def test_refuses_a_bad_user(awsprof: CommandLine, file: Path, command: str) -> None:
    """A user's name goes into profiles' names."""
    file.write_text(TEAM)
    outcome = awsprof("product", command, "--user", "Paul Smith")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "The nearest good spelling is 'paul-smith'" in outcome.stderr


# join.


def joined(identity: Identity) -> str:
    return (
        f"Added {identity.profile}: account {identity.account.id}, arn:aws:iam::{identity.account.id}:user/paul\n"
        f"MFA device {identity.device.serial}. Next: awsprof login {identity.profile}\n"
    )


def whole(file: Path, dev: str = "autochart_dev_paul", prod: str = "autochart_prod_paul") -> str:
    return (
        f"autochart, eu-west-1: {file}\n"
        "STAGE    ENV   ACCOUNT       MY PROFILE\n"
        f"dev      dev   111111111111  {dev}\n"
        f"staging  dev   111111111111  {dev}\n"
        f"prod     prod  222222222222  {prod}\n"
    )


NO_PROD = "prod: there is no profile for it. Next: awsprof add autochart prod paul\n"


def test_join_asks_for_everything(
    awsprof: CommandLine, paul_in_dev: Identity, paul_in_prod: Identity, file: Path
) -> None:
    """One command asks who one is and for each env's key, the secret unseen, and ends with the table."""
    file.write_text(TEAM)
    keys = [text for identity in (paul_in_dev, paul_in_prod) for text in (identity.key.id, identity.key.secret)]
    outcome = awsprof("product", "join", answers=["paul", "y", *keys])
    assert outcome == Outcome(0, joined(paul_in_dev) + joined(paul_in_prod) + whole(file), "")
    assert awsprof.terminal.questions == [
        "Your user name (the last part of your profiles' names): ",
        "Keep paul as the setting 'user', so that every command knows it?",
        "Access key id for autochart_dev_paul (empty to leave it out): ",
        "Secret access key (hidden): (hidden)",
        "Access key id for autochart_prod_paul (empty to leave it out): ",
        "Secret access key (hidden): (hidden)",
    ]
    assert awsprof("settings", "get", "user").stdout == "paul\n"
    assert [line for line in awsprof.config.splitlines() if line.startswith("region")] == [
        "region = eu-west-1",
        "region = eu-central-1",
    ]
    assert list(awsprof.items) == ["autochart_dev_paul", "autochart_prod_paul"]


@pytest.mark.parametrize(("options", "answers", "kept"), [((), ["n"], ""), (("--yes",), [], "paul")])
def test_join_keeps_the_user_only_when_told(
    awsprof: CommandLine, file: Path, options: tuple[str, ...], answers: list[str], kept: str
) -> None:
    """The setting is offered, and --yes takes the offer."""
    file.write_text(TEAM)
    outcome = awsprof("product", "join", *options, answers=["paul", *answers, "", ""])
    assert outcome.status == 0
    assert outcome.stderr == "autochart_dev_paul was left out.\nautochart_prod_paul was left out.\n"
    assert awsprof("settings", "get", "user").stdout == f"{kept}\n"


def test_join_leaves_out_what_is_there_or_not_answered(
    awsprof: CommandLine, dev: Identity, file: Path, aws: LocalAWS
) -> None:
    """A profile that is there is not asked for, and an empty answer adds none: neither is a failure."""
    file.write_text(TEAM)
    outcome = awsprof("product", "join", "--user", "paul", answers=[" "])
    said = "autochart_dev_paul is there already.\nautochart_prod_paul was left out.\n"
    assert outcome == Outcome(0, whole(file, prod="-") + NO_PROD, said)
    assert aws.calls == []


@pytest.mark.parametrize("stdin", [False, True])
def test_join_from_files(
    awsprof: CommandLine, paul_in_dev: Identity, paul_in_prod: Identity, file: Path, home: Path, stdin: bool
) -> None:
    """--from names a file for an env, or stdin for one of them; nobody is asked."""
    file.write_text(TEAM)
    (home / "dev.csv").write_text(f"Access key ID,Secret access key\n{paul_in_dev.key.id},{paul_in_dev.key.secret}\n")
    (home / "prod.txt").write_text(paul_in_prod.two_lines)
    source = "-" if stdin else str(home / "prod.txt")
    words = ("--user", "paul", "--from", f"dev={home / 'dev.csv'}", "--from", f"prod={source}")
    outcome = awsprof("product", "join", *words, stdin=paul_in_prod.two_lines if stdin else "")
    assert outcome == Outcome(0, joined(paul_in_dev) + joined(paul_in_prod) + whole(file), "")
    assert awsprof("product", "join", *words) == Outcome(
        0, whole(file), "autochart_dev_paul is there already.\nautochart_prod_paul is there already.\n"
    )


def test_join_goes_on_after_a_failure(
    awsprof: CommandLine, paul_in_dev: Identity, paul_in_prod: Identity, file: Path, home: Path
) -> None:
    """A key of the wrong account is refused for its env, the next is added, and the status is the first failure's."""
    file.write_text(f'{TEAM}[envs.qa]\naccount_id = "{OTHER}"\n')
    (home / "keys").write_text(paul_in_prod.two_lines)
    words = [word for env in ("dev", "prod", "qa") for word in ("--from", f"{env}={home / 'keys'}")]
    words[-1] = f"qa={home / 'missing'}"
    outcome = awsprof("product", "join", "--user", "paul", *words)
    table = whole(file, dev="-").replace(" \n", "\n") + f"qa       qa    {OTHER}  -\n"
    missing = "".join(
        f"{env}: there is no profile for it. Next: awsprof add autochart {env} paul\n" for env in ("dev", "qa")
    )
    assert outcome == Outcome(
        1,
        joined(paul_in_prod) + table + missing,
        f"Error: autochart_dev_paul: The key is of account {PROD}, and the team file says {DEV}; nothing was "
        f"written.\nGive a key of account {DEV}.\n"
        f"Error: autochart_qa_paul: {home / 'missing'} cannot be read: No such file or directory.\n",
    )
    assert list(awsprof.items) == ["autochart_prod_paul"]
    assert awsprof("undo", "--yes").status == 0
    assert (awsprof.items, awsprof.config) == ({}, "")


def test_join_after_a_refused_key(
    awsprof: CommandLine, paul_in_dev: Identity, paul_in_prod: Identity, file: Path
) -> None:
    """A key that AWS refuses is exit 7, and one mistyped at the terminal fails its env only."""
    file.write_text(TEAM)
    paul_in_dev.key.deactivate()
    key = paul_in_dev.key
    outcome = awsprof("product", "join", "--user", "paul", answers=[key.id, key.secret, "akia-typo", "x"])
    assert outcome.status == 7
    assert outcome.stdout.startswith("autochart, eu-west-1: ")
    assert [line for line in outcome.stderr.splitlines() if line.startswith("Error: autochart_prod_paul")] == [
        "Error: autochart_prod_paul: That is no access key id."
    ]
    assert awsprof.items == {}


def test_join_left_in_the_middle(awsprof: CommandLine, paul_in_dev: Identity, file: Path) -> None:
    """Ctrl-C is 130, and what was added before stays, whole."""
    file.write_text(TEAM)
    outcome = awsprof("product", "join", "--user", "paul", answers=[paul_in_dev.key.id, paul_in_dev.key.secret])
    assert outcome == Outcome(130, joined(paul_in_dev), "\n")
    assert list(awsprof.items) == ["autochart_dev_paul"]
    assert awsprof("product", "show").stdout == whole(file, prod="-") + NO_PROD


def test_join_asks_for_a_region_only_where_nothing_tells_it(
    awsprof: CommandLine, paul_in_dev: Identity, file: Path
) -> None:
    """As add does."""
    file.write_text('product = "autochart"\n[envs.dev]\n')
    key = paul_in_dev.key
    outcome = awsprof("product", "join", "--user", "paul", answers=[key.id, key.secret, "eu-south-1"])
    assert outcome.status == 0
    assert awsprof.terminal.questions[-1] == "Region (empty for none): "
    assert "region = eu-south-1\n" in awsprof.config


@pytest.mark.parametrize(
    ("words", "stderr"),
    [
        (
            (),
            "Your user name (the last part of your profiles' names) needs an answer, and there is no terminal to ask "
            "on.\nGive it with --user.\n",
        ),
        (
            ("--user", "paul"),
            "Which keys to add needs an answer, and there is no terminal to ask on.\nGive it with --from ENV=FILE.\n",
        ),
        (("--user", "paul", "--from", "dev"), "--from takes a file for each env, not 'dev'.\nAs in dev=keys.csv.\n"),
        (
            ("--user", "paul", "--from", "dev=-", "--from", "dev=x"),
            "--from takes a file for each env, not 'dev=x'.\nAs in dev=keys.csv.\n",
        ),
        (
            ("--user", "paul", "--from", "dev=-", "--from", "prod=-"),
            "stdin can be read only once.\nName a file for all envs but one.\n",
        ),
        (("--user", "paul", "--from", "qa=-"), "{file} has no env 'qa'.\nIt has dev, prod.\n"),
    ],
    ids=["no user", "no keys", "no file", "an env twice", "stdin twice", "no env"],
)
def test_join_with_nobody_to_ask(awsprof: CommandLine, file: Path, words: tuple[str, ...], stderr: str) -> None:
    """Exit 2 names the option that answers, and nothing is changed."""
    file.write_text(TEAM)
    before = everything(awsprof)
    assert awsprof("product", "join", *words) == Outcome(2, "", f"Error: {stderr.format(file=file)}")
    assert everything(awsprof) == before


def test_join_with_nobody_to_ask_takes_the_files_there_are(
    awsprof: CommandLine, paul_in_dev: Identity, file: Path
) -> None:
    """An env without a file is left out; the user may come from the environment or the setting."""
    file.write_text(TEAM)
    assert awsprof("settings", "set", "user", "paul").status == 0
    outcome = awsprof("product", "join", "--from", "dev=-", stdin=paul_in_dev.two_lines)
    shown = joined(paul_in_dev) + whole(file, prod="-") + NO_PROD
    assert outcome == Outcome(0, shown, "autochart_prod_paul was left out.\n")


def test_join_stops_where_no_env_could_be_added(
    awsprof: CommandLine, paul_in_dev: Identity, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vault that cannot be opened is no env's failure: nobody is asked for more keys in vain."""
    from awsprof.errors import VaultLockedError

    def locked(name: str, value: str) -> None:
        raise VaultLockedError("The vault is locked")

    file.write_text(TEAM)
    monkeypatch.setattr(awsprof.vault, "set", locked)
    outcome = awsprof("product", "join", "--user", "paul", answers=[paul_in_dev.key.id, paul_in_dev.key.secret])
    assert outcome == Outcome(6, "", "Error: The vault is locked.\n")
    assert awsprof.config == ""
