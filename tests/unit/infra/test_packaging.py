"""What a bundle leaves out."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import botocore

from holdfast.aws import Service
from infra.packaging import OF_LIBRARIES, leave_out_services


def test_the_sdk_makes_every_client_that_is_called_from_the_descriptions_that_are_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(Path(botocore.__file__).parent / "data", data)

    leave_out_services(data, set(get_args(Service)))

    assert {each.name for each in data.iterdir() if each.is_dir()} == set(get_args(Service))
    made = (
        "import sys, botocore.session as s; session = s.Session(); loader = session.get_component('data_loader'); "
        "loader._search_paths[:] = sys.argv[1:2]; "
        "print([session.create_client(n, 'eu-west-1').meta.service_model.service_name for n in sys.argv[2:]])"
    )
    said = subprocess.run(
        [sys.executable, "-c", made, str(data), *get_args(Service)], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == str(list(get_args(Service)))


def test_the_tracer_is_imported_with_the_descriptions_that_are_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(Path(botocore.__file__).parent / "data", data)

    leave_out_services(data, {*get_args(Service), *OF_LIBRARIES})

    look = (
        "import sys; from botocore.loaders import Loader; Loader.BUILTIN_DATA_PATH = sys.argv[1]; "
        "from aws_xray_sdk.core import xray_recorder; print(xray_recorder.sampler is not None)"
    )
    said = subprocess.run([sys.executable, "-c", look, str(data)], capture_output=True, text=True)
    assert said.stdout.strip() == "True", said.stderr
