"""A real browser, Debian's Chromium, that opens pages made by ScoreAll and Report; without one these tests are skipped."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.doubles import pages

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not CHROMIUM and "tests/browser" in item.nodeid:
            item.add_marker(pytest.mark.skip(reason="there is no Chromium here"))


@dataclass
class Opened:
    """A page in the browser, what it complained about, and what it asked the network for."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        return " ".join(self.page.inner_text(selector).split())


@dataclass(frozen=True)
class Browser:
    """Opens files."""

    chromium: Any

    def open(self, path: Path, **context: Any) -> Opened:
        page = self.chromium.new_context(**{"viewport": DESK, "reduced_motion": "reduce", **context}).new_page()
        opened = Opened(page)
        page.on("console", lambda said: opened.complaints.append(said.text) if said.type in ("error", "warning") else 0)
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.on("request", lambda request: opened.asked.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-drawn]", state="attached")
        return opened


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: make test-browser")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield Browser(chromium)
        chromium.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """600 customers of a hundred companies, with a night of last week; some names are strange."""
    return _written(tmp_path_factory, pages.two_nights(600))


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 2,400 customers that docs/report.md shows, with a night of last week."""
    return _written(tmp_path_factory, pages.two_nights(2_400))


@pytest.fixture(scope="session", params=pages.WORLDS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    return request.param, _written(tmp_path_factory, pages.WORLDS[request.param]())


def _written(folders: pytest.TempPathFactory, nights: Any) -> Path:
    folder = folders.mktemp("report")
    path = folder / "report.html"
    path.write_text(pages.page(folder / "lake", nights))
    return path
