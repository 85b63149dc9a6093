"""What schemathesis needs to know of the deployed API: how calls are signed, and who is there to be asked about."""

import os
from typing import Any
from zlib import crc32

import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from requests import PreparedRequest
from requests.auth import AuthBase
from schemathesis.core.parameters import ParameterLocation

from infra.cli.deployment import Deployment

DEPLOYMENT = Deployment.current()
THERE = {"id": os.environ["HOLDFAST_CHECK_CUSTOMERS"].split(), "version": os.environ["HOLDFAST_CHECK_MODELS"].split()}


class SigV4(AuthBase):
    """AWS Signature Version 4 for API Gateway."""

    def __call__(self, prepared: PreparedRequest) -> PreparedRequest:
        """Sign what goes over the wire."""
        request = AWSRequest(prepared.method, prepared.url, data=prepared.body)
        SigV4Auth(DEPLOYMENT.credentials(), "execute-api", DEPLOYMENT.region).add_auth(request)
        prepared.headers.update(dict(request.headers))
        return prepared


schemathesis.auth.set_from_requests(SigV4())  # type: ignore[attr-defined]


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> schemathesis.Case[Any]:  # noqa: ARG001
    """Every other valid path is of somebody who is there: what nobody answers for proves little of the answers."""
    drawn = repr(case.path_parameters).encode()
    valid = case.meta is None or not case.meta.is_negative_at(ParameterLocation.PATH)
    if case.path_parameters and valid and crc32(drawn) % 2:
        case.path_parameters = {
            name: THERE[name][crc32(drawn) // 2 % len(THERE[name])] for name in case.path_parameters
        }
    return case
