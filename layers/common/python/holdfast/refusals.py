"""What an API says when it refuses: codes, the policy that was broken, missing scopes, and the id to ask its vendor about."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

_WORD = re.compile(r"[\w.:-]{1,80}")
_POLICY = re.compile(r"your (\w+) limit", re.IGNORECASE)
_TRACES = ("correlationId", "request_id", "requestId")
_TRACE_HEADERS = ("x-hubspot-correlation-id", "x-request-id", "request-id")
_SCOPES = ("requiredGranularScopes", "missingScopes", "requiredScopes")


@dataclass(frozen=True)
class Refusal:
    """The words of a failing answer that are safe to repeat: nothing else of its body is."""

    codes: frozenset[str] = frozenset()
    """In lower case, such as `rate_limit_exceeded` or `missing_scopes`."""
    policy: str = ""
    """Which limit was broken, such as `TEN_SECONDLY_ROLLING`."""
    scopes: tuple[str, ...] = ()
    trace: str = ""

    @classmethod
    def of(cls, body: Any, headers: Mapping[str, str]) -> Self:
        """Read a body as JSON gave it; what is not there or looks like no word is left out."""
        said = body if isinstance(body, Mapping) else {}
        errors = [each for each in _items(said.get("errors")) if isinstance(each, Mapping)]
        codes = [
            said.get("category"),
            said.get("status"),
            said.get("errorType"),
            *(each.get("code") for each in errors),
        ]
        named = _POLICY.search(str(said.get("message", "")))
        policy = _word(said.get("policyName")) or (named[1] if named else "")
        traces = [*(said.get(name) for name in _TRACES), *(headers.get(name) for name in _TRACE_HEADERS)]
        scopes = dict.fromkeys(scope for each in (said, *errors) for scope in _scopes(each))
        return cls(
            frozenset(word.lower() for code in codes if (word := _word(code))) - {"error"},
            policy.upper(),
            tuple(scopes),
            next((word for trace in traces if (word := _word(trace))), ""),
        )

    @property
    def asked_about(self) -> str:
        """How the vendor finds the answer again, to end a sentence with."""
        return f" (its id for this: {self.trace})" if self.trace else ""


def _scopes(said: Mapping[str, Any]) -> Iterator[str]:
    context = said.get("context")
    for place in (said, context if isinstance(context, Mapping) else {}):
        for name in _SCOPES:
            yield from (word for each in _items(place.get(name)) if (word := _word(each)))


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _word(value: Any) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""
