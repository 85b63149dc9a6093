"""Setting up says what stands in the way."""

import sys
from pathlib import Path

import pytest

from infra import bootstrap


@pytest.mark.parametrize("version", [(3, 9, 1), (3, 10, 12), (3, 14, 0)])
def test_an_unfit_python_is_refused_with_the_way_out(version: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", version)

    with pytest.raises(SystemExit, match=r"Holdfast needs 3\.11 to 3\.13.*make setup PYTHON=python3\.11"):
        bootstrap.refuse_unfit_python()


def test_a_registry_that_cannot_be_reached_is_said_to_be_so(tmp_path: Path) -> None:
    nowhere = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--index-url",
        "http://127.0.0.1:9/",
        "--retries",
        "0",
        "nothing-like-it",
    ]

    with pytest.raises(SystemExit, match="Is the package registry reachable"):
        bootstrap.run("nothing like it", [*nowhere, "--no-input", "--isolated", "--target", str(tmp_path)])


def test_the_syntax_is_that_of_old_pythons() -> None:
    source = Path(bootstrap.__file__).read_text()

    compile(source, "bootstrap.py", "exec", dont_inherit=True)
    assert "match " not in source.split('"""', 2)[2]
    assert ":=" not in source
