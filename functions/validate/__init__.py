"""Validate and transform: judge what landed, and let what passed into the lake."""
