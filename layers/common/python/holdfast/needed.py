"""Which files a table needs."""

from pyiceberg.table import Table


def referenced(table: Table) -> set[str]:
    """Addresses of all files that any snapshot needs, and of the metadata that the table remembers."""
    found = {table.metadata_location, *(entry.metadata_file for entry in table.metadata.metadata_log)}
    seen = set()
    for snapshot in table.snapshots():
        found.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            if manifest.manifest_path not in seen:
                seen.add(manifest.manifest_path)
                entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
                found.update(entry.data_file.file_path for entry in entries)
    return found | seen
