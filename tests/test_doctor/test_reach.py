"""``--fix`` leads no tool to other credentials: what would, it leaves, and says where; as the real readers see it."""

from __future__ import annotations

import json
import os
import random
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from awsprof.configfiles.profiles import ProfileFiles
from awsprof.doctor.planning import planned
from awsprof.doctor.reach import differences, reach
from awsprof.doctor.shared import SharedFiles
from awsprof.places import Places
from awsprof.readers.source import Tool
from awsprof.settings import Settings
from tests.test_doctor.cases import ONE, OTHER, P, keys
from tests.test_heavy.conftest import ALL
from tests.test_readers.real import JS, Reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.test_doctor.conftest import Clinic

PROCESS = "[profile p]\ncredential_process = /bin/echo x\n"
ROLE = "role_arn = arn:aws:iam::111111111111:role/x\nsource_profile = "
SIGN_IN = "sso_start_url = x\nsso_region = x\nsso_account_id = 111111111111\nsso_role_name = x\n"
BOM = "\ufeff"
# Config and credentials, the tool and the profile that would get others, and where that is said.
LEFT = {
    "upper-case keys": (PROCESS, keys("p", ONE).replace("aws_", "AWS_"), "JS v3", "p", False, 2),
    "keys with ':'": (PROCESS, keys("p", ONE).replace(" =", ":"), "JS v3", "p", False, 2),
    "an upper-case role": (
        f"[profile p]\n{ROLE}q\n",
        keys("q", ONE) + "[p]\nRole_arn = arn:aws:iam::222222222222:role/x\n",
        "JS v3",
        "p",
        False,
        5,
    ),
    "a dead sign-in": (f"[Profile p]\n{SIGN_IN}", keys("p", ONE), "the aws CLI and boto3", "p", True, 1),
    "a source with '#'": (
        f"[profile r]\n{ROLE}team #7\n",
        keys("team", ONE) + keys("team #7", OTHER),
        "the aws CLI and boto3",
        "r",
        True,
        3,
    ),
    "a section behind a mark": (PROCESS, BOM + keys("p", ONE), "Go", "p", False, 1),
    "a default behind a mark": ("", BOM + keys("default", ONE), "Go", "default", False, 1),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_would_lead_elsewhere_is_left(clinic: Clinic, name: str) -> None:
    """The bytes stay, a sentence says which tool, profile and line, and doctor no longer promises to mend it."""
    config, credentials, tool, profile, in_config, line = LEFT[name]
    clinic.write(config, credentials)
    before = clinic.bytes()
    outcome = clinic.fix("--yes")
    assert clinic.bytes() == before
    path = clinic.config if in_config else clinic.credentials
    assert f"{path}, line {line}: mended, {tool} would get other credentials for '{profile}'" in outcome.stderr
    assert "awsprof doctor --fix" not in [row["fix"] for row in clinic.examine()]


def test_the_rest_is_mended_all_the_same(clinic: Clinic) -> None:
    """What stays is what belongs to that profile."""
    credentials = keys("p", ONE).replace("aws_", "AWS_")
    clinic.write(f"{PROCESS}[profile q]\nRegion = x # y\n", credentials + "[q]\nOutput: json\n")
    clinic.fix("--yes")
    assert clinic.bytes() == (
        f"{PROCESS}[profile q]\n# y\nregion = x\n".encode(),
        f"{credentials}[q]\noutput = json\n".encode(),
    )


TWINS = {
    "a bare one and a quoted one": f'[p]\nregion = x\n[profile "p"]\n{keys("", ONE)[3:]}',
    "a bare one and one that no tool knows": f"[Profile p]\n{keys('', ONE)[3:]}[p]\nca_bundle = x\n[p]\noutput = x\n",
}


@pytest.mark.parametrize("name", TWINS)
def test_js_v2_goes_on_reading_the_file(clinic: Clinic, name: str) -> None:
    """A header is not mended to one that stands beside a bare one, at which JS v2 would refuse the whole file."""
    clinic.write(f"[profile other]\n{keys('', OTHER)[3:]}{TWINS[name]}")
    clinic.fix("--yes")
    places = Places.from_environ({"HOME": str(clinic.home)})
    shared = SharedFiles.look(places, ProfileFiles(places, Settings(), None).made_of)
    assert reach(shared)[Tool.JS_V2] is not None


def test_twins_for_js_v2_are_an_error(clinic: Clinic) -> None:
    """It stops at a bare header beside one with ``profile`` where both have settings, and so doctor says."""
    clinic.write(f"[p]\noutput = x\n{P}")
    rows = [
        (row["code"], row["severity"], row["line"]) for row in clinic.examine() if row["code"] != "outside-convention"
    ]
    assert rows == [("duplicate-section", "error", 1)]
    clinic.write(f"[p]\n{P}")
    assert "duplicate-section" not in clinic.codes()


PAIR = ["aws_access_key_id = AKIA{}", "aws_secret_access_key = s"]
HEADERS = {
    True: ["[profile p]", "[profile p]", "[Profile p]", "[p]", '[profile "p"]', "[profile\tp]", "[ profile q ]",
           "[profile q]", "[profile q] # c", "[default]", "[profile p]; c", "[q]"],
    False: ["[p]", "[p]", "[q]", "[default]", "[profile p]", "[ p ]", '["p"]', "[p] ; c"],
}  # fmt: skip
LINES = ["region = x", "Region = y", "region: z", "region = x # y", "  region = y", "s3 =", "  a = b", "oops", "# co",
         "aws_session_token = t # u", "Aws_session_token = v", "CREDENTIAL_PROCESS = /bin/echo x", ""]  # fmt: skip


def random_file(some: random.Random, *, in_config: bool) -> bytes:
    """Headers and credentials in the spellings of which not every tool takes each."""
    lines = []
    for _ in range(some.randint(1, 3)):
        lines.append(some.choice(HEADERS[in_config]))
        if some.random() < 0.6:
            key = some.randint(1000, 9999)
            respelled = some.choice([str, str, str, str.upper, lambda text: text.replace(" =", ":")])
            lines += [respelled(line.split("{")[0]) + (f"{key}" if "{" in line else "") for line in PAIR]
        lines += [some.choice(LINES) for _ in range(some.randint(0, 3))]
    mark = some.choice(["", "", "", "", BOM])
    return (mark + some.choice(["\n", "\n", "\r\n"]).join(lines) + "\n").encode()


class Sample:
    """Many pairs of files, as they are and as they would be mended."""

    def __init__(self, directory: Path) -> None:
        self.environs: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
        self.pairs: dict[str, tuple[SharedFiles, SharedFiles]] = {}
        for seed in range(3000 if ALL else 60):
            some = random.Random(seed)
            sick, well = (self._lay(directory / f"{seed} {side}") for side in ("sick", "well"))
            for in_config, path in ((True, sick.config_file), (False, sick.credentials_file)):
                path.write_bytes(random_file(some, in_config=in_config))
            shared = SharedFiles.look(sick, ProfileFiles(sick, Settings(), None).made_of)
            texts = planned(shared, {"PATH": "/bin"}, datetime.now(UTC))
            if not texts.edits:
                continue
            for path, to in ((sick.config_file, well.config_file), (sick.credentials_file, well.credentials_file)):
                to.write_bytes(texts.edits[path][1] if path in texts.edits else path.read_bytes())
            self.pairs[str(seed)] = shared, texts.on(shared)
            for name in ("p", "q", ""):
                before, after = (
                    {
                        "AWS_CONFIG_FILE": str(places.config_file),
                        "AWS_SHARED_CREDENTIALS_FILE": str(places.credentials_file),
                        **({"AWS_PROFILE": name} if name else {}),
                    }
                    for places in (sick, well)
                )
                self.environs[f"{seed} {name}"] = before, after

    def _lay(self, directory: Path) -> Places:
        directory.mkdir()
        files = {"AWS_CONFIG_FILE": directory / "config", "AWS_SHARED_CREDENTIALS_FILE": directory / "credentials"}
        return Places.from_environ({"HOME": str(directory)} | {name: str(path) for name, path in files.items()})


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return Sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which nobody is asked but the files."""
    return {
        "HOME": str(tmp_path_factory.mktemp("home")),
        "PATH": os.environ["PATH"],
        "AWS_SDK_LOAD_CONFIG": "1",
        "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "eu-west-1",
    }


def test_models_see_no_tool_led_elsewhere(sample: Sample) -> None:
    """Go's too, of which there is no other to ask here; much is mended nevertheless."""
    for before, after in sample.pairs.values():
        assert not list(differences(reach(before), reach(after))), (before.config.reading.data, after.credentials)
    assert len(sample.pairs) > 25


@pytest.fixture
def boto3() -> Iterator[Reader]:
    reader = Reader.of_boto3()
    yield reader
    reader.close()


def test_boto3_is_not_led_elsewhere(sample: Sample, quiet: dict[str, str], boto3: Reader) -> None:
    """Whichever key it found for a profile before, it finds after."""
    for name, (before, after) in sample.environs.items():
        found = boto3({**quiet, **before}, ask=False)["boto3"].get("key")
        if found is not None:
            assert boto3({**quiet, **after}, ask=False)["boto3"].get("key") == found, name


def test_javascript_is_not_led_elsewhere(sample: Sample, quiet: dict[str, str]) -> None:
    """Nor are its SDKs, and an error at a file is none that was not there before."""
    if not (JS / "node_modules" / "aws-sdk").is_dir():
        absent = "needs the AWS SDKs for JavaScript: npm ci --prefix tests/js"
        if os.environ.get("CI"):
            pytest.fail(absent)
        pytest.skip(absent)
    cases = [
        {"name": f"{name} {side}", "environ": environ, "profile": "p", "ask": "key", "v2": True}
        for name, both in sample.environs.items()
        for side, environ in zip(("before", "after"), both, strict=True)
    ]
    command = ["node", str(JS / "read-cases.mjs")]
    result = subprocess.run(command, input=json.dumps(cases), capture_output=True, text=True, env=quiet, check=True)
    found: dict[str, Any] = json.loads(result.stdout)
    for name in sample.environs:
        for sdk in ("v3", "v2"):
            before, after = (found[f"{name} {side}"][sdk] for side in ("before", "after"))
            if before.get("value"):
                assert after.get("value") == before["value"], (sdk, name)
