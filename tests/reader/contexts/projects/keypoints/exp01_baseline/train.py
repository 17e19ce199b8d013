import sys
sys.path.append("..")

import torch
from torch import optim
from torch.utils.data import DataLoader

import config
from common.data import Keypoints
from model import Net

net = Net()
opt = optim.Adam(net.parameters(), lr=config.lr)
loader = DataLoader(Keypoints("../data/coco", config.num_joints), batch_size=64)
for epoch in range(config.epochs):
    for img, heat in loader:
        loss = ((net(img) - heat) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    torch.save(net.state_dict(), f"ckpt_{epoch}.pth")
