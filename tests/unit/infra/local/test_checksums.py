"""A native library's checksums are the runtime's own."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ministack.services import s3

from infra.local import checksums

OWN = {name: getattr(s3, name) for name in ("_crc64nvme", "_crc32c")}
"""As the runtime has them: kept before anything is put in their place."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, own in OWN.items():
        monkeypatch.setattr(s3, name, own)
    checksums.quicken()


@pytest.mark.parametrize(("algorithm", "expected"), [("CRC64NVME", "rosUhgp5mIg="), ("CRC32C", "4waSgw==")])
def test_the_published_check_values_come_out(algorithm: str, expected: str) -> None:
    assert s3._compute_s3_checksum(algorithm, b"123456789") == expected


@given(st.binary(max_size=2000))
def test_whatever_is_uploaded_has_the_checksum_that_the_runtime_itself_would_give(body: bytes) -> None:
    assert s3._crc64nvme(body) == OWN["_crc64nvme"](body)
    assert s3._crc32c(body) == OWN["_crc32c"](body)


@pytest.mark.parametrize("name", sorted(OWN))
def test_the_runtimes_own_still_go_byte_by_byte(name: str) -> None:
    """When they no longer do, `infra.local.checksums` can go."""
    assert "for byte in body" in inspect.getsource(OWN[name])
    assert getattr(s3, name) is not OWN[name]
