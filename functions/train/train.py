"""State `Train`: launch the training job, which answers to the task token itself."""

from typing import Any

from holdfast.contracts import TrainingWanted
from holdfast.observe import step
from holdfast.resources import environment
from train.launch import launch


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Start the job where this deployment runs jobs; the state goes on when the job sends its answer."""
    return {"launched": launch(TrainingWanted.parse(event), environment())}
