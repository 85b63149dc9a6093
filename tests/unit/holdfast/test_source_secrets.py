"""A source's secret: the token in it, or one that is got with it, and what a source exchanges it for."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from holdfast.credentials import Grant, OAuth, granted
from holdfast.errors import ConfigurationInvalid, StorageUnavailable
from holdfast.source_secrets import MemorySecret, token_of

APP = {"client_id": "i", "client_secret": "c", "refresh_token": "r0", "note": "ours"}


@dataclass
class Rotating:
    """A source that takes each refresh token once and gives another."""

    good: str = "r0"
    given: list[str] = field(default_factory=list)

    def __call__(self, app: OAuth) -> Grant:
        if app.refresh_token != self.good:
            raise ConfigurationInvalid("BAD_REFRESH_TOKEN")
        self.good = f"r{len(self.given) + 1}"
        self.given.append(f"a{len(self.given) + 1}")
        return Grant(self.given[-1], self.good)


def test_a_token_that_the_secret_holds_is_sent_and_nothing_is_asked() -> None:
    def asked(_: OAuth) -> Grant:
        raise AssertionError("nobody is asked")

    assert token_of(MemorySecret('{"token": "t"}'), asked) == "t"


def test_a_new_refresh_token_is_kept_with_all_else_that_the_secret_holds() -> None:
    secret, source = MemorySecret(json.dumps(APP)), Rotating()

    tokens = [token_of(secret, source) for _ in range(3)]

    assert tokens == ["a1", "a2", "a3"]
    assert json.loads(secret.value) == APP | {"refresh_token": "r3"}


@pytest.mark.parametrize("again", ["", "r0"])
def test_where_the_refresh_token_stays_nothing_is_written(again: str) -> None:
    secret = MemorySecret(before := json.dumps(APP))

    assert token_of(secret, lambda _: Grant("a", again)) == "a"
    assert secret.value is before


def test_of_many_at_once_each_exchanges_what_the_one_before_has_kept() -> None:
    secret, source = MemorySecret(json.dumps(APP)), Rotating()

    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: token_of(secret, source), range(40)))

    assert sorted(tokens) == sorted(source.given)
    assert json.loads(secret.value)["refresh_token"] == source.good == "r40"


def test_a_token_is_not_used_before_what_the_next_one_is_got_with_is_kept() -> None:
    class Full(MemorySecret):
        def write(self, value: str) -> None:
            raise StorageUnavailable("writing secret")

    with pytest.raises(StorageUnavailable):
        token_of(Full(json.dumps(APP)), Rotating())


def test_a_token_that_somebody_puts_there_meanwhile_is_sent() -> None:
    class Replaced(MemorySecret):
        def read(self) -> str:
            value, self.value = self.value, '{"token": "new"}'
            return value

    assert token_of(Replaced(json.dumps(APP)), Rotating()) == "new"


def test_an_answer_without_a_token_is_none_and_a_grant_does_not_show_itself() -> None:
    assert [granted(answer) for answer in ({}, {"access_token": ""}, {"access_token": 5})] == [None] * 3
    assert granted({"access_token": "hush", "refresh_token": None}) == Grant("hush")
    assert "hush" not in repr([granted({"access_token": "hush", "refresh_token": "hush"}), MemorySecret("hush")])
