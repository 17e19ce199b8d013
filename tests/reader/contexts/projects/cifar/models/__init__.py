from .resnet import *
from .vgg import vgg11_bn, vgg16_bn
from .wideresnet import wrn16_4, wrn28_10, WideResNet
