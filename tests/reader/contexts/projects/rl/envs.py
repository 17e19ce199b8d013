import numpy as np


class Box:
    def __init__(self, low, high, shape):
        self.low, self.high, self.shape = low, high, shape


class Discrete:
    def __init__(self, n):
        self.n = n


class GridWorld:
    """Walls, keys, doors: one plane each."""

    planes = ("agent", "wall", "key", "door", "goal")
    moves = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}

    def __init__(self, size=10, view=None):
        self.size = size
        side = size if view is None else 2 * view + 1
        self.observation_space = Box(0, 1, (len(self.planes), side, side))
        self.action_space = Discrete(len(self.moves) + 1)
        self.grid = np.zeros(self.observation_space.shape, dtype=np.float32)

    def reset(self, seed=None):
        rng = np.random.default_rng(seed)
        self.grid[:] = 0
        self.pos = rng.integers(0, self.size, 2)
        return self.grid.copy(), {}

    def step(self, action):
        return self.grid.copy(), 0.0, False, False, {}
