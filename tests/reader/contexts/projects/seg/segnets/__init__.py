from .backbones import get_backbone
from .decoders.deeplab import DeepLabV3Plus
from .decoders.fpn import FPN
from .decoders.unet import Unet

_ZOO = {m.__name__.lower(): m for m in (Unet, FPN, DeepLabV3Plus)}


def create_model(arch: str, backbone: str = "resnet34", in_channels: int = 3, classes: int = 1, **kwargs):
    """Build any of the nets by name."""
    try:
        model_class = _ZOO[arch.lower()]
    except KeyError:
        raise KeyError("Wrong architecture `{}`. Available: {}".format(arch, list(_ZOO)))
    return model_class(backbone_name=backbone, in_channels=in_channels, classes=classes, **kwargs)
