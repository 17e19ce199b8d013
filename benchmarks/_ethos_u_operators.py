"""Single operators as modules: does each run on the NPU, or on the host?"""

from _ethos_u_cases import Case, Input, net

__all__ = ["operators"]

MAP: Input = ((1, 16, 12, 12), "float32")
POSITIVE: Input = ((1, 16, 12, 12), "positive")
ROWS: Input = ((4, 24), "float32")
TOKENS: Input = ((1, 12, 32), "float32")
BOOLS: Input = ((1, 16, 12, 12), "bool")

LAYERS: dict[str, tuple[str, Input]] = {
    "Conv2d": ("nn.Conv2d(16, 24, 3)", MAP),
    "Conv2d depthwise": ("nn.Conv2d(16, 16, 3, groups=16)", MAP),
    "Conv2d grouped": ("nn.Conv2d(16, 32, 3, groups=2)", MAP),
    "Conv2d dilation 2": ("nn.Conv2d(16, 24, 3, dilation=2)", MAP),
    "Conv2d stride 4": ("nn.Conv2d(16, 24, 5, stride=4)", MAP),
    "Conv2d stride 4 padded": ("nn.Conv2d(16, 24, 5, stride=4, padding=2)", MAP),
    "Conv2d 11x11": ("nn.Conv2d(16, 24, 11, padding=5)", MAP),
    "Conv1d": ("nn.Conv1d(12, 24, 3)", TOKENS),
    "Conv3d": ("nn.Conv3d(4, 8, 3)", ((1, 4, 8, 8, 8), "float32")),
    "ConvTranspose2d stride 2": ("nn.ConvTranspose2d(16, 24, 2, stride=2)", MAP),
    "ConvTranspose2d stride 3": ("nn.ConvTranspose2d(16, 24, 3, stride=3)", MAP),
    "Linear": ("nn.Linear(24, 40)", ROWS),
    "MaxPool2d": ("nn.MaxPool2d(2)", MAP),
    "MaxPool2d stride 4": ("nn.MaxPool2d(4)", MAP),
    "AvgPool2d": ("nn.AvgPool2d(2)", MAP),
    "AvgPool2d stride 4": ("nn.AvgPool2d(4)", MAP),
    "AdaptiveAvgPool2d": ("nn.AdaptiveAvgPool2d(1)", MAP),
    "ReLU": ("nn.ReLU()", MAP),
    "ReLU6": ("nn.ReLU6()", MAP),
    "Hardtanh": ("nn.Hardtanh()", MAP),
    "Sigmoid": ("nn.Sigmoid()", MAP),
    "Tanh": ("nn.Tanh()", MAP),
    "Hardswish": ("nn.Hardswish()", MAP),
    "Hardsigmoid": ("nn.Hardsigmoid()", MAP),
    "SiLU": ("nn.SiLU()", MAP),
    "Mish": ("nn.Mish()", MAP),
    "GELU": ("nn.GELU()", MAP),
    "ELU": ("nn.ELU()", MAP),
    "SELU": ("nn.SELU()", MAP),
    "LeakyReLU": ("nn.LeakyReLU()", MAP),
    "PReLU": ("nn.PReLU()", MAP),
    "Softplus": ("nn.Softplus()", MAP),
    "Softsign": ("nn.Softsign()", MAP),
    "Softmax": ("nn.Softmax(dim=-1)", ROWS),
    "LogSoftmax": ("nn.LogSoftmax(dim=-1)", ROWS),
    "LayerNorm": ("nn.LayerNorm(32)", TOKENS),
    "RMSNorm": ("nn.RMSNorm(32)", TOKENS),
    "GroupNorm": ("nn.GroupNorm(4, 16)", MAP),
    "InstanceNorm2d": ("nn.InstanceNorm2d(16)", MAP),
    "BatchNorm2d": ("nn.BatchNorm2d(16)", MAP),
    "Embedding": ("nn.Embedding(10, 16)", ((1, 12), "int64")),
    "Upsample nearest": ("nn.Upsample(scale_factor=2, mode='nearest')", MAP),
    "Upsample bilinear": ("nn.Upsample(scale_factor=2, mode='bilinear')", MAP),
    "Upsample nearest 3": ("nn.Upsample(scale_factor=3, mode='nearest')", MAP),
    "PixelShuffle": ("nn.PixelShuffle(2)", MAP),
    "PixelUnshuffle": ("nn.PixelUnshuffle(2)", MAP),
    "ZeroPad2d": ("nn.ZeroPad2d(1)", MAP),
    "ReflectionPad2d": ("nn.ReflectionPad2d(1)", MAP),
    "Dropout": ("nn.Dropout()", MAP),
    "GLU": ("nn.GLU(dim=1)", MAP),
    "LSTM": ("nn.LSTM(32, 16, batch_first=True)", TOKENS),
    "GRU": ("nn.GRU(32, 16, batch_first=True)", TOKENS),
}
"""Name, the call that builds it, and what it is given."""

FUNCTIONS: dict[str, tuple[str, tuple[Input, ...]]] = {
    "abs": ("torch.abs(x)", (MAP,)),
    "add": ("x + y", (MAP, MAP)),
    "sub": ("x - y", (MAP, MAP)),
    "mul": ("x * y", (MAP, MAP)),
    "div": ("x / y", (MAP, POSITIVE)),
    "neg": ("-x", (MAP,)),
    "exp": ("torch.exp(x)", (MAP,)),
    "log": ("torch.log(x)", (POSITIVE,)),
    "sqrt": ("torch.sqrt(x)", (POSITIVE,)),
    "rsqrt": ("torch.rsqrt(x)", (POSITIVE,)),
    "pow": ("torch.pow(x, 2)", (MAP,)),
    "reciprocal": ("torch.reciprocal(x)", (POSITIVE,)),
    "erf": ("torch.erf(x)", (MAP,)),
    "sin": ("torch.sin(x)", (MAP,)),
    "cos": ("torch.cos(x)", (MAP,)),
    "floor": ("torch.floor(x)", (MAP,)),
    "round": ("torch.round(x)", (MAP,)),
    "sign": ("torch.sign(x)", (MAP,)),
    "clamp": ("torch.clamp(x, -0.5, 0.5)", (MAP,)),
    "maximum": ("torch.maximum(x, y)", (MAP, MAP)),
    "minimum": ("torch.minimum(x, y)", (MAP, MAP)),
    "mean": ("torch.mean(x, dim=(2, 3))", (MAP,)),
    "sum": ("torch.sum(x, dim=1)", (MAP,)),
    "var": ("torch.var(x, dim=1)", (MAP,)),
    "amax": ("torch.amax(x, dim=1)", (MAP,)),
    "amin": ("torch.amin(x, dim=1)", (MAP,)),
    "argmax": ("torch.argmax(x, dim=1)", (MAP,)),
    "cumsum": ("torch.cumsum(x, dim=1)", (MAP,)),
    "topk": ("torch.topk(x, 3, dim=-1)[0]", (ROWS,)),
    "sort": ("torch.sort(x, dim=-1)[0]", (ROWS,)),
    "cat": ("torch.cat([x, y], dim=1)", (MAP, MAP)),
    "stack": ("torch.stack([x, y], dim=1)", (MAP, MAP)),
    "split": ("torch.split(x, 8, dim=1)[0]", (MAP,)),
    "chunk": ("torch.chunk(x, 2, dim=1)[1]", (MAP,)),
    "reshape": ("x.reshape(1, 16, 144)", (MAP,)),
    "permute": ("x.permute(0, 2, 3, 1)", (MAP,)),
    "transpose": ("x.transpose(1, 2)", (MAP,)),
    "flip": ("torch.flip(x, (1,))", (MAP,)),
    "repeat": ("x.repeat(1, 2, 1, 1)", (MAP,)),
    "expand": ("x.mean(dim=1, keepdim=True).expand(1, 16, 12, 12)", (MAP,)),
    "pad": ("F.pad(x, (1, 1))", (MAP,)),
    "roll": ("torch.roll(x, 1, 1)", (MAP,)),
    "squeeze": ("x.squeeze(0)", (MAP,)),
    "unsqueeze": ("x.unsqueeze(1)", (MAP,)),
    "index": ("x[:, :8]", (MAP,)),
    "where": ("torch.where(c, x, y)", (BOOLS, MAP, MAP)),
    "eq": ("x == y", (MAP, MAP)),
    "gt": ("x > y", (MAP, MAP)),
    "lt": ("x < y", (MAP, MAP)),
    "logical_and": ("torch.logical_and(x, y)", (BOOLS, BOOLS)),
    "logical_not": ("torch.logical_not(x)", (BOOLS,)),
    "any": ("torch.any(x, dim=1)", (BOOLS,)),
    "gather": ("torch.gather(x, 1, y)", (ROWS, ((4, 8), "int64"))),
    "index_select": ("torch.index_select(x, 1, y)", (ROWS, ((8,), "int64"))),
    "scatter": ("torch.scatter(x, 1, y, z)", (ROWS, ((4, 8), "int64"), ((4, 8), "float32"))),
    "matmul": ("torch.matmul(x, y)", (TOKENS, ((1, 32, 20), "float32"))),
    "bmm": ("torch.bmm(x, y)", (TOKENS, ((1, 32, 20), "float32"))),
    "softmax": ("F.softmax(x, dim=-1)", (TOKENS,)),
    "normalize": ("F.normalize(x, dim=-1)", (ROWS,)),
    "scaled_dot_product_attention": (
        "F.scaled_dot_product_attention(x, x, x)",
        (((1, 2, 12, 16), "float32"),),
    ),
    "interpolate": ("F.interpolate(x, scale_factor=2.0)", (MAP,)),
}
"""Name, the expression over x, y, z (and c, a condition), and what it is given."""


def operators() -> list[Case]:
    """Return one module for each operator."""
    cases = [
        Case(name, "layer", net([f"self.layer = {call}"], [_applied(name)]), (given,))
        for name, (call, given) in LAYERS.items()
    ]
    for name, (expression, inputs) in FUNCTIONS.items():
        names = "c, x, y" if name == "where" else ", ".join("xyz"[: len(inputs)])
        cases.append(Case(name, "function", net([], [f"return {expression}"], names), inputs))
    return cases


def _applied(name: str) -> str:
    """Recurrent layers return a pair: the sequence counts."""
    return f"return self.layer(x){'[0]' if name in ('LSTM', 'GRU') else ''}"
