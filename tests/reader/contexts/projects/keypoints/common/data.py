import os

import torch
from torch.utils.data import Dataset


class Keypoints(Dataset):
    def __init__(self, root, joints):
        self.files = sorted(os.listdir(root)) if os.path.isdir(root) else ["missing.pt"]
        self.root, self.joints = root, joints

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        sample = torch.load(os.path.join(self.root, self.files[i]))
        return sample["image"], sample["heatmap"][: self.joints]
