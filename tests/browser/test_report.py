"""The executives' page in a real browser."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.words import quantity
from tests.browser.conftest import PHONE, Browser, Opened

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed: make test-browser")
SERIOUS = ("serious", "critical")
FORMAT = Path("functions/report/scripts/format.js")


def flaws(opened: Opened) -> list[str]:
    found = axe.Axe().run(opened.page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found if each["impact"] in SERIOUS]


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def saved(opened: Opened, button: str) -> list[dict[str, str]]:
    with opened.page.expect_download() as waiting:
        opened.page.click(button)
    return list(csv.DictReader(waiting.value.path().read_text(encoding="utf-8-sig").splitlines()))


@pytest.fixture
def fresh(browser: Browser, report: Path) -> Iterator[Opened]:
    """The page as it opens. Nothing was complained about, and nothing was asked for, whatever was done to it."""
    opened = browser.open(report)
    yield opened
    assert opened.complaints == []
    assert all(url.startswith(("file:", "blob:")) for url in opened.asked)


def test_the_first_screen_answers_who_what_it_costs_why_and_what_to_do(fresh: Opened) -> None:
    assert fresh.page.evaluate("document.querySelector('.answers').getBoundingClientRect().bottom") <= 800
    assert re.match(r"\d+ of 600 customers are likely to leave within 56 days and put USD", fresh.text("h1"))
    assert [fresh.text(f"#{name}") for name in ("who", "cost", "why", "what")] == [
        "Who is leaving", "What it costs", "Why", "What to do",
    ]  # fmt: skip


def test_a_segment_leads_to_its_companies_a_company_to_its_customers_and_one_of_them_to_the_reasons(
    fresh: Opened,
) -> None:
    page = fresh.page
    cell = page.locator(".matrix .cell", has_text="USD").last
    people = number(cell.locator("b").inner_text())
    cell.click()
    assert fresh.text("#selection").startswith(f"{people} customer")
    name = fresh.text("#explore-grid .grid-space .grid-row:first-child [role=gridcell]:first-child")

    page.click("#explore-grid .grid-space .grid-row:first-child")
    assert name in fresh.text("#company-card")
    page.click("#explore-grid > div:not([hidden]) .grid-space .grid-row:first-child")
    assert "This customer leaves with a probability of" in fresh.text("#customer figcaption")
    assert page.locator("#customer .plot svg rect").count() >= 3
    page.keyboard.press("Escape")
    assert not page.locator("#customer").is_visible()


def test_contributions_go_from_the_typical_customer_to_this_one(fresh: Opened) -> None:
    fresh.page.click("#list-grid .grid-space .grid-row:first-child")

    said = fresh.text("#customer figcaption")
    here, typical = (int(each) for each in re.findall(r"(\d+) %", said)[:2])
    bars = fresh.page.locator("#customer .plot rect title").all_text_contents()
    points = [float(each.replace("−", "-")) for bar in bars for each in re.findall(r"\(([+−][\d.]+) points\)", bar)]
    assert sum(points) == pytest.approx(here - typical, abs=1.5)


def test_both_work_lists_are_shown_with_reasons_and_saved(fresh: Opened) -> None:
    for tab, band in (("#tab-outreach", "high"), ("#tab-upsell", "low")):
        fresh.page.click(tab)
        rows = saved(fresh, "#list-csv")
        assert len(rows) == number(fresh.page.locator(f"{tab} b").inner_text()) > 0
        assert {row["risk"] for row in rows} == {band}
        assert all(row["why"] for row in rows)


def test_a_click_on_what_to_do_leads_to_that_list(fresh: Opened) -> None:
    fresh.page.click("[data-list=upsell]")

    assert fresh.page.get_attribute("#tab-upsell", "aria-selected") == "true"


def test_customers_are_searched_filtered_sorted_and_the_selection_is_saved(fresh: Opened) -> None:
    page = fresh.page
    page.select_option("[name=band]", "0")
    page.fill("[name=text]", "contoso")
    page.click("#tab-customers")
    rows = saved(fresh, "#explore-csv")

    assert len(rows) == number(fresh.text("#selection").split(" customer")[0])
    assert all(row["risk"] == "high" and "Contoso" in row["company name"] for row in rows)
    page.click("text=Leaves >> nth=-1")
    shown = page.locator("#explore-grid > div:not([hidden]) .grid-space b").all_inner_texts()
    assert shown == sorted(shown, key=number, reverse=True)
    page.click("#filters [type=reset]")
    assert fresh.text("#selection").startswith("600 customers")


def test_who_moved_since_last_week_is_said_with_the_cause(fresh: Opened) -> None:
    counted = number(fresh.page.locator("#moves-kinds button >> nth=0 >> b").inner_text())
    rows = saved(fresh, "#moves-csv")

    assert len(rows) == counted > 0
    order = ["low", "medium", "high"]
    assert all(order.index(row["from"]) < order.index(row["risk"]) for row in rows)
    assert sum("points" in row["why it moved"] for row in rows) > len(rows) / 2
    assert "Since 25 October 2026" in fresh.text("main")


def test_a_table_is_walked_with_arrow_keys(fresh: Opened) -> None:
    page = fresh.page
    page.click("#tab-customers")
    page.focus("#explore-grid > div:not([hidden]) .grid-space .grid-row:first-child")
    for key in ("ArrowDown", "ArrowDown", "End", "Home", "PageDown"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.getAttribute('aria-rowindex')") == "12"
    page.keyboard.press("Enter")
    assert page.locator("#customer").is_visible()


def test_every_control_is_reached_by_tab_and_seen_to_be(fresh: Opened) -> None:
    seen = set()
    for _ in range(90):
        fresh.page.keyboard.press("Tab")
        seen.add(
            fresh.page.evaluate(
                "document.activeElement.id || document.activeElement.name || document.activeElement.className"
            )
        )
        assert fresh.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert {"list-csv", "tab-outreach", "text", "band", "explore-csv", "sorter", "cell", "term"} <= seen


def test_a_word_is_explained_when_it_is_reached(fresh: Opened) -> None:
    fresh.page.focus(".term >> nth=0")

    shown = "getComputedStyle(document.querySelector('.term'), '::after')"
    assert fresh.page.evaluate(f"{shown}.display") == "block"
    assert "probability of leaving" in fresh.page.evaluate(f"{shown}.content")


@pytest.mark.parametrize("context", [{}, {"color_scheme": "dark"}, {"viewport": PHONE}], ids=["light", "dark", "phone"])
def test_nobody_is_shut_out(browser: Browser, report: Path, context: dict[str, Any]) -> None:
    opened = browser.open(report, **context)
    assert flaws(opened) == []

    opened.page.click("#list-grid .grid-space .grid-row:first-child")
    assert flaws(opened) == []


def test_on_a_phone_nothing_sticks_out(browser: Browser, report: Path) -> None:
    opened = browser.open(report, viewport=PHONE)

    assert opened.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    opened.page.click("#list-grid .grid-space .grid-row:first-child")
    assert opened.page.evaluate("document.getElementById('customer').scrollWidth") <= PHONE["width"]


def test_strange_names_are_text_in_their_own_direction_and_cut_where_there_is_no_room(fresh: Opened) -> None:
    fresh.page.fill("[name=text]", "الأفق")
    row = fresh.page.locator("#explore-grid .grid-space .grid-row:first-child [role=gridcell]:first-child")
    assert row.evaluate("each => getComputedStyle(each).direction") == "rtl"
    fresh.page.fill("[name=text]", "rindfleisch")
    long = row.evaluate("each => [each.title.length, getComputedStyle(each).textOverflow]")
    assert long[0] > 60
    assert long[1] == "ellipsis"
    fresh.page.fill("[name=text]", "<script>")
    assert row.inner_text() == "<script>alert(1)</script> & Söhne"


def test_on_paper_there_is_what_can_be_read(fresh: Opened) -> None:
    fresh.page.emulate_media(media="print")

    for hidden in ("nav", "#filters", "#list-csv"):
        assert not fresh.page.locator(hidden).first.is_visible()
    assert fresh.page.locator("#list-grid .grid-row").nth(3).is_visible()
    fresh.page.set_viewport_size({"width": 794, "height": 1123})
    right = "[...document.querySelectorAll('.grid-row > *')].map((cell) => cell.getBoundingClientRect().right)"
    assert fresh.page.evaluate(f"Math.max(...{right})") <= 794
    assert fresh.page.pdf()[:5] == b"%PDF-"


def test_any_world_is_shown(browser: Browser, world: tuple[str, Path]) -> None:
    name, path = world
    opened = browser.open(path)

    said = {
        "nobody": "Nobody was scored on 1 November 2026",
        "one customer": "The one customer is likely to leave",
        "no churn": "is likely to leave within 56 days",
        "a thousand companies": "of 6,000 customers are likely to leave",
    }[name]
    assert said in opened.text("h1")
    assert opened.complaints == []
    assert flaws(opened) == []
    assert "NaN" not in opened.text("body")
    assert "undefined" not in opened.text("body")


@pytest.mark.parametrize(("value", "unit"), [
    (0.0, ""), (-2.4e-15, ""), (3.0, "days"), (33.94, "days"), (0.1234, "ratio"), (1234.6, "USD"), (0.416, "share"),
    (1.0, "yes or no"), (0.0, "yes or no"), (12.34, "minutes"),
])  # fmt: skip
def test_the_script_writes_numbers_as_the_rest_of_the_house_does(fresh: Opened, value: float, unit: str) -> None:
    said = fresh.page.evaluate(
        f"([value, unit]) => {{ const about = {{}}; {FORMAT.read_text()}; return quantity(value, unit); }}",
        [value, unit],
    )

    assert said.replace("\u00a0", " ") == quantity(value, unit)
