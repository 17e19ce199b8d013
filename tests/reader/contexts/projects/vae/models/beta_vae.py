import torch
from models import BaseVAE
from torch import nn
from torch.nn import functional as F
from .types_ import *


class BetaVAE(BaseVAE):
    num_iter = 0  # Global static variable to keep track of iterations

    def __init__(self, in_channels: int, latent_dim: int, hidden_dims: List = None, beta: int = 4,
                 gamma: float = 1000., max_capacity: int = 25, Capacity_max_iter: int = 1e5, loss_type: str = 'B',
                 **kwargs) -> None:
        super(BetaVAE, self).__init__()
        self.latent_dim = latent_dim
        self.loss_type = loss_type
        self.C_max = torch.Tensor([max_capacity])
        if hidden_dims is None:
            hidden_dims = [32, 64, 128, 256, 512]
        self.hidden_dims = hidden_dims
        image_channels = in_channels

        modules = []
        for h_dim in hidden_dims:
            modules.append(nn.Sequential(
                nn.Conv2d(in_channels, h_dim, kernel_size=3, stride=2, padding=1),
                nn.BatchNorm2d(h_dim),
                nn.LeakyReLU()))
            in_channels = h_dim
        self.encoder = nn.Sequential(*modules)
        size = 64 // 2 ** len(hidden_dims)
        self.size = size
        self.fc_mu = nn.Linear(hidden_dims[-1] * size * size, latent_dim)
        self.fc_var = nn.Linear(hidden_dims[-1] * size * size, latent_dim)
        self.decoder_input = nn.Linear(latent_dim, hidden_dims[-1] * size * size)

        dims = hidden_dims[::-1]
        self.decoder = nn.Sequential(*[
            nn.Sequential(nn.ConvTranspose2d(a, b, 3, 2, 1, output_padding=1), nn.BatchNorm2d(b), nn.LeakyReLU())
            for a, b in zip(dims[:-1], dims[1:])])
        self.final_layer = nn.Sequential(
            nn.ConvTranspose2d(dims[-1], dims[-1], kernel_size=3, stride=2, padding=1, output_padding=1),
            nn.BatchNorm2d(dims[-1]),
            nn.LeakyReLU(),
            nn.Conv2d(dims[-1], out_channels=image_channels, kernel_size=3, padding=1),
            nn.Tanh())

    def forward(self, input: Tensor, **kwargs) -> Tensor:
        h = torch.flatten(self.encoder(input), start_dim=1)
        mu, log_var = self.fc_mu(h), self.fc_var(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * log_var)
        out = self.decoder_input(z).view(-1, self.hidden_dims[-1], self.size, self.size)
        return [self.final_layer(self.decoder(out)), input, mu, log_var]
