num_joints = 17
stem = 48
depth = 4
feat = 192
lr = 1e-3
epochs = 140
