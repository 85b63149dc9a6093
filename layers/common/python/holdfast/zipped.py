"""numpy's archives as the same bytes from every Python."""

import io
import zipfile


def restored(archive: bytes) -> bytes:
    """The same members, stored, under headers of our own: numpy's name another version of the zip format from one patch of Python to
    the next (3.11.2 to 3.11.7), and a bundle would be another version for that."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as before, zipfile.ZipFile(written, "w") as after:
        for member in before.infolist():
            after.writestr(zipfile.ZipInfo(member.filename), before.read(member))
    return written.getvalue()
