import copy
import random
from collections import deque

import torch
from torch import nn

from .nets import ConvBase, NoisyLinear, mlp


class QNet(nn.Module):
    def __init__(self, env, hidden, dueling=False, noisy=False):
        super().__init__()
        self.base = ConvBase(env.observation_space.shape)
        n = env.action_space.n
        linear = NoisyLinear if noisy else nn.Linear
        if dueling:
            self.value = mlp([self.base.out_dim, hidden, 1], nn.ReLU)
            self.advantage = mlp([self.base.out_dim, hidden, n], nn.ReLU)
        else:
            self.head = nn.Sequential(linear(self.base.out_dim, hidden), nn.ReLU(), linear(hidden, n))
        self.dueling = dueling

    def forward(self, x):
        h = self.base(x)
        if self.dueling:
            a = self.advantage(h)
            return self.value(h) + a - a.mean(1, keepdim=True)
        return self.head(h)


class DQN:
    def __init__(self, env, hidden=128, dueling=False, noisy=False, lr=1e-4, capacity=100_000):
        self.env = env
        self.q = QNet(env, hidden, dueling, noisy)
        self.target = copy.deepcopy(self.q)
        self.buffer = deque(maxlen=capacity)
        self.opt = torch.optim.Adam(self.q.parameters(), lr=lr)

    def learn(self, steps, gamma=0.99, eps=0.05):
        obs, _ = self.env.reset()
        for step in range(steps):
            if random.random() < eps:
                action = random.randrange(self.env.action_space.n)
            else:
                with torch.no_grad():
                    action = 0
            nxt, reward, done, *_ = self.env.step(action)
            self.buffer.append((obs, action, reward, nxt, done))
            obs = self.env.reset()[0] if done else nxt
            o, a, r, n, d = (torch.as_tensor(x) for x in self.buffer[-1])
            with torch.no_grad():
                y = r + gamma * self.target(n[None]).max() * ~d
            loss = (self.q(o[None])[0, a] - y) ** 2
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
            if step % 1000 == 0:
                self.target.load_state_dict(self.q.state_dict())
