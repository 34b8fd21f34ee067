"""``import`` killed, doubled and disturbed: each key is in the vault or in the file, and the next import finishes."""

from __future__ import annotations

import random
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.configloader
import pytest

from awsprof.sessions.keys import load_keys
from awsprof.vault import AgeVault, PassphraseSources
from tests.test_heavy.conftest import ALL, Home

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1800)]

PROFILES = 200 if ALL else 20
KILLS = 100 if ALL else 5
ACCOUNT = "111111111111"
PAIRS = {f"old-{n}": (f"AKIAFAKE{n:08}KEYS", f"secret{n:08}/EXAMPLEKEY/of+nobody0000") for n in range(PROFILES)}
IMPORT = ("import", "--yes", "--no-verify")


def new_name(old: str) -> str:
    return f"app_dev{old.removeprefix('old-')}_paul"


@pytest.fixture
def plain(machine: Home) -> Home:
    """A home with many keys in plain text: every third in the config file, every third in an aws-mfa pair."""
    config, credentials = "", ""
    for number, (name, (key_id, secret)) in enumerate(PAIRS.items()):
        keys = f"aws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"
        env = f"app-dev{number}-paul"
        settings = f"region = eu-west-1\naws_account_id = {ACCOUNT}\n"
        config += f"# {name}\n[profile {env}]\n{settings}{keys if number % 3 == 0 else ''}\n"
        if number % 3 == 1:
            credentials += f"[{env}]\n{keys}\n"
        elif number % 3 == 2:
            session = "aws_access_key_id = ASIAAAAAAAAAAAAAAAAA\naws_secret_access_key = g\naws_session_token = g\n"
            credentials += f"[{env}-long-term]\n{keys}\n[{env}]\n{session}\n"
    config += "[profile app_ops_paul]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = app-dev1-paul\n"
    # These envs are no words that anybody knows, so the user and the product tell them.
    machine.environ |= {"AWSPROF_USER": "paul", "AWSPROF_PRODUCT": "app"}
    machine.write(config)
    (machine.path / ".aws" / "credentials").write_text(credentials)
    return machine


def vault_of(home: Home) -> AgeVault:
    runtime = Path(home.environ["XDG_RUNTIME_DIR"]) / "awsprof"
    passphrases = PassphraseSources(home.environ, None)
    return AgeVault(home.path / ".local" / "share" / "awsprof" / "vault", runtime=runtime, passphrases=passphrases)


def text_of(home: Home) -> str:
    return "".join((home.path / ".aws" / name).read_text() for name in ("config", "credentials"))


def nowhere(home: Home) -> list[str]:
    """The keys that are neither in the vault under their name nor in a file."""
    text, vault = text_of(home), vault_of(home)
    lost = []
    for name, pair in PAIRS.items():
        if not all(part in text for part in pair):
            stored = load_keys(vault, new_name(name))
            if stored is None or (stored.credentials.access_key_id, stored.credentials.secret_access_key) != pair:
                lost.append(name)
    return lost


def check_done(home: Home) -> None:
    assert nowhere(home) == []
    text = text_of(home)
    assert not any(word in text for word in ("aws_access_key_id", "app-dev", "EXAMPLEKEY"))
    assert "source_profile = app_dev1_paul" in text
    found = botocore.configloader.load_config(str(home.config))["profiles"]
    assert {new_name(name) for name in PAIRS} < set(found)
    assert home.temps() == []


def copies(home: Home, count: int) -> Iterator[Home]:
    """The same home again and again, each time as it was."""
    for number in range(count):
        path = home.path.with_name(f"{home.path.name}-{number}")
        shutil.copytree(home.path, path, symlinks=True)
        yield Home(path, {**home.environ, "HOME": str(path)})
        shutil.rmtree(path)


def test_kill_loses_no_key(plain: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed while keys go into the vault, between the two files, or at their replacement, an import loses nothing."""
    rng = random.Random("import")
    counts = {"killed": 0, "too late": 0}
    for home in copies(plain, KILLS):
        process = home.start("awsprof", *IMPORT)
        wait_for_moment(home, process, rng)
        counts["killed" if process.poll() is None else "too late"] += 1
        process.kill()
        process.communicate()
        assert nowhere(home) == []
        for name in ("config", "credentials"):
            botocore.configloader.load_config(str(home.config.with_name(name)))
        again = home.run("awsprof", *IMPORT)
        assert again.returncode == 0, again.stderr
        check_done(home)
    with capsys.disabled():
        print(f"\nkill -9 of import, {PROFILES} profiles: {counts}, 0 lost", file=sys.stderr)
    assert counts["killed"] >= KILLS // 2


def wait_for_moment(home: Home, process: subprocess.Popen[bytes], rng: random.Random) -> None:
    """Wait until the import has come to a random point: so many keys stored, or a file written, and a little more."""
    items = home.path / ".local" / "share" / "awsprof" / "vault" / "items"
    there = len(list(items.iterdir()))
    file = home.config.with_name(rng.choice(("config", "credentials")))
    before = file.read_bytes()
    wanted = there + rng.randint(0, PROFILES) if rng.random() < 2 / 3 else None
    while process.poll() is None:
        if len(list(items.iterdir())) >= wanted if wanted is not None else file.read_bytes() != before:
            break
        time.sleep(0.0005)
    time.sleep(rng.choice((0, 0.001, 0.01, 0.05)) * rng.random())


def test_two_imports_and_the_aws_cli_at_once(plain: Home) -> None:
    """Two imports share the work, and what 'aws configure set' writes beside them stands afterwards."""
    two = [plain.start("awsprof", *IMPORT) for _ in range(2)]
    written = plain.run("aws", "configure", "set", "output", "json", "--profile", "somebody_elses")
    assert written.returncode == 0, written.stderr
    said = [process.communicate()[1].decode() for process in two]
    assert [process.returncode for process in two] == [0, 0], said
    assert nowhere(plain) == []
    last = plain.run("awsprof", *IMPORT)
    assert last.returncode == 0, last.stderr
    check_done(plain)
    assert "somebody_elses" in plain.config.read_text()
