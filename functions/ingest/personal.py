"""Whether a field may hold personal data, by its name and by what its values look like. Wrong now and then: people decide then."""

import re
from collections.abc import Mapping

from holdfast.fields import steps_of

_LUHN = (
    "list_sum(list_transform(string_split(reverse(said), ''), lambda digit, place: "
    "CASE WHEN place % 2 = 1 THEN digit::INTEGER ELSE (digit::INTEGER * 2) // 10 + (digit::INTEGER * 2) % 10 END)) % 10 = 0"
)
_BYTE = r"(25[0-5]|2[0-4]\d|1?\d?\d)"
EVIDENCE = {
    "e-mail addresses": r"WHERE regexp_matches(said, '[^\s@]+@[^\s@]+\.[A-Za-z]{2,}')",
    "IP addresses": rf"WHERE regexp_full_match(said, '({_BYTE}\.){{3}}{_BYTE}|([0-9a-fA-F]{{0,4}}:){{3,7}}[0-9a-fA-F]{{0,4}}')",
    "phone numbers": r"WHERE kind = 'text' AND regexp_full_match(said, '(\+|00)?[\d\s().\-/]{7,20}') "
    r"AND strlen(regexp_replace(said, '\D', '', 'g')) BETWEEN 7 AND 15 AND NOT regexp_full_match(said, '\d*\.?\d*')",
    "card numbers": rf"WHERE CASE WHEN regexp_full_match(said, '\d{{13,19}}') THEN {_LUHN} END",
    "postal addresses": r"WHERE kind = 'text' AND regexp_matches(lower(said), "
    r"'(\d+\w?,? +(\pL[\pL.-]* +){1,4}(street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|way|court|ct|square)\b|"
    r"\pL(straße|strasse|str\.|gasse|weg|platz|allee) +\d+|\b(rue|via|calle|avenida|piazza) +\pL.*\d)')",
    "free text": r"WHERE kind = 'text' AND strlen(said) > 60 AND regexp_matches(said, '(\pL+\s+){8}')",
}
"""What values may look like -> SQL that filters those that do, over `said` (the value as text) and `kind`."""
_ENOUGH = {"e-mail addresses": 0.0, "IP addresses": 0.2, "phone numbers": 0.2, "card numbers": 0.5,
           "postal addresses": 0.05, "free text": 0.05}  # fmt: skip
"""Share of a field's values above which they count as that. One address is one too many; one number in ten passes Luhn's check."""

_WORDS = re.compile(
    "e?mail|mailto|phone|telephone|mobile|tel|fax|msisdn|surname|lastname|firstname|fullname|username|nickname|realname|"
    "address|addr|street|zip|zipcode|postcode|postal|ip|ipaddr|ipaddress|ipv4|ipv6|card|pan|iban|bic|cvv|ssn|passport|"
    "password|passwd|pwd|passphrase|token|jwt|secret|apikey|credentials?|authorization|cookie|birth|birthday|birthdate|dob|"
    "mobilephone|phonenumber|telephonenumber|cellphone|emailaddress|streetaddress|dateofbirth|taxid|maidenname|"
    "gender|ethnicity|religion|latitude|longitude|comments?|message|feedback|notes?|body|signature|recipient|sender"
)
_NAMED = re.compile(
    "first|last|full|user|customer|contact|display|given|family|middle|maiden|nick|real|owner|author|member|person"
)


def suspected(field: str, kinds: Mapping[str, int], evidence: Mapping[str, int]) -> str:
    """What in a field may be personal data, in words; nothing where nothing is."""
    words = [word for step in steps_of(field) for word in _words(step)]
    if hit := next(filter(_WORDS.fullmatch, words), ""):
        return f"it is called {hit}"
    if words and words[-1] == "name" and (len(words) == 1 or _NAMED.fullmatch(words[-2])):
        return "it is called name"
    values = sum(kinds.values())
    found = (what for what, counted in evidence.items() if counted > _ENOUGH[what] * values)
    return next((f"values look like {what}" for what in found), "")


def _words(step: str) -> list[str]:
    """A name's words: `clientIP`, `client_ip` and `client-ip` are two each."""
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3 \2\4", step)
    return [word.casefold() for word in re.split(r"[\W_]+", spaced) if word]
