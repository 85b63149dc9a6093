"""Bundles: named by their content, checked before they are used."""

import hashlib

import pytest

from holdfast.bundle import FILES, Bundle, load, note_origin, origin, save
from holdfast.errors import BundleInvalid
from holdfast.store import MemoryStore


def a_bundle(**changed: bytes) -> Bundle:
    return Bundle(dict.fromkeys(FILES, b"{}") | {f"{name}.json": body for name, body in changed.items()})


def test_a_saved_bundle_is_loaded_as_it_was() -> None:
    store, bundle = MemoryStore(), a_bundle(churn=b'{"trees":1}')

    version = save(store, bundle)

    assert load(store, version).files == bundle.files
    assert load(store, version).version == version == bundle.version


def test_equal_files_have_one_version_and_other_files_another() -> None:
    assert a_bundle().version == a_bundle().version != a_bundle(value=b"[]").version


def test_saving_twice_changes_nothing() -> None:
    store = MemoryStore()
    save(store, a_bundle())
    before = dict(store.objects)

    save(store, a_bundle())

    assert store.objects == before


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_was_changed_is_named_and_refused(name: str) -> None:
    store = MemoryStore()
    version = save(store, a_bundle())
    store.objects[f"bundles/{version}/{name}"] += b" "

    with pytest.raises(BundleInvalid, match=name):
        load(store, version)


def test_a_manifest_that_was_changed_with_its_file_is_refused() -> None:
    store = MemoryStore()
    version, other = save(store, a_bundle()), a_bundle(churn=b"[1]")
    store.objects |= {f"bundles/{version}/{name}": body for name, body in other.files.items()}
    store.objects[f"bundles/{version}/manifest.json"] = other.manifest

    with pytest.raises(BundleInvalid, match="gave the version its name"):
        load(store, version)


def test_a_bundle_of_newer_code_may_hold_more_files_and_each_is_held_to_its_digest() -> None:
    store, newer = MemoryStore(), Bundle({**a_bundle().files, "survival.json": b"[1]"})
    version = save(store, newer)

    assert load(store, version).files == newer.files
    assert version != a_bundle().version
    store.objects[f"bundles/{version}/survival.json"] = b"[2]"
    with pytest.raises(BundleInvalid, match=r"survival\.json"):
        load(store, version)


@pytest.mark.parametrize("name", ["../origin.json", "more/origin.json", ""])
def test_a_manifest_that_leads_out_of_its_bundle_is_refused(name: str) -> None:
    store, other = MemoryStore(), Bundle({**a_bundle().files, name: b"{}"})
    store.objects[f"bundles/{other.version}/manifest.json"] = other.manifest

    with pytest.raises(BundleInvalid, match="has to list"):
        load(store, other.version)


def test_a_bundle_without_all_its_files_is_refused() -> None:
    store = MemoryStore()
    version = save(store, a_bundle())
    del store.objects[f"bundles/{version}/churn.json"]

    with pytest.raises(BundleInvalid, match=r"churn\.json is missing"):
        load(store, version)


def test_a_version_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BundleInvalid, match=r"bundle 0123456789ab: manifest\.json is missing"):
        load(MemoryStore(), "0123456789ab")


def test_where_a_bundle_came_from_is_said_once_and_changes_no_version() -> None:
    store = MemoryStore()
    version = save(store, a_bundle())
    assert origin(store, version) == {}

    note_origin(store, version, {"run": "first"})
    note_origin(store, version, {"run": "second"})

    assert origin(store, version) == {"run": "first"}
    assert load(store, version).version == version


@pytest.mark.parametrize("manifest", [b"", b"[]", b"{}", b'{"files":{}}', b'{"files":[1]}', b"[" * 3000])
def test_a_manifest_that_is_none_is_refused_before_anything_is_read(manifest: bytes) -> None:
    version = hashlib.sha256(manifest).hexdigest()[:12]

    with pytest.raises(BundleInvalid, match=r"manifest\.json"):
        load(MemoryStore("artifacts", {f"bundles/{version}/manifest.json": manifest}), version)


def test_a_file_that_is_no_json_is_told_by_its_name() -> None:
    with pytest.raises(BundleInvalid, match=r"value\.json"):
        a_bundle(value=b"{").json("value.json")
