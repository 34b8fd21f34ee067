"""The command line run inside the test's process, with fakes for what a test cannot wait for or type on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click.testing

from awsprof.cli.main import main
from awsprof.cli.world import World
from awsprof.errors import AnswerNeededError
from tests.browsers import FakeBrowsers
from tests.test_vault.memory import MemoryVault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class ScriptedTerminal:
    """A terminal at which somebody gives prepared answers, or nobody sits at all."""

    def __init__(self) -> None:
        self.answers: list[str | Callable[[], str]] = []
        self.present = False
        self.questions: list[str] = []
        self.written: list[str] = []

    def can_answer(self) -> bool:
        return self.present

    def shows_progress(self) -> bool:
        return False

    def ask(self, question: str, *, option: str, hidden: bool = False) -> str:
        if not self.present:
            raise AnswerNeededError(question.rstrip(": ?"), option=option)
        self.questions.append(f"{question}{'(hidden)' if hidden else ''}")
        if not self.answers:
            raise KeyboardInterrupt
        answer = self.answers.pop(0)
        return answer if isinstance(answer, str) else answer()

    def columns(self) -> int | None:
        return 80 if self.present else None

    def write(self, text: str) -> None:
        if self.present:
            self.written.append(text)

    def confirm(self, question: str, *, option: str = "--yes") -> bool:
        return self.ask(question, option=option) == "y"

    def choose(self, question: str, choices: Sequence[str], *, option: str) -> int:
        return int(self.ask("\n".join([*choices, question]), option=option)) - 1


@dataclass
class Outcome:
    """What one command came to."""

    status: int
    stdout: str
    stderr: str


@dataclass
class CommandLine:
    """Runs commands one after the other in one home, and keeps vault, terminal and clock between them."""

    home: Path
    vault: MemoryVault = field(default_factory=MemoryVault)
    terminal: ScriptedTerminal = field(default_factory=ScriptedTerminal)
    slept_s: list[float] = field(default_factory=list)
    became: list[tuple[list[str], dict[str, str]]] = field(default_factory=list)
    ahead: timedelta = timedelta()
    aws: Any = None  # None: the real calls, to wherever AWS_ENDPOINT_URL leads
    peer_secrets: Any = None  # None: the real keyring, if the environment leads to one
    browsers: FakeBrowsers = field(init=False)

    def __post_init__(self) -> None:
        self.browsers = FakeBrowsers(self.home / ".local" / "share" / "awsprof" / "browsers")

    def __call__(
        self, *arguments: str, stdin: str = "", answers: Sequence[str | Callable[[], str]] | None = None
    ) -> Outcome:
        """
        Run one command.

        Args:
            answers: What somebody at the terminal types, in order, or what tells it then; None: there is no terminal.
        """
        self.terminal.present = answers is not None
        self.terminal.answers = list(answers or ())
        self.terminal.questions = []
        self.terminal.written = []
        world = World(terminal=self.terminal, now=self.now, sleep=self._sleep, become=self._become)  # type: ignore[arg-type]
        world.vault = self.vault  # type: ignore[assignment]  # a cached property takes what it is given
        world.browsers = self.browsers
        if self.aws is not None:
            world.aws = self.aws
        if self.peer_secrets is not None:
            world.peer_secrets = self.peer_secrets
        result = click.testing.CliRunner().invoke(main, list(arguments), input=stdin, obj=world)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @property
    def config(self) -> str:
        path = self.home / ".aws" / "config"
        return path.read_text() if path.exists() else ""

    @property
    def items(self) -> dict[str, str]:
        """The vault's items but for the journal's own key, which any first change makes."""
        return {name: value for name, value in self.vault.items.items() if name != "awsprof/journal"}

    def _sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.ahead += timedelta(seconds=seconds)

    def _become(self, command: Sequence[str], environ: dict[str, Any]) -> int:
        self.became.append((list(command), environ))
        return 0
