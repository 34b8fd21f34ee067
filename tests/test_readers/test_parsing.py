"""The models of the readers make of a file what the readers themselves do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from awsprof.readers.source import Source, Tool
from awsprof.readers.sources import sources
from tests.test_readers.real import Reader
from tests.test_readers.samples import KEYS, SAMPLES, in_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TOOLS = {"boto3": Tool.BOTO3, "js-v3": Tool.JS_V3, "js-v2": Tool.JS_V2}
OWN = f"[x]\n{KEYS.replace('= A', '= C')}"


@pytest.fixture(scope="module")
def readers() -> Iterator[dict[str, Reader]]:
    started: dict[str, Reader] = {}
    yield started
    for reader in started.values():
        reader.close()


def key(source: Source) -> str | None:
    return None if source.credentials is None else source.credentials.access_key_id


@pytest.mark.parametrize(
    ("where", "load_config"),
    [("config", True), ("credentials", False), ("both", True)],
    ids=["config", "credentials", "both"],
)
@pytest.mark.parametrize("sample", SAMPLES)
def test_reads_as_the_real_one(
    home: Path,
    readers: dict[str, Reader],
    tool: Callable[[str], str],
    sample: str,
    where: str,
    load_config: bool,
) -> None:
    """A file in either place, or in config beside a sound credentials file: the same key, or none, for each reader."""
    text, by_go = SAMPLES[sample]
    files = {
        "config": {"config": text},
        "credentials": {"credentials": in_credentials(text)},
        "both": {"config": text, "credentials": OWN},
    }[where]
    (home / ".aws").mkdir()
    for name, content in files.items():
        (home / ".aws" / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    environ = {"HOME": str(home), "AWS_PROFILE": "x", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    environ |= {"AWS_EC2_METADATA_DISABLED": "true"} | ({"AWS_SDK_LOAD_CONFIG": "1"} if load_config else {})
    if not readers:
        readers["js"] = Reader.of_javascript(tool)
        readers["boto3"] = Reader.of_boto3()
    real = {
        name: answer.get("key") for reader in readers.values() for name, answer in reader(environ, ask=False).items()
    }
    told = sources(environ)
    assert {name: key(told[tool]) for name, tool in TOOLS.items()} == real
    if where == "config":
        assert key(told[Tool.GO]) == by_go
