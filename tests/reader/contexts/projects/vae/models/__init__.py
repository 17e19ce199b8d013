from .base import *
from .vanilla_vae import *
from .beta_vae import *
from .vq_vae import *

# Aliases
VAE = VanillaVAE
GaussianVAE = VanillaVAE

vae_models = {'BetaVAE': BetaVAE,
              'VQVAE': VQVAE,
              'VanillaVAE': VanillaVAE}
