"""One client of S3 for all tables of a process."""

import pickle

from pyarrow.fs import FileSystem
from pyiceberg.io import FileIO, load_file_io

from holdfast.lake_files import LakeFiles

OF_THE_LAKE = {"py-io-impl": "holdfast.lake_files.LakeFiles", "s3.region": "eu-central-1", "s3.request-timeout": "60"}


def _client(files: FileIO, bucket: str = "lake") -> FileSystem:
    assert isinstance(files, LakeFiles)
    return files.fs_by_scheme("s3", bucket)


def test_tables_share_the_client() -> None:
    one = load_file_io(OF_THE_LAKE | {"write.parquet.compression-codec": "zstd"}, "s3://lake/h/one/metadata/1.json")
    other = load_file_io(OF_THE_LAKE | {"owner": "holdfast"}, "s3://lake/h/other/metadata/1.json")
    assert _client(one) is _client(other)


def test_another_address_has_another_client() -> None:
    aws, local = (LakeFiles(OF_THE_LAKE | more) for more in ({}, {"s3.endpoint": "http://127.0.0.1:4566"}))
    assert _client(aws) is not _client(local)


def test_files_that_are_sent_to_another_process_open_there() -> None:
    copy = pickle.loads(pickle.dumps(LakeFiles(OF_THE_LAKE)))
    assert _client(copy).type_name == "s3"
