"""What an archive holds stays; what writes it leaves no trace."""

import io
import zipfile

import numpy as np

from holdfast.zipped import restored


def archive(*, zip64: bool) -> bytes:
    """One array, with the headers that numpy asks for under earlier Pythons, or those that it gets under later ones."""
    written = io.BytesIO()
    array = io.BytesIO()
    np.save(array, np.arange(5))
    with zipfile.ZipFile(written, "w") as made, made.open("a.npy", "w", force_zip64=zip64) as member:
        member.write(array.getvalue())
    return written.getvalue()


def test_the_headers_are_the_same_whichever_wrote_them() -> None:
    assert archive(zip64=True) != archive(zip64=False)

    assert restored(archive(zip64=True)) == restored(archive(zip64=False))


def test_numpy_reads_the_same_arrays() -> None:
    with np.load(io.BytesIO(restored(archive(zip64=True))), allow_pickle=False) as arrays:
        assert arrays["a"].tolist() == [0, 1, 2, 3, 4]
