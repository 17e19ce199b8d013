from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

import segnets


class DiceLoss(nn.Module):
    def __init__(self, eps: float = 1e-6):
        super().__init__()
        self.eps = eps

    def forward(self, logits, target):
        prob = logits.softmax(1)
        onehot = nn.functional.one_hot(target, logits.shape[1]).permute(0, 3, 1, 2)
        inter = (prob * onehot).sum((0, 2, 3))
        return 1 - ((2 * inter + self.eps) / ((prob + onehot).sum((0, 2, 3)) + self.eps)).mean()


class Tiles(Dataset):
    def __init__(self, root: Path, bands: int):
        self.files = sorted(root.glob("*.npz"))
        self.bands = bands

    def __len__(self):
        return len(self.files) or 1

    def __getitem__(self, i):
        import numpy as np

        z = np.load(self.files[i])
        return torch.from_numpy(z["image"][: self.bands]), torch.from_numpy(z["mask"]).long()


def parse_args(argv=None) -> argparse.Namespace:
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--root", type=Path, default=Path("data"))
    ap.add_argument("--model", choices=("unet", "fpn", "deeplabv3plus"), default="unet")
    ap.add_argument("--backbone", default="resnet34", help="resnet18, resnet34, resnet50 or mobilenet")
    ap.add_argument("--bands", default=4, type=int, help="RGB + near infrared")
    ap.add_argument("--num-classes", default=6, type=int)
    ap.add_argument("--output-stride", default=16, type=int)
    ap.add_argument("--lr", default=3e-4, type=float)
    ap.add_argument("--epochs", default=50, type=int)
    ap.add_argument("--workers", default=8, type=int)
    return ap.parse_args(argv)


def main() -> int:
    args = parse_args()
    extra = {}
    if args.model == "deeplabv3plus":
        extra["output_stride"] = args.output_stride
    model = segnets.create_model(args.model, backbone=args.backbone, in_channels=args.bands,
                                 classes=args.num_classes, **extra)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device)
    params = [
        {"params": model.encoder.parameters(), "lr": args.lr * 0.1},
        {"params": [p for n, p in model.named_parameters() if not n.startswith("encoder")]},
    ]
    optim = torch.optim.AdamW(params, lr=args.lr)
    loader = DataLoader(Tiles(args.root, args.bands), batch_size=8, num_workers=0)
    ce, dice = nn.CrossEntropyLoss(ignore_index=255), DiceLoss()
    scaler = torch.amp.GradScaler(device.type, enabled=device.type == "cuda")
    for epoch in range(args.epochs):
        for image, mask in loader:
            with torch.autocast(device.type):
                out = model(image.to(device))
                loss = ce(out, mask.to(device)) + dice(out, mask.to(device))
            optim.zero_grad(set_to_none=True)
            scaler.scale(loss).backward()
            scaler.step(optim)
            scaler.update()
            if not math.isfinite(loss.item()):
                print("Loss is {}, stopping".format(loss.item()))
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
