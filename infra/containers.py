"""Containers on this machine: whatever builds and runs a Dockerfile here. Docker or podman where one answers, else buildah."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from infra.trouble import Trouble

_NOBODY = """no program here builds containers: start a Docker engine or podman, or install the two that need neither, as root:
    apt-get install -y buildah debootstrap"""
_SUITES = {"3.11": "bookworm", "3.13": "trixie"}
"""Debian's releases by their Python, for machines that get no base image from a registry."""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Containers(Protocol):
    """What builds images and runs containers."""

    @property
    def name(self) -> str:
        """The program's."""
        ...

    def base(self, python: str) -> str:
        """An image with that Python ("3.11")."""
        ...

    def build(self, context: Path, tag: str, base: str) -> int:
        """Build the folder's Dockerfile on a base; returns the image's bytes."""
        ...

    @contextmanager
    def running(
        self, tag: str, environment: Mapping[str, str], command: Sequence[str] = ()
    ) -> Iterator[subprocess.Popen[str]]:
        """The image's command or another, as the image's user, on this machine's network, `/tmp` alone to write to; its output is kept."""
        ...


@dataclass(frozen=True)
class Engine:
    """Docker, or podman, which takes the same commands."""

    name: str

    def base(self, python: str) -> str:
        return f"public.ecr.aws/docker/library/python:{python}-slim-bookworm"

    def build(self, context: Path, tag: str, base: str) -> int:
        said(self.name, "build", "--quiet", "--build-arg", f"BASE={base}", "--tag", tag, str(context))
        return int(said(self.name, "image", "inspect", "--format", "{{.Size}}", tag))

    @contextmanager
    def running(
        self, tag: str, environment: Mapping[str, str], command: Sequence[str] = ()
    ) -> Iterator[subprocess.Popen[str]]:
        kept_in = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")  # noqa: S108
        told = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        with _begun([self.name, "run", "--rm", "--network", "host", *kept_in, *told, tag, *command]) as process:
            yield process


@dataclass(frozen=True)
class Buildah:
    """buildah with chroot isolation: no engine, no registry. Nothing is mounted read-only: the image's user, who is not
    root, may write to what is everybody's alone."""

    storage: Path
    name: str = "buildah"

    def base(self, python: str) -> str:
        """Made of Debian's packages the first time, whose signatures debootstrap checks; it stands where the official image would."""
        tag = f"localhost/holdfast-python:{python}"
        if not self._said("images", "--quiet", "--filter", f"reference={tag}"):
            self._make_base(tag, python)
        return tag

    def build(self, context: Path, tag: str, base: str) -> int:
        self._said(
            "bud", "--isolation", "chroot", "--pull-never", "--build-arg", f"BASE={base}", "--tag", tag, str(context)
        )
        self._said("rmi", "--prune")  # what had this name before
        with self._container(tag) as container:
            root = Path(self._said("mount", container))
            return sum(path.lstat().st_size for path in root.rglob("*") if not path.is_dir())

    @contextmanager
    def running(
        self, tag: str, environment: Mapping[str, str], command: Sequence[str] = ()
    ) -> Iterator[subprocess.Popen[str]]:
        told = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        with self._container(tag) as container:
            wanted = command or json.loads(self._said("inspect", container))["OCIv1"]["config"]["Cmd"]
            with _begun([*self._buildah, "run", "--isolation", "chroot", *told, container, "--", *wanted]) as process:
                yield process

    def _make_base(self, tag: str, python: str) -> None:
        if python not in _SUITES:
            raise Trouble(
                f"no release of Debian has Python {python}: run this with Python {' or '.join(_SUITES)}, or start a Docker engine"
            )
        with tempfile.TemporaryDirectory(prefix="holdfast-base-", ignore_cleanup_errors=True) as folder:
            root = Path(folder) / "root"
            said("debootstrap", "--variant=minbase", "--include=python3,ca-certificates", _SUITES[python], str(root))
            (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
            with self._container("scratch") as container:
                self._said("add", container, str(root), "/")
                self._said("config", "--env", f"PATH={_PATH}", container)
                self._said("commit", container, tag)

    @contextmanager
    def _container(self, image: str) -> Iterator[str]:
        container = self._said("from", "--pull-never", image)
        try:
            yield container
        finally:
            self._said("rm", container)

    def _said(self, *arguments: str) -> str:
        return said(*self._buildah, *arguments)

    @property
    def _buildah(self) -> list[str]:
        return [self.name, "--root", str(self.storage), "--runroot", f"{self.storage}.run"]


def containers(storage: Path) -> Containers:
    """What builds and runs containers here; what buildah makes is kept in `storage`.

    Raises:
        Trouble: nothing does; the message says what to install.
    """
    for name in ("docker", "podman"):
        if shutil.which(name) and answers(name):
            return Engine(name)
    if not (shutil.which("buildah") and shutil.which("debootstrap")):
        raise Trouble(_NOBODY)
    if os.geteuid():
        raise Trouble(
            "buildah and debootstrap make a root file system here, which only root may: run the same with sudo"
        )
    return Buildah(storage)


def said(*command: str) -> str:
    """What a program printed.

    Raises:
        Trouble: it failed; the message has its last words.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()[-8:]
        raise Trouble(f"{' '.join(command[:2])} … failed:\n" + "\n".join(words))
    return done.stdout.strip()


@contextmanager
def _begun(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def answers(name: str) -> bool:
    """Whether the engine behind a command can start a container: that its client is installed says little."""
    asked = subprocess.run([name, "info"], capture_output=True, check=False)
    return asked.returncode == 0
