"""`make bench-report`: how long the executives' page takes to make, how large it is, and how fast it opens and filters in Chromium."""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from tests.doubles.pages import Nights, two_nights

_ROUNDS = 5
_FILTERS = """
async () => {
  const spent = [], form = document.getElementById("filters");
  document.getElementById("tab-customers").click();
  const steps = [["text", "labs"], ["text", "umbrella he"], ["text", ""], ["band", "0"], ["worth", "0"], ["adopted", "2"], ["band", ""], ["text", "k1_9"]];
  for (const [name, value] of steps) {
    const began = performance.now();
    form.elements[name].value = value;
    form.dispatchEvent(new Event("input"));
    document.getElementById("explore-grid").getBoundingClientRect();
    spent.push(performance.now() - began);
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  }
  return spent;
}"""
"""Milliseconds from a change of a filter until what follows from it is laid out, for one after the other."""


def main() -> None:
    """Measure each size, and end with one line of JSON about the largest."""
    options = _options()
    for customers in options.customers:
        with tempfile.TemporaryDirectory() as folder:
            told = {"customers": customers, **measured(Path(folder), customers)}
        print(json.dumps(told), flush=True)


def measured(folder: Path, customers: int) -> dict[str, Any]:
    """Two nights are made; the second one's page is opened."""
    nights = Nights.begun(folder / "lake", customers)
    page = [nights.night(when, features) for when, features in two_nights(customers)][-1]
    path = folder / "report.html"
    path.write_text(page)
    return {"build_s": round(nights.seconds, 2), "page_mb": round(path.stat().st_size / 1e6, 2), **_in_chromium(path)}


def _in_chromium(path: Path) -> dict[str, Any]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        complaints: list[str] = []
        opened = [
            _opened(chromium.new_page(viewport={"width": 1280, "height": 800}), path, complaints)
            for _ in range(_ROUNDS)
        ]
        page = opened[-1][0]
        filters = page.evaluate(_FILTERS)
        flaws = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
        chromium.close()
    return {
        "open_ms": round(statistics.median(spent for _, spent in opened)), "open_ms_worst": round(max(spent for _, spent in opened)),
        "filter_ms": round(max(filters), 1), "filter_ms_median": round(statistics.median(filters), 1),
        "console_errors": len(complaints), "axe_serious": len(flaws),
    }  # fmt: skip


def _opened(page: Page, path: Path, complaints: list[str]) -> tuple[Page, float]:
    """A page, and the milliseconds until it can be used and all its plots are drawn."""
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    began = time.perf_counter()
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-drawn]", state="attached")
    return page, 1000 * (time.perf_counter() - began)


def _chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found or sys.exit("there is no Chromium here: apt install chromium")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[1_000, 10_000, 50_000])
    return parser.parse_args()


if __name__ == "__main__":
    main()
