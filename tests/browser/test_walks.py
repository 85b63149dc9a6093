"""The three walks of docs/report.md, step by step. `--screenshots docs/report` takes its pictures anew."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import DESK, Browser, Opened


@pytest.fixture
def walk(browser: Browser, company: Path) -> Opened:
    return browser.open(company, viewport={**DESK, "height": 720})


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Any:
    """Keeps what is in sight under a name, where pictures are wanted."""
    folder = request.config.getoption("--screenshots")

    def take(opened: Opened, name: str) -> None:
        if folder:
            opened.page.screenshot(path=Path(folder) / f"{name}.png")

    return take


def test_the_riskiest_valuable_company(walk: Opened, picture: Any) -> None:
    named = walk.text("h1 a")
    picture(walk, "first-screen")
    walk.page.click("h1 a")

    assert walk.text("#company-card h3") == named
    assert "at high risk" in walk.text("#company-card")
    assert walk.page.locator("#explore-grid > div:not([hidden]) .grid-space .grid-row").count() >= 1
    picture(walk, "company")


def test_why_its_champion_user_is_at_risk(walk: Opened, picture: Any) -> None:
    walk.page.click("h1 a")
    risk = walk.text("#company-card").split("Champion user:")[1]
    walk.page.click("#champion")

    said = walk.text("#customer figcaption")
    assert said.startswith("This customer leaves with a probability of")
    assert said.split(" %")[0].split()[-1] in risk
    assert walk.page.locator("#customer .why-table tbody tr").count() == 5
    picture(walk, "champion")


def test_what_changed_since_last_week(walk: Opened, picture: Any) -> None:
    walk.page.click("nav a[href='#changed']")
    walk.page.wait_for_timeout(100)

    assert "Since 25 October 2026" in walk.text("section[aria-labelledby=changed]")
    first = walk.page.locator("#moves-grid .grid-space .grid-row").first
    assert "→" in first.inner_text() or "now" in first.inner_text()
    picture(walk, "changes")
    first.click()
    assert "Since 25 October 2026: from" in walk.text("#customer")
    picture(walk, "mover")
