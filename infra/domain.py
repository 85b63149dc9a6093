"""Construct: a name of the company's own, under which the nearest region that is well answers."""

from aws_cdk import Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct

from holdfast.settings import Api


class Domain(Construct):
    """One region's certificate, domain name and latency record.

    Who checks a region's health cannot sign: the alarm of the API's errors says it instead, and Route 53 leaves the region out as long as it
    rings.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, api: apigateway.RestApi, errors: cloudwatch.Alarm, rules: Api
    ) -> None:
        super().__init__(scope, construct_id)
        assert rules.domain is not None, "a stack without a name makes no domain"
        assert rules.hosted_zone is not None, "the configuration holds the two together"
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=rules.hosted_zone, zone_name=rules.domain
        )
        region = Stack.of(self).region
        name = api.add_domain_name(
            "Name",
            domain_name=rules.domain,
            certificate=acm.Certificate(
                self, "Certificate", domain_name=rules.domain, validation=acm.CertificateValidation.from_dns(zone)
            ),
            endpoint_type=apigateway.EndpointType.REGIONAL,
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
        )
        well = route53.HealthCheck(
            self,
            "Health",
            type=route53.HealthCheckType.CLOUDWATCH_METRIC,
            alarm_identifier=route53.AlarmIdentifier(name=errors.alarm_name, region=region),
            # Without calls there is nothing to be measured, and nothing wrong.
            insufficient_data_health_status=route53.InsufficientDataHealthStatusEnum.HEALTHY,
        )
        route53.ARecord(
            self,
            "Nearest",
            zone=zone,
            target=route53.RecordTarget.from_alias(targets.ApiGatewayDomain(name)),
            region=region,
            set_identifier=region,
            health_check=well,
        )
