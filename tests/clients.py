"""
botocore's clients, made once for all the commands that a test's process runs.

Making one takes several times as long as calling it, and most tests are about what is asked, not about that.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from botocore.credentials import Credentials

from awsprof.aws.client import isolated_session

_CREDENTIALS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
# What a client takes from the environment when it is made, beside the endpoint.
_ENVIRONMENT = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "AWS_MAX_ATTEMPTS")


class _Borrowed:
    """A botocore client that several have, each call made with the credentials of whom it is lent to."""

    def __init__(self, client: Any, credentials: Credentials) -> None:
        self._client = client
        self._credentials = credentials

    def __getattr__(self, operation: str) -> Any:
        self._client._request_signer._credentials = self._credentials
        return getattr(self._client, operation)


class LendingSession:
    """An isolated session that lends its clients in the main thread, and makes others their own."""

    def __init__(self) -> None:
        self._session = isolated_session()
        self._made: dict[object, Any] = {}

    def create_client(self, service: str, *, config: Any, **words: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            return isolated_session().create_client(service, config=config, **words)
        keys = [words.pop(name) for name in _CREDENTIALS]
        around = [os.environ.get(name) or os.environ.get(name.lower()) for name in _ENVIRONMENT]
        kind = (service, *words.items(), *around, config.read_timeout, config.connect_timeout, str(config.retries))
        if kind not in self._made:
            unsigned = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
            self._made[kind] = self._session.create_client(service, config=config, **words, **unsigned)
        return _Borrowed(self._made[kind], Credentials(*keys))
