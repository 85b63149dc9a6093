"""The embedded runtime with checksums of uploads by a native library: `python -m infra.local.checksums`.

Its own go through each byte in Python, at some 9 MB a second, while nobody else is answered: a table of a gigabyte takes two minutes, in
which clients give up and heartbeats get lost. Both are held against each other by a test.
"""

import anycrc
from ministack import app
from ministack.services import s3

_NVME, _CASTAGNOLI = anycrc.Model("CRC64-NVME"), anycrc.Model("CRC32-ISCSI")


def quicken() -> None:
    """Put the library in the place of the runtime's own."""
    s3._crc64nvme = _NVME.calc
    s3._crc32c = _CASTAGNOLI.calc


if __name__ == "__main__":
    quicken()
    app.main()
