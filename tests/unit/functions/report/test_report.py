"""The executives' page."""

from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest

from holdfast.bundle import IMPORTANCE, Bundle, canonical, save
from holdfast.contracts import ReportWanted, ScoringWanted
from holdfast.errors import NoData
from holdfast.feature_set import LEAK, Feature, FeatureSet
from holdfast.lake import Lake
from holdfast.runs import record
from holdfast.settings import Scoring
from holdfast.store import MemoryStore, write_json
from report.page import count, day, money, percent, points
from report.page import people as counted
from report.report import report
from report.summary import insight
from score.held import MemoryVectors
from score.score_all import score_all
from tests.doubles.catalog import folder_lake
from tests.doubles.company import NOW, people
from tests.doubles.models import AS_OF, FEATURES, bundle, population
from tests.doubles.pages import Nights


class Page(HTMLParser):
    """Tags opened and closed, addresses, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.addresses: list[str | None] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action")]

    def handle_endtag(self, tag: str) -> None:
        self.closed.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return folder_lake(tmp_path)


def reported(
    lake: Lake, features: pa.Table, name: str = "Acme", model: Bundle | None = None
) -> tuple[Page, MemoryStore]:
    store = MemoryStore()
    version = save(store, model or bundle())
    lake.replace("features", features, {"holdfast.feature_set": FEATURES.version})
    held = MemoryVectors()
    scored = score_all(
        ScoringWanted("run-1", version, lake.snapshot_id("features") or 0, AS_OF), lake, store, held, Scoring()
    )
    answer = report(ReportWanted("run-1", version, scored.scores_snapshot, AS_OF), lake, store, [], name)
    return Page(store.objects[answer.report].decode()), store


def test_the_page_says_who_leaves_what_it_costs_and_how_sure_that_is(lake: Lake) -> None:
    page, store = reported(lake, population())

    text = " ".join(page.text.split())
    assert "of 300 customers" in text
    assert "likely to leave within 56 days and put USD" in text
    for part in (
        "most valuable fifth",
        "Kinds of users",
        "Support tickets in the last 90 days",
        "AUC 0.",
        "first night",
    ):
        assert part in text
    assert store.objects["reports/latest.html"] == store.objects["reports/run-1.html"]


def test_the_features_that_weigh_most_are_shown_with_their_sentence_share_and_what_they_tell_of(lake: Lake) -> None:
    page, _ = reported(lake, population())

    text = " ".join(page.text.split())
    first = bundle().json(IMPORTANCE)[0]
    assert "The ten things that weigh most, of 5" in text
    assert f"{first['sentence']}Experience with support{first['higher']}" in text
    assert f"{100 * first['importance']:.1f} %" in text
    assert "left out because" not in text


def test_fields_that_know_the_outcome_are_named_on_the_page(lake: Lake) -> None:
    leaky = FeatureSet(
        FEATURES.features, FEATURES.recipe, {"customer_exit": f"{LEAK}filled for 40", "events_9d": "constant"}
    )
    knowing = Bundle({**bundle().files, "features.json": canonical(leaky.to_json())})

    page, _ = reported(lake, population(), model=knowing)

    text = " ".join(page.text.split())
    assert "1 field was left out because it knows the outcome already: customer_exit (filled for 40)." in text
    assert "events_9d" not in text


@pytest.mark.parametrize(("name", "group", "told"), [
    ("last_login_delta", "events", "Fresh engagement"), ("avg_daily_active_minutes_90d", "events", "Core usage health"),
    ("email_open_rate_90d", "emails", "Email effectiveness"), ("support_tickets_90d", "tickets", "Experience with support"),
    ("feature_adoption_score", "events", "Upsell readiness"), ("x", "new", "Other"),
])  # fmt: skip
def test_a_feature_tells_of_what_customer_success_would_say(name: str, group: str, told: str) -> None:
    assert insight(Feature(name, "", group=group)) == told


def test_the_page_asks_nobody_for_anything(lake: Lake) -> None:
    page, _ = reported(lake, population())

    assert all(address and address.startswith("#") for address in page.addresses)
    assert not {"link", "img", "iframe"} & set(page.opened)
    assert "https://" not in page.text.replace("https://d3js.org", "").replace("https://observablehq.com", "")


def test_every_tag_is_closed(lake: Lake) -> None:
    page, _ = reported(lake, population())

    for tag in ("table", "tr", "td", "th", "details", "summary", "ol", "li", "section", "p", "h2", "script", "style"):
        assert page.opened.count(tag) == page.closed.count(tag), tag


def test_names_are_text_and_never_markup(lake: Lake) -> None:
    features = population()
    strange = pa.array(["</script><script>alert(1)</script>", *features["customer_id"].to_pylist()[1:]])
    plain, _ = reported(lake, features)

    page, store = reported(lake, features.set_column(0, "customer_id", strange), name="<b>Acme</b> & Söhne")

    assert page.opened.count("script") == plain.opened.count("script")
    assert b"&lt;b&gt;Acme&lt;/b&gt; &amp; S" in store.objects["reports/latest.html"]


def test_the_page_says_what_the_run_cost_and_when_customers_were_last_compared(tmp_path: Path) -> None:
    house, everybody = Nights.begun(tmp_path, 30), people(30, 5)[0]
    assert "They were not compared yet" in " ".join(Page(house.night(NOW, everybody)).text.split())

    record(house.store, "night-1101", cost={"total": 0.0512}, hours=0.05)
    write_json(
        house.store,
        "drift/memory.json",
        {"told": "", "checks": [{"day": "2026-10-31", "bundle": "old", "over": ["events_14d"]}]},
    )
    text = " ".join(Page(house.report(NOW)).text.split())

    assert "It has cost USD 0.05 of AWS's list prices until here" in text
    assert "3.0 min after it began" in text
    assert "On 31 October 2026, 1 thing that the model looks at was spread otherwise" in text
    assert "another model serves since then" in text


def test_the_same_scores_make_the_same_page(lake: Lake) -> None:
    _, first = reported(lake, population())
    _, second = reported(lake, population())

    assert first.objects["reports/run-1.html"] == second.objects["reports/run-1.html"]


def test_nobody_scored_is_nothing_to_report(lake: Lake) -> None:
    with pytest.raises(NoData, match="nothing to report"):
        report(ReportWanted("run", bundle().version, 1, AS_OF), lake, MemoryStore(), [], "Acme")


def test_numbers_are_written_as_people_write_them() -> None:
    assert [money(v, "USD") for v in (1_234_567.0, 12_345.0, 99.4, None)] == [
        "USD\u00a01.2\u00a0M",
        "USD\u00a012.3\u00a0k",
        "USD\u00a099",
        "unknown",
    ]
    assert (percent(0.214), percent(0.214, 1)) == ("21\u00a0%", "21.4\u00a0%")
    assert (count(12345.2), points(-0.123), counted(1), counted(2000)) == (
        "12,345",
        "-12.3",
        "1 customer",
        "2,000 customers",
    )
    assert day("2026-11-01T00:00:00+00:00") == "1 November 2026"
