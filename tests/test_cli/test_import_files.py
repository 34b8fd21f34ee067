"""``import``: what becomes of the lines of the two shared files, of one profile and of many at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from awsprof.configfiles.document import Document
from awsprof.importing.moving import BATCH, batch_size
from tests.test_cli.conftest import DEV, PROD, write_config, write_settings
from tests.test_importing.awsfake import FakeAws

if TYPE_CHECKING:
    from pathlib import Path

    from tests.command_line import CommandLine

MFA = f"arn:aws:iam::{PROD}:mfa/paul"
SESSION = "aws_access_key_id = ASIAAAAAAAAAAAAAAAAA\naws_secret_access_key = g\naws_session_token = g\n"
AS_PROD = ("--as", "autochart", "prod", "paul", "--yes")


@pytest.fixture
def cloud(awsprof: CommandLine, home: Path) -> FakeAws:
    """An AWS in memory, and a user in the settings."""
    awsprof.aws = FakeAws()
    write_settings(home, 'user = "paul"\n')
    return awsprof.aws


def settings(awsprof: CommandLine, name: str) -> dict[str, str]:
    """Return a profile's settings in the shared config file."""
    sections = Document("config", awsprof.config.encode()).sections
    return dict(sections[f"profile {name}"].settings)


def credentials_of(home: Path) -> str:
    return (home / ".aws" / "credentials").read_text()


# Which setting counts.


@pytest.mark.parametrize("place", ["credentials", "config", "lasting half alone", "session half in config"])
def test_settings_of_a_pair_are_those_of_its_session_half(
    awsprof: CommandLine, cloud: FakeAws, home: Path, place: str
) -> None:
    """The half that tools use has the region they used; the other one gives what that one lacks."""
    lasting, session = "region = us-west-1\noutput = text\n", "region = eu-west-3\n"
    in_config = {
        "config": f"[profile x-long-term]\n{lasting}\n[profile x]\n{session}\n",
        "session half in config": f"[profile x]\n{session}\n",
    }.get(place, "")
    keys = f"{cloud.key(PROD).lines}aws_mfa_device = {MFA}\n"
    write_config(home, in_config)
    write_config(
        home,
        f"[x-long-term]\n{keys}{'' if place == 'config' else lasting}\n"
        f"[x]\n{SESSION}{session if place == 'credentials' else ''}",
        "credentials",
    )
    assert awsprof("import", "x-long-term", *AS_PROD).status == 0
    there = settings(awsprof, "autochart_prod_paul")
    region = "us-west-1" if place == "lasting half alone" else "eu-west-3"
    assert (there["region"], there["output"], credentials_of(home)) == (region, "text", "")


@pytest.mark.parametrize("section", ["", "[profile x]\nregion = eu-west-3\ncli_pager = cat\n"])
def test_what_default_lends_in_the_credentials_file_comes_along(
    awsprof: CommandLine, cloud: FakeAws, home: Path, section: str
) -> None:
    """A profile that leaves the credentials file keeps what [DEFAULT] lent it there, and it still counts most."""
    write_config(home, f"[DEFAULT]\nregion = us-west-2\ncli_timestamp_format = iso8601\n\n{section}")
    lent = "[DEFAULT]\nregion = ap-south-1\noutput = text\n"
    write_config(home, f"{lent}[x]\n{cloud.key(PROD).lines}output = json\n", "credentials")
    assert awsprof("import", "x", *AS_PROD).status == 0
    there = settings(awsprof, "autochart_prod_paul")
    assert (there["region"], there["output"], "cli_pager" in there) == ("ap-south-1", "json", bool(section))
    assert "cli_timestamp_format" not in there, "which the config file's own [DEFAULT] lends on"
    assert credentials_of(home) == lent
    assert awsprof("undo", "--yes").status == 0
    assert "[x]\naws_access_key_id" in credentials_of(home)


# Which lines move, and which stay.

NESTED = "s3 =\n  max_concurrent_requests = 5\n\n  # slow\n  addressing_style = path\n"


@pytest.mark.parametrize(
    "lines", ["cli_pager =\n", NESTED, "cli_pager = less # mine\n", "my note: a; b\n", "region\t=\teu-west-3\n"]
)
@pytest.mark.parametrize(
    ("indent", "end", "section"),
    [("", "\r\n", ""), ("  ", "\n", "[profile x]\nCli_Pager = cat\noutput = json\n# z\n[profile z]\nregion = x\n")],
)
def test_settings_that_no_edit_would_write_move_as_they_stand(
    awsprof: CommandLine, cloud: FakeAws, home: Path, lines: str, indent: str, end: str, section: str
) -> None:
    """Nested, empty and commented values beside the keys move with their lines, and read as they did."""
    text = f"[x]\n{cloud.key(PROD).lines}{lines}".replace("\n", f"\n{indent}").rstrip(" ").replace("\n", end)
    files = [home / ".aws" / name for name in ("config", "credentials")]
    for path, content in zip(files, (section.replace("\n", end), text), strict=True):
        write_config(home, "", path.name).write_bytes(content.encode())
    before = dict(Document("credentials", text.encode()).sections["x"].settings)
    outcome = awsprof("import", "x", *AS_PROD)
    assert outcome.status == 0, outcome
    there = settings(awsprof, "autochart_prod_paul")
    moved = {key: value for key, value in before.items() if not key.startswith("aws_")}
    assert moved == {key: value for key, value in there.items() if key in moved}
    assert there.get("output") == ("json" if section else None)
    config = files[0].read_bytes()
    assert files[1].read_bytes() == b""
    assert (b"# slow" in config) == (lines == NESTED)
    assert config.count(b"\r\n") == (config.count(b"\n") if end == "\r\n" and section else 0)
    assert awsprof("undo", "--yes").status == 0
    assert [path.read_bytes().decode() for path in files] == [section.replace("\n", end), text]


SECRETS = "totp_secret = JBSWY3DPEHPK3PXP\nmy_password: hunter2\nbackup = 0123456789abcdefghij0123456789abcdefghij\n"
NOTE = "note = the console's password=hunter2\n"


@pytest.mark.parametrize("halves", [1, 2])
def test_other_secrets_stay_where_only_their_owner_reads_them(
    awsprof: CommandLine, cloud: FakeAws, home: Path, halves: int
) -> None:
    """What looks like a secret beside the keys does not go into the config file, which others may read."""
    key = cloud.key(PROD)
    name = "x" if halves == 1 else "x-long-term"
    first, second = (SECRETS, NOTE) if halves == 2 else (f"{SECRETS}{NOTE}", "")
    session = f"[x]\n{SESSION}{second}" if halves == 2 else ""
    write_config(home, "[profile x]\noutput = json\n").chmod(0o644)
    text = f"# mine\n[{name}]\n{key.lines}# console pw: hunter1\n{first}region = eu-west-3\n\n{session}"
    write_config(home, text, "credentials")
    shown = awsprof("import", name, *AS_PROD, "--dry-run")
    assert shown.status == 0, shown
    assert not any(word in shown.stdout for word in ("hunter", "JBSWY", "0123456789abc"))
    outcome = awsprof("import", name, *AS_PROD)
    assert outcome.status == 0, outcome
    assert settings(awsprof, "autochart_prod_paul")["region"] == "eu-west-3"
    assert not any(word in awsprof.config for word in ("totp", "password", "backup", "note"))
    left = Document("credentials", credentials_of(home).encode()).sections
    assert list(left) == ["autochart_prod_paul"]
    everything = Document("credentials", f"[a]\n{SECRETS}{NOTE}".encode()).sections["a"].settings
    assert dict(left["autochart_prod_paul"].settings) == dict(everything)
    assert json.loads(awsprof("show", "autochart_prod_paul", "--json").stdout)["profile"]["kind"] == "user"
    assert "Nothing was imported" in awsprof("import", "--yes").stderr
    assert awsprof("undo", "--yes").status == 0
    assert credentials_of(home) == text


def test_two_secrets_of_one_name_stay_both(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    text = f"[x-long-term]\n{cloud.key(PROD).lines}totp_secret = A\n[x]\n{SESSION}totp_secret = B\n"
    write_config(home, text, "credentials")
    outcome = awsprof("import", "x-long-term", *AS_PROD)
    assert (outcome.status, credentials_of(home), awsprof.config) == (5, text, "")
    assert "have different values of totp_secret" in outcome.stderr


def test_what_cannot_move_is_named_by_its_line(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    path = write_config(home, f"[x]\n{cloud.key(PROD).lines}cli_pager = a\x07b\n", "credentials")
    outcome = awsprof("import", "x", *AS_PROD)
    assert outcome.status == 2
    assert f"The value of cli_pager in line 4 of {path} holds a control character" in outcome.stderr
    assert "Take that line out" in outcome.stderr


# Many at once.


def test_dry_run_shows_how_far_it_is(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    awsprof.terminal.shows_progress = lambda: True  # type: ignore[method-assign]
    plain(home, cloud, 3)
    outcome = awsprof("import", "--dry-run")
    assert "\r3 of 3: autochart-x2-paul" in outcome.stderr


def plain(home: Path, cloud: FakeAws, count: int) -> None:
    """Write *count* profiles with keys, each in both files, and a role of each."""
    config = "".join(
        f"[profile autochart-x{n}-paul]\naws_account_id = {DEV}\n\n"
        f"[profile role{n}]\nrole_arn = arn:aws:iam::{DEV}:role/x\nsource_profile = autochart-x{n}-paul\n\n"
        for n in range(count)
    )
    write_config(home, config)
    text = "".join(f"[autochart-x{n}-paul]\n{cloud.key(DEV).lines}\n" for n in range(count))
    write_config(home, text, "credentials")
    names = "".join(f"[envs.x{n}]\n" for n in range(count))
    (home / ".awsprof.toml").write_text(f'product = "autochart"\n{names}')


@pytest.mark.parametrize("words", [("--dry-run",), ("--yes", "--no-verify")])
def test_files_are_taken_apart_once_for_all(
    awsprof: CommandLine, cloud: FakeAws, home: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """Four times the profiles of a batch cost no more readings of the two files."""
    scans: list[str] = []
    scan = Document._scan

    def counting(self: Document) -> None:
        scans.append(self.path)
        scan(self)

    monkeypatch.setattr(Document, "_scan", counting)
    counts = []
    assert awsprof("add", "other", "dev", "paul", "--from", "-", stdin="\n".join(_pair(cloud))).status == 0
    for count in (5, 20):
        plain(home, cloud, count)
        awsprof.vault.items = {name: it for name, it in awsprof.vault.items.items() if name.startswith("awsprof/")}
        scans.clear()
        outcome = awsprof("import", *words)
        assert outcome.status == 0, outcome
        assert outcome.stdout.count("autochart_x") >= count
        counts.append(len(scans))
    assert counts[0] == counts[1], counts


def _pair(cloud: FakeAws) -> tuple[str, str]:
    key = cloud.key(DEV)
    return key.id, key.secret


@pytest.mark.parametrize("count", [1, BATCH, 500, 501, 700, 100_000])
def test_an_import_never_has_more_entries_than_can_be_undone(count: int) -> None:
    """The journal keeps fifty entries, and each undo makes one too."""
    entries = -(-count // batch_size(count))
    assert 2 * entries <= 50


def test_one_among_many_costs_few_entries(awsprof: CommandLine, cloud: FakeAws, home: Path) -> None:
    """One whose name has other keys in the vault is left, and the others still make a handful of entries."""
    plain(home, cloud, 16)
    name = "autochart_x5_paul"
    keys = cloud.key(DEV)
    assert awsprof("add", *name.split("_"), "--from", "-", stdin=f"{keys.id}\n{keys.secret}\n").status == 0
    item = awsprof.vault.items[name]
    plain(home, cloud, 16)
    awsprof.vault.items[name] = item
    before = len(json.loads(awsprof("undo", "--json").stdout)["entries"])
    outcome = awsprof("import", "--yes", "--no-verify")
    assert outcome.status == 1
    assert f"The vault has other keys under {name}" in outcome.stderr
    assert outcome.stdout.count("Imported") == 15, outcome.stderr
    assert len(json.loads(awsprof("undo", "--json").stdout)["entries"]) - before <= 4
