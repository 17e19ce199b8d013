import argparse
import logging
from pathlib import Path

import torch
import torch.optim as optim
from torch.utils.data import DataLoader, Dataset

from models.yolo import Model
from utils.general import check_file, set_logging

logger = logging.getLogger(__name__)
try:
    import wandb
except ImportError:
    wandb = None


class LoadImagesAndLabels(Dataset):
    def __init__(self, path, img_size):
        self.files = sorted(Path(path).glob("*.pt"))
        self.img_size = img_size

    def __len__(self):
        return max(1, len(self.files))

    def __getitem__(self, i):
        return torch.load(self.files[i])


def train(hyp, opt, device):
    model = Model(opt.cfg or ckpt['model'].yaml, ch=3, nc=1 if opt.single_cls else None).to(device)  # create
    for k, v in model.named_parameters():
        v.requires_grad = True
    pg0, pg1, pg2 = [], [], []  # optimizer parameter groups
    for k, v in model.named_modules():
        if hasattr(v, 'bias') and isinstance(v.bias, torch.nn.Parameter):
            pg2.append(v.bias)  # biases
        if isinstance(v, torch.nn.BatchNorm2d):
            pg0.append(v.weight)  # no decay
        elif hasattr(v, 'weight') and isinstance(v.weight, torch.nn.Parameter):
            pg1.append(v.weight)  # apply decay
    optimizer = optim.SGD(pg0, lr=hyp['lr0'], momentum=hyp['momentum'], nesterov=True)
    optimizer.add_param_group({'params': pg1, 'weight_decay': hyp['weight_decay']})
    optimizer.add_param_group({'params': pg2})
    logger.info('Optimizer groups: %g .bias, %g conv.weight, %g other' % (len(pg2), len(pg1), len(pg0)))
    loader = DataLoader(LoadImagesAndLabels(opt.data, opt.img_size), batch_size=opt.batch_size)
    for epoch in range(opt.epochs):
        for imgs, targets in loader:
            pred = model(imgs.to(device).float() / 255.0)
            loss = sum(p.square().mean() for p in pred)
            loss.backward()
            optimizer.step()


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg', type=str, default='models/small.yaml', help='model.yaml path')
    parser.add_argument('--data', type=str, default='data/coco128', help='data folder')
    parser.add_argument('--epochs', type=int, default=300)
    parser.add_argument('--batch-size', '--batch', type=int, default=16, help='total batch size for all GPUs')
    parser.add_argument('--img-size', '--img', type=int, default=640)
    parser.add_argument('--single-cls', action='store_true', help='train as single-class dataset')
    opt = parser.parse_args()
    set_logging()
    opt.cfg = check_file(opt.cfg)
    hyp = {'lr0': 0.01, 'momentum': 0.937, 'weight_decay': 0.0005}
    logger.info(opt)
    train(hyp, opt, torch.device('cuda:0' if torch.cuda.is_available() else 'cpu'))
