from types import SimpleNamespace

cfg = SimpleNamespace(
    joints=16,
    widths=[36, 72, 144],
    blocks=dict(stage2=2, stage3=3),
    lr=5e-4,
)
cfg.out = cfg.joints + 1  # background
