"""Each code on what has it, and not on what has not: files, environment, profiles, vault, machine."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from awsprof.errors import VaultUnavailableError
from awsprof.storage.lock import lock_path, locked
from awsprof.vault.vault import VaultStatus
from tests.test_doctor.cases import CASES, ENV, ONE, SECRET, P, keys, session

if TYPE_CHECKING:
    from tests.test_doctor.conftest import Clinic

DEV, PROD = "111111111111", "222222222222"
SERIAL = f"arn:aws:iam::{PROD}:mfa/paul"


def own(name: str, *lines: str) -> str:
    """A profile of awsprof's, whose launcher is there."""
    more = "".join(f"{line}\n" for line in lines)
    return f"[profile {name}]\ncredential_process = awsprof credential-process {name}\n{more}"


@pytest.mark.parametrize("name", CASES)
def test_of_files_and_environment(clinic: Clinic, name: str) -> None:
    """It is found where it stands, as bad as it is, with what mends it; and not where there is none."""
    case = CASES[name]
    clinic.lay(case.sick)
    rows = [finding for finding in clinic.examine() if finding["code"] == case.code]
    assert rows
    row = rows[0]
    assert row["severity"] == case.severity
    if case.line is not None:
        path = clinic.config if case.in_config else clinic.credentials
        assert (row["file"], row["line"]) == (str(path), case.line)
    assert row["fix"]
    assert SECRET not in row["message"]
    for variable in case.sick.environ:
        clinic._monkeypatch.delenv(variable)
    clinic.lay(case.well)
    assert case.code not in clinic.codes()


MORE: dict[str, tuple[str, str, str, str]] = {
    "outside-convention": ("[profile p]\n", "", own("autochart_dev_paul"), ""),
    "name-shadows-env": (own("autochart_dev_paul") + "[profile dev]\n", "", own("autochart_dev_paul") + P, ""),
    "protected-without-mfa": (
        own("autochart_prod_paul"),
        "",
        own("autochart_prod_paul", f"mfa_serial = {SERIAL}"),
        "",
    ),
    "shared-account": (
        own("autochart_dev_paul", f"aws_account_id = {DEV}") + own("autochart_prod_paul", f"aws_account_id = {DEV}"),
        "",
        own("autochart_dev_paul", f"aws_account_id = {DEV}") + own("autochart_prod_paul", f"aws_account_id = {PROD}"),
        "",
    ),
    "default-profile": ("[DEFAULT]\nregion = eu-west-1\n", "", P, ""),
    "duplicate-section": ("[profile p]\n[profile  p]\n", "", P, ""),
    "wrong-section-spelling": ("", keys("profile p", ONE), "", keys("p", ONE)),
    "dangling-source-profile": (
        "[profile p]\nrole_arn = x\n",
        "",
        "[profile p]\nrole_arn = x\ncredential_source = x\n",
        "",
    ),
    "keys-shadow-process": (
        "[profile p]\nrole_arn = x\nsource_profile = q\n",
        keys("p", ONE) + keys("q", ONE),
        "[profile p]\nrole_arn = x\nsource_profile = p\n",
        keys("p", ONE),
    ),
    "wrong-account": (
        f"[profile p]\nrole_arn = arn:aws:iam::{DEV}:role/x\naws_account_id = {PROD}\n",
        "",
        f"[profile p]\nrole_arn = arn:aws:iam::{DEV}:role/x\naws_account_id = {DEV}\n",
        "",
    ),
    "missing-process": ("[profile p]\ncredential_process = ~/tool\n", "", P, ""),
    "key-without-value": ("[profile p]\nregion =\n", "", P, ""),
}


@pytest.mark.parametrize("code", MORE)
def test_of_profiles(clinic: Clinic, code: str) -> None:
    """What no reader stumbles over, or each in the way the table of cases shows for its like."""
    config, credentials, well_config, well_credentials = MORE[code]
    clinic.write(config, credentials)
    assert code in clinic.codes()
    clinic.write(well_config, well_credentials)
    assert code not in clinic.codes()


def _default(clinic: Clinic, **environ: str) -> None:
    for name, value in environ.items():
        clinic._monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("environ", "code", "severity"),
    [
        ({"AWS_PROFILE": ""}, "empty-aws-profile", "warning"),
        ({"AWS_DEFAULT_PROFILE": "default"}, "default-in-environment", "error"),
        ({"AWS_DEFAULT_PROFILE": "p"}, "aws-default-profile", "warning"),
        ({"AWS_DEFAULT_PROFILE": "gone"}, "unknown-aws-profile", "error"),
        ({"AWS_ACCESS_KEY_ID": ENV}, "keys-in-environment", "warning"),
        ({"AWS_ACCESS_KEY_ID": ENV, "AWSPROF_PROFILE": "p"}, "keys-in-environment", "info"),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/x"}, "web-identity-in-environment", "warning"),
        # What each reader does then: tests/test_readers/test_places.py.
        ({"AWS_CONFIG_FILE": ""}, "empty-file-variable", "error"),
        ({"AWS_SHARED_CREDENTIALS_FILE": ""}, "empty-file-variable", "error"),
    ],
)
def test_a_variable_alone_is_less_bad(clinic: Clinic, environ: dict[str, str], code: str, severity: str) -> None:
    """Where nothing of another account is in its way, or awsprof itself has set it."""
    clinic.write(P)
    assert code not in clinic.codes()
    _default(clinic, **environ)
    assert [row["severity"] for row in clinic.examine() if row["code"] == code] == [severity]


def _old(clinic: Clinic) -> None:
    long_ago = time.time() - 40 * 3600
    os.utime(clinic.credentials, (long_ago, long_ago))


def test_a_session_older_than_any_lasts_is_stale(clinic: Clinic) -> None:
    """Where no end is noted, the file's own age tells."""
    clinic.write("", f"{keys('p', 'ASIAX')}aws_session_token = EXAMPLETOKEN\n")
    assert "stale-session-triple" not in clinic.codes()
    _old(clinic)
    assert "stale-session-triple" in clinic.codes()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize(
    ("path", "mode", "better", "severity"),
    [
        (".aws/credentials", 0o644, 0o600, "error"),
        (".aws/config", 0o664, 0o644, "error"),
        (".aws", 0o777, 0o755, "error"),
        (".local/state/awsprof/journal", 0o755, 0o700, "warning"),
        (".local/share/awsprof/vault/items", 0o777, 0o700, "error"),
    ],
)
def test_loose_permissions(clinic: Clinic, path: str, mode: int, better: int, severity: str) -> None:
    """Found on what is secret or decides what tools run, with the command; --fix tightens, and undo gives it back."""
    clinic.write(P, keys("q", ONE))
    assert "loose-permissions" not in clinic.codes()
    target = clinic.home / path
    if not target.exists():
        target.mkdir(parents=True)
    target.chmod(mode)
    (row,) = [row for row in clinic.examine() if row["code"] == "loose-permissions"]
    assert (row["severity"], row["file"], row["fix"]) == (severity, str(target), f"chmod {better:o} {target}")
    assert clinic.fix("--yes").stderr.startswith("Mended; 'awsprof undo' takes it back.")
    assert target.stat().st_mode & 0o7777 == better
    if target.is_file():
        assert clinic.awsprof("undo", "--yes").status == 0
        assert target.stat().st_mode & 0o7777 == mode


def test_a_config_file_that_all_may_read_is_fine(clinic: Clinic) -> None:
    """As the AWS CLI may leave it; unless there are secrets in it."""
    clinic.write(P)
    clinic.config.chmod(0o644)
    assert "loose-permissions" not in clinic.codes()
    clinic.write(f"{P}aws_secret_access_key = {SECRET}\n")
    assert "loose-permissions" in clinic.codes()


def test_left_over_temp(clinic: Clinic) -> None:
    """A killed command's temporary files are found and removed, and those of one that still runs are not."""
    clinic.write(P)
    beside = clinic.aws / ".awsprof-config-0123456789abcdef"
    state = clinic.home / ".local" / "state" / "awsprof" / "state"
    gone, living = state / ".awsprof-99999999-0123456789abcdef", state / f".awsprof-{os.getpid()}-0123456789abcdef"
    state.mkdir(mode=0o700, parents=True)
    for path in (beside, gone, living):
        path.write_text(SECRET)
    assert clinic.codes().count("left-over-temp") == 2
    with locked(lock_path(state.parent / "locks", str(clinic.config)), limit_s=0):
        assert clinic.codes().count("left-over-temp") == 1
    outcome = clinic.fix("--dry-run")
    assert f"remove {beside}\n" in outcome.stdout
    assert beside.exists()
    assert clinic.fix("--yes").stderr == "Mended.\n"
    assert (beside.exists(), gone.exists(), living.exists()) == (False, False, True)


def test_no_vault(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """None made yet is a warning, with profiles that need one or an error of its own it is one."""
    assert "no-vault" not in clinic.codes()
    status = VaultStatus("file", None, Path("/x"), exists=False, unlocked=False, unlocked_until=None)
    monkeypatch.setattr(clinic.awsprof.vault, "status", lambda: status)
    assert [row["severity"] for row in clinic.examine() if row["code"] == "no-vault"] == ["warning"]
    clinic.write(own("autochart_dev_paul"))
    (row,) = [row for row in clinic.examine() if row["code"] == "no-vault"]
    assert (row["severity"], row["message"][-36:]) == ("error", "and 1 profile needs its keys from it")


def test_a_vault_that_does_not_answer(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a finding in its own words, and no end of all others."""

    def silent() -> VaultStatus:
        raise VaultUnavailableError("The keyring gave no answer", hint="Unlock it.")

    monkeypatch.setattr(clinic.awsprof.vault, "status", silent)
    clinic.write("[profile p]\n")
    rows = [(row["code"], row["message"], row["fix"]) for row in clinic.examine()]
    assert ("no-vault", "The keyring gave no answer", "Unlock it.") in rows
    assert "outside-convention" in clinic.codes()


def test_orphan_vault_item(clinic: Clinic) -> None:
    """Keys whose profile is gone, once for all of its items; the journal's own key is nobody's."""
    items = clinic.awsprof.vault.items
    items["awsprof/journal"] = "x"
    for suffix in ("", "/seed", "/console"):
        items[f"autochart_dev_paul{suffix}"] = SECRET
    clinic.write(own("autochart_dev_paul"))
    assert "orphan-vault-item" not in clinic.codes()
    clinic.write()
    # A colleague's first password and lost device are kept without a profile.
    items["autochart_dev_carl/console"] = items["autochart_dev_dora/mfa-reset"] = SECRET
    assert [row["profile"] for row in clinic.examine() if row["code"] == "orphan-vault-item"] == ["autochart_dev_paul"]


def test_weak_keyring(clinic: Clinic, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A back end that does not encrypt, chosen by variable or file; one that does is nothing to speak of."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.SecretService.Keyring")
    assert "weak-keyring" not in clinic.codes()
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyrings.alt.file.PlaintextKeyring")
    assert "weak-keyring" in clinic.codes()
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    path = home / ".config" / "python_keyring" / "keyringrc.cfg"
    path.parent.mkdir(parents=True)
    path.write_text("[backend]\ndefault-keyring=keyrings.alt.file.PlaintextKeyring\n")
    assert "weak-keyring" in clinic.codes()


def test_an_unreadable_file_is_a_finding(clinic: Clinic) -> None:
    """A directory in a file's place: what can be said of the other file is said all the same."""
    clinic.write(P, "")
    clinic.credentials.unlink()
    clinic.credentials.mkdir()
    rows = [(row["code"], row["file"]) for row in clinic.examine()]
    assert ("unparsable", str(clinic.credentials)) in rows
    assert "outside-convention" in clinic.codes()


def test_a_live_session_of_ours_beside_a_process(clinic: Clinic) -> None:
    """It is found although it is no stale one, and --fix takes it away; a user's own stays."""
    process = "[profile p]\ncredential_process = awsprof credential-process p\n"
    ours = session("p", "2999-01-31T12:00:00Z") + "awsprof_managed = true\n"
    clinic.write(process, ours)
    assert "keys-shadow-process" in clinic.codes()
    assert clinic.fix("--yes").status == 0
    assert clinic.bytes() == (process.encode(), b"")
    theirs = session("p", "2020-01-31T12:00:00Z")
    clinic.write(process, theirs)
    assert "There is nothing to mend here." in clinic.fix("--yes").stderr
    assert clinic.bytes() == (process.encode(), theirs.encode())


def test_clean(clinic: Clinic) -> None:
    """Nothing wrong is one sentence, and exit status 0."""
    clinic.write(own("autochart_dev_paul"))
    outcome = clinic.awsprof("doctor")
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "Nothing is wrong.\n", "")


def test_text(clinic: Clinic) -> None:
    """The worst comes first; what is in no file before what is in one; nothing in it acts on a terminal."""
    clinic.write(f"[profile a\x1b[31m]\nregion = x # y\n{P}\n[default]\n")
    _default(clinic, AWS_DEFAULT_PROFILE="gone\x1b[31m")
    outcome = clinic.awsprof("doctor")
    assert "\x1b" not in outcome.stdout
    severities = [line.split(": ")[0 if line[0] != "/" else 1] for line in outcome.stdout.splitlines()]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)
    assert outcome.stdout.startswith("error: unknown-aws-profile")
    assert outcome.status == 1


def test_doctor_changes_nothing(clinic: Clinic) -> None:
    """It does not even sweep what it is there to report."""
    stale = session("p", "2020-01-31T12:00:00Z") + "awsprof_managed = true\n"
    clinic.write("[profile p]\nawsprof_delivery = file\n", stale)
    assert "stale-session-triple" in clinic.codes()
    assert clinic.bytes()[1] == stale.encode()
    assert clinic.fix("--yes").stderr == "Mended.\n"
    assert clinic.bytes()[1] == b""
