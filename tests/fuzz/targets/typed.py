"""What an operator types or hands over: mended rows, changes of columns, credentials of an app."""

import json

from holdfast.errors import ConfigurationInvalid
from infra.cli.quarantine import parsed_changes, parsed_file
from infra.cli.secrets import with_credentials
from infra.trouble import Trouble

ALLOWED = (Trouble, ConfigurationInvalid)


def seeds() -> list[bytes]:
    row = json.dumps({"_row": "r1", "_rule": "x", "plan": "pro", "seats": 3})
    return [
        f"{row}\n{row}\n".encode(),
        b"plan=pro",
        b"seats=3",
        b'{"client_id": "a", "client_secret": "b", "refresh_token": "c"}',
    ]


def once(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    if data[:1] == b"{" and b"_row" not in data:
        with_credentials({}, text, "s")
    elif data[:1] == b"{":
        parsed_file(text)
    else:
        parsed_changes([text])
