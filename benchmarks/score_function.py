"""The scoring function as a process of its own, started by AWS's Runtime API client: `python -m awslambdaric benchmarks.score_function.handler`."""

import os

from benchmarks.score_world import Function

handler = Function(os.environ["BENCH_MODEL"]).handler
