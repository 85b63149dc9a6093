"""Ingest: plan what a run pulls, and land it as pulled."""
