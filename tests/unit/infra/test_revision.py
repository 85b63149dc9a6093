"""What of the checkout goes with a deployment."""

from pathlib import Path

from infra.packaging import ROOT
from infra.revision import revision_of


def test_it_names_every_suite_the_definitions_the_tables_the_lock_and_the_configuration():
    files = revision_of(ROOT, ROOT / "holdfast.toml")["files"]

    assert {path.name for path in (ROOT / "functions/validate/suites").iterdir()} <= {Path(name).name for name in files}
    assert {
        "functions/features/definitions.toml",
        "layers/common/python/holdfast/tables.py",
        "uv.lock",
        "holdfast.toml",
    } <= set(files)


def test_outside_of_a_checkout_there_is_no_revision_and_files_are_told_all_the_same(tmp_path):
    config = tmp_path / "my.toml"
    config.write_text("a")

    found = revision_of(tmp_path, config)

    assert (found["git"], found["dirty"], list(found["files"])) == ("", False, ["holdfast.toml"])


def test_another_configuration_is_another_hash(tmp_path):
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    one.write_text("a")
    other.write_text("b")

    assert revision_of(tmp_path, one)["files"] != revision_of(tmp_path, other)["files"]
