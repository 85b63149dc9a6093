"""holdfast.toml, and what it says of columns."""

from pathlib import Path

from holdfast.errors import ConfigurationInvalid
from holdfast.privacy import declared
from holdfast.settings import parse_settings

ROOT = Path(__file__).resolve().parents[3]
ALLOWED = (ConfigurationInvalid,)


def seeds() -> list[bytes]:
    return [path.read_bytes() for path in (ROOT / "holdfast.toml", *ROOT.glob("examples/*/holdfast.toml"))]


def once(data: bytes) -> None:
    declared(parse_settings(data.decode("utf-8", "replace")))
