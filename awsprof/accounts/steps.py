"""
A list of steps, each looked at before it is done: the plan, and the run that does only what is missing.

Knows how AWS's answers are dealt with whatever a step makes; not what the steps are.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from awsprof.errors import (
    AccessDeniedError,
    AlreadyThereError,
    AwsError,
    AwsprofError,
    InvalidKeyError,
    NotFoundError,
    ThrottledError,
)
from awsprof.profiles.mfa_devices import may_be_done

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_Result = TypeVar("_Result")

# What was made just now is not known everywhere in AWS yet; together these are a minute.
_BACKOFF_S = (1, 2, 4, 8, 15, 15, 15)
_SETTLING_S = 5


class State(enum.StrEnum):
    """How a step stands: before a run, the first four; after it, all but the second and third."""

    OK = "ok"
    TO_DO = "to-do"
    UNSEEN = "unseen"
    SKIPPED = "skipped"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at a step tells: how it stands, and what is there or will be made."""

    state: State
    detail: str


def ok(detail: str) -> Seen:
    return Seen(State.OK, detail)


def to_do(detail: str) -> Seen:
    return Seen(State.TO_DO, detail)


def unseen(detail: str) -> Seen:
    """Tell that an earlier step must be done first before anything can be seen."""
    return Seen(State.UNSEEN, detail)


def skipped(detail: str) -> Seen:
    return Seen(State.SKIPPED, detail)


@dataclass(frozen=True)
class Step:
    """
    One thing that must be so in the end.

    *look* only reads. *do* makes it so, is called after a look that said ``to-do``, and returns what was made; it may
    be called again after it failed at any point. *waits* where it knows itself how long to be patient.
    """

    name: str
    look: Callable[[], Seen]
    do: Callable[[], str]
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a plan or a report."""

    step: str
    state: State
    detail: str

    def to_json(self) -> dict[str, str]:
        return {"step": self.step, "state": str(self.state), "detail": self.detail}


class Person(Protocol):
    """Whoever may look on."""

    def tell(self, sentence: str) -> None: ...

    def wait(self, seconds: float, reason: str) -> None:
        """Sleep, and show that and for how long; *reason* ends the sentence "Waiting 12 s …"."""
        ...


class Run:
    """The steps of one command; *rows* is the plan first, and the report as far as the run has come then."""

    def __init__(self, steps: Sequence[Step], person: Person) -> None:
        self._steps = steps
        self._person = person
        self._made = False
        self.rows: list[Row] = []

    def plan(self) -> list[Row]:
        """Look at every step; changes nothing."""
        self.rows = []
        for step in self._steps:
            try:
                seen = step.look()
            except AccessDeniedError as error:
                error.hint = error.hint or "Name a profile with --via that may administer the account."
                raise
            self.rows.append(Row(step.name, seen.state, seen.detail))
        return self.rows

    @property
    def is_needed(self) -> bool:
        """Whether anything is left to do."""
        return any(row.state in (State.TO_DO, State.UNSEEN) for row in self.rows)

    def carry_out(self, *, record: Callable[[str], None], show: Callable[[Row], None]) -> None:
        """
        Do what the plan lacked, one step after the other, each looked at once more.

        Args:
            record: Takes what has been made so far, and is about to be, in one line without secrets.
            show: Is handed each step's row when it is over, and that of the one that failed.

        Raises:
            AwsprofError: A step failed; those before it are done, and another run goes on with it.
        """
        made: list[str] = []
        for number, step in enumerate(self._steps):
            # What was there may be so no more when something it rests on was made anew.
            if self._made or self.rows[number].state is not State.OK:
                try:
                    row = self._one(step, lambda what: record("; ".join([*made, what])))
                except AwsprofError as error:
                    self.rows[number] = Row(step.name, State.FAILED, error.message)
                    show(self.rows[number])
                    raise
                self.rows[number] = row
                if row.state is State.DONE:
                    made.append(f"{step.name}: {row.detail}")
                    record("; ".join(made))
            show(self.rows[number])

    def _one(self, step: Step, record: Callable[[str], None]) -> Row:
        seen = self._patiently(step, lambda: self._look(step))
        if seen.state is not State.TO_DO:
            return Row(step.name, seen.state, seen.detail)
        # Before it is made: after a crash this is all that tells of it.
        record(f"{step.name} begun")
        try:
            detail = step.do() if step.waits else self._patiently(step, step.do)
        except AwsError as error:
            # Another process may have been faster, or the answer was lost on its way.
            if not (may_be_done(error) or isinstance(error, AlreadyThereError)):
                raise
            self._person.wait(_SETTLING_S, f"to see what AWS made of it ({step.name})")
            seen = step.look()
            if seen.state is not State.OK:
                raise
            detail = seen.detail
        self._made = True
        return Row(step.name, State.DONE, detail)

    @staticmethod
    def _look(step: Step) -> Seen:
        """Look at a step whose turn it is: what it waited for is done, if not known everywhere in AWS yet."""
        seen = step.look()
        if seen.state is State.UNSEEN:
            raise NotFoundError(f"{step.name}: {seen.detail}")
        return seen

    def _patiently(self, step: Step, act: Callable[[], _Result]) -> _Result:
        for seconds in _BACKOFF_S:
            try:
                return act()
            except (ThrottledError, AccessDeniedError, InvalidKeyError, NotFoundError) as error:
                # AWS did nothing; where nothing is new, only a busy AWS may think better of it.
                if not (self._made or isinstance(error, ThrottledError)):
                    raise
                self._person.wait(seconds, f"for AWS to come along ({step.name})")
        return act()
