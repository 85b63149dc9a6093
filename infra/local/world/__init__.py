"""A synthetic SaaS company whose customers leave for reasons that can be seen beforehand."""

from infra.local.world.generate import World
from infra.local.world.store import Recipe, prepare
from infra.local.world.truth import Achievable

__all__ = ["Achievable", "Recipe", "World", "prepare"]
