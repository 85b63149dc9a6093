"""What the scoring function does before Lambda keeps an image of its memory (SnapStart), and when it goes on from that image."""

import os
from collections.abc import Callable

import numpy as np

from holdfast.errors import HoldfastError
from holdfast.observe import logger
from score.serving import Serving


def install(serving: Callable[[], Serving]) -> None:
    """Where SnapStart is on, have the champion in the image, and look for a newer one after each start from it."""
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "snap-start":
        return
    from snapshot_restore_py import register_after_restore, register_before_snapshot  # part of Lambda's own runtime

    register_before_snapshot(lambda: warm(serving()))
    register_after_restore(lambda: serving().look_again())


def warm(serving: Serving) -> None:
    """Load the champion and explain one row. Keys of pseudonyms are not read: no secret belongs in an image."""
    try:
        scorer = serving.current().model.scorer
    except HoldfastError as error:
        # The first deployment comes before the first model: the function then loads it when it is called.
        logger.info("nothing to keep in the image", extra={"reason": str(error)})
        return
    nobody = scorer.score(np.full((1, scorer.trees.width), np.nan, np.float32))
    list(scorer.reasons(nobody, top=1))
