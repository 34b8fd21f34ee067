"""Answer, for each environment that comes in as a line of JSON, whose credentials boto3 finds by itself."""

from __future__ import annotations

import json
import os
from typing import Any

import boto3
import botocore.loaders
import botocore.session

LOADER = botocore.loaders.Loader()


def answer(question: dict[str, Any]) -> dict[str, str | None]:
    os.environ.clear()
    os.environ.update(question["environ"])
    core = botocore.session.Session()
    # Only so that AWS's descriptions of itself are read once.
    core.register_component("data_loader", LOADER)
    session = boto3.Session(botocore_session=core)
    if question["ask"]:
        told = session.client("sts").get_caller_identity()
        return {"account": told["Account"], "arn": told["Arn"]}
    # As every client does, before it looks for credentials.
    core.get_scoped_config()
    credentials = session.get_credentials()
    return {"key": None if credentials is None else credentials.access_key}


# What boto3 or a process of a profile reads from stdin shall be none of the questions.
questions = os.fdopen(os.dup(0))
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
for line in questions:
    try:
        said = answer(json.loads(line))
    except Exception as error:  # noqa: BLE001 - whatever it is, the case ends in an error
        said = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps({"boto3": said}), flush=True)
