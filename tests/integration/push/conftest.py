"""A stack that only pushes."""

import pytest

from support.push_stack import PushStack
from support.world import World


@pytest.fixture
def stack(world: World) -> PushStack:
    """The functions of a push on the world, one warm sender."""
    return PushStack(world)
