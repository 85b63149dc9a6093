"""Buckets that an earlier stack has left are said as the configuration takes them."""

import tomllib
from datetime import UTC, datetime, timedelta

import pytest

from holdfast.settings import Buckets
from infra.cli.left_behind import section
from infra.trouble import Trouble

NOW = datetime(2026, 11, 2, tzinfo=UTC)
KEY = "arn:aws:kms:us-east-1:000000000000:key/0a1b2c3d-0000-4000-8000-000000000000"
ZONES = ("landing", "quarantine", "lake", "artifacts", "uploads", "accesslogs")
LEFT = [(f"holdfast-storage{zone}0a1b2c3d-5e6f", NOW) for zone in ZONES]


def test_the_section_is_what_the_configuration_takes() -> None:
    said = tomllib.loads("\n".join(section("holdfast", LEFT, lambda _: KEY)))

    assert Buckets(**said["buckets"]).access_logs == "holdfast-storageaccesslogs0a1b2c3d-5e6f"
    assert said["buckets"]["key"] == KEY


def test_of_several_that_were_left_the_last_is_named_and_the_others_beside_it() -> None:
    earlier = ("holdfast-storagelakeffffffff-1111", NOW - timedelta(days=3))

    (lake,) = [line for line in section("holdfast", [earlier, *LEFT], lambda _: KEY) if line.startswith("lake")]

    assert lake == f'lake = "{LEFT[2][0]}"  # made before it: {earlier[0]}'


def test_what_is_not_found_is_said_and_left_to_people() -> None:
    said = list(section("holdfast", [each for each in LEFT if "landing" not in each[0]], lambda _: ""))

    assert said[1].startswith("# landing: no bucket's name begins with holdfast-storagelanding")
    assert said[-1].startswith("# key:")


def test_where_no_stack_of_the_name_has_left_anything_that_is_all() -> None:
    with pytest.raises(Trouble, match="no earlier stack other"):
        list(section("other", LEFT, lambda _: KEY))
