"""What a configuration may say of further regions."""

import pytest

from holdfast.errors import ConfigurationInvalid
from holdfast.settings import Settings, parse_settings


def configured(api: str, region: str = "us-east-1") -> Settings:
    return parse_settings(f"""
        region = "{region}"
        [sources.usage]
        kind = "events"
        prefix = "usage/"
        fields = {{ customer = "user", time = "at" }}
        [churn]
        kind = "usage"
        [api]
        {api}
    """)


def test_further_regions_and_a_name_for_all_of_them() -> None:
    api = configured(
        'regions = ["eu-west-1", "ap-southeast-2"]\ndomain = "scores.example.com"\nhosted_zone = "Z0123456789ABCDEFGHIJ"'
    ).api

    assert (api.regions, api.domain) == (("eu-west-1", "ap-southeast-2"), "scores.example.com")
    assert configured("").api.regions == ()


@pytest.mark.parametrize(
    ("api", "said"),
    [
        ('regions = ["us-east-1"]', "api: .*us-east-1 is the deployment's own `region`"),
        ('regions = ["eu-wset-1"]', "api: .*eu-wset-1 is no region beside us-east-1; allowed are .*eu-west-1, "),
        ('regions = ["cn-north-1"]', "cn-north-1 is no region beside us-east-1"),
        ('regions = ["eu-west-1", "eu-west-1"]', "each is named once"),
        ('regions = ["eu-west-1"]\nclients = ["crm"]', "`clients` and `regions` exclude each other"),
        ('domain = "scores.example.com"', "api: .*`domain` and `hosted_zone` go together"),
        ('hosted_zone = "Z0123456789ABCDEFGHIJ"', "`domain` and `hosted_zone` go together"),
        ('domain = "https://scores"\nhosted_zone = "Z0123456789ABCDEFGHIJ"', r"api.domain: .*pattern"),
        ('domain = "scores.example.com"\nhosted_zone = "example.com"', r"api.hosted_zone: .*pattern"),
    ],
)
def test_what_cannot_be_is_refused_with_file_key_and_what_is_allowed(api: str, said: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=f"(?s)^holdfast.toml:[0-9]+: .*{said}"):
        configured(api)


def test_a_home_that_is_no_region_is_not_copied_from() -> None:
    with pytest.raises(
        ConfigurationInvalid, match="moon-1, the deployment's own `region`, is none that the AWS SDK knows"
    ):
        configured('regions = ["eu-west-1"]', "moon-1")
