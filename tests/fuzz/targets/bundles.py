"""Model bundles: one file is anything at all, and the manifest fits it, as if somebody had written both; or the manifest itself is.

A case is a line with the file's name and its content.
"""

import hashlib

from holdfast.bundle import CALIBRATOR, FEATURES, FILES, MANIFEST, PERSONAS, SETTINGS, TABLES, VALUE, Bundle, read
from holdfast.errors import BundleInvalid
from holdfast.scoring import Scorer
from tests.doubles.models import bundle

ALLOWED = (BundleInvalid,)
READ = (FEATURES, SETTINGS, CALIBRATOR, VALUE, PERSONAS, TABLES)
"""What a scorer reads of a bundle."""


def seeds() -> list[bytes]:
    held = {name: bundle().files[name] for name in READ} | {MANIFEST: bundle().manifest}
    return [name.encode() + b"\n" + body for name, body in held.items()]


def once(data: bytes) -> None:
    name, _, body = data.partition(b"\n")
    said = name.decode("utf-8", "replace")
    files, manifest = dict(bundle().files), bundle().manifest
    if said in FILES:
        files[said] = body
        manifest = Bundle(files).manifest
    else:
        manifest = body
    version = hashlib.sha256(manifest).hexdigest()[:12]
    assert Scorer.from_bundle(read({**files, MANIFEST: manifest}.__getitem__, version)).version == version
