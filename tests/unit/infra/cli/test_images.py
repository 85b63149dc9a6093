"""`holdfast images`: what is asked, what is written into the configuration, what is left as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from holdfast.settings import Images, load_settings
from infra import bases
from infra.cli import main
from infra.packaging import ROOT
from infra.trouble import Trouble
from tests.doubles.registry import ImageRegistry, serving

TEXT = (ROOT / "holdfast.toml").read_text()


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ImageRegistry]:
    """Has what both Dockerfiles name."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with serving() as found:
        files = {"train": tmp_path / "train", "function": tmp_path / "function"}
        for name, path in files.items():
            path.write_text(f"ARG BASE={found.address}/{name}:3.13\nFROM ${{BASE}}\n")
            found.holds(f"{name}:3.13")
        monkeypatch.setattr(bases, "DOCKERFILES", files)
        yield found


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "holdfast.toml"
    path.write_text(TEXT)
    return path


def typed(config: Path, *words: str) -> Result:
    return CliRunner().invoke(main.app, ["images", *words, "--config", str(config)])


def test_pins_are_written_and_all_else_stays_as_it_was(registry: ImageRegistry, config: Path) -> None:
    before = load_settings(config)

    said = typed(config, "pin")

    assert said.exit_code == 0, said.output
    assert "commit it" in said.output
    after = load_settings(config)
    assert after.images == Images(
        train=f"{registry.address}/train@{registry.holds('train:3.13')}",
        function=f"{registry.address}/function@{registry.holds('function:3.13')}",
    )
    assert after.model_copy(update={"images": before.images}) == before
    assert config.read_text().startswith(TEXT)  # comments and order, too
    assert not list(config.parent.glob("*.new"))


def test_pinning_again_changes_nothing_until_the_registry_has_a_newer_one(
    registry: ImageRegistry, config: Path
) -> None:
    typed(config, "pin")
    once = config.read_text()

    assert "as it was" in typed(config, "pin").output
    assert config.read_text() == once
    assert typed(config, "list").output.count("the newest") == 2

    newer = registry.holds("train:3.13", note="a security update")
    listed = typed(config, "list")
    assert (listed.exit_code, newer in listed.output) == (0, True)
    typed(config, "pin")
    assert load_settings(config).images.train == f"{registry.address}/train@{newer}"
    changed = set(config.read_text().splitlines()) ^ set(once.splitlines())
    assert {line.partition(" ")[0] for line in changed} == {"train"}


def test_what_is_not_pinned_is_listed_with_what_to_do(registry: ImageRegistry, config: Path) -> None:
    said = typed(config, "list")

    assert said.exit_code == 1
    assert said.output.count("not pinned: `holdfast images pin`") == 2
    assert registry.asked == []


def test_a_mirror_of_ones_own_is_asked_instead_and_asked_for_by_name_from_then_on(
    registry: ImageRegistry, config: Path
) -> None:
    mirrored = registry.holds("mirror/python:lts")

    assert typed(config, "pin", "--train", f"{registry.address}/mirror/python:lts").exit_code == 0
    assert load_settings(config).images.train == f"{registry.address}/mirror/python@{mirrored}"
    assert "# lts, 20" in config.read_text()

    again = typed(config, "pin")
    assert isinstance(again.exception, Trouble)
    assert "say which tag of it is wanted, with --train" in str(again.exception)


@pytest.mark.parametrize(
    "name", ["python:3.13", "r.example/python", "r.example/python@sha256:00", "r.example:5000/python"]
)
def test_a_name_without_its_registry_or_its_tag_is_refused(registry: ImageRegistry, config: Path, name: str) -> None:
    said = typed(config, "pin", "--function", name)

    assert "wanted is REGISTRY/NAME:TAG" in str(said.exception)
    assert config.read_text() == TEXT


def test_one_that_cannot_be_had_leaves_the_file_as_it_was(registry: ImageRegistry, config: Path) -> None:
    del registry.manifests["function:3.13"]

    assert isinstance(typed(config, "pin").exception, Trouble)
    assert config.read_text() == TEXT


def test_each_dockerfile_names_a_registry_and_a_tag_and_the_scorers_is_that_of_training() -> None:
    named = bases.named()

    assert all(each.startswith("public.ecr.aws/") and ":3.13" in each for each in named.values())
    assert f"ARG BASE={named['train']}\n" in (ROOT / "functions" / "score" / "Dockerfile").read_text()
