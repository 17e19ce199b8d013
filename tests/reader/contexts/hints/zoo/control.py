import torch.nn as nn


def mlp(sizes, activation, output_activation=nn.Identity):
    layers = []
    for j in range(len(sizes) - 1):
        act = activation if j < len(sizes) - 2 else output_activation
        layers += [nn.Linear(sizes[j], sizes[j + 1]), act()]
    return nn.Sequential(*layers)


class ActorCritic(nn.Module):
    """Spaces as gym has them, and a list of widths."""

    def __init__(self, observation_space, action_space, hidden_sizes, activation=nn.Tanh):
        super().__init__()
        obs_dim = observation_space.shape[0]
        self.pi = mlp([obs_dim] + list(hidden_sizes) + [action_space.n], activation)
        self.v = mlp([obs_dim, *hidden_sizes, 1], activation)


class BaseWorldModel(nn.Module):
    def __init__(self, latent_dim, action_dim, num_bins=101):
        super().__init__()
        self.reward = mlp([latent_dim + action_dim, 256, num_bins], nn.Mish)


class WorldModel(BaseWorldModel):
    """What the base class takes goes through."""

    def __init__(self, encoder: nn.Module, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.dynamics = mlp([kwargs["latent_dim"] + kwargs["action_dim"], 512, kwargs["latent_dim"]], nn.Mish)


class MultiTask(nn.Module):
    def __init__(self, trunk, heads):
        super().__init__()
        self.trunk = trunk
        self.heads = nn.ModuleDict({name: nn.Linear(64, size) for name, size in heads.items()})

    def forward(self, x):
        features = self.trunk(x)
        return {name: head(features) for name, head in self.heads.items()}
