"""Invented people and companies, with the names that real systems trip over."""

import unicodedata

from infra.local.world.traits import Rng

FIRST = (
    "Ada", "Bo", "Carmen", "Dmitri", "Élodie", "Farid", "Grace", "Hiro", "Ingrid", "José", "Kwame", "Lucía", "Mårten",
    "Nadia", "Olu", "Priya", "Quentin", "Renée", "Søren", "Tomáš", "Ulla", "Viktor", "Wanjiru", "Xiu", "Yusuf", "Zoë",
    "Anne-Marie", "D'Angelo", "Юлия", "محمد", "שרה", "美咲", "민준", "Ελένη", "आरव", "O’Brien", "null", "Tam🦉",
)  # fmt: skip
LAST = (
    "Abara", "Bergström", "Costa", "Dvořák", "Eriksen", "Ferreira", "García", "Haddad", "Ito", "Jensen", "Kowalski",
    "López", "Müller", "Nguyen", "O'Neil", "Petrov", "Quispe", "Rossi", "Šimić", "Tanaka", "Usman", "van der Berg",
    "Watanabe", "Xu", "Yılmaz", "Zhang", "Mc\"Quote", "De,Comma", "Иванов", "الخطيب", "כהן", "佐藤", "김", "True", "  ",
)  # fmt: skip
ADJECTIVES = (
    "Amber", "Bright", "Calm", "Distant", "Eager", "Fern", "Golden", "Hollow", "Ivory", "Jade", "Keen", "Lunar",
    "Misty", "Noble", "Open", "Proud", "Quiet", "River", "Silver", "Tidal",
)  # fmt: skip
NOUNS = (
    "Anchor", "Bridge", "Cedar", "Delta", "Engine", "Forge", "Garden", "Harbor", "Island", "Junction", "Kite", "Ledger",
    "Meadow", "Northwind", "Orchard", "Pier", "Quarry", "Ridge", "Studio", "Tower",
)  # fmt: skip
SUFFIXES = ("Ltd", "GmbH", "Inc.", "& Sons", "S.A.", "K.K.", "Oy", "d.o.o.")
COUNTRIES = ("US", "GB", "DE", "FR", "SE", "BR", "IN", "JP", "KE", "AE")
JOBS = ("Analyst", "Operations Manager", "Engineer", "Head of Sales", "Founder", "Support Lead", "Accountant", "CTO")
INDUSTRIES = (
    "COMPUTER_SOFTWARE", "FINANCIAL_SERVICES", "RETAIL", "HOSPITAL_HEALTH_CARE", "EDUCATION_MANAGEMENT",
    "LOGISTICS_AND_SUPPLY_CHAIN", "HOSPITALITY", "MARKETING_AND_ADVERTISING",
)  # fmt: skip
CHURN_BLIND_STAGES = ("customer", "customer", "customer", "customer", "opportunity", "evangelist")


def pick(rng: Rng, words: tuple[str, ...], count: int) -> list[str]:
    """Choose with replacement; the last ones of a list, where the odd names are, as often as the first."""
    return [words[i] for i in rng.integers(0, len(words), count)]


def company_names(rng: Rng, count: int) -> tuple[list[str], list[str]]:
    """Names, and domains (all under example.com, all different)."""
    heads, tails, suffixes = (pick(rng, words, count) for words in (ADJECTIVES, NOUNS, SUFFIXES))
    names = [f"{head} {tail} {suffix}" for head, tail, suffix in zip(heads, tails, suffixes, strict=True)]
    domains = [f"{h}-{t}-{i}.example.com".lower() for i, (h, t) in enumerate(zip(heads, tails, strict=True))]
    return names, domains


def email(first: str, number: int, domain: str) -> str:
    plain = unicodedata.normalize("NFKD", first).encode("ascii", "ignore").decode()
    local = "".join(c for c in plain.lower() if c.isalpha()) or "user"
    return f"{local}.{number}@{domain}"
