"""Stand-ins for the source APIs: a demo world behind the vendors' own shapes, limits and errors."""

from infra.local.standins.server import Options, serve

__all__ = ["Options", "serve"]
