import importlib
import os

from ..registry import MODELS

# import every file here so that the decorators run
for file in sorted(os.listdir(os.path.dirname(__file__))):
    if file.endswith(".py") and not file.startswith("_"):
        importlib.import_module("textcls.models." + file[: file.find(".py")])


def build_model(model_cfg, data_cfg):
    cfg = dict(model_cfg)
    name = cfg.pop("name")
    return MODELS.get(name)(
        vocab_size=data_cfg["vocab_size"],
        num_classes=data_cfg["num_classes"],
        max_len=data_cfg.get("max_len", 256),
        **cfg,
    )
