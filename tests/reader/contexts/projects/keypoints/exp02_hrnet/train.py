import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

import torch  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402

from common.data import Keypoints  # noqa: E402
from config import cfg  # noqa: E402
from model import Net  # noqa: E402


def run(lr=cfg.lr, epochs=100):
    model = Net(cfg)
    if torch.cuda.is_available():
        model = torch.nn.DataParallel(model).cuda()
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    for _ in range(epochs):
        for img, heat in DataLoader(Keypoints(os.path.join(ROOT, "data/mpii"), cfg.joints), batch_size=32):
            loss = torch.nn.functional.mse_loss(model(img)[:, :-1], heat)
            opt.zero_grad()
            loss.backward()
            opt.step()


if __name__ == "__main__":
    run()
