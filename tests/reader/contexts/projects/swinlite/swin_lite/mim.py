import torch
from torch import nn
import torch.nn.functional as F
from einops import repeat


class SimMIM(nn.Module):
    def __init__(self, *, encoder, masking_ratio = 0.5):
        super().__init__()
        assert masking_ratio > 0 and masking_ratio < 1, 'masking ratio must be kept between 0 and 1'
        self.masking_ratio = masking_ratio
        self.encoder = encoder
        embed = encoder.to_patch_embedding[1]
        pixel_values_per_patch, encoder_dim = embed.weight.shape[1], embed.weight.shape[0]
        self.mask_token = nn.Parameter(torch.randn(encoder_dim))
        self.to_pixels = nn.Sequential(
            nn.ConvTranspose2d(encoder.dim, encoder_dim, 2, stride = 2),
            nn.GELU(),
            nn.Conv2d(encoder_dim, pixel_values_per_patch, 1)
        )

    def forward(self, img):
        patches = self.encoder.to_patch_embedding[0](img)
        tokens = self.encoder.to_patch_embedding(img)
        mask = torch.rand(tokens.shape[0], 1, *tokens.shape[2:], device = img.device) < self.masking_ratio
        x = torch.where(mask, repeat(self.mask_token, 'd -> b d 1 1', b = len(img)), tokens)
        for stage in self.encoder.stages:
            x = stage(x)
        return F.l1_loss(self.to_pixels(x) * mask, patches * mask)
