"""The part of the state machine that fans log files out: a Distributed Map over batches, and over the files of one that fails."""

from collections.abc import Callable

from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from holdfast.settings import Run

AT = sfn.JsonPath.string_at
_EXTRACT = ("run", "source", "stream", "batch")
_AT_ONCE = 4
"""Files of a failed batch that are read at the same time."""

Task = Callable[..., tasks.LambdaInvoke]


class LogFiles:
    """One batch is one execution of its own. Where its function fails for good, each of its files is read alone; what fails then
    is noted, for Reconcile to tell, and the others are in."""

    def __init__(self, scope: Construct, task: Task, artifacts: s3.IBucket, run: Run) -> None:
        self._scope = scope
        self._task = task
        files = sfn.DistributedMap(
            scope,
            "Files",
            state_name="Files",
            item_reader=sfn.S3JsonItemReader(bucket=artifacts, key=AT("$.plan.batches")),
            result_writer_v2=sfn.ResultWriterV2(
                bucket=artifacts, prefix=sfn.JsonPath.format("work/{}/map", AT("$.plan.run"))
            ),
            max_concurrency=run.batches_at_once,
            tolerated_failure_percentage=100 * run.tolerated_failures,
            map_execution_type=sfn.StateMachineType.STANDARD,
            result_path=sfn.JsonPath.DISCARD,
        )
        files.item_processor(self._batch())
        nothing = sfn.Pass(scope, "NoFiles", state_name="NoFiles")
        # A Map over an empty list is no error, but its reader would be asked for one.
        self.entrance = sfn.Choice(scope, "AnyFiles", state_name="AnyFiles")
        self.entrance.when(sfn.Condition.number_greater_than("$.plan.batched", 0), files).otherwise(nothing)

    def _batch(self) -> sfn.IChainable:
        batch = self._task("IngestBatch", function="Ingest")
        batch.add_catch(self._one_by_one(), errors=["States.ALL"], result_path="$.failure")
        return batch

    def _one_by_one(self) -> sfn.IChainable:
        each = sfn.Map(
            self._scope,
            "OneByOne",
            state_name="OneByOne",
            items_path="$.places",
            item_selector={name: AT(f"$.{name}") for name in _EXTRACT} | {"only": AT("$$.Map.Item.Value")},
            max_concurrency=_AT_ONCE,
            result_path=sfn.JsonPath.DISCARD,
        )
        file = self._task("IngestFile", function="Ingest")
        noted = self._task("NoteFailure", function="Ingest")
        each.item_processor(file.add_catch(noted, errors=["States.ALL"], result_path="$.failure"))
        return each
