"""What a source that is a file gets of the infrastructure."""

from pathlib import Path

from infra.packaging import ROOT
from tests.infra.conftest import synthesised


def test_a_source_that_is_a_file_has_a_secret_for_its_token_of_which_its_functions_are_told(tmp_path: Path) -> None:
    template = synthesised("local", tmp_path, ROOT / "examples/subscriptions/holdfast.toml")

    secrets = template.find_resources("AWS::SecretsManager::Secret").values()
    functions = template.find_resources("AWS::Lambda::Function").values()

    assert "subscriptions/billing" in {secret["Properties"].get("Name") for secret in secrets}
    told = [str(each["Properties"]["Environment"]) for each in functions if "Environment" in each["Properties"]]
    assert any('\\"billing\\"' in each or '"billing"' in each for each in told)
