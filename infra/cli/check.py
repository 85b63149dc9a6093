"""`holdfast sources check`: whether each stream can be read, and if not, what to do about it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import stamina
from stamina.instrumentation import set_on_retry_hooks

from holdfast.credentials import Grant, OAuth, granted
from holdfast.errors import ConfigurationInvalid
from holdfast.refusals import Refusal
from holdfast.settings import Settings
from holdfast.source_secrets import Secret, token_of
from holdfast.vendors import ApiSource, base_url_of, token_path_of
from infra.cli.probes import Probe, headers_of, probes_of

ATTEMPTS = 5
_UNAUTHORIZED, _FORBIDDEN, _THROTTLED = 401, 403, 429


@dataclass(frozen=True)
class Finding:
    """What a probe found; `well` when the stream can be pulled."""

    source: str
    stream: str
    well: bool
    says: str


SecretOf = Callable[[str], Secret]
"""Gives the secret of a source."""


def findings(
    settings: Settings, secret_of: SecretOf, cursors: Mapping[tuple[str, str], Mapping[str, Any]]
) -> Iterator[Finding]:
    """Ask each API for one record of each stream, and say what a run would pull. `cursors` are the ledger's notes."""
    for name, source in settings.sources.items():
        if isinstance(source, ApiSource):
            headers = headers_of(source)
            with httpx.Client(base_url=base_url_of(source), headers=headers, timeout=20, trust_env=False) as http:
                yield from _of_source(http, name, source, secret_of(name), cursors)


def _of_source(
    http: httpx.Client,
    name: str,
    source: ApiSource,
    secret: Secret,
    cursors: Mapping[tuple[str, str], Mapping[str, Any]],
) -> Iterator[Finding]:
    general = signed_in(http, source, secret)
    for stream, probe in probes_of(source).items():
        problem = general or problem_of(http, probe, name)
        yield Finding(name, stream, not problem, problem or _would(probe, cursors.get((name, stream))))


def problem_of(http: httpx.Client, probe: Probe, source: str) -> str:
    """What stands in the way of pulling a stream; nothing when it can be pulled."""
    step: Probe | None = probe
    while step:
        try:
            answer = answer_of(http, step)
        except httpx.TransportError as error:
            return _unreachable(str(http.base_url), error)
        if not answer.is_success:
            return _meaning(answer, step, source)
        step = step.following(_json(answer))
    return ""


def moment(ms: int) -> str:
    """An instant in epoch milliseconds, for people."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M}"


def signed_in(http: httpx.Client, source: ApiSource, secret: Secret) -> str:
    """Give a client its token; what stands in the way, if anything does."""
    try:
        token = token_of(secret, lambda held: _exchanged(http, secret.source, token_path_of(source), held))
    except ConfigurationInvalid as error:
        return str(error)
    except httpx.TransportError as error:
        return _unreachable(str(http.base_url), error)
    http.headers["Authorization"] = f"Bearer {token}"
    return ""


def _exchanged(http: httpx.Client, name: str, path: str, held: OAuth) -> Grant:
    answer = http.post(path, data=held.form)
    given = _json(answer)
    if isinstance(given, dict) and (grant := granted(given)):
        return grant
    said = ", ".join(sorted(Refusal.of(given, answer.headers).codes)) or f"HTTP {answer.status_code}"
    raise ConfigurationInvalid(
        f"no access token is given ({said}): install the app again, then holdfast secret set {name}"
    )


def _meaning(answer: httpx.Response, probe: Probe, source: str) -> str:
    refusal, status = Refusal.of(_json(answer), answer.headers), answer.status_code
    tail = refusal.asked_about
    if status == _UNAUTHORIZED:
        return f"the token is not accepted: holdfast secret set {source}{tail}"
    if status == _FORBIDDEN and refusal.scopes:
        return f"its app lacks the scope {' or '.join(refusal.scopes)}: grant it, or do without the stream{tail}"
    if status == _FORBIDDEN:
        codes = f" ({', '.join(sorted(refusal.codes))})" if refusal.codes else ""
        return f"the token may not read this{codes}: give it the scope, or do without the stream{tail}"
    if status == _THROTTLED or status >= 500:
        return f"it cannot say now (HTTP {status}): ask again later{tail}"
    return f"it answers HTTP {status} to {probe.path.partition('?')[0]}: check base_url and the API's version{tail}"


def answer_of(http: httpx.Client, probe: Probe) -> httpx.Response:
    """The answer, asked for again a few times while the source only wants us to slow down: no news for whoever looks."""
    set_on_retry_hooks(())
    for attempt in stamina.retry_context(on=_Throttled, attempts=ATTEMPTS, wait_initial=1, wait_max=10):
        with attempt:
            answer = http.request(probe.method, probe.path, json=probe.body)
            if answer.status_code == _THROTTLED and attempt.num < ATTEMPTS:
                raise _Throttled
    return answer


class _Throttled(Exception):
    """When a source answered 429 and may be asked again."""


def _would(probe: Probe, note: Mapping[str, Any] | None) -> str:
    if note is None:
        return "may be read; a run pulls everything, for the first time"
    pulls = "everything, as always" if probe.whole else f"changes since {moment(note['cursor'])}"
    return f"may be read; a run pulls {pulls}"


def _unreachable(base_url: str, error: httpx.TransportError) -> str:
    return f"{base_url} cannot be reached ({type(error).__name__})"


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except json.JSONDecodeError:
        return None
