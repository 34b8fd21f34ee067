"""
What the calls of every service share: whose credentials they carry, and how they are told of.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from awsprof.aws.client import Client, isolated_session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import botocore.session

    from awsprof.model import Credentials


class Service:
    """Makes a client for each call, so that no credentials outlive it."""

    def __init__(self, environ: Mapping[str, str], trace: Callable[[str], None]) -> None:
        self._environ = environ
        self._trace = trace

    def _client(self, service: str, credentials: Credentials, region: str) -> Client:
        return Client(
            service,
            credentials=credentials,
            region=region,
            session=self._session,
            environ=self._environ,
            trace=self._trace,
        )

    @cached_property
    def _session(self) -> botocore.session.Session:
        # Reading AWS's description of a service takes longer than calling it, and one command calls several times.
        return isolated_session()
