"""What builds containers is found, or what to install is said. The engines here are scripts: where they are, they are the machine's."""

from pathlib import Path

import pytest

from infra.containers import Engine, containers
from infra.trouble import Trouble


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder that programs are looked for in."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_without_any_builder_the_message_says_what_to_install(programs: Path, tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="apt-get install -y buildah debootstrap"):
        containers(tmp_path)


def test_a_client_whose_engine_does_not_answer_is_passed_over(programs: Path, tmp_path: Path) -> None:
    program(programs, "docker", "exit 1")
    program(programs, "podman", "exit 0")

    assert containers(tmp_path) == Engine("podman")


def test_an_engine_runs_the_image_read_only_without_any_right(programs: Path) -> None:
    program(programs, "docker", 'for word in "$@"; do echo "$word"; done')

    with Engine("docker").running("image:here", {"A": "b c"}, ["id"]) as process:
        words = process.communicate()[0].splitlines()

    assert words[0] == "run"
    assert {"--read-only", "--cap-drop", "no-new-privileges", "A=b c"} <= set(words)
    assert words[-2:] == ["image:here", "id"]


def test_what_an_engine_says_when_it_fails_is_shown(programs: Path, tmp_path: Path) -> None:
    program(programs, "docker", "echo no space left >&2; exit 1")

    with pytest.raises(Trouble, match="no space left"):
        Engine("docker").build(tmp_path, "image:here", "base")
