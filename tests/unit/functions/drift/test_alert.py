"""What people are told."""

from drift.alert import alert
from drift.divergence import CALIBRATION, Shift
from drift.finding import Finding


def moved(name: str, before: float | None, now: float | None, gaps: tuple[float, float] = (0.0, 0.0)) -> Shift:
    return Shift(name, 0.314, 0.2, 0.01, 1e-9, before, now, *gaps)


def test_an_alert_names_columns_in_plain_words_with_before_and_now() -> None:
    drifted = [moved("last_login", 3.2, 9.75), moved("x", None, 1.0, (1.0, 0.25)), moved(CALIBRATION, 0.08, 0.16)]
    said = {
        "last_login": "Days since the last login",
        CALIBRATION: "What was predicted (before) against what happened (now)",
    }

    told = alert("höldfast", drifted, said, 5000, "drift/2026-06-01.html")

    assert "- Days since the last login: mean 3.2 before, 9.75 now (0.31 standard deviations)" in told.text
    assert "- x: mean unknown before, 1 now (0.31 standard deviations); missing for 100% before, 25% now" in told.text
    assert "happened (now): 0.08 before, 0.16 now" in told.text
    assert "drift/2026-06-01.html" in told.text
    assert "Days since the last login and 2 more" in told.subject
    assert told.subject.isascii()
    assert len(told.subject) <= 100


def test_an_alert_of_very_many_names_twenty() -> None:
    told = alert("holdfast", [moved(f"f{n}", 1, 2) for n in range(50)], {}, 5000, "x")

    assert told.text.count("standard deviations)") == 20
    assert "… and 30 more" in told.text


def test_an_event_stays_small_however_much_has_drifted() -> None:
    finding = Finding(tuple(moved(f"feature_{n}" * 5, 1.0, 2.0) for n in range(5000)), 5000, 900, "drift/x.html")

    detail = finding.detail("drift: a and 4999 more")

    assert (detail["count"], detail["reason"]) == (5000, "drift: a and 4999 more")
    assert len(str(detail)) < 8_000
