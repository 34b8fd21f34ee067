"""What doctor says of a file or an environment is what the real readers make of it: botocore, and JS v3 and v2."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.exceptions
import botocore.session
import pytest

from awsprof.configfiles.profiles import ProfileFiles
from awsprof.doctor.examination import Patient
from awsprof.doctor.lenient import Reading
from awsprof.doctor.mending import CannotMendError, Wishes, mended
from awsprof.doctor.repairing import Repairing
from awsprof.places import Places
from awsprof.settings import Settings
from tests.test_doctor.cases import ABSENT, CASES, CHOSEN, PROCESSED, PROGRAM, READ, SECRET, STOPS, Case, Side
from tests.test_heavy.conftest import ALL
from tests.test_vault.memory import MemoryVault

# Headers, settings and lines of every kind, of which few go together in any reader.
STUMBLING = [
    *("[profile p]", "[profile p]", "[profile p]", "[profile q]", "[default]", "[DEFAULT]", " [profile p]", "[q] # c"),
    *("region = x", "  region = y", "Region = z", "region: v", "region =", "region", "region = v # in", "region =#x"),
    *("s3 =", "  s3=", "  a = b", "    c = d", "   c", "= v", "# co", "  ; co", "", "output = é", "output = json"),
]
JS = Path(__file__).parents[1] / "js"
ANSWER = {"Version": 1, "AccessKeyId": PROCESSED, "SecretAccessKey": SECRET, "SessionToken": "EXAMPLETOKEN"}


@dataclass(frozen=True)
class Laid:
    """One side of a case on disk."""

    case: Case
    directory: Path
    environ: dict[str, str]

    @property
    def config(self) -> bytes:
        return (self.directory / "config").read_bytes()

    @classmethod
    def out(cls, case: Case, side: Side, directory: Path, program: Path) -> Laid:
        directory.mkdir(parents=True)
        for name, text in (("config", side.config), ("credentials", side.credentials)):
            data = text.replace(PROGRAM, str(program)).encode() if isinstance(text, str) else text
            (directory / name).write_bytes(data)
        environ = {name: value.replace(PROGRAM, str(program)) for name, value in side.environ.items()}
        files = {
            "AWS_CONFIG_FILE": str(directory / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(directory / "credentials"),
        }
        return cls(case, directory, {**environ, **files})


class Corpus:
    """Every case on disk: as it is sick, as it is well, and as ``--fix`` would leave the sick one."""

    def __init__(self, directory: Path) -> None:
        program = directory / "program"
        program.write_text(f"#!/bin/sh\necho '{json.dumps(ANSWER)}'\n")
        program.chmod(0o755)
        launcher = directory / "bin" / "awsprof"
        launcher.parent.mkdir()
        shutil.copy(program, launcher)
        self.path = f"{launcher.parent}{os.pathsep}{os.environ['PATH']}"
        self.laid: dict[str, Laid] = {}
        for name, case in CASES.items():
            self.laid[f"{name} sick"] = sick = Laid.out(case, case.sick, directory / name / "sick", program)
            self.laid[f"{name} well"] = Laid.out(case, case.well, directory / name / "well", program)
            if case.mended:
                config, credentials = self._mended(sick)
                fixed = Side(config, credentials, case.sick.environ)
                self.laid[f"{name} mended"] = Laid.out(case, fixed, directory / name / "mended", program)
        for seed in range(2000 if ALL else 100):
            before, after = random_pair(seed)
            for side, data in (("sick", before), ("mended", after)):
                place = directory / "random" / f"{seed} {side}"
                self.laid[f"random {seed} {side}"] = Laid.out(READ[0], Side(data), place, program)

    def _mended(self, sick: Laid) -> tuple[bytes, bytes]:
        places = Places.from_environ(sick.environ)
        patient = Patient(
            places=places,
            environ={"PATH": self.path},
            now=datetime.now(UTC),
            make=ProfileFiles(places, Settings(), None).made_of,
            vault=MemoryVault,
        )
        plan = Repairing(patient, changes=lambda: pytest.fail("a plan changes nothing"), sweep_sessions=list).plan()
        config, credentials = (
            plan.edits[path][1] if path in plan.edits else path.read_bytes()
            for path in (places.config_file, places.credentials_file)
        )
        return config, credentials


def random_pair(seed: int) -> tuple[bytes, bytes]:
    """A file of lines that readers stumble over, and what is left of them; the same one twice where that is nothing."""
    some = random.Random(seed)
    end = some.choice(["\n", "\n", "\r\n"])
    text = end.join(some.choice(STUMBLING) for _ in range(some.randint(1, 10)))
    data = some.choice([b"", b"", b"", b"\xef\xbb\xbf"]) + text.encode(some.choice(["utf-8", "cp1252"]))
    try:
        return data, mended(Reading("config", data), Wishes())
    except CannotMendError:
        return data, data


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return Corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def by_javascript(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any] | None:
    """What both SDKs make of every side of every case, by one process of Node's; None where they are not installed."""
    node = shutil.which("node")
    if node is None or not (JS / "node_modules" / "aws-sdk").is_dir():
        if os.environ.get("CI"):
            pytest.fail("needs Node and the AWS SDKs for JavaScript: npm ci --prefix tests/js")
        return None
    environ = {
        "HOME": str(tmp_path_factory.mktemp("home")),
        "PATH": os.environ["PATH"],
        "AWS_SDK_LOAD_CONFIG": "1",
        "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    cases = [
        {
            "name": name,
            "environ": laid.environ,
            "profile": "p",
            "ask": "read" if laid.case in READ else "key",
            "v2": laid.case.sick.v2 is not None,
        }
        for name, laid in corpus.laid.items()
    ]
    result = subprocess.run(
        [node, str(JS / "read-cases.mjs")],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        env=environ,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def read_by_boto() -> dict[str, str] | str:
    try:
        profiles = botocore.session.Session().full_config["profiles"]
    except botocore.exceptions.BotoCoreError:
        return STOPS
    found: dict[str, str] | None = profiles.get("p")
    return ABSENT if found is None else found


class AskedError(Exception):
    """botocore would have asked for a code at the terminal."""


def _nobody(question: str) -> str:
    raise AskedError(question)


def key_by_boto() -> str:
    session = botocore.session.Session()
    try:
        session.get_component("credential_provider").get_provider("assume-role")._prompter = _nobody
        credentials = session.get_credentials()
        key: str = STOPS if credentials is None else credentials.access_key
    except (botocore.exceptions.BotoCoreError, AskedError, FileNotFoundError):
        # The last one is Python's own, of a credential_process that is not there.
        return STOPS
    return key


def read_by_js(found: dict[str, Any]) -> dict[str, str] | str:
    return STOPS if "error" in found else found["value"] or ABSENT


def key_by_js(found: dict[str, Any]) -> str:
    return str(found.get("value") or STOPS)


def agrees(outcome: object, found: object) -> bool:
    """Whether a reader read what it should; of a profile, only what is named is compared."""
    if isinstance(outcome, dict) and isinstance(found, dict):
        return all(found.get(key) == value for key, value in outcome.items())
    return outcome == found


@pytest.mark.parametrize("side", ["sick", "well"])
@pytest.mark.parametrize("name", CASES)
def test_readers(
    corpus: Corpus, by_javascript: dict[str, Any] | None, name: str, side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reader does with a file that has a fault, and with one that has not, what the table of cases says."""
    case = CASES[name]
    wanted: Side = getattr(case, side)
    laid = corpus.laid[f"{name} {side}"]
    for variable, value in laid.environ.items():
        monkeypatch.setenv(variable, value)
    reads = case in READ
    found = read_by_boto() if reads else key_by_boto()
    assert agrees(wanted.boto, found), found
    if by_javascript is None:
        return
    for sdk in ("v3", "v2") if case.sick.v2 is not None else ("v3",):
        answer = by_javascript[f"{name} {side}"][sdk]
        read: object = read_by_js(answer) if reads else key_by_js(answer)
        assert agrees(getattr(wanted, sdk), read), (sdk, answer)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.mended and case in READ])
def test_mended_files_keep_what_was_read(
    corpus: Corpus, by_javascript: dict[str, Any] | None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After --fix botocore reads the file, and whoever read it before reads the same, key by key."""
    case: Case = CASES[name]
    for variable, value in corpus.laid[f"{name} mended"].environ.items():
        monkeypatch.setenv(variable, value)
    boto = read_by_boto()
    assert isinstance(boto, dict), boto
    for sdk in ("v3", "v2") if by_javascript is not None else ():
        before, after = (read_by_js(by_javascript[f"{name} {side}"][sdk]) for side in ("sick", "mended"))
        assert isinstance(after, dict), (sdk, after)
        if isinstance(before, dict):
            assert {key.lower(): value for key, value in before.items()}.items() <= after.items(), sdk
        assert {key: boto.get(key) for key in ("region", "output")} == {
            key: after.get(key) for key in ("region", "output")
        }, sdk
    assert case.sick.boto in (STOPS, ABSENT) or case.code == "inline-comment" or agrees(case.sick.boto, boto)


def test_random_files_keep_what_was_read(corpus: Corpus, by_javascript: dict[str, Any] | None) -> None:
    """Whatever lines a file is made of: what an SDK for JavaScript read in a profile, it reads after --fix."""
    if by_javascript is None:
        pytest.skip("needs Node and the AWS SDKs for JavaScript")
    changed = 0
    for name in [name.removesuffix(" sick") for name in corpus.laid if name.endswith(" sick") and "random" in name]:
        before, after = by_javascript[f"{name} sick"], by_javascript[f"{name} mended"]
        changed += corpus.laid[f"{name} sick"].config != corpus.laid[f"{name} mended"].config
        for sdk in ("v3", "v2"):
            read = before[sdk].get("value") or {}
            kept = {key: value for key, value in read.items() if key == key.lower() and "\ufffd" not in value}
            assert kept.items() <= (after[sdk].get("value") or {}).items(), corpus.laid[f"{name} sick"].config
    assert changed > 50


@pytest.mark.parametrize(("side", "asks"), [("sick", True), ("well", False)])
def test_mfa_of_a_role(
    corpus: Corpus,
    by_javascript: dict[str, Any] | None,
    side: str,
    asks: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where a role has an mfa_serial, botocore asks at the terminal and JS v3 says that nobody gives a code."""
    name = next(name for name, case in CASES.items() if case.code == "mfa-serial-on-role")
    for variable, value in corpus.laid[f"{name} {side}"].environ.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    session = botocore.session.Session()
    session.get_component("credential_provider").get_provider("assume-role")._prompter = _nobody
    # Without a code it goes on to AWS, which is out of reach.
    with pytest.raises(AskedError if asks else botocore.exceptions.EndpointConnectionError):
        _ = session.get_credentials().access_key
    if by_javascript is not None:
        assert ("multi-factor authentication" in by_javascript[f"{name} {side}"]["v3"]["error"]) is asks


def test_a_mended_process_line_works(
    corpus: Corpus, by_javascript: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After --fix a profile whose launcher had moved gives its credentials to every reader again."""
    name = next(name for name, case in CASES.items() if case in CHOSEN and case.mended)
    for variable, value in corpus.laid[f"{name} mended"].environ.items():
        monkeypatch.setenv(variable, value)
    assert key_by_boto() == PROCESSED
    for sdk in ("v3", "v2") if by_javascript is not None else ():
        assert key_by_js(by_javascript[f"{name} mended"][sdk]) == PROCESSED
