"""Commands of the pages that no other test types, as they are written there; none of them changes what the other tests look at."""

import re
from pathlib import Path

import pytest

from tests.e2e.conftest import Demo


@pytest.fixture(scope="module")
def model(demo: Demo) -> str:
    """The version of the model that serves."""
    champion = re.search(r"^([0-9a-f]{12}) .*serves", demo.holdfast("models", "list"), re.M)
    assert champion
    return champion[1]


def test_the_configuration_is_checked(demo: Demo) -> None:
    assert "right. Stack holdfast" in demo.holdfast("check")


def test_models_are_shown_compared_and_exported(demo: Demo, model: str, tmp_path: Path) -> None:
    assert "# Model card: holdfast" in demo.holdfast("models", "show")
    assert re.search(r"^auc +0\.\d+ +0\.\d+$", demo.holdfast("models", "compare", model, model), re.M)
    assert "MLmodel" in demo.holdfast("models", "export", model, str(tmp_path / "model"))
    assert (tmp_path / "model" / "MLmodel").exists()


def test_a_feature_set_is_compared(demo: Demo) -> None:
    version = re.search(r"^[0-9a-f]{12}", demo.holdfast("features", "list"), re.M)
    assert version

    assert demo.holdfast("features", "diff", version[0], version[0])


def test_what_becomes_of_personal_data_is_shown(demo: Demo) -> None:
    assert "pseudonymise" in demo.holdfast("privacy", "columns")
    assert demo.holdfast("privacy", "conflicts")
    assert "k1" in demo.holdfast("keys", "status")
    assert demo.holdfast("privacy", "resume")
    assert "usage" in demo.holdfast("schema", "list")


def test_a_deployment_that_has_lost_nothing_is_left_as_it_is(demo: Demo, tmp_path: Path) -> None:
    kept = tmp_path / "keys.json"

    assert "Keep it where secrets are kept" in demo.holdfast("keys", "export", str(kept))
    assert kept.stat().st_mode & 0o777 == 0o600
    assert demo.holdfast("recover", "--keys", str(kept)).count("there already") == 7
    assert "no earlier stack holdfast" in demo.holdfast("recover", "--find", expect=1)


def test_what_was_kept_back_and_what_was_logged_is_shown(demo: Demo) -> None:
    listed = demo.holdfast("quarantine", "list")
    run = re.search(r"nightly-\d{8}T\d{6}", demo.holdfast("runs", "list"))
    assert run

    assert "usage_events" in listed
    assert demo.holdfast("quarantine", "show", "--table", "usage_events")
    assert "Transform" in demo.holdfast("runs", "logs", run[0])
