"""
The regions botocore knows, read from its own data without importing it.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path


def known_regions() -> list[str]:
    """
    Return every region of every partition.

    Source: ``botocore/data/partitions.json``, the rules AWS's endpoints are made by.
    """
    found = importlib.util.find_spec("botocore")
    assert found is not None  # a dependency
    assert found.origin is not None  # an ordinary package
    table = json.loads((Path(found.origin).parent / "data" / "partitions.json").read_bytes())
    return [
        region for partition in table["partitions"] for region in partition["regions"] if not region.endswith("-global")
    ]
