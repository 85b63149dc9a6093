"""What `holdfast models` shows, and who it goes back to."""

import pytest

from holdfast.bundle import note_origin, save
from holdfast.registry import Champion
from holdfast.store import MemoryStore
from infra.cli.models import came_from, compared, known, line, predecessor, refuse_against
from infra.trouble import Trouble
from tests.doubles.models import AS_OF, FEATURES, bundle

ORIGIN = {
    "run": "nightly-1", "as_of": AS_OF, "trained_at": "2026-06-01T03:10:00+00:00", "snapshots": {"training_examples": 7},
    "revision": {"git": "abcdef0123456789", "dirty": True, "files": {"uv.lock": "1234"}},
}  # fmt: skip


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    for seed in (7, 8):
        save(store, bundle(seed))
    note_origin(store, bundle().version, ORIGIN)
    return store


def test_models_are_listed_with_when_and_how_good_and_who_serves(store: MemoryStore) -> None:
    champion = Champion(bundle(8).version, "run", AS_OF, (bundle().version,))

    first, second = sorted(known(store, champion), key=lambda model: model.serves)

    assert line(first).startswith(f"{bundle().version}  2026-06-01 03:10  AUC 0.")
    assert line(first).endswith(f"5 features of {FEATURES.version}  served before")
    assert "  unknown  " in line(second)
    assert line(second).endswith("  serves")


def test_a_bundle_that_is_not_whole_is_not_listed(store: MemoryStore) -> None:
    store.objects[f"bundles/{bundle(8).version}/metrics.json"] += b" "

    assert [model.bundle.version for model in known(store, None)] == [bundle().version]


def test_a_model_says_where_it_came_from() -> None:
    assert came_from(ORIGIN)[2:] == [
        "- run nightly-1, as of 2026-06-01, trained at 2026-06-01T03:10:00+00:00",
        "- snapshots: training_examples 7",
        "- code abcdef012345 with changes, lock 1234",
    ]
    assert came_from({})[-1] == "- nothing is written down"


def test_two_models_are_compared_by_figures_settings_and_features() -> None:
    head, *rows = compared(bundle(), bundle(8))

    assert head.split() == [bundle().version, bundle(8).version]
    assert rows[0].split()[0] == "auc"
    assert any(row.split() == ["seed", "7", "8"] for row in rows)


def test_going_back_is_to_whoever_served_before() -> None:
    assert predecessor(Champion("c", "run", AS_OF, ("a", "b", "c"))) == "b"
    with pytest.raises(Trouble, match="model c is the first that serves"):
        predecessor(Champion("c", "run", AS_OF))
    with pytest.raises(Trouble, match="no model serves yet"):
        predecessor(None)


def test_a_model_of_another_feature_set_does_not_serve_against_a_pin() -> None:
    champion = Champion("c", "run", AS_OF, pinned="1234")

    refuse_against(champion, "a", "1234")
    refuse_against(None, "a", "5678")
    with pytest.raises(Trouble, match="feature set 1234 is pinned and model a reads 5678: `holdfast features release`"):
        refuse_against(champion, "a", "5678")
