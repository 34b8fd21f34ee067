"""The local AWS away from the edge of a step, and botocore clients with explicit keys."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.localaws import LocalAWS

ACCOUNT = "111111111111"
OTHER_ACCOUNT = "222222222222"


class HasKey(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def secret(self) -> str: ...


@pytest.fixture
def aws(aws: LocalAWS) -> LocalAWS:
    """The local AWS, empty, its clock in the middle of a step so that no test sees one end."""
    aws.clock.shift(15 - aws.clock.now().timestamp() % 30)
    return aws


@cache
def _session() -> botocore.session.Session:
    # One for all tests, since it keeps the service models that it has read.
    return botocore.session.Session()


class Connect:
    """Makes clients for the credentials that tests hand it."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, service: str, key: HasKey | Mapping[str, Any], *, region: str = "eu-west-1") -> Any:
        if isinstance(key, dict):
            key_id, secret, token = key["AccessKeyId"], key["SecretAccessKey"], key.get("SessionToken")
        else:
            key_id, secret, token = key.id, key.secret, None  # type: ignore[union-attr]
        return _session().create_client(
            service,
            region_name=region,
            endpoint_url=self._url,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}),
        )


@pytest.fixture
def connect(aws: LocalAWS) -> Connect:
    return Connect(aws.url)


def refusal(call: Callable[..., object], **parameters: object) -> tuple[int, str, str]:
    """The status, code and message with which AWS refuses *call*."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]
