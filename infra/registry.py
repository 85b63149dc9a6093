"""What a registry of container images has under a name now. oras does names, Docker's credentials and tokens."""

import hashlib
import re

import requests
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ValidationError, model_validator

from infra.trouble import Trouble

PLATFORM = "linux/arm64"
"""What runs on Lambda and Fargate."""
_KINDS = (
    "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
)  # fmt: skip
_WHOLE = re.compile(r"[^/@]+[.:][^/@]*/[^@]+:[^:@/]+")
_PATIENCE_S = 30


class _Platform(BaseModel):
    os: str
    architecture: str


class _Listed(BaseModel):
    platform: _Platform | None = None


class _Manifest(BaseModel):
    """Of one image, which has a configuration, or an index of several."""

    config: dict[str, object] | None = None
    manifests: list[_Listed] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "_Manifest":
        if (self.config is None) == (self.manifests is None):
            raise ValueError("neither an image nor an index")
        return self

    @property
    def platforms(self) -> set[str]:
        return {f"{each.platform.os}/{each.platform.architecture}" for each in self.manifests or () if each.platform}


def is_whole(reference: str) -> bool:
    """Whether it names a registry, a repository and a tag, and no digest."""
    return _WHOLE.fullmatch(reference) is not None


def repository_of(reference: str) -> str:
    """The name without tag and digest."""
    registry, _, name = reference.partition("@")[0].rpartition("/")
    return f"{registry}/{name.partition(':')[0]}"


def digest_of(reference: str) -> str:
    """`sha256:…` of the manifest that a registry has under a name and tag: the one of all platforms, where there are several.

    A registry that wants to know who asks gets the credentials of Docker's configuration, helpers included, ECR those of AWS,
    others an anonymous token.

    Raises:
        Trouble: there is no such image, none for the platform, the registry refuses, or does not answer.
    """
    try:
        answer = _asked(reference)
    except requests.RequestException as error:
        raise Trouble(
            f"{reference}: the registry does not answer; is there a network, or a mirror to name? ({error})"
        ) from error
    except (BotoCoreError, ClientError) as error:
        raise Trouble(f"{reference}: ECR wants credentials of AWS, and they do not do: {error}") from error
    if answer.status_code in (401, 403):
        raise Trouble(f"{reference}: the registry refuses ({answer.status_code}): log in to it, or name another")
    if answer.status_code != 200:
        raise Trouble(
            f"{reference}: the registry says {answer.status_code}; is the name right, and is there such a tag?"
        )
    try:
        manifest = _Manifest.model_validate_json(answer.content)
    except ValidationError as error:
        raise Trouble(f"{reference}: what answers there is no registry of images") from error
    # The manifest of a single image does not say what it is for: the build finds out.
    if manifest.manifests is not None and PLATFORM not in manifest.platforms:
        raise Trouble(f"{reference}: no image for {PLATFORM}, which is what runs on AWS")
    return f"sha256:{hashlib.sha256(answer.content).hexdigest()}"


def _asked(reference: str) -> requests.Response:
    # Not above: it takes a second, which every other command would wait for as well.
    from oras.container import Container
    from oras.provider import Registry

    container = Container(reference)
    # Not `Registry.do_request`: where nobody answers it waits for two minutes.
    at_home = container.registry.partition(":")[0] in ("localhost", "127.0.0.1")
    address = f"{'http' if at_home else 'https'}://{container.manifest_url()}"
    headers = {"Accept": ", ".join(_KINDS)}
    answer = requests.get(address, headers=headers, timeout=_PATIENCE_S)
    if answer.status_code != 401:
        return answer
    registry = Registry(container.registry, insecure=at_home, auth_backend=_backend(answer))
    registry.auth.load_configs(container)
    try:
        headers, changed = registry.auth.authenticate_request(answer, headers)
    except AttributeError:  # what oras says where its Basic has no credential
        changed = False
    return registry.session.get(address, headers=headers, timeout=_PATIENCE_S) if changed else answer


def _backend(refusal: requests.Response) -> str:
    """Which of oras' ways to say who asks: tokens, for ECR by AWS credentials; or name and password themselves."""
    challenge = refusal.headers.get("WWW-Authenticate", "")
    return "basic" if challenge.startswith("Basic") and "ecr.amazonaws.com" not in challenge else "ecr"
