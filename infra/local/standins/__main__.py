"""Command line: serve the stand-in HubSpot and Intercom of one demo world, and a biller where it is given a port."""

import argparse
import asyncio
from pathlib import Path

from infra.local.standins.server import Options, PortTakenError, serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.local.standins", description=__doc__)
    parser.add_argument("--world", type=Path, required=True, help="directory that the world generator wrote")
    parser.add_argument("--hubspot-port", type=int, required=True)
    parser.add_argument("--intercom-port", type=int, required=True)
    parser.add_argument("--token-hubspot", default=Options.token_hubspot)
    parser.add_argument("--token-intercom", default=Options.token_intercom)
    parser.add_argument("--throttle-share", type=float, default=Options.throttle_share)
    parser.add_argument("--fault-seed", type=int, default=Options.fault_seed)
    parser.add_argument("--hubspot-per-10-s", type=int, default=Options.hubspot_per_10_s)
    parser.add_argument("--search-per-second", type=int, default=Options.search_per_second)
    parser.add_argument("--intercom-per-10-s", type=int, default=Options.intercom_per_10_s)
    parser.add_argument("--subscriptions-port", type=int)
    parser.add_argument("--token-subscriptions", default=Options.token_subscriptions)
    parser.add_argument("--subscriptions-per-s", type=int, default=Options.subscriptions_per_s)
    options = Options(**vars(parser.parse_args()))
    if not (options.world / "world.json").exists():
        parser.error(f"{options.world} holds no finished world; make one with python -m infra.local.world --out ...")
    try:
        asyncio.run(serve(options))
    except PortTakenError as problem:
        parser.exit(1, f"{problem}\n")


if __name__ == "__main__":
    main()
