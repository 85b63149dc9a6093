"""Holdfast: what two or more of its functions need. This package is the layer asset itself."""
