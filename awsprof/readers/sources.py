"""
Which source each family of tools would use in one environment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.readers import boto, go, js_v2, js_v3
from awsprof.readers.source import Tool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsprof.readers.files import SharedFile
    from awsprof.readers.source import Profiles, Source


READERS = {Tool.BOTO3: boto, Tool.JS_V3: js_v3, Tool.JS_V2: js_v2, Tool.GO: go}


def by_profile(config: SharedFile, credentials: SharedFile) -> dict[Tool, Profiles]:
    """Work out what each profile leads to in each family of tools; the AWS CLI is as boto3."""
    return {tool: reader.by_profile(config, credentials) for tool, reader in READERS.items()}


def sources(environ: Mapping[str, str]) -> dict[Tool, Source]:
    """Work out every tool's source from the environment and the two files, without starting a tool or asking AWS."""
    by_botocore = boto.source(environ)
    return {
        Tool.AWS_CLI: by_botocore,
        Tool.BOTO3: by_botocore,
        Tool.JS_V3: js_v3.source(environ),
        Tool.JS_V2: js_v2.source(environ),
        Tool.GO: go.source(environ),
    }
