"""Featuretools itself, in the environment of its own that it needs: a request of JSON a line, an answer a line."""

import json
import sys
import warnings
from typing import Any

warnings.filterwarnings("ignore")

import featuretools as ft  # noqa: E402
import pandas as pd  # noqa: E402
from featuretools import primitives as known  # noqa: E402

OF_MINUTES = {"total": known.Sum, "mean": known.Mean, "min": known.Min, "max": known.Max, "std": known.Std}
OF_TIME = {
    "first": known.TimeSinceFirst,
    "last": known.TimeSinceLast,
    "interval": known.AvgTimeBetween,
    "days": known.NUniqueDays,
}
OVER = {"mean": known.Mean, "min": known.Min, "max": known.Max, "std": known.Std, "sum": known.Sum}
_EPOCH = pd.Timestamp("1970-01-01")


def main() -> None:
    """Answer until nothing more is asked."""
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


def answer(asked: dict[str, Any]) -> dict[str, list[float | None]]:
    """Of each feature the values of the customers, in their order."""
    entities = entity_set(asked)
    cutoffs = pd.DataFrame(
        {"customer": asked["customers"], "time": [_EPOCH + pd.Timedelta(days=day) for day in asked["cutoffs"]]}
    )
    named = features(entities, asked["companies"] is not None)
    window = ft.Timedelta(asked["window"], "d") if asked["window"] else None
    matrix = ft.calculate_feature_matrix(
        list(named.values()), entities, cutoffs, training_window=window, include_cutoff_time=False
    ).loc[asked["customers"]]
    values = {name: matrix[feature.get_name()].astype(float) for name, feature in named.items()}
    return {name: [None if pd.isna(value) else value for value in column] for name, column in values.items()}


def entity_set(asked: dict[str, Any]) -> ft.EntitySet:
    """Companies have customers have events."""
    entities = ft.EntitySet("world")
    rows = asked["events"]
    events = pd.DataFrame({
        "id": range(len(rows)), "customer": pd.Series([row["who"] for row in rows], dtype=str),
        "time": pd.Series([_EPOCH + pd.Timedelta(microseconds=row["us"]) for row in rows], dtype="datetime64[ns]"),
        "kind": pd.Series([row["kind"] for row in rows], dtype="category"),
        "minutes": pd.Series([row["minutes"] for row in rows], dtype=float),
    })  # fmt: skip
    people = pd.DataFrame({"customer": asked["customers"]})
    if asked["companies"] is not None:
        people["company"] = asked["companies"]
        firms = pd.DataFrame({"company": sorted(set(asked["companies"]))})
        entities.add_dataframe(firms, "companies", index="company", logical_types={"company": "Categorical"})
    entities.add_dataframe(people, "customers", index="customer")
    types = {"customer": "Categorical", "kind": "Categorical", "minutes": "Double", "time": "Datetime"}
    entities.add_dataframe(events, "events", index="id", time_index="time", logical_types=types)
    entities.add_relationship("customers", "customer", "events", "customer")
    if asked["companies"] is not None:
        entities.add_relationship("companies", "company", "customers", "company")
    return entities


def features(entities: ft.EntitySet, companies: bool) -> dict[str, Any]:
    """The primitives that Holdfast has too."""
    minutes, time, kind = (ft.Feature(entities["events"].ww[name]) for name in ("minutes", "time", "kind"))
    login = kind == "login"
    made = {"count": counted(entities), "login count": counted(entities, where=login)}
    made |= {f"minutes {name}": of(minutes, each) for name, each in OF_MINUTES.items()}
    made |= {f"login minutes {name}": of(minutes, OF_MINUTES[name], where=login) for name in ("total",)}
    made |= {f"time {name}": of(time, each) for name, each in OF_TIME.items()}
    made |= {f"login time {name}": of(time, OF_TIME[name], where=login) for name in ("last", "days")}
    made |= {"kinds": of(kind, known.NumUnique), "entropy": of(kind, known.Entropy)}
    made["weekend"] = of(ft.Feature(time, primitive=known.IsWeekend), known.PercentTrue)
    if companies:
        for name, each in OVER.items():
            for child in ("count", "minutes mean"):
                over = ft.Feature(made[child], parent_dataframe_name="companies", primitive=each)
                made[f"company {name} {child}"] = ft.Feature(over, "customers")
    return made


def counted(entities: ft.EntitySet, **more: Any) -> Any:
    """Rows of a customer."""
    return ft.Feature(entities["events"].ww["id"], parent_dataframe_name="customers", primitive=known.Count, **more)


def of(base: Any, primitive: Any, **more: Any) -> Any:
    """A primitive over the events of a customer."""
    return ft.Feature(base, parent_dataframe_name="customers", primitive=primitive, **more)


if __name__ == "__main__":
    main()
