import os

import torch
from torch.utils.data import Dataset


class TextDataset(Dataset):
    def __init__(self, root, split, max_len):
        self.max_len = max_len
        self.rows = []
        path = os.path.join(root, f"{split}.tsv")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                for line in f:
                    label, text = line.rstrip("\n").split("\t")
                    self.rows.append((int(label), [int(t) for t in text.split()]))

    def __len__(self):
        return max(len(self.rows), 1)

    def __getitem__(self, i):
        label, ids = self.rows[i]
        ids = ids[: self.max_len] + [0] * max(0, self.max_len - len(ids))
        return torch.tensor(ids), label
