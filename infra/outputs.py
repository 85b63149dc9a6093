"""What one stack knows of another in a different region: its outputs, by name, looked up when it is deployed.

Weak references: nothing is exported and nothing runs for them, and either stack may go first.
"""

from aws_cdk import Fn, Stack

KEY_ARN, ARTIFACTS_BUCKET, STATE_TABLE, SCORES_TABLE = "KeyArn", "ArtifactsBucket", "StateTable", "ScoresTable"
SECRET_RESOURCE = "PseudonymSecretResource"  # noqa: S105 - an output's name
"""Of the secret's ARN the part that is the same in every region."""
POOL_ARN = "UserPoolArn"


def output_of(stack: Stack, output: str) -> str:
    """The value of another stack's output, which has to be deployed before."""
    return Fn.get_stack_output(stack.stack_name, output, stack.region)
