"""What is in the image that the scoring function starts from."""

import pytest
import snapshot_restore_py

from holdfast.errors import NoData
from holdfast.registry import MemoryRegistry
from holdfast.store import MemoryStore
from score import snapshot
from score.serving import Serving
from tests.unit.functions.score.test_answers import Clock, a_serving


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[object]]:
    """What was registered with Lambda's runtime, which is not there."""
    told: dict[str, list[object]] = {"before": [], "after": []}
    monkeypatch.setattr(snapshot_restore_py, "register_before_snapshot", told["before"].append)
    monkeypatch.setattr(snapshot_restore_py, "register_after_restore", told["after"].append)
    return told


def test_the_champion_is_in_the_image_and_a_newer_one_is_found_however_long_it_lay(
    monkeypatch: pytest.MonkeyPatch, hooks: dict[str, list[object]]
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    serving, _, registry = a_serving(Clock())
    snapshot.install(lambda: serving)
    (before,), (after,) = hooks["before"], hooks["after"]

    before()  # type: ignore[operator]
    kept = serving.current()
    monkeypatch.setattr(registry, "champion", lambda: None)
    assert serving.current() is kept
    after()  # type: ignore[operator]

    with pytest.raises(NoData, match="no model serves yet"):
        serving.current()


def test_before_the_first_model_the_image_is_made_without_one() -> None:
    serving = Serving(MemoryRegistry(), MemoryStore(), Clock())

    snapshot.warm(serving)

    with pytest.raises(NoData):
        serving.current()


def test_without_snapstart_nothing_is_registered(
    monkeypatch: pytest.MonkeyPatch, hooks: dict[str, list[object]]
) -> None:
    monkeypatch.delenv("AWS_LAMBDA_INITIALIZATION_TYPE", raising=False)

    snapshot.install(lambda: pytest.fail("not asked for"))

    assert hooks == {"before": [], "after": []}
