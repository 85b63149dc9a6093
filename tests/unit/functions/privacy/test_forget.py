"""The function's answers: an export that is larger than one of them comes in several, and nothing is lost or twice."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from infra.cli import privacy
from privacy import forget
from tests.doubles.erasure import RING, Estate, estate

HER = RING.current.one("u-000012")


@pytest.fixture
def held(tmp_path: Path) -> Estate:
    made = estate(tmp_path)
    made.lake.replace("events", pa.table({"customer_id": [HER] * 50, "n": list(range(50))}))
    made.lake.replace("scores", pa.table({"customer_id": [HER]}))
    return made


@pytest.mark.parametrize("largest", [1, 200, 10**6])
def test_an_export_has_every_row_once_however_small_the_answers_are(
    held: Estate, largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forget, "_LARGEST", largest)
    monkeypatch.setattr(
        privacy, "_asked", lambda _, **event: json.loads(json.dumps(forget._export(event, held.house())))
    )

    found = {each["place"]: each["rows"] for each in privacy.exported(None, "u-000012")}  # type: ignore[arg-type]

    assert [row["n"] for row in found["table events"]] == list(range(50))
    assert found["table scores"] == [{"customer_id": HER}]
