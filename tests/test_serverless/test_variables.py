"""What Serverless's variables come to, without the framework; tests with the real ones hold this to be true."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from awsprof.errors import UnparsableYamlError
from awsprof.serverless.variables import CannotTellError, Resolver, StoppedError
from awsprof.serverless.yaml_data import read_data

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE = dedent("""\
    service: orders
    frameworkVersion: "3"
    params:
      default: {level: low, profile: nobody}
      prod:
        level: high
    provider:
      name: aws
      stage: ${opt:stage, env:STAGE, 'dev'}
      profile: ${self:custom.profiles.${sls:stage}}
    custom:
      base: &base {one: 1, two: "2"}
      merged:
        <<: *base
        two: two
        three: !Sub "${AWS::Region}-x"
      profiles:
        dev: autochart_dev_${env:AWSPROF_USER, 'set-AWSPROF_USER'}
        prod: autochart_prod_${env:AWSPROF_USER, "nobody"}
      list: [first, second]
""")


def resolver(
    text: str = SERVICE,
    *,
    stage: str | None = None,
    environ: Mapping[str, str] | None = None,
    directory: Path = Path("/nowhere"),
) -> Resolver:
    value = read_data(Path("serverless.yml"), text.encode()).value
    return Resolver(value, directory=directory, environ=environ or {}, stage=stage)


def value_of(line: str, **options: Any) -> object:
    """The value of one more key of ``custom``."""
    return resolver(f"{SERVICE}  it: {line}\n", **options).at("custom", "it")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("plain", "plain"),
        ("${sls:stage}", "dev"),
        ("${self:custom.base.one}", 1),
        ("a-${self:custom.base.one}-${self:custom.merged.two}", "a-1-two"),
        ("${self:custom.merged.one}", 1),
        ("${self:custom.list.1}", "second"),
        ("${self:custom.list.7, 'none'}", "none"),
        ("${self:custom.none, self:custom.base.two}", "2"),
        ("${env:NONE, ''}", ""),
        ("${env:NONE, null}", None),
        ("${env:NONE, 3}", 3),
        ("${env:NONE, true}", True),
        ('"${env:NONE, \\"a, b}\\"}"', "a, b}"),
        ("${param:level}", "low"),
        ("${strToBool(true)}", True),
        ("${strToBool(${env:NONE, '0'})}", False),
        ("${self:custom.merged.three}", "${AWS::Region}-x"),
        ("${ self:custom.base.one }", "${ self:custom.base.one }"),
        ("${env:NONE,   self:custom.base.one}", 1),
        ("x-${AWS::AccountId}-${self:custom.base.one}", "x-${AWS::AccountId}-1"),
        ("${self:custom.${self:custom.list.0, 'x'}, 'fell back'}", "fell back"),
        ("${opt:region, 'eu-west-1'}", "eu-west-1"),
    ],
)
def test_values(line: str, expected: object) -> None:
    """Each source, fallbacks, nesting, texts around variables, and what is CloudFormation's own."""
    assert value_of(line) == expected


def test_stage() -> None:
    """The option goes first, then provider.stage, whatever that comes to, then 'dev'."""
    assert resolver(stage="prod").stage == "prod"
    assert resolver(environ={"STAGE": "qa"}).stage == "qa"
    assert resolver("service: x\n").stage == "dev"


def test_profiles_by_stage() -> None:
    """The map that awsprof writes gives each stage its own profile, with the user from the environment."""
    environ = {"AWSPROF_USER": "paul"}
    found = {stage: resolver(stage=stage, environ=environ).at("provider", "profile") for stage in ("dev", "prod")}
    assert found == {"dev": "autochart_dev_paul", "prod": "autochart_prod_paul"}
    assert resolver(stage="dev").at("provider", "profile") == "autochart_dev_set-AWSPROF_USER"


def test_params_of_a_stage_go_before_the_default_ones() -> None:
    """A parameter of the stage hides the default one, and what only 'default' has is lent to every stage."""
    prod = resolver(stage="prod")
    assert (prod.at("params", "prod", "level"), value_of("${param:level}", stage="prod")) == ("high", "high")
    assert value_of("${param:profile}", stage="prod") == "nobody"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("${self:custom.none}", 'Value not found at "self" source'),
        ("${env:NONE}", 'Value not found at "env" source'),
        ("${env:NONE, self:custom.none}", 'Value not found at "self" source'),
        ("${self:custom.it}", "its variables lead round in a circle"),
        ("a-${self:custom.it}", "its variables lead round in a circle"),
        ("${self:custom.it", "a variable is not closed"),
        ("a-${self:custom.list}", "a variable inside a text has a value that is no text"),
        ("${strToBool(maybe)}", "strToBool is given what is neither true nor false"),
        ("${env:NONE, bare}", "'bare' is no source of a variable"),
    ],
)
def test_what_stops_the_framework(line: str, message: str) -> None:
    """A variable that comes to nothing ends the framework's run, and is said in its words."""
    with pytest.raises(StoppedError) as caught:
        value_of(f"'{line}'" if "'" not in line else line)
    assert caught.value.message == message


@pytest.mark.parametrize("source", ["ssm:/x", "cf:stack.out", "s3:b/k", "aws:accountId", "vault:x"])
def test_what_only_the_framework_knows(source: str) -> None:
    """What comes from AWS, JavaScript or a plugin is not guessed, even where there is a fallback behind it."""
    with pytest.raises(CannotTellError):
        value_of(f"${{{source}, 'x'}}")


def test_files(tmp_path: Path) -> None:
    """YAML, JSON and text files are read beside the service; what is not there falls back."""
    (tmp_path / "a.yml").write_text("profiles:\n  dev: from-${self:custom.list.0}\n")
    (tmp_path / "b.json").write_text('{"profiles": {"dev": "json"}}')
    (tmp_path / "c.txt").write_text("text")
    lines = ["${file(./a.yml):profiles.${sls:stage}}", "${file(b.json):profiles.dev}", "${file(./c.txt)}"]
    lines.append("${file(./none.yml):x, 'none'}")
    assert [value_of(line, directory=tmp_path) for line in lines] == ["from-first", "json", "text", "none"]


def test_files_that_only_the_framework_reads(tmp_path: Path) -> None:
    """JavaScript, pipes, what is no mapping and what is too large are not guessed; a broken file stops it."""
    (tmp_path / "a.js").write_text("module.exports = 1\n")
    os.mkfifo(tmp_path / "b.yml")
    (tmp_path / "c.yml").write_text("just a text\n")
    (tmp_path / "d.txt").write_text("x" * 1_100_000)
    for name in ("a.js", "b.yml", "c.yml", "d.txt"):
        with pytest.raises(CannotTellError):
            value_of(f"${{file(./{name}), 'x'}}", directory=tmp_path)
    (tmp_path / "e.yml").write_text("a: [\n")
    with pytest.raises(StoppedError, match=r"e.yml, line"):
        value_of("${file(./e.yml):a, 'x'}", directory=tmp_path)


def test_many_references_are_resolved_once() -> None:
    """A value that a hundred others name, each named by a hundred more, is resolved once and not a million times."""
    levels = "".join(f'  v{n}: "{f"${{self:custom.v{n + 1}}}" * 40}"\n' for n in range(8))
    found = resolver(f"custom:\n{levels}  v8: ''\n", environ={})
    assert found.at("custom", "v0") == ""


def test_long_chains() -> None:
    """A chain is no circle, however long; one that is too long is left to the framework."""
    for length, error in ((40, None), (90, CannotTellError)):
        chain = "".join(f"  v{n}: ${{self:custom.v{n + 1}}}\n" for n in range(length))
        found = resolver(f"custom:\n{chain}  v{length}: end\n")
        if error is None:
            assert found.at("custom", "v0") == "end"
        else:
            with pytest.raises(error):
                found.at("custom", "v0")


def test_dotenv(tmp_path: Path) -> None:
    """With useDotenv the stage's own .env file is loaded, else .env; what is set already goes before both."""
    (tmp_path / ".env").write_text("A=plain\n")
    (tmp_path / ".env.prod").write_text("# c\nexport A='single $B'\nB=\"double\"\nC=${B}-x # c\nSET=no\n")
    text = f"{SERVICE}useDotenv: true\n"
    prod = resolver(text, stage="prod", directory=tmp_path, environ={"SET": "yes"}).environ
    assert {name: prod[name] for name in "ABC"} | {"SET": prod["SET"]} == {
        "A": "single $B",
        "B": "double",
        "C": "double-x",
        "SET": "yes",
    }
    assert resolver(text, stage="dev", directory=tmp_path).environ == {"A": "plain"}
    assert resolver(stage="prod", directory=tmp_path).environ == {}


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: 1\na: 2\n", 2), ("a: [1\nb: 2\n", 2), ("a: \tx: y\n\tb: 1\n", 1), ("a: *none\n", 1)],
)
def test_no_yaml(text: str, line: int) -> None:
    """What the framework's parser refuses is refused with the line."""
    with pytest.raises(UnparsableYamlError) as caught:
        read_data(Path("serverless.yml"), text.encode())
    assert caught.value.line == line


def test_lines() -> None:
    """The line of a key, or of the nearest above it that is there."""
    found = read_data(Path("serverless.yml"), SERVICE.encode())
    assert found.line_of("provider", "profile") == 10
    assert found.line_of("custom", "profiles", "prod") == 19
    assert found.line_of("custom", "profiles", "none") == 17
    assert found.line_of("none") is None


def test_aliases_do_not_explode() -> None:
    """Aliases of aliases of aliases are held once, and one of itself is no endless value."""
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefghijklmnop", "bcdefghijklmnopq", strict=False)
    )
    assert isinstance(read_data(Path("x.yml"), bomb.encode()).value, dict)
