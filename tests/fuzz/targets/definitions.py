"""Feature definitions."""

from features.definitions import _FILE, parse
from holdfast.errors import ConfigurationInvalid

ALLOWED = (ConfigurationInvalid,)


def seeds() -> list[bytes]:
    return [_FILE.read_bytes()]


def once(data: bytes) -> None:
    made = parse(data.decode("utf-8", "replace"))
    made.edges(made.windows(56))
    made.activities()
