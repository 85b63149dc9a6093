"""An error says where, and never whom it was reading."""

import traceback

import pytest

from holdfast.errors import ErasureUnfinished, TableBusy
from privacy.hushed import hushed


def test_a_librarys_message_is_not_repeated_not_even_in_the_trace() -> None:
    with pytest.raises(ErasureUnfinished, match=r"ValueError in test_hushed.py:\d+") as raised, hushed():
        int(f"{'ada'}@example.com")

    assert "ada@" not in "".join(traceback.format_exception(raised.value))


def test_our_own_errors_stay_what_they_are() -> None:
    with pytest.raises(TableBusy, match="events"), hushed():
        raise TableBusy("table events is being written")
