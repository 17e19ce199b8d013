from .mobilenet import mobilenet_encoders
from .resnet import resnet_encoders

encoders = {}
encoders.update(resnet_encoders)
encoders.update(mobilenet_encoders)


def get_backbone(name, in_channels=3, depth=5, output_stride=32, weights=None):
    Encoder = encoders[name]["encoder"]
    params = dict(encoders[name]["params"])
    params.update(depth=depth)
    encoder = Encoder(**params)
    if weights is not None:
        encoder.load_state_dict(__import__("torch").load(weights))
    if in_channels != 3:
        encoder.set_in_channels(in_channels)
    if output_stride != 32:
        encoder.make_dilated(output_stride)
    return encoder
