"""Errors that say where something went wrong and never what was read there."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from holdfast.errors import ErasureUnfinished, HoldfastError

_STAGE = __package__ or "privacy"


@contextmanager
def hushed() -> Iterator[None]:
    """Let our own errors through, whose words we know; of any other repeat the kind and the line alone.

    Raises:
        ErasureUnfinished: in place of any error that is not ours. A parser's or a library's message may quote a person's row.
    """
    try:
        yield
    except HoldfastError:
        raise
    except Exception as error:  # noqa: BLE001 - the message of any other may quote what it was reading
        steps = traceback.extract_tb(error.__traceback__)
        at = [each for each in steps if f"/{_STAGE}/" in each.filename][-1:] or steps[-1:]
        where = f"{at[0].filename.rpartition('/')[2]}:{at[0].lineno}"
        raise ErasureUnfinished(f"cut short by {type(error).__name__} in {where}: the same again goes on") from None
