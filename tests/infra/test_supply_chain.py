"""What ships: locked with hashes, under licences that allow it, listed, and the same bytes each time."""

import json
import re
from email.message import Message
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from holdfast.settings import Images
from infra import packaging
from infra.licences import LicenceRefused, hold, libraries_of, licence_of
from infra.packaging import ROOT, digest_of
from infra.reproducible import built_twice
from infra.sbom import PAGE, bills, page, shipped, write

DIGEST = "sha256:" + "a" * 64
PINNED = Images(
    train=f"public.ecr.aws/docker/library/python@{DIGEST}", function=f"public.ecr.aws/lambda/python@{DIGEST}"
)


@pytest.fixture(scope="module")
def made() -> dict:
    return bills(shipped(), PINNED)


def test_each_bill_is_cyclonedx_and_names_every_package_with_version_hash_and_licence(
    made: dict, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("infra.sbom.ROOT", tmp_path)
    lines = list(write(made, tmp_path))

    assert len(lines) == len(made) == len(shipped())
    for bill in (made["base"], made["lake"]):
        assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(json.dumps(shortened(bill))) is None
    packages = [
        each for bill in made.values() for each in bill["components"] if each.get("purl", "").startswith("pkg:pypi/")
    ]
    assert all(each["version"] and each["licenses"] and each["externalReferences"][0]["hashes"] for each in packages)


def shortened(bill: dict) -> dict:
    """A few packages with one file each, and all that is beside them: the validator compares each item with each other."""
    packages = [each for each in bill["components"] if "externalReferences" in each][:3]
    few = [each | {"externalReferences": each["externalReferences"][:1]} for each in packages]
    beside = [each for each in bill["components"] if "externalReferences" not in each]
    return bill | {"components": few + beside, "dependencies": bill["dependencies"][:1]}


def test_the_same_lock_gives_the_same_bill(made: dict) -> None:
    assert bills(["score"], PINNED)["score"] == made["score"]


def test_what_is_vendored_is_listed_where_it_ships_and_bases_by_their_digests(made: dict) -> None:
    listed = {bundle: {each["name"] for each in bill["components"]} for bundle, bill in made.items()}
    bases = [each for bill in made.values() for each in bill["components"] if each["type"] == "container"]

    assert {bundle for bundle, names in listed.items() if "d3" in names} == {"lake"}
    assert len(bases) == 4
    assert all(each["hashes"][0]["content"] == "a" * 64 for each in bases)


def test_the_page_of_licences_is_as_the_lock_is_now(made: dict) -> None:
    assert PAGE.read_text() == page(made), "make sbom writes it anew"


@pytest.mark.parametrize(
    "expression", ["GPL-3.0-only", "LGPL-3.0-or-later", "MIT AND AGPL-3.0-only", "BUSL-1.1", "Elastic-2.0", "MPL-2.0"]
)
def test_copyleft_and_source_available_do_not_ship(expression: str) -> None:
    with pytest.raises(LicenceRefused, match=f"psycopg is under {re.escape(expression)}, which does not ship"):
        hold("psycopg", expression)


def test_one_of_several_licences_is_enough_and_all_that_belong_together_are_needed() -> None:
    hold("x", "GPL-3.0-only OR MIT")
    hold("x", "MIT AND 0BSD")
    hold("certifi", "MPL-2.0")
    with pytest.raises(LicenceRefused):
        hold("x", "GPL-3.0-only OR MIT AND MPL-2.0")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"License-Expression": "MIT OR Apache-2.0", "License": "other"}, "MIT OR Apache-2.0"),
        ({"License": "Apache License 2.0"}, "Apache-2.0"),
        ({"Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
        ({"License": "Redistribution and use …", "Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
    ],
)
def test_a_licence_is_read_however_a_package_says_it(said: dict, expected: str) -> None:
    assert licence_of("x", told(said)) == expected


@pytest.mark.parametrize(
    "said", [{}, {"License": "as you like"}, {"Classifier": "License :: OSI Approved :: BSD License"}]
)
def test_a_licence_that_nobody_can_read_is_no_licence(said: dict) -> None:
    with pytest.raises(LicenceRefused, match=r"under \[reviewed\] of licences\.toml"):
        licence_of("x", told(said))


def told(said: dict[str, str]) -> Message:
    message = Message()
    for name, value in said.items():
        message[name] = value
    return message


def test_libraries_that_wheels_bring_along_have_to_be_known(tmp_path: Path) -> None:
    for name in ("numpy.libs/libgfortran-1.so.5", "numpy.libs/libquadmath-1.so.0"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    with pytest.raises(LicenceRefused, match=r"numpy\.libs/libquadmath-1\.so\.0: nobody has read its licence"):
        list(libraries_of(tmp_path))


def test_a_bundle_that_is_built_twice_is_the_same_to_the_byte(tmp_path: Path) -> None:
    first, second = built_twice("base", tmp_path)

    assert first == second


def test_a_digest_tells_contents_names_and_rights_apart_and_no_clock(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    before = digest_of(tmp_path)
    (tmp_path / "a").touch()
    assert digest_of(tmp_path) == before

    (tmp_path / "a").chmod(0o755)
    assert digest_of(tmp_path) != before


def test_packages_are_installed_from_hashes_alone_and_never_built(tmp_path: Path, monkeypatch) -> None:
    asked: list[tuple[str, ...]] = []

    def uv(*arguments: str) -> str:
        asked.append(arguments)
        (tmp_path / "bundles/score/python").mkdir(exist_ok=True)
        return ""

    monkeypatch.setattr(packaging, "uv", uv)
    monkeypatch.setattr(packaging, "leave_out_services", lambda data, called: None)

    packaging.build_bundle("score", tmp_path)

    (export, install) = asked
    assert {"--frozen", "--only-group"} <= set(export)
    assert "--no-hashes" not in export
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(install)


def test_everything_that_is_locked_has_a_hash() -> None:
    lock = (ROOT / "uv.lock").read_text()
    files = re.findall(r"\{ url = [^}]*\}", lock)

    assert len(files) > 1000
    assert all('hash = "sha256:' in each for each in files)
    assert all(
        "--hash=sha256:" in line
        for line in re.split(r"(?<!\\)\n", (ROOT / "infra/uv.txt").read_text())
        if line and line[0] != "#"
    )


@pytest.mark.parametrize(
    "path",
    [*sorted(ROOT.glob("functions/*/Dockerfile")), ROOT / "layers/Dockerfile"],
    ids=lambda path: path.parent.name,
)
def test_a_dockerfile_has_one_base_that_can_be_pinned_and_downloads_nothing(path: Path) -> None:
    lines = path.read_text().splitlines()

    assert [line for line in lines if line.startswith("FROM")] == ["FROM ${BASE}"]
    assert not [
        line for line in lines if re.search(r"\b(pip|apt|apt-get|curl|wget)\b", line) and not line.startswith("#")
    ]
