"""A person is forgotten in every place at once, by any identifier; what is cut short goes on, and nothing is done blindly."""

import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast.forgotten import MODELS, receipt_key
from holdfast.hints import PRIVACY, Hint
from holdfast.records import DOMAIN, TABLE
from holdfast.store import read_json, write_json
from holdfast.tables import CUSTOMER_RECORDS
from infra.cli.scan import Needles, within
from privacy import forgetting, notices
from privacy import places as places_
from privacy.export import places
from privacy.forgetting import AGAIN, DONE, SEVERAL, UNKNOWN, WAIT
from tests.doubles.erasure import RING, Estate, estate

EMAIL, USER = "ada@example.com", "u-000012"
HER, HIM = (RING.current.one(each) for each in (USER, "u-000013"))
RECORDS = {RING.current.one(f"crm/contacts/{each}", DOMAIN): to for each, to in (("7", HER), ("8", HIM))}
ALL = Needles(
    frozenset({EMAIL, USER, *(each for one in (EMAIL, USER) for each in RING.pseudonyms(one)), *list(RECORDS)[:1]})
)


def parquet(rows: list[dict]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def line(user: str) -> bytes:
    return json.dumps({"user_id": user, "ts": "2026-10-30"}).encode() + b"\n"


@pytest.fixture
def held(tmp_path: Path) -> Estate:
    """Ada (u-000012, contact 7 of the CRM) and another customer, in every place."""
    made = estate(tmp_path)
    contact = {"id": "7", "external_id": USER, "email": EMAIL}
    made.landing.put(
        "landing/run=r1/crm_contacts/0.parquet",
        parquet([contact, contact | {"id": "8", "external_id": "u-000013", "email": "bo@x.org"}]),
    )
    made.uploads.put("usage/a.gz", gzip.compress(line(USER) + line("u-000013")))
    made.quarantine.put(
        "run=r1/usage_events/parse-0.parquet", parquet([{"row": json.dumps({"customer": USER}), "reason": "bad"}])
    )
    hashed = {"id": "7", "external_id": HER, "email": RING.current.one(EMAIL), "_removed": False}
    made.lake.replace(
        "raw_crm_contacts",
        pa.Table.from_pylist([hashed, hashed | {"id": "8", "external_id": HIM, "email": "k2_" + "0" * 32}]),
    )
    made.lake.replace("raw_crm_calls", pa.table({"id": ["c1", "c2"], "contact_id": ["7", "8"]}))
    made.lake.replace("customers", pa.table({"customer_id": [HER, HIM]}))
    made.lake.replace("training_examples", pa.table({"customer_id": [HER, HIM, HER]}))
    made.artifacts.put(
        "rankings/latest.json", json.dumps({"customers": [{"customer_id": HER}, {"customer_id": HIM}]}).encode()
    )
    made.copies.put("rankings/latest.json", json.dumps({"customers": [{"customer_id": HER}]}).encode())
    made.copies.put(
        "rankings/latest.json", json.dumps({"customers": [{"customer_id": HIM}, {"customer_id": HER}]}).encode()
    )
    made.scores.held = [{"customer_id": {"S": each}, "vector": {"B": b"\0" * 4}} for each in (HER, HIM)]
    made.scores.held += [{"customer_id": {"S": record}, "leads_to": {"S": to}} for record, to in RECORDS.items()]
    made.lake.replace(TABLE, pa.table([list(RECORDS), ["crm"] * 2, list(RECORDS.values())], schema=CUSTOMER_RECORDS))
    made.state.held = [
        {"pk": {"S": "hints#crm#contacts"}, "sk": {"S": each}, "events": {"S": "[]"}} for each in ("7", "8")
    ]
    write_json(
        made.store,
        "runs/r1.json",
        {"bundle": "champion", "wrote": {"training_examples": made.lake.snapshot_id("training_examples")}},
    )
    return made


def found(held: Estate) -> list[str]:
    """Places in which a search of all bytes finds her."""
    buckets = (held.landing, held.uploads, held.quarantine, held.artifacts, held.copies)
    bodies = [(version.key, body) for bucket in buckets for version, body in bucket.held]
    bodies += [(str(path), path.read_bytes()) for path in held.files.folder.rglob("*") if path.is_file()]
    bodies += [("items", json.dumps([*held.scores.held, *held.state.held], default=str).encode())]
    bodies += [("register", repr(held.register).encode()), ("store", repr(held.store.objects).encode())]
    return [name for name, body in bodies if within(body, ALL)]


@pytest.mark.parametrize("person", [EMAIL, " ADA@example.com", USER, "crm:7", HER])
def test_any_identifier_leads_to_everything_and_nothing_is_left_of_it(held: Estate, person: str) -> None:
    assert len(found(held)) >= 8

    answer = forgetting.forget(held.house(), person)

    assert (answer["next"], answer["left"]) == (DONE, {})
    assert found(held) == []
    assert {
        "bucket landing",
        "bucket uploads",
        "bucket quarantine",
        "bucket artifacts",
        "table customers",
        "online store",
        "state",
    } <= set(answer["places"])


def test_everybody_else_is_as_before(held: Estate) -> None:
    forgetting.forget(held.house(), EMAIL)

    assert held.lake.read("customers").to_pylist() == [{"customer_id": HIM}]  # type: ignore[union-attr]
    assert held.lake.read("raw_crm_calls").to_pylist() == [{"id": "c2", "contact_id": "8"}]  # type: ignore[union-attr]
    assert gzip.decompress(held.uploads.held[-1][1]) == line("u-000013")
    assert [item["customer_id"]["S"] for item in held.scores.held] == [HIM, list(RECORDS)[1]]
    assert held.lake.read(TABLE)["customer_id"].to_pylist() == [HIM]  # type: ignore[index]
    assert [item["sk"]["S"] for item in held.state.held] == ["8"]


def test_looking_first_changes_nothing_and_says_where_they_are(held: Estate) -> None:
    before = found(held)

    said = forgetting.found(held.house(), EMAIL)

    assert said["places"]["table training_examples"] == {"rows": 2, "files": 1}
    assert (said["customers"], said["models"], found(held)) == (1, {"champion": 2}, before)


def test_a_second_time_they_are_unknown_and_the_receipt_is_named(held: Estate) -> None:
    first = forgetting.forget(held.house(), EMAIL)

    second = forgetting.forget(held.house(), USER)

    assert (second["next"], second["receipts"]) == (UNKNOWN, [f"{first['receipt']} closed"])


def test_the_receipt_names_nobody_and_the_model_waits_for_its_successor(held: Estate) -> None:
    answer = forgetting.forget(held.house(), EMAIL)

    receipt = read_json(held.store, receipt_key(answer["receipt"]))
    assert (receipt["status"], receipt["models"], receipt["retrain"]) == ("closed", {"champion": 2}, "next-night")
    assert read_json(held.store, MODELS)["champion"]["status"] == "to be replaced"


def test_while_a_run_is_under_way_they_are_suppressed_and_nothing_is_taken_out(held: Estate) -> None:
    held.run = "nightly-1"
    before = found(held)

    answer = forgetting.forget(held.house(), EMAIL)

    assert (answer["next"], answer["why"]) == (WAIT, "run nightly-1 is under way")
    assert held.register.held
    assert found(held) == before


@pytest.mark.parametrize("steps", range(0, 20, 2))
def test_what_is_cut_short_anywhere_is_finished_by_the_next_try(held: Estate, steps: int) -> None:
    left = iter([True] * steps)
    first = forgetting.forget(held.house(lambda: next(left, False)), EMAIL)
    assert first["next"] == AGAIN

    second = forgetting.forget(held.house(), USER)

    assert (second["next"], second["resumed"], second["receipt"]) == (DONE, steps > 0, first["receipt"])
    assert second["models"] == {"champion": 2}
    assert found(held) == []


def test_what_is_open_goes_on_without_anybody_naming_them(held: Estate) -> None:
    held.run = "nightly-1"
    forgetting.forget(held.house(), EMAIL)
    held.run = ""

    (answer,) = forgetting.due(held.house())

    assert answer["next"] == DONE
    assert found(held) == []
    assert forgetting.due(held.house()) == []


def test_somebody_unknown_is_refused_and_kept_out_where_that_is_asked_for(held: Estate) -> None:
    assert forgetting.forget(held.house(), "who@x.org")["next"] == UNKNOWN
    assert not held.register.held

    assert forgetting.forget(held.house(), "who@x.org", unknown=True)["next"] == DONE
    assert held.register.held


def test_an_address_that_two_customers_share_is_not_forgotten_by_mistake(held: Estate) -> None:
    shared = [{"id": str(n), "external_id": user, "email": EMAIL} for n, user in enumerate((USER, "u-000013"))]
    held.landing.put("landing/run=r2/crm_contacts/0.parquet", parquet(shared))

    assert forgetting.forget(held.house(), EMAIL) == {"next": SEVERAL, "customers": 2}
    assert forgetting.forget(held.house(), EMAIL, several=True)["next"] == DONE
    assert held.lake.read("customers").num_rows == 0  # type: ignore[union-attr]


def test_a_notice_is_followed_once_its_source_no_longer_has_them(held: Estate) -> None:
    told = {"crm": [Hint("7", 1, PRIVACY, ("e",), 1)]}
    assert notices.opened(held.house(), told) == 0

    gone = held.lake.read("raw_crm_contacts").to_pylist()  # type: ignore[union-attr]
    held.lake.replace("raw_crm_contacts", pa.Table.from_pylist([gone[0] | {"_removed": True}, gone[1]]))

    assert notices.opened(held.house(), told) == 1
    assert notices.opened(held.house(), told) == 0
    (answer,) = forgetting.due(held.house())
    assert (answer["next"], answer["reason"]) == (DONE, "notice")
    assert found(held) == []


def test_an_export_has_what_would_be_forgotten_and_leaves_all_as_it_is(held: Estate) -> None:
    before = found(held)

    made = {each.place: each.rows for look in places(held.house(), EMAIL) if (each := look())}

    assert made["table customers"] == [{"customer_id": HER}]
    assert made["bucket uploads"] == [{"object": "usage/a.gz", "held": line(USER).decode().strip()}]
    assert made["online store"] == [
        {"customer_id": HER, "vector": [0.0]},
        {"customer_id": next(iter(RECORDS)), "leads_to": HER},
    ]
    assert [row["record"] for row in made[f"table {TABLE}"]] == list(RECORDS)[:1]
    assert found(held) == before


def test_a_policy_of_never_leaves_the_model_where_it_is(held: Estate) -> None:
    held.settings = held.settings.model_copy(update={"privacy": replace_policy(held, "never")})

    forgetting.forget(held.house(), EMAIL)

    assert read_json(held.store, MODELS)["champion"]["status"] == "not in use"


def replace_policy(held: Estate, policy: str) -> object:
    return held.settings.privacy.model_copy(update={"retrain": policy})


def test_no_place_is_gone_through_twice_by_two_tries(held: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, bool]] = []
    erased = places_.tables.erased
    monkeypatch.setattr(
        places_.tables,
        "erased",
        lambda place, name, sought, dry: (seen.append((name, dry)), erased(place, name, sought, dry=dry))[1],
    )
    left = iter([True] * 8)
    forgetting.forget(held.house(lambda: next(left, False)), EMAIL, known=True)

    forgetting.forget(held.house(), EMAIL)

    assert len(seen) == len(set(seen)) == 2 * len(held.lake.names())


def test_looking_goes_on_where_time_ran_out(held: Estate) -> None:
    left = iter([True] * 3)
    first = forgetting.found(held.house(lambda: next(left, False)), EMAIL)

    second = forgetting.found(held.house(), EMAIL, first["at"])

    assert first["next"] == AGAIN
    assert first["places"] | second["places"] == forgetting.found(held.house(), EMAIL)["places"]
    assert not first["places"].keys() & second["places"].keys()


def test_what_is_left_keeps_the_request_open_and_the_next_try_begins_anew(
    held: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(places_.items, "scores", lambda table, sought, dry: 1)
        answer = forgetting.forget(held.house(), EMAIL)
    assert (answer["left"], answer["status"]) == ({"online store": {"items": 1}}, "open")

    again = forgetting.forget(held.house(), EMAIL)

    assert (again["left"], again["status"], again["receipt"]) == ({}, "closed", answer["receipt"])
    assert found(held) == []


def test_somebody_who_is_a_customer_again_is_let_in_and_others_stay_out(held: Estate) -> None:
    his = forgetting.forget(held.house(), "u-000013")["receipt"]
    hers = forgetting.forget(held.house(), EMAIL)["receipt"]

    assert forgetting.lift(held.house(), hers) == {"next": DONE}

    assert set(held.register.held.values()) == {his}
    assert read_json(held.store, receipt_key(hers))["status"] == "lifted"
    assert forgetting.lift(held.house(), "nobody's")["next"] == UNKNOWN


def test_after_a_backup_came_back_everybody_is_erased_once_more_without_being_named(held: Estate) -> None:
    backup = list(held.scores.held)
    forgetting.forget(held.house(), EMAIL)
    held.scores.held = backup

    assert forgetting.due(held.house()) == []
    (answer,) = forgetting.due(held.house(), again=True)

    assert (answer["next"], answer["status"], answer["left"]) == (DONE, "closed", {})
    assert found(held) == []
