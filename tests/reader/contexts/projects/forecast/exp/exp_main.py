import os
import time
import warnings

import numpy as np
import torch
import torch.nn as nn
from torch import optim
from torch.utils.data import DataLoader

from exp.exp_basic import Exp_Basic
from models import DLinear, PatchTST, TCN
from utils.tools import EarlyStopping, adjust_learning_rate

warnings.filterwarnings('ignore')


class Exp_Main(Exp_Basic):
    def __init__(self, args):
        super(Exp_Main, self).__init__(args)

    def _build_model(self):
        model_dict = {
            'DLinear': DLinear,
            'PatchTST': PatchTST,
            'TCN': TCN,
        }
        model = model_dict[self.args.model].Model(self.args).float()

        if self.args.use_multi_gpu and self.args.use_gpu:
            model = nn.DataParallel(model, device_ids=self.args.device_ids)
        return model

    def _get_data(self, flag):
        series = np.zeros((2000, self.args.enc_in), dtype=np.float32)
        pairs = [(series[i:i + self.args.seq_len], series[i:i + self.args.pred_len]) for i in range(100)]
        return pairs, DataLoader(pairs, batch_size=self.args.batch_size)

    def train(self, setting):
        train_data, train_loader = self._get_data(flag='train')
        path = os.path.join('./checkpoints', setting)
        time_now = time.time()
        train_steps = len(train_loader)
        early_stopping = EarlyStopping(patience=3, verbose=True)
        model_optim = optim.Adam(self.model.parameters(), lr=self.args.learning_rate)
        criterion = nn.MSELoss()
        for epoch in range(self.args.train_epochs):
            train_loss = []
            self.model.train()
            for i, (batch_x, batch_y) in enumerate(train_loader):
                model_optim.zero_grad()
                outputs = self.model(batch_x.float().to(self.device))
                loss = criterion(outputs[:, -self.args.pred_len:, :], batch_y.to(self.device))
                train_loss.append(loss.item())
                loss.backward()
                model_optim.step()
            early_stopping(np.average(train_loss), self.model, path)
            if early_stopping.early_stop:
                break
            adjust_learning_rate(model_optim, epoch + 1, self.args)
        return self.model
