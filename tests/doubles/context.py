"""What Lambda hands to a handler beside the event."""

from types import SimpleNamespace

CONTEXT = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1, invoked_function_arn="arn:f", aws_request_id="r", log_stream_name="s"
)
