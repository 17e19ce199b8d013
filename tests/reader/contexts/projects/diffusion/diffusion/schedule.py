import math

import torch


def cosine_betas(timesteps, s=0.008):
    steps = torch.arange(timesteps + 1, dtype=torch.float64)
    alphas = torch.cos(((steps / timesteps) + s) / (1 + s) * math.pi * 0.5) ** 2
    alphas = alphas / alphas[0]
    return torch.clip(1 - alphas[1:] / alphas[:-1], 0, 0.999)


class GaussianDiffusion:
    def __init__(self, timesteps):
        self.timesteps = timesteps
        self.alphas_cumprod = torch.cumprod(1.0 - cosine_betas(timesteps), dim=0).float()

    def loss(self, model, x):
        t = torch.randint(0, self.timesteps, (x.shape[0],), device=x.device)
        noise = torch.randn_like(x)
        a = self.alphas_cumprod.to(x.device)[t].view(-1, 1, 1, 1)
        return torch.nn.functional.mse_loss(model(a.sqrt() * x + (1 - a).sqrt() * noise, t), noise)
