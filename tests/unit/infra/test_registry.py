"""What a registry has under a name: the digest of what it sends, for whom it answers, and what is said where it does not."""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from infra.registry import digest_of, repository_of
from infra.trouble import Trouble
from tests.doubles.registry import ARM, ImageRegistry, serving

INTEL = {"os": "linux", "architecture": "amd64"}
NAME = "docker/library/python:3.13"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ImageRegistry]:
    monkeypatch.setenv("HOME", str(tmp_path))  # no credentials of whoever runs the tests
    with serving() as found:
        yield found


def logged_in(home: Path, registry: ImageRegistry, credential: str) -> None:
    (home / ".docker").mkdir()
    told = {"auths": {registry.address: {"auth": credential}}}
    (home / ".docker" / "config.json").write_text(json.dumps(told))


def test_the_digest_is_of_the_bytes_that_the_registry_sends_to_anybody(registry: ImageRegistry) -> None:
    digest = registry.holds(NAME, platforms=(INTEL, ARM | {"variant": "v8"}))

    assert digest_of(f"{registry.address}/{NAME}") == digest
    assert registry.asked[0] == "/v2/docker/library/python/manifests/3.13"


def test_an_image_of_one_platform_has_a_digest_too(registry: ImageRegistry) -> None:
    digest = registry.puts(NAME, {"schemaVersion": 2, "config": {"digest": "sha256:0"}, "layers": []})

    assert digest_of(f"{registry.address}/{NAME}") == digest


@pytest.mark.parametrize("tokens", [True, False])
def test_a_private_registry_gets_the_credentials_of_dockers_configuration(
    registry: ImageRegistry, tmp_path: Path, tokens: bool
) -> None:
    registry.private, registry.tokens = base64.b64encode(b"who:secret").decode(), tokens
    digest = registry.holds(NAME)
    with pytest.raises(Trouble, match=r"refuses \(401\): log in"):
        digest_of(f"{registry.address}/{NAME}")

    logged_in(tmp_path, registry, registry.private)

    assert digest_of(f"{registry.address}/{NAME}") == digest


def test_ecr_is_asked_with_credentials_of_aws_and_says_that_there_are_none(
    registry: ImageRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test has credentials of AWS: this is as far as it goes."""
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # of an earlier test
    registry.realm = 'Basic realm="https://000000000000.dkr.ecr.us-east-1.amazonaws.com/",service="ecr.amazonaws.com"'

    with pytest.raises(Trouble, match="ECR wants credentials of AWS, and they do not do: Unable to locate credentials"):
        digest_of(f"{registry.address}/{NAME}")


def test_an_image_for_other_machines_is_refused(registry: ImageRegistry) -> None:
    registry.holds(NAME, platforms=(INTEL,))

    with pytest.raises(Trouble, match="no image for linux/arm64"):
        digest_of(f"{registry.address}/{NAME}")


def test_what_is_not_there_is_named(registry: ImageRegistry) -> None:
    with pytest.raises(Trouble, match=r"python:3\.14: the registry says 404; is the name right"):
        digest_of(f"{registry.address}/docker/library/python:3.14")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"manifests": null}', b'{"manifests": [7]}'])
def test_what_is_no_registry_is_told_apart(registry: ImageRegistry, body: bytes) -> None:
    registry.manifests[NAME] = body

    with pytest.raises(Trouble, match="no registry of images"):
        digest_of(f"{registry.address}/{NAME}")


def test_nobody_answering_is_said_at_once() -> None:
    with pytest.raises(Trouble, match="does not answer; is there a network"):
        digest_of("127.0.0.1:1/python:3.13")


@pytest.mark.parametrize("reference", ["r.example/a/b:1", "r.example/a/b@sha256:00", "r.example/a/b:1@sha256:00"])
def test_a_repository_is_a_name_without_tag_and_digest(reference: str) -> None:
    assert repository_of(reference) == "r.example/a/b"
