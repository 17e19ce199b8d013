"""python tools/export.py checkpoint.pth out.onnx   (from the repository's root)"""
import sys
from pathlib import Path

import torch

sys.path += [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent.parent / "exp01_baseline")]
from model import Net


def main(ckpt, out):
    net = Net(depth=8, joints=21).eval()
    if Path(ckpt).exists():
        net.load_state_dict(torch.load(ckpt, map_location="cpu"))
    torch.onnx.export(net, torch.randn(1, 3, 256, 192), out, opset_version=17)


if __name__ == "__main__":
    main(*sys.argv[1:3])
