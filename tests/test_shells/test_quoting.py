"""Values reach each shell as they are, whatever is in them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from awsprof.errors import RefusedNameError
from awsprof.shells.quoting import render

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTILE = [
    "plain",
    "it's",
    'a "b"',
    "$(touch pwned)",
    "`touch pwned`",
    "a;touch pwned",
    "a\nb",
    "\\",
    "\\'",
    "a\\",
    "%PATH%",
    "*",
    "~",
    "a b",
    "=ls",
    "é",
    "!!",
    "",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("shell", ["sh", "bash", "fish", "zsh"])
def test_real_shells_take_the_value_as_it_is(shell: str, value: str, tool: Callable[[str], str]) -> None:
    """The shell itself, having run the code, holds exactly the value, and the removed variable is gone."""
    code = render("fish" if shell == "fish" else "sh", ["GONE"], {"KEPT": value})
    script = f"{code}env -0"
    done = subprocess.run(
        [tool(shell), "-c", script], env={"GONE": "x", "PATH": "/usr/bin:/bin"}, capture_output=True, check=False
    )
    variables = dict(row.split("=", 1) for row in done.stdout.decode().split("\0") if row)
    assert (done.returncode, done.stderr, variables["KEPT"]) == (0, b"", value)
    assert "GONE" not in variables


def test_what_stands_before_universal_variables_of_fish() -> None:
    """An empty AWS_PROFILE would have boto3 refuse the very keys that are exported: there it is the profile's name."""
    code = render("fish", ["AWS_SESSION_TOKEN", "AWS_PROFILE"], {"AWSPROF_PROFILE": "a_dev_b"})
    assert code.splitlines()[:2] == [
        "set -qU AWS_SESSION_TOKEN; and set -gx AWS_SESSION_TOKEN ''; or set -e -g AWS_SESSION_TOKEN",
        "set -qU AWS_PROFILE; and set -gx AWS_PROFILE a_dev_b; or set -e -g AWS_PROFILE",
    ]


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh"])
def test_aliases_of_the_user_do_not_come_in_between(shell: str, tool: Callable[[str], str]) -> None:
    """Whatever ``export`` and ``unset`` stand for in somebody's shell, the variables are what they should be."""
    aliases = "alias export='echo exported' unset='echo unset'\n"
    script = f'{"shopt -s expand_aliases" if shell == "bash" else ""}\n{aliases}eval "$CODE"; env -0'
    environ = {"GONE": "x", "PATH": "/usr/bin:/bin", "CODE": render("sh", ["GONE"], {"KEPT": "a"}, interactive=True)}
    done = subprocess.run([tool(shell), "-c", script], env=environ, capture_output=True, check=False)
    rows = done.stdout.decode().split("\0")
    assert "KEPT=a" in rows
    assert "GONE=x" not in rows


@pytest.mark.parametrize("value", [value for value in HOSTILE if "'" not in value and "\n" not in value])
def test_dotenv_takes_the_value_literally(value: str) -> None:
    """dotenv has no escapes in single quotes, and cannot take variables out."""
    assert render("dotenv", ["GONE"], {"KEPT": value}) == f"KEPT='{value}'\n"


@pytest.mark.parametrize(
    ("style", "value"), [("dotenv", "it's"), ("dotenv", "a\nb"), ("cmd", 'a"b'), ("cmd", "%PATH%")]
)
def test_what_a_format_cannot_say_is_refused(style: str, value: str) -> None:
    """A value that would come out as something else is an error, not a guess."""
    with pytest.raises(RefusedNameError):
        render(style, [], {"KEPT": value})


def test_json_holds_what_is_set() -> None:
    """JSON is one object of the variables that are set."""
    assert json.loads(render("json", ["GONE"], {"KEPT": "a"})) == {"KEPT": "a"}


def test_powershell_doubles_every_quote_it_knows() -> None:
    """PowerShell takes four typographic characters for a quote as well."""
    assert render("powershell", ["GONE"], {"KEPT": "a'b\u2019$c"}) == (
        "Remove-Item -ErrorAction Ignore Env:GONE\n$Env:KEPT = 'a''b\u2019\u2019$c'\n"
    )


def test_cmd() -> None:
    """cmd.exe gets the whole assignment in double quotes."""
    assert render("cmd", ["GONE"], {"KEPT": "a/b+c="}) == 'set "GONE="\nset "KEPT=a/b+c="\n'
