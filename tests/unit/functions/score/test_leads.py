"""The online store leads from records to customers as the lake says: what changed is written, and nothing else."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from holdfast.lake import Lake
from holdfast.records import TABLE
from holdfast.tables import CUSTOMER_RECORDS
from score.leads import MemoryLeads, held
from tests.doubles.catalog import folder_lake

FIRST = {"r1": "ada", "r2": "ada", "r3": "bo"}


class Counting(MemoryLeads):
    """Remembers how much it was told to change."""

    def write(self, new: pa.Table, gone: list[str], snapshot: int) -> None:
        self.told = (new["record"].to_pylist(), gone)
        super().write(new, gone, snapshot)


def said(lake: Lake, leads: dict[str, str]) -> None:
    columns: list[Any] = [list(leads), ["crm"] * len(leads), list(leads.values())]
    lake.replace(TABLE, pa.table(columns, schema=CUSTOMER_RECORDS))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = folder_lake(tmp_path)
    said(made, FIRST)
    return made


def leading(leads: MemoryLeads) -> dict[str, str]:
    return {record: item["leads_to"] for record, item in leads.items.items()}


def test_two_records_of_one_customer_both_lead_there(lake: Lake) -> None:
    leads = MemoryLeads()

    assert held(lake, leads) == 3
    assert leading(leads) == FIRST


def test_only_what_changed_is_written_and_what_is_gone_leads_nowhere(lake: Lake) -> None:
    leads = Counting()
    held(lake, leads)
    said(lake, {"r1": "ada", "r3": "ada", "r4": "cy"})

    assert held(lake, leads) == 3
    assert leads.told == (["r3", "r4"], ["r2"])
    assert leading(leads) == {"r1": "ada", "r3": "ada", "r4": "cy"}
    assert held(lake, leads) == 0


def test_where_the_earlier_snapshot_is_gone_all_are_written(lake: Lake) -> None:
    leads = Counting(written=7)

    assert held(lake, leads) == 3
    assert leads.told == (["r1", "r2", "r3"], [])


def test_a_deployment_without_records_holds_none(tmp_path: Path) -> None:
    assert held(folder_lake(tmp_path), MemoryLeads()) == 0
