import random

import fire
import torch

from agents.dqn import DQN
from agents.ppo import PPO
from envs import GridWorld


def seed_all(seed):
    random.seed(seed)
    torch.manual_seed(seed)


def dqn(size=10, hidden=128, dueling=False, noisy=False, steps=200_000, seed=0):
    """Deep Q-learning on one world."""
    seed_all(seed)
    agent = DQN(GridWorld(size=size), hidden=hidden, dueling=dueling, noisy=noisy)
    agent.learn(steps)


def ppo(size: int = 10, num_envs: int = 8, view: int = 3, steps: int = 1_000_000, seed: int = 0):
    seed_all(seed)
    envs = [GridWorld(size, view) for _ in range(num_envs)]
    agent = PPO(envs, recurrent=True)
    agent.learn(steps)


if __name__ == "__main__":
    fire.Fire({"dqn": dqn, "ppo": ppo})
