"""
Credentials of profiles that AWS's own tools or another program serve: roles, Identity Center, others' processes.

The one place where botocore's providers read the shared files, for a profile that is named explicitly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import botocore.credentials
import botocore.exceptions
import botocore.session

from awsprof.errors import AwsError, NoLiveSessionError
from awsprof.model import LongTermCredentials, SessionCredentials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    from awsprof.aws.cli import AwsCli
    from awsprof.model import Credentials


_EXPIRED = (
    botocore.exceptions.SSOTokenLoadError,
    botocore.exceptions.UnauthorizedSSOTokenError,
    botocore.exceptions.TokenRetrievalError,
    # Newer than the oldest botocore we take.
    *(
        kind
        for kind in (
            getattr(botocore.exceptions, name, None) for name in ("LoginTokenLoadError", "LoginRefreshRequired")
        )
        if kind is not None
    ),
)


def provided_credentials(
    name: str, *, environ: MutableMapping[str, str], trace: Callable[[str], None], cli: AwsCli
) -> Credentials:
    """
    Ask botocore's providers for the credentials of the profile *name*.

    Raises:
        NoLiveSessionError: Its sign-in has expired, or its process asks for a login.
        AwsError: Any other failure of the provider.
    """
    # A credential_process that leads back here must fail instead of starting itself for ever.
    environ["AWSPROF_IN_PROCESS"] = "1"
    try:
        session = botocore.session.Session(profile=name)
        credentials = session.get_credentials()
        frozen = None if credentials is None else credentials.get_frozen_credentials()
    except botocore.exceptions.MissingDependencyException:
        # ``aws login`` signs with elliptic curves, which botocore can only with its extra ``crt``.
        trace(f"provider of {name}: without awscrt")
        return cli.exported_credentials(name)
    except botocore.exceptions.CredentialRetrievalError as error:
        trace(f"provider of {name}: {type(error).__name__}")
        raise _from_process(name, str(error)) from None
    except _EXPIRED:
        raise NoLiveSessionError(f"The sign-in of {name} has expired", hint=f"Run 'awsprof login {name}'.") from None
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, ValueError) as error:
        trace(f"provider of {name}: {type(error).__name__}")
        raise AwsError(f"The credentials of {name} cannot be had: {' '.join(str(error).split())}") from None
    except Exception as error:  # noqa: BLE001 - botocore trusts what it finds in caches and processes' answers
        trace(f"provider of {name}: {type(error).__name__}")
        raise AwsError(
            f"The credentials of {name} cannot be had: what its provider holds is expired, torn or none",
            hint=f"Run 'awsprof login {name}', or look at the settings of [profile {name}].",
        ) from None
    finally:
        environ.pop("AWSPROF_IN_PROCESS", None)
    if frozen is None:
        raise AwsError(f"Profile {name} has no credentials that AWS's tools could find")
    if not isinstance(frozen.access_key, str) or not isinstance(frozen.secret_key, str):
        raise AwsError(f"The credentials of {name} cannot be had: its provider answers without keys")
    if frozen.token is None:
        return LongTermCredentials(str(frozen.access_key), str(frozen.secret_key))
    # botocore keeps the expiration of refreshable credentials in a private field only.
    expiration = getattr(credentials, "_expiry_time", None)
    return SessionCredentials(str(frozen.access_key), str(frozen.secret_key), str(frozen.token), expiration)


def container_credentials(environ: Mapping[str, str]) -> Credentials:
    """
    Fetch the credentials that the container's variables lead to.

    Raises:
        AwsError: What answers there has none, or nothing answers.
    """
    try:
        found = botocore.credentials.ContainerProvider(dict(environ)).load()
        frozen = None if found is None else found.get_frozen_credentials()
    except (botocore.exceptions.BotoCoreError, OSError, ValueError) as error:
        raise AwsError(f"The container gives no credentials: {' '.join(str(error).split())}") from None
    if frozen is None:
        raise AwsError("The container's variables are not set")
    return SessionCredentials(str(frozen.access_key), str(frozen.secret_key), str(frozen.token), None)


def _from_process(name: str, said: str) -> AwsError | NoLiveSessionError:
    if "awsprof login" in said:
        return NoLiveSessionError(f"The source of {name} has no live session", hint=f"Run 'awsprof login {name}'.")
    return AwsError(f"The credentials of {name} cannot be had: its credential_process failed")
