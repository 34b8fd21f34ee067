"""Browser profiles that open nothing, and remember what they were asked to open and what stood in it."""

from __future__ import annotations

import html.parser
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from awsprof.model import Profile


@dataclass(frozen=True)
class Opened:
    """One page that was opened: *url* is what stood in an argument list, *page* what a file held at that moment."""

    profile: str
    url: str
    browser: str | None
    path: Path | None = None
    mode: int | None = None
    page: str = ""

    @property
    def leads_to(self) -> str:
        return _Reader.target(self.page) if self.path else self.url


@dataclass
class FakeBrowsers:
    """One browser profile a profile, as directories below *root*."""

    root: Path
    opened: list[Opened] = field(default_factory=list)
    failure: Exception | None = None

    def directory(self, profile: Profile, *, browser: str | None = None) -> Path:
        directory = self.root / (browser or "usual") / profile.name.replace("/", "%2F")
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return directory

    def has_directory(self, profile: Profile) -> bool:
        if self.failure is not None:
            raise self.failure
        return (self.root / "usual" / profile.name).is_dir()

    def open(self, profile: Profile, url: str, *, browser: str | None = None) -> None:
        if self.failure is not None:
            raise self.failure
        address = urlsplit(url)
        if address.scheme != "file":
            self.opened.append(Opened(profile.name, url, browser))
            return
        path = Path(unquote(address.path))
        assert path.parent == self.directory(profile, browser=browser)
        mode = os.lstat(path).st_mode & 0o7777
        self.opened.append(Opened(profile.name, url, browser, path, mode, path.read_text("ascii")))


class _Reader(html.parser.HTMLParser):
    """Reads where a page leads, as a browser would: by its one script, and by its refresh without scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.script = ""
        self.refresh = ""

    @classmethod
    def target(cls, page: str) -> str:
        reader = cls()
        reader.feed(page)
        reader.close()
        tags = ["html", "head", "meta", "meta", "title", "script", "noscript", "meta", "body"]
        assert reader.tags == tags, "nothing may add to the page"
        match = re.fullmatch(r"location\.replace\((.*)\)", reader.script)
        assert match
        target = json.loads(match[1])
        assert reader.refresh == f"0; url={target}"
        assert isinstance(target, str)
        return target

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if ("http-equiv", "refresh") in attrs:
            self.refresh = dict(attrs)["content"] or ""

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] == ["script"]:
            self.script += data
