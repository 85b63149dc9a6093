"""What is being deployed: git's revision, and a hash of every file that decides what a run makes."""

import hashlib
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

_DECIDING = (
    "functions/validate/suites/*",
    "functions/features/definitions.toml",
    "layers/common/python/holdfast/tables.py",
    "uv.lock",
)
CONFIG = "holdfast.toml"
"""What the configuration is called among the files, wherever it lies."""


@lru_cache
def revision_of(root: Path, config: Path) -> dict[str, Any]:
    """`git` (empty outside of a checkout), `dirty` (whether tracked files are changed) and `files`: path -> SHA-256, 16 digits."""
    found = sorted(path for pattern in _DECIDING for path in root.glob(pattern))
    files = {path.relative_to(root).as_posix(): _digest(path) for path in found}
    commit = _git(root, "rev-parse", "HEAD")
    dirty = bool(commit and _git(root, "status", "--porcelain", "--untracked-files=no"))
    return {"git": commit, "dirty": dirty, "files": files | {CONFIG: _digest(config)}}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _git(root: Path, *arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    said = subprocess.run([git, *arguments], cwd=root, capture_output=True, text=True, check=False)
    return said.stdout.strip() if said.returncode == 0 else ""
