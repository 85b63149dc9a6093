"""Suites of expectations."""

from holdfast.errors import ConfigurationInvalid
from validate.suites import FOLDER, parse

ALLOWED = (ConfigurationInvalid,)


def seeds() -> list[bytes]:
    return [path.read_bytes() for path in FOLDER.iterdir()]


def once(data: bytes) -> None:
    for each in parse(data.decode("utf-8", "replace"), "t.yml").expectations:
        assert each.reason
        assert isinstance(each.columns, list)
