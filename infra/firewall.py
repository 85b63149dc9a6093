"""Construct: the web application firewall before the API. AWS's managed rules, and a rate by address."""

import json
from http import HTTPStatus

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

_MANAGED = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesCommonRuleSet",
)
_COUNTED = "SizeRestrictions_BODY"
"""It would block bodies over 8 kB: a thousand rows of features have more, and the function has a limit of its own."""

_WINDOW_S = 300
_OFTEN = "TooOften"


class Firewall(Construct):
    """A web ACL for one stage. No request is sampled: its URI would hold a customer's id."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: apigateway.Stage, name: str, calls_per_5_minutes: int
    ) -> None:
        super().__init__(scope, construct_id)
        acl = waf.CfnWebACL(
            self,
            "Acl",
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            custom_response_bodies={_OFTEN: _told()},
            visibility_config=_visible(f"{name}-acl"),
            rules=[
                *(_managed(name, rule, priority) for priority, rule in enumerate(_MANAGED)),
                _rate(name, calls_per_5_minutes, len(_MANAGED)),
            ],
        )
        waf.CfnWebACLAssociation(self, "Association", resource_arn=stage.stage_arn, web_acl_arn=acl.attr_arn)


def _managed(name: str, rule: str, priority: int) -> waf.CfnWebACL.RuleProperty:
    count = waf.CfnWebACL.RuleActionProperty(count={})
    overrides = [waf.CfnWebACL.RuleActionOverrideProperty(name=_COUNTED, action_to_use=count)]
    group = waf.CfnWebACL.ManagedRuleGroupStatementProperty(
        vendor_name="AWS", name=rule, rule_action_overrides=overrides if rule == _MANAGED[-1] else None
    )
    return waf.CfnWebACL.RuleProperty(
        name=rule,
        priority=priority,
        override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
        statement=waf.CfnWebACL.StatementProperty(managed_rule_group_statement=group),
        visibility_config=_visible(f"{name}-{rule}"),
    )


def _rate(name: str, calls: int, priority: int) -> waf.CfnWebACL.RuleProperty:
    rate = waf.CfnWebACL.RateBasedStatementProperty(
        limit=calls, aggregate_key_type="IP", evaluation_window_sec=_WINDOW_S
    )
    return waf.CfnWebACL.RuleProperty(
        name="Rate",
        priority=priority,
        action=waf.CfnWebACL.RuleActionProperty(block=waf.CfnWebACL.BlockActionProperty(custom_response=_later())),
        statement=waf.CfnWebACL.StatementProperty(rate_based_statement=rate),
        visibility_config=_visible(f"{name}-rate"),
    )


def _later() -> waf.CfnWebACL.CustomResponseProperty:
    """429 and when to come back, as API Gateway's own limits say it."""
    return waf.CfnWebACL.CustomResponseProperty(
        response_code=int(HTTPStatus.TOO_MANY_REQUESTS),
        custom_response_body_key=_OFTEN,
        response_headers=[waf.CfnWebACL.CustomHTTPHeaderProperty(name="Retry-After", value=str(_WINDOW_S))],
    )


def _told() -> waf.CfnWebACL.CustomResponseBodyProperty:
    """A problem document, without the request's id, which the firewall does not know. Its type of content it may not name."""
    status, detail = HTTPStatus.TOO_MANY_REQUESTS, "too many requests from this address"
    said = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return waf.CfnWebACL.CustomResponseBodyProperty(content=json.dumps(said), content_type="APPLICATION_JSON")


def _visible(metric: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=metric, sampled_requests_enabled=False
    )
