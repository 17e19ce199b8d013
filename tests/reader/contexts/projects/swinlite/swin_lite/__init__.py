from swin_lite.swin_lite import SwinLite
from swin_lite.mim import SimMIM
