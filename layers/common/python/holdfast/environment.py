"""What the deployment tells a function: read from the environment once, at cold start."""

from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.errors import ConfigurationInvalid


@dataclass(frozen=True)
class Environment:
    """Names of the resources that one deployment owns. A function sees only those that its role may use."""

    config_path: str
    """holdfast.toml as it was deployed with this function."""
    landing_bucket: str = ""
    quarantine_bucket: str = ""
    lake_bucket: str = ""
    artifacts_bucket: str = ""
    uploads_bucket: str = ""
    database: str = ""
    state_table: str = ""
    scores_table: str = ""
    pseudonym_secret: str = ""
    alerts_topic: str = ""
    arrivals_queue: str = ""
    """Address of the queue in which S3 tells of new log files."""
    queues: str = "{}"
    """JSON object: name -> address of each queue that messages may lie in."""
    state_machine: str = ""
    """Of `Nightly`."""
    home_bucket: str = ""
    """In a further region: the bucket that its artifacts are copied from …"""
    home_region: str = ""
    """… and the region that it is in."""
    copies: str = "{}"
    """JSON object: further region -> bucket that artifacts are copied to."""
    train_launcher: str = ""
    train_target: str = ""
    source_secrets: str = "{}"
    """JSON object: source name -> id of the secret that holds its token."""
    webhook_secrets: str = "{}"
    """JSON object: source name -> id of the secret that holds what it signs notifications with."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Environment":
        """Read `HOLDFAST_<FIELD>` for each field.

        Raises:
            ConfigurationInvalid: the one variable that every function needs is missing.
        """
        known = {
            name: environ[key] for name in cls.__dataclass_fields__ if (key := f"HOLDFAST_{name.upper()}") in environ
        }
        if "config_path" not in known:
            raise ConfigurationInvalid(
                "HOLDFAST_CONFIG_PATH is not set: this function was not deployed by the Holdfast stack"
            )
        return cls(**known)
