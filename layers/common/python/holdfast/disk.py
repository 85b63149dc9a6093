"""A full disk, which every library tells in words of its own, said in ours."""

import errno
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from holdfast.errors import DiskFull, HoldfastError

_WORDS = re.compile(r"requested and \d+ written|[Nn]ot enough free space|[Nn]o space left|failed to offload data block")
"""Of numpy (which drops the error's number), and of DuckDB where what does not fit into memory does not fit onto the disk either."""


@contextmanager
def told_if_full(whose: str) -> Iterator[None]:
    """Raise `DiskFull` for an error that a full disk of a function is the reason of; let everything else through."""
    try:
        yield
    except HoldfastError:  # may quote another function's full disk, as the state that tells of a failed run does
        raise
    except Exception as error:  # of classes of libraries that not every function has
        if getattr(error, "errno", None) != errno.ENOSPC and not _WORDS.search(str(error)):
            raise
        size = shutil.disk_usage(tempfile.gettempdir()).total
        raise DiskFull(
            f"the disk of {whose} ({size / 1e9:.1f} GB) is full; redrive the run: another environment has another disk. "
            f"If it fills up again, {whose} needs a larger one: disk_gb in infra/catalogue.py (AWS gives 10 at most)"
        ) from error
