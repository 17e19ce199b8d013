import torch
from torch import nn
from torch.distributions import Categorical

from .nets import ConvBase, layer_init


class ActorCritic(nn.Module):
    def __init__(self, envs, recurrent=True, hidden=192):
        super().__init__()
        self.base = ConvBase(envs[0].observation_space.shape, channels=(16, 32, 32))
        self.rnn = nn.GRU(self.base.out_dim, hidden) if recurrent else None
        if self.rnn is not None:
            for name, param in self.rnn.named_parameters():
                if "bias" in name:
                    nn.init.constant_(param, 0)
                elif "weight" in name:
                    nn.init.orthogonal_(param, 1.0)
        d = hidden if recurrent else self.base.out_dim
        self.actor = layer_init(nn.Linear(d, envs[0].action_space.n), std=0.01)
        self.critic = layer_init(nn.Linear(d, 1), std=1)

    def forward(self, x, state=None):
        h = self.base(x)
        if self.rnn is not None:
            h, state = self.rnn(h[None], state)
            h = h[0]
        return Categorical(logits=self.actor(h)), self.critic(h), state


class PPO:
    def __init__(self, envs, lr=2.5e-4, **net):
        self.envs = envs
        self.net = ActorCritic(envs, **net)
        self.opt = torch.optim.Adam(self.net.parameters(), lr=lr, eps=1e-5)

    def learn(self, steps, clip=0.2):
        obs = torch.stack([torch.as_tensor(e.reset()[0]) for e in self.envs])
        for _ in range(steps):
            dist, value, _ = self.net(obs)
            loss = value.mean() - clip * dist.entropy().mean()
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
