"""The files of Iceberg tables, for all tables of a process through one client of S3."""

from pyarrow.fs import FileSystem
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.typedef import EMPTY_DICT, Properties

_CLIENTS: dict[tuple[object, ...], FileSystem] = {}


class LakeFiles(PyArrowFileIO):
    """pyiceberg's own, which makes a client for each table that it opens: ten milliseconds of CPU, and connections of its own.

    The catalog loads it by name (`py-io-impl`). Arrow's file systems may be used by many threads at once.
    """

    def __init__(self, properties: Properties = EMPTY_DICT) -> None:
        super().__init__(properties)
        made = self.fs_by_scheme
        of_s3 = tuple(sorted(each for each in properties.items() if each[0].startswith("s3.")))

        def shared(scheme: str, netloc: str | None) -> FileSystem:
            key = (scheme, netloc, of_s3)
            if key not in _CLIENTS:
                _CLIENTS[key] = made(scheme, netloc)
            return _CLIENTS[key]

        self.fs_by_scheme = shared
