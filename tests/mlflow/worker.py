"""MLflow itself, in an environment that has nothing of Holdfast: it loads, scores, registers, and says what came out, as JSON."""

import json
import sys
from pathlib import Path

import mlflow
import mlflow.pyfunc
import mlflow.xgboost
import numpy as np
import pandas as pd
import xgboost as xgb
from mlflow.models.utils import load_serving_example
from mlflow.pyfunc import scoring_server


def main() -> None:
    """The folder, a file of rows and a folder for the registry in; one document out."""
    folder, rows, registry = sys.argv[1:]
    unpickled: list[str] = []
    sys.addaudithook(lambda event, told: unpickled.append(str(told)) if event == "pickle.find_class" else None)
    table = pd.read_json(rows, orient="split", dtype="float64").astype("float64")
    model = mlflow.pyfunc.load_model(folder)
    margin = mlflow.xgboost.load_model(folder).predict(xgb.DMatrix(table.to_numpy(np.float32)), output_margin=True)
    served = scoring_server._split_data_and_params(load_serving_example(folder))[0]["dataframe_split"]
    answer = {
        "scored": model.predict(table).to_dict("list"),
        "without_a_column": model.predict(table.drop(columns=table.columns[0])).to_dict("list"),
        "example": model.predict(model.input_example).to_dict("list"),
        "served_example": served,
        "trees": [float(each) for each in margin],
        "registered": registered(folder, registry, table),
        "unpickled": unpickled,
    }
    print(json.dumps(answer))


def registered(folder: str, registry: str, table: pd.DataFrame) -> dict[str, object]:
    """Under a name in a registry of files, and scored as the registry's."""
    mlflow.set_tracking_uri(Path(registry).as_uri())
    version = mlflow.register_model(Path(folder).as_uri(), "churn")
    again = mlflow.pyfunc.load_model(f"models:/churn/{version.version}")
    return {"version": version.version, "probability": again.predict(table)["probability"].tolist()}


if __name__ == "__main__":
    main()
