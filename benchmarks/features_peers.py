"""The peers of `make bench-features`, each run by the Python of an environment of its own: the same files, cutoffs and windows.

As near as each allows: counts, sums and statistics of measures, distinct and most frequent texts, days and times since, in windows of 7, 30 and 90 days.
"""

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

WINDOWS = (7, 30, 90)
_EPOCH = pd.Timestamp("1970-01-01")
_DAY_S = 86_400


def featuretools(place: Path) -> dict[str, Any]:
    """Featuretools: one matrix per window, with a condition per text."""
    import featuretools as ft
    from featuretools import primitives as known

    frames = _frames(place)
    entities = ft.EntitySet("world")
    people = frames["customers"][["customer_id"]]
    entities.add_dataframe(people, "customers", index="customer_id")
    for name in ("events", "emails", "tickets"):
        entities.add_dataframe(frames[name], name, index="id", make_index=True, time_index="event_time")
        entities.add_relationship("customers", "customer_id", name, "customer_id")
    cutoffs = frames["customers"].rename(columns={"cutoff": "time"})[["customer_id", "time"]]

    def over(base: Any, primitive: Any, **more: Any) -> Any:
        return ft.Feature(base, parent_dataframe_name="customers", primitive=primitive, **more)

    wanted = []
    for name in ("events", "emails", "tickets"):
        table = entities[name].ww
        kind, moment, row = (ft.Feature(table[column]) for column in ("kind", "event_time", "id"))
        wanted += [
            over(row, known.Count),
            over(kind, known.NumUnique),
            over(kind, known.Entropy),
            over(moment, known.NUniqueDays),
        ]
        wanted += [over(moment, each) for each in (known.TimeSinceLast, known.TimeSinceFirst, known.AvgTimeBetween)]
        for column in [column for column in ("kind", "module", "device") if column in table.columns]:
            texts = sorted(frames[name][column].unique())
            wanted += [over(row, known.Count, where=ft.Feature(table[column]) == text) for text in texts]
    for measure in ("minutes", "amount"):
        value = ft.Feature(entities["events"].ww[measure])
        wanted += [over(value, each) for each in (known.Sum, known.Mean, known.Min, known.Max, known.Std)]
    began, count = time.monotonic(), 0
    for days in WINDOWS:
        made = ft.calculate_feature_matrix(
            wanted, entities, cutoffs, training_window=ft.Timedelta(days, "d"), include_cutoff_time=False
        )
        count += made.shape[1]
    return {"seconds": time.monotonic() - began, "features": count, "customers": len(people)}


def getml(place: Path) -> dict[str, Any]:
    """getML's FastProp: a join per table and window; its transform alone is timed, from what it has loaded."""
    import getml as engine

    engine.engine.launch()
    try:
        engine.set_project("holdfast_bench")
        return _getml(engine, _frames(place))
    finally:
        engine.engine.shutdown()


def _getml(engine: Any, frames: dict[str, pd.DataFrame]) -> dict[str, Any]:
    role, day = engine.data.roles, engine.data.time.days
    people = frames["customers"].assign(target=[float(number % 7 == 0) for number in range(len(frames["customers"]))])
    roles = {"customer_id": role.join_key, "cutoff": role.time_stamp, "target": role.target}
    loaded = {"population": engine.DataFrame.from_pandas(people, "population", roles={})}
    for name, kind in roles.items():
        loaded["population"].set_role(name, kind)
    model = engine.data.DataModel(loaded["population"].to_placeholder("population"))
    for name in ("events", "emails", "tickets"):
        loaded[name] = engine.DataFrame.from_pandas(frames[name], name, roles={})
        for column in frames[name].columns:
            loaded[name].set_role(column, _ROLES.get(column, "categorical"))
        for days in WINDOWS:
            holder = loaded[name].to_placeholder(f"{name}_{days}")
            model.population.join(holder, on="customer_id", time_stamps=("cutoff", "event_time"), memory=day(days))
    peripheral = {f"{name}_{days}": loaded[name] for name in ("events", "emails", "tickets") for days in WINDOWS}
    learner = engine.feature_learning.FastProp(
        num_features=2000,
        n_most_frequent=10,
        num_threads=2,
        loss_function=engine.feature_learning.loss_functions.SquareLoss,
    )
    pipeline = engine.Pipeline(data_model=model, feature_learners=[learner])
    began = time.monotonic()
    pipeline.fit(loaded["population"], peripheral, check=False)
    fitted = time.monotonic()
    made = pipeline.transform(loaded["population"], peripheral)
    done = time.monotonic()
    return {
        "seconds": done - fitted,
        "fit_seconds": fitted - began,
        "features": made.shape[1],
        "customers": len(people),
    }


_ROLES = {"customer_id": "join_key", "event_time": "time_stamp", "minutes": "numerical", "amount": "numerical"}


def _frames(place: Path) -> dict[str, pd.DataFrame]:
    frames = {name: pd.read_parquet(place / f"{name}.parquet") for name in ("customers", "events", "emails", "tickets")}
    frames["customers"]["cutoff"] = _EPOCH + pd.to_timedelta(frames["customers"]["cutoff"], unit="D")
    for name in ("events", "emails", "tickets"):
        rows = frames[name].drop(columns="known_at")
        rows["event_time"] = rows["event_time"].dt.tz_localize(None).astype("datetime64[ns]")
        frames[name] = rows.astype(
            {column: str for column in ("customer_id", "kind", "module", "device") if column in rows}
        )
    return frames


ENGINES: dict[str, Callable[[Path], dict[str, Any]]] = {"featuretools": featuretools, "getml": getml}

if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    told = ENGINES[sys.argv[1]](Path(sys.argv[2]))
    print(json.dumps(told | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
