"""Opening a page: the words that start a browser, how its start is watched, and what is said when it fails."""

from __future__ import annotations

import json
import os
import sys
import textwrap
import time
from typing import TYPE_CHECKING

import pytest

from awsprof.browsers.installed import Browser
from awsprof.browsers.opening import Browsers, Detached, Times, check_url
from awsprof.errors import AwsprofError, BrowserError, UsageError
from tests.test_browsers.conftest import CHROMIUM, FIREFOX, make_profile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from awsprof.browsers.directories import Directories
    from awsprof.model import Profile

URL = "https://eu-west-1.console.aws.amazon.com/console/home"
SHOWN = {"DISPLAY": ":0", "PATH": os.environ["PATH"]}


@pytest.fixture
def browsers(directories: Directories) -> Callable[..., Browsers]:
    """Browsers of which Chromium and Firefox are there."""

    def make(
        *found: Browser, environ: Mapping[str, str] = SHOWN, browser: str | None = None, platform: str = "linux"
    ) -> Browsers:
        return Browsers(
            find=lambda: found or (CHROMIUM, FIREFOX),
            directories=directories,
            environ=environ,
            launch=Detached,
            browser=browser,
            services=[],
            platform=platform,
            times=Times(starting_s=2, handover_s=1, settling_s=0.1),
        )

    return make


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Browser]:
    """Make a Chromium that is a script of the test's own, in which *directory* is the one it was given."""

    def make(body: str) -> Browser:
        path = tmp_path / "chromium"
        head = f"""\
            #!{sys.executable}
            import os, signal, socket, sys, time
            directory = sys.argv[1].partition("=")[2]
            def lock():
                os.symlink(f"{{socket.gethostname()}}-{{os.getpid()}}", f"{{directory}}/SingletonLock")
            """
        path.write_text(textwrap.dedent(head) + textwrap.dedent(body))
        path.chmod(0o755)
        return Browser(CHROMIUM.kind, (str(path),))

    return make


def refusal(attempt: Callable[[], object]) -> AwsprofError:
    with pytest.raises(AwsprofError) as caught:
        attempt()
    return caught.value


# The words.


def test_chromiums_words(browsers: Callable[..., Browsers], prod: Profile, home: Path) -> None:
    """Its own directory, class and window name, no first-run page, and the address last."""
    directory = home / ".local/share/awsprof/browsers/chromium/autochart_prod_paul"
    assert browsers().command(prod, URL) == [
        "/usr/bin/chromium",
        f"--user-data-dir={directory}",
        "--class=awsprof-autochart_prod_paul",
        "--window-name=AWS autochart_prod 111122223333",
        "--no-first-run",
        "--no-default-browser-check",
        URL,
    ]
    assert not directory.exists()


def test_firefoxs_words(browsers: Callable[..., Browsers], prod: Profile, home: Path) -> None:
    """An unregistered profile directory; never an option that makes it a second instance."""
    assert browsers().command(prod, URL, browser="firefox") == [
        *("/usr/bin/firefox", "--profile", f"{home}/.local/share/awsprof/browsers/firefox/autochart_prod_paul"),
        *("--class", "awsprof-autochart_prod_paul", "--name", "awsprof-autochart_prod_paul", URL),
    ]


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_no_window_class_where_there_is_none(browsers: Callable[..., Browsers], prod: Profile, platform: str) -> None:
    """Firefox would open an unknown option's value as a page."""
    made = browsers(platform=platform)
    assert made.command(prod, URL, browser="firefox")[3:] == [URL]
    assert not any(word.startswith("--class") for word in made.command(prod, URL))


def test_the_browser_by_option_setting_and_order(browsers: Callable[..., Browsers], prod: Profile) -> None:
    """--browser goes before the setting, and that before the first one found."""
    assert browsers().command(prod, URL)[0] == "/usr/bin/chromium"
    assert browsers(browser="firefox").command(prod, URL)[0] == "/usr/bin/firefox"
    assert browsers(browser="firefox").command(prod, URL, browser="chromium")[0] == "/usr/bin/chromium"


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/?b=c#d",
        "file:///home/paul/x%20y.html",
        "http://127.0.0.1:8080/x",
        "http://localhost/",
        "http://[::1]:1/",
    ],
)
def test_addresses(url: str) -> None:
    """https, files, and pages of this machine."""
    assert check_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "-new-instance",
        "--user-data-dir=/",
        " https://a.example/",
        "https://a.example/ --headless",
        "https://a.example/\n",
        "https://a.example/\x00",
        "https://ä.example/",
        "http://a.example/",
        "http://127.0.0.1.a.example/",
        "http://localhost@a.example/",
        "file://server/share",
        "javascript:alert(1)",
        "about:config",
        "chrome://settings",
        "HTTPS://a.example/",
    ],
)
def test_what_is_no_address_opens_nothing(browsers: Callable[..., Browsers], prod: Profile, url: str) -> None:
    """Exit 2, before anything is made."""
    for attempt in (lambda: check_url(url), lambda: browsers().open(prod, url), lambda: browsers().command(prod, url)):
        with pytest.raises(UsageError):
            attempt()


def test_no_display(browsers: Callable[..., Browsers], prod: Profile, home: Path) -> None:
    """One sentence, the way out, and nothing made; macOS and Windows always have one."""
    error = refusal(lambda: browsers(environ={}).open(prod, URL))
    assert (error.status, error.message, error.hint) == (
        1,
        "There is no display to open a browser on: neither DISPLAY nor WAYLAND_DISPLAY is set",
        "'awsprof console --print' prints the address, to be opened elsewhere.",
    )
    assert not (home / ".local/share/awsprof").exists()


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({"region": "", "mfa_serial": "arn:aws-cn:iam::111122223333:mfa/paul"}, "cn-north-1.console.amazonaws.cn"),
        ({"region": "eu-west-1.evil.com/#"}, "us-east-1.console.aws.amazon.com"),
        ({"region": "eu-west-1", "note": "arn:aws-cn:s3:::x"}, "eu-west-1.console.aws.amazon.com"),
        ({"region": "us-iso-east-1"}, None),
        ({"region": "eu-west-1", "role_arn": "arn:x/:"}, None),
    ],
)
def test_no_bookmark_keeps_a_window_shut(
    directories: Directories, prod: Profile, settings: dict[str, str], host: str | None
) -> None:
    """A region that fits nothing gives way to the partition's first; a service that is none has no bookmark."""
    made = Browsers(
        find=lambda: [CHROMIUM],
        directories=directories,
        environ=SHOWN,
        launch=Detached,
        browser=None,
        services=["nope", "s3"],
    )
    directory = made.directory(make_profile(prod.name, protected=True, **settings))
    table = json.loads((directory / "Default" / "Bookmarks").read_bytes())
    bar = [(one["name"], one["url"]) for one in table["roots"]["bookmark_bar"]["children"]]
    assert [name for name, _ in bar[:3]] == ["PROD", "autochart", "111122223333"]
    if host is None:
        assert (len(bar), bar[0][1]) == (3, "about:blank")
    else:
        assert [name for name, _ in bar[3:]] == ["Console", "Sign in", "s3"]
        assert bar[0][1].startswith(f"https://{host}/console/home?")


# The start.


def test_returns_once_it_runs_and_leaves_it_running(
    browsers: Callable[..., Browsers], script: Callable[[str], Browser], prod: Profile, home: Path
) -> None:
    """It has a session of its own, no file of ours but /dev/null, and no secret of this shell's."""
    browser = script(
        """
        lock()
        paths = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
        found = [os.readlink(path) for path in paths if os.path.lexists(path)]
        with open("told", "w") as file:
            print([os.readlink(f"/proc/self/fd/{n}") for n in (0, 1, 2)], file=file)
            print(os.getsid(0) == os.getpid(), file=file)
            print([name for name in os.environ if name.startswith(("AWS", "MOZ", "XRE"))], file=file)
            print([path for path in found if "kept-open" in path], file=file)
        os.rename("told", "said")
        time.sleep(30)
        """
    )
    secrets = {"AWS_SECRET_ACCESS_KEY": "x", "AWSPROF_VAULT_PASSPHRASE": "x", "MOZ_NO_REMOTE": "1"}
    with (home / "kept-open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        start = time.monotonic()
        browsers(browser, environ={**SHOWN, **secrets}).open(prod, URL)
    assert time.monotonic() - start < 1.9
    directory = browsers(browser).directory(prod)
    pid = int(os.readlink(directory / "SingletonLock").rpartition("-")[2])
    said = wait_for(home / "said").splitlines()
    os.kill(pid, 15)
    os.waitpid(pid, 0)
    assert said == ["['/dev/null', '/dev/null', '/dev/null']", "True", "[]", "[]"]


def test_a_running_one_takes_the_page(
    browsers: Callable[..., Browsers], script: Callable[[str], Browser], prod: Profile
) -> None:
    """The second process hands it over and ends with 0."""
    browsers(script("sys.exit(0)")).open(prod, URL)


@pytest.mark.parametrize("body", ["sys.exit(3)", "lock(); os._exit(3)"], ids=["at once", "after its lock"])
def test_a_browser_that_fails(
    browsers: Callable[..., Browsers], script: Callable[[str], Browser], prod: Profile, body: str
) -> None:
    """Said with its status, and how to see what it says itself."""
    browser = script(body)
    error = refusal(lambda: browsers(browser).open(prod, URL))
    assert error.message == "Chromium ended at once with status 3"
    assert (error.hint or "").startswith(f"To see why: {browser.command[0]} --user-data-dir=")
    assert URL not in (error.hint or "")


def test_a_browser_that_cannot_be_started(browsers: Callable[..., Browsers], prod: Profile) -> None:
    """As when it was just uninstalled."""
    error = refusal(lambda: browsers(Browser(CHROMIUM.kind, ("/nowhere/chromium",))).open(prod, URL))
    assert error.message == "Chromium cannot be started: No such file or directory"


def test_a_running_one_that_does_not_answer(
    browsers: Callable[..., Browsers], script: Callable[[str], Browser], prod: Profile
) -> None:
    """As one of another version: the second process, which shows a dialog or waits for ever, is ended, and no other."""
    made = browsers(script("lock(); time.sleep(30)"))
    made.open(prod, URL)
    lock = made.directory(prod) / "SingletonLock"
    first = int(os.readlink(lock).rpartition("-")[2])
    error = refusal(lambda: browsers(script("time.sleep(30)")).open(prod, URL))
    os.kill(first, 15)
    os.waitpid(first, 0)
    assert isinstance(error, BrowserError)
    assert error.message == (
        "Chromium runs on this browser profile already, and does not take the page: it hangs, or is another version"
    )
    assert error.hint == "Close its windows, then try again."


def test_values_of_a_file_stay_one_argument(browsers: Callable[..., Browsers], home: Path) -> None:
    """A name with options and shell code in it changes neither the number of words nor what they mean."""
    name = "--headless $(touch x); `y` \"'\n--proxy-server=evil"
    words = browsers().command(make_profile(name, aws_account_id="1 --a\x1b"), URL)
    assert len(words) == 7
    assert [word.split("=")[0] for word in words[1:-1]] == [
        *("--user-data-dir", "--class", "--window-name", "--no-first-run", "--no-default-browser-check")
    ]
    assert not any("\n" in word or "\x1b" in word for word in words)


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.02)
    return path.read_text()
