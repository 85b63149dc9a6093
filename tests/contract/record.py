"""Record today's contracts as the next version, with examples of the demo that runs here.

    make demo ARGS="--customers 320"
    make contract

Nothing is written where today's contracts are the newest version's, and nothing where they break an older one: then it says what.
"""

import argparse
import sys

from holdfast.settings import load_settings
from infra.cli.deployment import Deployment
from infra.packaging import ROOT
from infra.trouble import Trouble
from tests.contract import night, recorded, rules
from tests.contract.forms import drawn


def main() -> None:
    """Compare, and write."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    today, held = drawn(load_settings(ROOT / "holdfast.toml")), recorded.versions()
    wrong = [each for version in held.values() for each in rules.broken(recorded.forms(version), today)]
    if wrong:
        sys.exit(
            "holdfast: older code and newer code would not understand each other:\n  "
            + "\n  ".join(dict.fromkeys(wrong))
        )
    newest = max(held, default=0)
    if newest and recorded.forms(held[newest]) == today:
        print(f"v{newest} says what the code says: there is nothing to record")
        return
    try:
        found = night.examples(Deployment.current())
    except Trouble as trouble:
        sys.exit(f"holdfast: {trouble}")
    print(f"recorded {recorded.write(newest + 1, today | found).name}: commit it")


if __name__ == "__main__":
    main()
