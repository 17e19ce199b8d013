#!/usr/bin/env python
# coding: utf-8

# # Leaf disease baseline
# 5-fold, SE-ResNeXt trained from scratch on 384px crops. CV 0.9612, LB 0.958

# In[1]:


get_ipython().system('pip install -q einops')
get_ipython().run_line_magic('matplotlib', 'inline')


# In[2]:


import gc
import math
import os
import random

import numpy as np
import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import Dataset, DataLoader
from tqdm.auto import tqdm


# In[3]:


class CFG:
    debug = False
    apex = True
    seed = 42
    size = 384
    target_size = 5
    groups = 32
    base_width = 4
    layers = [3, 4, 6, 3]
    reduction = 16
    embed = 384
    n_fold = 5
    trn_fold = [0, 1]
    epochs = 10
    lr = 1e-4
    batch_size = 16

if CFG.debug:
    CFG.epochs = 1


def seed_torch(seed=42):
    random.seed(seed)
    os.environ['PYTHONHASHSEED'] = str(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True

seed_torch(seed=CFG.seed)


# In[4]:


def mish(x): return x * torch.tanh(F.softplus(x))

class Mish(nn.Module):
    def forward(self, x): return mish(x)

class GeM(nn.Module):
    def __init__(self, p=3, eps=1e-6):
        super(GeM, self).__init__()
        self.p = nn.Parameter(torch.ones(1) * p)
        self.eps = eps

    def forward(self, x):
        return F.avg_pool2d(x.clamp(min=self.eps).pow(self.p), (x.size(-2), x.size(-1))).pow(1. / self.p)

class SEModule(nn.Module):
    def __init__(self, channels, reduction):
        super(SEModule, self).__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, kernel_size=1)
        self.fc2 = nn.Conv2d(channels // reduction, channels, kernel_size=1)

    def forward(self, x):
        s = F.adaptive_avg_pool2d(x, 1)
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(s))))

class SEResNeXtBottleneck(nn.Module):
    expansion = 4

    def __init__(self, inplanes, planes, groups, reduction, stride=1, downsample=None, base_width=4):
        super().__init__()
        width = math.floor(planes * (base_width / 64)) * groups
        self.conv1 = nn.Conv2d(inplanes, width, kernel_size=1, bias=False, stride=1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, stride=stride, padding=1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, planes * 4, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(planes * 4)
        self.act = Mish()
        self.se_module = SEModule(planes * 4, reduction=reduction)
        self.downsample = downsample

    def forward(self, x):
        residual = x if self.downsample is None else self.downsample(x)
        out = self.act(self.bn1(self.conv1(x)))
        out = self.act(self.bn2(self.conv2(out)))
        return self.act(self.se_module(self.bn3(self.conv3(out))) + residual)


# In[5]:


class CustomNet(nn.Module):
    def __init__(self, cfg=CFG, inplanes=64):
        super().__init__()
        self.cfg = cfg
        self.inplanes = inplanes
        self.layer0 = nn.Sequential(
            nn.Conv2d(3, inplanes, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(inplanes),
            Mish(),
            nn.MaxPool2d(3, stride=2, ceil_mode=True))
        for i, n in enumerate(cfg.layers):
            setattr(self, f'layer{i+1}', self.make_layer(64 * 2 ** i, n, stride=1 if i == 0 else 2))
        self.pool = GeM()
        self.neck = nn.Sequential(nn.Linear(self.inplanes, cfg.embed, bias=True), nn.BatchNorm1d(cfg.embed), nn.PReLU())
        self.drops = nn.ModuleList([nn.Dropout(p) for p in np.linspace(0.1, 0.5, 5)])
        self.head = nn.Linear(cfg.embed, cfg.target_size)

    def make_layer(self, planes, blocks, stride):
        downsample = None
        if stride != 1 or self.inplanes != planes * SEResNeXtBottleneck.expansion:
            downsample = nn.Sequential(
                nn.Conv2d(self.inplanes, planes * 4, kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(planes * 4))
        layers = [SEResNeXtBottleneck(self.inplanes, planes, self.cfg.groups, self.cfg.reduction, stride, downsample,
                                      self.cfg.base_width)]
        self.inplanes = planes * 4
        for i in range(1, blocks):
            layers.append(SEResNeXtBottleneck(self.inplanes, planes, self.cfg.groups, self.cfg.reduction))
        return nn.Sequential(*layers)

    def forward(self, x):
        x = self.layer0(x)
        for i in range(1, 5):
            x = getattr(self, f'layer{i}')(x)
        x = self.neck(self.pool(x).flatten(1))
        return sum(self.head(d(x)) for d in self.drops) / len(self.drops)


# In[6]:


class TrainDataset(Dataset):
    def __init__(self, files, labels=None):
        self.files, self.labels = files, labels

    def __len__(self):
        return len(self.files)

    def __getitem__(self, idx):
        image = plt.imread(self.files[idx])
        return torch.tensor(image).permute(2, 0, 1).float() / 255, self.labels[idx]


# In[7]:


device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')

def train_loop(fold):
    print(f"========== fold: {fold} training ==========")
    files = [f'../input/leaf/{i}.jpg' for i in range(1000) if i % CFG.n_fold != fold]
    train_loader = DataLoader(TrainDataset(files, np.zeros(len(files), dtype=int)), batch_size=CFG.batch_size)
    model = CustomNet(CFG)
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=CFG.lr, weight_decay=1e-6, amsgrad=False)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=10)
    criterion = nn.CrossEntropyLoss()
    best_score = 0.
    for epoch in range(CFG.epochs):
        model.train()
        for images, labels in tqdm(train_loader):
            loss = criterion(model(images.to(device)), labels.to(device))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        scheduler.step()
    del model
    gc.collect()
    return best_score


# In[8]:


scores = []
for fold in range(CFG.n_fold):
    if fold in CFG.trn_fold:
        scores.append(train_loop(fold))
print('CV:', np.mean(scores))


# In[ ]:




