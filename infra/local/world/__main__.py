"""Command line: make a demo world and say how well its churn could be predicted at best."""

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from infra.local.world.store import Recipe, prepare


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.local.world", description=__doc__)
    parser.add_argument("--customers", type=int, default=Recipe.customers)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--until", type=date.fromisoformat, default=Recipe.until, help="last day, YYYY-MM-DD")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.customers < 1:
        parser.error("--customers must be at least 1")
    print(summary(prepare(options.out, Recipe(options.customers, options.seed, options.until))))


def summary(truth: dict[str, Any]) -> str:
    rows = "\n".join(f"  {name:<28}{count:>10,}" for name, count in truth["rows"].items())
    best = truth["achievable"]
    return f"""{truth["customers"]:,} customers in {truth["companies"]:,} companies, until {truth["until"]}
{rows}
At the cutoff {truth["cutoff"]}: {best["population"]:,} active customers, of whom {best["base_rate"]:.1%} churn.
A perfect model would reach, in expectation (and on what happened):
  AUC                     {best["expected_auc"]:.3f} ({best["realised_auc"]:.3f})
  lift at 10 %            {best["expected_lift_10"]:.2f} ({best["realised_lift_10"]:.2f})
  churn in the top 21 %   {best["expected_share_top_21"]:.1%} ({best["realised_share_top_21"]:.1%})"""


if __name__ == "__main__":
    main()
