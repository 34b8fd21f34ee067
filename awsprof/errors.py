"""
Every foreseen failure, as facts and an exit status; no error here prints, asks or exits.

    AwsprofError                         1  anything else foreseen
    ├── BrowserError                        none, no display, or one that does not do what it was asked to
    ├── UsageError                       2  usage
    │   ├── RefusedNameError                a name, key or value against the rules
    │   ├── RefusedCodeError                not six digits
    │   └── AnswerNeededError               an answer is needed and there is no terminal to ask on
    ├── NoSingleProfileError             3  no profile matches, or several do
    ├── ExistsError                      4  the name is taken
    ├── SharedFileError                  5  a shared file is unreadable or locked
    │   ├── UnparsableFileError             botocore would refuse it; has path and line
    │   └── UnparsableYamlError             Serverless would refuse it; has path and line
    ├── VaultError                       6
    │   ├── VaultUnavailableError           no back end, or it does not answer
    │   └── VaultLockedError                it needs a passphrase or a person
    ├── AwsError                         7  AWS said no
    │   ├── UnreachableError                no answer at all
    │   ├── ThrottledError                  told to slow down
    │   ├── ServiceFailureError             AWS failed on its own side; the call may have been carried out
    │   ├── InvalidKeyError                 the access key is unknown, inactive or deleted
    │   ├── AccessDeniedError
    │   ├── NotFoundError                   what was named is not there
    │   ├── AlreadyThereError               what was to be made is there already
    │   ├── LimitExceededError              AWS allows no more of them
    │   ├── InvalidTokenCodeError           STS refused the token code, or it is used up
    │   ├── UnusableMfaDeviceError          a serial that STS cannot take a code for
    │   └── ClockSkewError                  this machine's clock is off
    ├── NoLiveSessionError               8
    └── CommandNotRunError         126, 127  exec could not start the command

Each has ``message``, one sentence of fact, and ``hint``, one sentence with the command that helps (or None).
"""

from __future__ import annotations


class AwsprofError(Exception):
    """A failure that awsprof foresees and a person can act on."""

    status = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BrowserError(AwsprofError):
    """There is no browser or no display, or a browser profile is in use, not ours, or does not open."""


class UsageError(AwsprofError):
    status = 2


class RefusedNameError(UsageError):
    """A name, a setting's key or a value that must not be written."""


class RefusedCodeError(UsageError):
    """What was given as a token code is not six digits."""


class AnswerNeededError(UsageError):
    def __init__(self, question: str, *, option: str) -> None:
        super().__init__(
            f"{question} needs an answer, and there is no terminal to ask on", hint=f"Give it with {option}."
        )


class NoSingleProfileError(AwsprofError):
    status = 3

    def __init__(self, message: str, *, candidates: tuple[str, ...] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.candidates = candidates


class ExistsError(AwsprofError):
    status = 4


class SharedFileError(AwsprofError):
    status = 5


class UnparsableFileError(SharedFileError):
    """A shared file that the AWS CLI would refuse as a whole, so awsprof never edits it."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(
            f"{path}, line {line}: {reason}",
            hint="The AWS CLI refuses the whole file because of it: mend that line, then run the command again.",
        )
        self.path = path
        self.line = line
        self.reason = reason


class UnparsableYamlError(SharedFileError):
    """A serverless.yml that Serverless would refuse as a whole, so awsprof never edits it."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(
            f"{path}, line {line}: {reason}",
            hint="Serverless refuses the whole file because of it: mend that line, then run the command again.",
        )
        self.path = path
        self.line = line
        self.reason = reason


class VaultError(AwsprofError):
    status = 6


class VaultUnavailableError(VaultError):
    """No back end can be used, or the one there is does not answer."""


class VaultLockedError(VaultError):
    """The vault needs a passphrase or a person, and got neither."""


class AwsError(AwsprofError):
    """AWS answered with an error; ``code`` is AWS's own word for it."""

    status = 7

    def __init__(self, message: str, *, code: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.code = code


class UnreachableError(AwsError):
    """No answer; ``sent`` is False when the request certainly never left this machine."""

    def __init__(self, message: str, *, sent: bool, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.sent = sent


class ThrottledError(AwsError):
    """AWS asked to slow down, and did nothing."""


class ServiceFailureError(AwsError):
    """AWS failed on its own side; whether it carried the call out is not known."""


class InvalidKeyError(AwsError):
    """The access key is unknown to AWS, inactive or deleted, or its secret is wrong."""


class AccessDeniedError(AwsError):
    """The identity is known and may not do this."""


class NotFoundError(AwsError):
    """What the call named is not there."""


class AlreadyThereError(AwsError):
    """What was to be made is there already, or in use."""


class LimitExceededError(AwsError):
    """AWS allows no more of them."""


class InvalidTokenCodeError(AwsError):
    """STS refused the token code, or awsprof knows that it is used up."""


class UnusableMfaDeviceError(AwsError):
    """The MFA serial names no device of this user that gives token codes."""


class ClockSkewError(AwsError):
    """This machine's clock is too far from AWS's for a signature to hold."""


class NoLiveSessionError(AwsprofError):
    status = 8


class CommandNotRunError(AwsprofError):
    """``exec`` could not start its command: 127 when it is not found, 126 when it cannot be run."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status
