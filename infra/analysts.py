"""Construct: what an analyst works with, Athena's workgroup and the views in the lake's database."""

from aws_cdk import Stack
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from constructs import Construct

from infra.storage import ATHENA_RESULTS, Storage
from infra.views import View, shipped

MOST_BYTES = 10 * 1024**3
"""A query that would scan more is stopped; at 5 USD a TB that is 5 cents."""


class Analysts(Construct):
    """Results are encrypted, and go after a month; what the workgroup says holds, whatever a client asks for."""

    def __init__(self, scope: Construct, construct_id: str, *, storage: Storage) -> None:
        super().__init__(scope, construct_id)
        self._storage = storage
        self._build_workgroup()
        for view in shipped():
            self._build_view(view)

    def _build_workgroup(self) -> None:
        storage = self._storage
        athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=storage.database,
            recursive_delete_option=True,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=MOST_BYTES,
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=f"s3://{storage.artifacts.bucket_name}/{ATHENA_RESULTS}",
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS", kms_key=storage.key.key_arn
                    ),
                ),
            ),
        )

    def _build_view(self, view: View) -> None:
        columns = [
            glue.CfnTable.ColumnProperty(name=name, type=kind, comment=meaning or None)
            for name, kind, meaning in view.glue_columns()
        ]
        table = glue.CfnTable(
            self,
            view.name,
            catalog_id=Stack.of(self).account,
            database_name=self._storage.database,
            table_input=glue.CfnTable.TableInputProperty(
                name=view.name,
                description=view.purpose,
                table_type="VIRTUAL_VIEW",
                parameters={"presto_view": "true", "comment": "Presto View"},
                view_original_text=view.presto(self._storage.database),
                view_expanded_text="/* Presto View */",
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(columns=columns, serde_info={}),
                partition_keys=[],
            ),
        )
        table.node.add_dependency(self._storage.catalogue)
