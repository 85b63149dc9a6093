"""What a secret may hold, and that nothing of it is ever said."""

import json

import pytest

from holdfast.credentials import Bearer, OAuth, credentials_in
from holdfast.errors import ConfigurationInvalid

APP = {"client_id": "i", "client_secret": "hush", "refresh_token": "r"}


def test_a_secret_holds_a_token_or_what_one_is_got_with():
    assert credentials_in('{"token": " t "}', "s") == Bearer("t")
    assert credentials_in(json.dumps(APP), "s") == OAuth("i", "hush", "r")


@pytest.mark.parametrize(
    "value",
    ["hush", "{}", '{"token": ""}', '{"token": 5}', "[]", json.dumps(APP | {"refresh_token": ""}), '{"token": hush}'],
)
def test_any_other_secret_says_what_it_must_read_and_not_what_it_reads(value):
    with pytest.raises(ConfigurationInvalid, match="holdfast/crm must read") as caught:
        credentials_in(value, "holdfast/crm")

    assert "hush" not in f"{caught.value}{caught.value.__cause__}{caught.value.__context__}"


def test_credentials_do_not_show_themselves():
    assert "hush" not in repr([Bearer("hush"), OAuth("i", "hush", "hush")])
