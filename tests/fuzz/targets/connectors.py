"""Files that describe an API, and the other two that are shipped and may be changed: treatments of columns, prices."""

from holdfast import costs, privacy
from holdfast.checked import parse_toml
from holdfast.connector import FOLDER, Connector
from holdfast.errors import ConfigurationInvalid

ALLOWED = (ConfigurationInvalid,)


def seeds() -> list[bytes]:
    files = [*((0, path) for path in FOLDER.glob("*.toml")), (1, privacy.FILE), (2, costs._FILE)]
    return [bytes([which]) + path.read_bytes() for which, path in files]


def once(data: bytes) -> None:
    which, text = data[0] % 3 if data else 0, data[1:].decode("utf-8", "replace")
    if which == 0:
        parse_toml(Connector, text, "acme.toml").probes()
    elif which == 1:
        privacy.parse(text)
    else:
        costs.parse(text)
