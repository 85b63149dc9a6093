"""What a source's answer means: fine, to be asked again later, or refused for good."""

import re

import httpx

from holdfast.errors import SourceGarbled, SourceRefused, SourceThrottled, SourceUnavailable
from holdfast.refusals import Refusal
from ingest.tokens import EXPIRED, LOST
from ingest.waits import LOCKED, MIGRATING, THROTTLED, quiet_after

_QUIET = {THROTTLED, LOCKED, MIGRATING}
_THROTTLING = {"rate_limit_exceeded", "too_many_requests", "retry_after"}
_PASSING = {408, 425} | set(range(500, 600)) - {530}
_PASSING_CODES = {"service_unavailable", "request_timeout", "server_error"}
_TOKEN = {401, 403, 530}
_TOKEN_CODES = LOST | {EXPIRED}
_WORD = re.compile(r"[a-z_-]+|v\d+|\d{4}-\d{2}")


def refusal_of(response: httpx.Response) -> Refusal:
    """The words of a failing answer that may be repeated."""
    try:
        return Refusal.of(response.json(), response.headers)
    except ValueError:
        return Refusal.of(None, response.headers)


def judge(source: str, response: httpx.Response, secret_id: str, now: float, timezone: str) -> None:
    """Let a good answer pass.

    Raises:
        SourceThrottled: the source wants quiet: 423, 429, 477, or a code that says so.
        SourceUnavailable: it may work the next time: 408, 5xx.
        SourceRefused: our token or request is not accepted.
        SourceGarbled: no answer that the API promises, such as a redirect.
    """
    status, path = response.status_code, spoken(response.url.path)
    if status in (200, 207):
        return
    refusal = refusal_of(response)
    tail = refusal.asked_about
    if status in _QUIET or refusal.codes & _THROTTLING:
        quiet = quiet_after(status, refusal, response.headers, now, timezone)
        raise SourceThrottled(source, quiet, f" after HTTP {status} from {path}{tail}")
    if refusal.codes & _TOKEN_CODES or status in _TOKEN:
        raise SourceRefused(source, status, _advice(refusal, path, source, secret_id) + tail, refusal.codes)
    if status in _PASSING or refusal.codes & _PASSING_CODES:
        raise SourceUnavailable(source, f"HTTP {status} from {path}{tail}")
    if 400 <= status < 500:
        advice = f"it does not accept the request {path}; check base_url and the API's version{tail}"
        raise SourceRefused(source, status, advice, refusal.codes)
    raise SourceGarbled(source, f"HTTP {status} from {path}, where 200 was due; redirects are not followed{tail}")


def spoken(path: str) -> str:
    """A path as it may be repeated: without ids, which may be people's."""
    return "/".join(step if not step or _WORD.fullmatch(step) else "…" for step in path.split("/"))


def _advice(refusal: Refusal, path: str, source: str, secret_id: str) -> str:
    if refusal.scopes:
        return (
            f"its app lacks the scope {' or '.join(refusal.scopes)} for {path}: grant it, then `holdfast sources check`"
        )
    return (
        f"put a token that may read {path} into the secret {secret_id} with `holdfast secret set {source}`, "
        "or give its app the scope"
    )
