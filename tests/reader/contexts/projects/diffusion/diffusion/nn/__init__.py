from diffusion.nn.unet import UNet

__all__ = ["UNet"]
