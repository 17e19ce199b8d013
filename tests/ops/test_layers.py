"""Every row against the class of torch.nn that it describes, built with the same arguments."""

import pytest
import torch
from torch import nn

from hwlint.ops import LAYERS, Child, bind, normalise

F = torch.nn.functional


def rows(*ops, calls):
    return [(op, args, kwargs) for op in ops for args, kwargs in calls]


def dims(pattern, calls, among=(1, 2, 3)):
    return rows(*(pattern.format(n) for n in among), calls=calls)


CONVOLUTIONS = [
    ((4, 8, 3), {}),
    ((4, 8), {"kernel_size": 3, "bias": False, "stride": 2, "padding": 1}),
    ((4, 8, 1, 1, 0), {"groups": 4}),
    ((4, 8, 3), {"groups": 2, "dilation": 2}),
    ((4, 6, 3), {"groups": 4}),
    ((6, 4, 3), {"groups": 4}),
    ((4, 8, 3), {"groups": 0}),
    ((4, 8, 3), {"groups": -1}),
    ((4, 8, 3.5), {}),
    ((4.0, 8, 3), {}),
    ((4, 8.0, 3), {}),
    ((-4, 8, 3), {}),
    ((0, 8, 3), {}),
    ((4, 8, None), {}),
    ((4, 8, 3), {"padding_mode": "wrong"}),
    ((4, 8, 3), {"bias": None}),
]
FORWARD = [
    ((4, 8, 3), {"padding": "same"}),
    ((4, 8, 3), {"padding": "valid", "stride": 2}),
    ((4, 8, 3), {"padding": "same", "stride": 2}),
    ((4, 8, 3), {"padding": "SAME"}),
    ((4, 8, 3), {"padding_mode": "reflect", "padding": 1}),
]
LAZY = [(args[1:], kwargs) for args, kwargs in CONVOLUTIONS if args[0] == 4]

SAMPLES = [
    *dims("Conv{}d", CONVOLUTIONS + FORWARD),
    *dims("ConvTranspose{}d", [*CONVOLUTIONS, ((4, 8, 3), {"output_padding": 1, "stride": 2})]),
    *dims("LazyConv{}d", LAZY),
    *dims("LazyConvTranspose{}d", LAZY),
    *dims("ConvTranspose{}d", [((4, 8, 3), {"padding_mode": "reflect"})]),
    ("Conv1d", (4, 8, (5,)), {"stride": [2]}),
    ("Conv2d", (4, 8, (3, 5)), {"stride": [2, 1], "padding": (1, 2), "dilation": [1, 2]}),
    ("Conv2d", (4, 8, [3, 5]), {"padding": "same", "stride": (1, 2)}),
    ("Conv3d", (4, 8, (1, 3, 5)), {"stride": (1, 2, 2)}),
    ("ConvTranspose2d", (4, 8, (3, 5)), {"output_padding": (0, 1), "stride": 2}),
    *rows(
        "Linear",
        "NonDynamicallyQuantizableLinear",
        calls=[
            ((4, 8), {}),
            ((4, 8, False), {}),
            ((4,), {"out_features": 8, "bias": 0}),
            ((4.0, 8), {}),
            ((4, "8"), {}),
            ((4, None), {}),
            ((4, -8), {}),
            ((0, 8), {}),
        ],
    ),
    *rows("LazyLinear", calls=[((8,), {}), ((8, False), {}), ((8.5,), {})]),
    *rows("Bilinear", calls=[((2, 3, 4), {}), ((2, 3, 4, False), {}), ((0, 3, 4), {})]),
    *rows("Identity", calls=[((), {}), ((1, 2), {"anything": 3})]),
    *dims(
        "BatchNorm{}d",
        calls := [
            ((8,), {}),
            ((8, 1e-3, None), {}),
            ((8,), {"affine": False}),
            ((8,), {"bias": False}),
            ((8,), {"track_running_stats": False}),
            ((8,), {"affine": True, "track_running_stats": True}),
            ((8,), {"affine": False, "track_running_stats": False, "bias": False}),
            ((8.0,), {"affine": True}),
            ((8.0,), {"affine": False, "track_running_stats": False}),
            ((-1,), {"affine": True}),
        ],
    ),
    *dims("InstanceNorm{}d", calls),
    *rows("_BatchNorm", "_InstanceNorm", "_NormBase", calls=calls),
    *rows("SyncBatchNorm", calls=[*calls, ((8,), {"process_group": "group"})]),
    *dims("LazyBatchNorm{}d", lazy := [(args[1:], kwargs) for args, kwargs in calls]),
    *dims("LazyInstanceNorm{}d", lazy),
    *rows(
        "LayerNorm",
        "RMSNorm",
        calls=[
            ((8,), {}),
            (((4, 8),), {"eps": 1e-6}),
            (([4, 8],), {"elementwise_affine": False}),
            ((torch.Size([2, 3]),), {}),
            ((8.0,), {}),
            ((None,), {}),
            (((8.0,),), {}),
            (((8.0,),), {"elementwise_affine": False}),
            ((-8,), {}),
            ((8,), {"nonsense": 1}),
        ],
    ),
    ("LayerNorm", (8,), {"bias": False}),
    *rows(
        "GroupNorm",
        calls=[
            ((2, 8), {}),
            ((3, 8), {}),
            ((0, 8), {}),
            ((2, 8), {"affine": False}),
            ((2, 8), {"bias": False}),
            ((2, 8.0), {}),
        ],
    ),
    *rows("LocalResponseNorm", "CrossMapLRN2d", calls=[((5,), {}), ((5, 1e-3), {"k": 2})]),
    *rows("LogSigmoid", "Sigmoid", "Softmax2d", "Softsign", "Tanh", "Tanhshrink", calls=[((), {})]),
    *rows(
        *("Hardsigmoid", "Hardswish", "Mish", "ReLU", "ReLU6", "SELU", "SiLU"),
        calls=[((), {}), ((True,), {}), ((), {"inplace": True})],
    ),
    *rows("LogSoftmax", "Softmax", "Softmin", calls=[((), {}), ((-1,), {}), ((), {"dim": 1})]),
    *rows("CELU", "ELU", "LeakyReLU", calls=[((), {}), ((0.3,), {"inplace": True})]),
    *rows("Hardshrink", "Softshrink", calls=[((), {}), ((0.3,), {})]),
    *rows("GELU", calls=[((), {}), (("tanh",), {})]),
    *rows("GLU", calls=[((), {}), ((1,), {})]),
    *rows("RReLU", calls=[((), {}), ((0.1,), {"upper": 0.4, "inplace": True})]),
    *rows("Softplus", calls=[((), {}), ((2,), {"threshold": 10})]),
    *rows("Threshold", calls=[((0.1, 20), {}), ((0.1, 20, True), {}), ((0.1,), {})]),
    *rows(
        "Hardtanh",
        calls=[
            ((), {}),
            ((-2, 2, True), {}),
            ((), {"min_value": -3, "max_value": 3}),
            ((2, 1), {}),
        ],
    ),
    *rows("PReLU", calls=[((), {}), ((8,), {"init": 0.1}), ((8.0,), {}), ((-1,), {})]),
    *dims("MaxPool{}d", calls := [((3,), {}), ((3, 2, 1), {"ceil_mode": True})]),
    *dims("AvgPool{}d", [*calls[:1], ((3, 2, 1), {"count_include_pad": False})]),
    ("MaxPool2d", ((3, 2),), {"dilation": 2, "return_indices": True}),
    ("MaxPool2d", (3, 0), {}),
    ("AvgPool1d", ([3],), {"stride": (2,)}),
    ("AvgPool2d", ([3, 2],), {"divisor_override": 4}),
    *dims("LPPool{}d", [((2, 3), {}), ((1, 3, 2), {"ceil_mode": True})]),
    *dims("MaxUnpool{}d", [((3,), {}), ((3, 2, 1), {}), ((3,), {"stride": 1})]),
    *dims("AdaptiveAvgPool{}d", [((1,), {}), ((None,), {}), (((4, None, 2),), {})]),
    *dims("AdaptiveMaxPool{}d", [((1,), {}), (([4, 4],), {"return_indices": True})]),
    *dims(
        "FractionalMaxPool{}d",
        [
            ((2,), {"output_size": 5}),
            ((2,), {"output_ratio": 0.5}),
            ((2,), {}),
            ((2, 5, 0.5), {}),
            ((2,), {"output_ratio": (1.5, 0.5, 0.5)}),
            ((2, 5), {"return_indices": True}),
        ],
        among=(2, 3),
    ),
    ("FractionalMaxPool2d", ((2, 3), (5, 6)), {}),
    ("FractionalMaxPool3d", ((2, 0, 2), 5), {}),
    *dims("CircularPad{}d", calls := [((1,), {}), (((1, 2),), {}), (([1, 2, 3, 4],), {})]),
    *dims("ReflectionPad{}d", calls),
    *dims("ReplicationPad{}d", calls),
    *dims("ZeroPad{}d", calls),
    *dims("ConstantPad{}d", [((1, 3.5), {}), (((1, 2),), {"value": 0})]),
    *rows(
        *("AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d"),
        *("FeatureAlphaDropout", "_DropoutNd"),
        calls=[((), {}), ((0.1, True), {}), ((1.1,), {}), ((-1,), {}), ((), {"p": 0})],
    ),
    *rows(
        "Upsample",
        calls=[
            ((), {}),
            (((8, 8),), {}),
            ((), {"scale_factor": 2, "mode": "bilinear", "align_corners": False}),
            ((), {"scale_factor": (2, 1.5)}),
            ((), {"scale_factor": 0}),
            ((), {"scale_factor": [2, 2]}),
        ],
    ),
    *rows(
        "UpsamplingBilinear2d",
        "UpsamplingNearest2d",
        calls=[((), {}), ((8,), {}), ((), {"scale_factor": 2}), ((), {"mode": "x"})],
    ),
    *rows("ChannelShuffle", calls=[((2,), {}), ((0,), {}), ((-1,), {})]),
    *rows("PixelShuffle", "PixelUnshuffle", calls=[((2,), {}), ((0,), {})]),
    *rows("Fold", calls=[(((4, 5), 2), {}), ((4, (2, 2)), {"stride": 2, "padding": 1})]),
    *rows("Unfold", calls=[((2,), {}), (((2, 3),), {"dilation": 2})]),
    *rows("Flatten", calls=[((), {}), ((0, 2), {}), ((), {"end_dim": 2})]),
    *rows(
        "Unflatten",
        calls=[
            ((1, (2, 3)), {}),
            ((1, [2, 3]), {}),
            ((1, torch.Size([2, 3])), {}),
            ((1, 6), {}),
            ((1, (2, 3.0)), {}),
            ((1, None), {}),
        ],
    ),
    *rows("CosineSimilarity", calls=[((), {}), ((2, 1e-6), {})]),
    *rows("PairwiseDistance", calls=[((), {}), ((1,), {"keepdim": True})]),
    *rows(
        "RNN",
        "LSTM",
        "GRU",
        calls=[
            ((4, 6), {}),
            ((4, 6, 2), {"bidirectional": True, "batch_first": True}),
            ((4, 6), {"num_layers": 3, "bias": False, "dropout": 0.5}),
            ((4, 6), {"dropout": 1}),
            ((4, 6), {"dropout": 1.5}),
            ((4, 6), {"dropout": True}),
            ((0, 6), {}),
            ((4, 0), {}),
            ((4, 6, 0), {}),
            ((4.0, 6), {}),
            ((4, 6.0), {}),
            ((4, 6), {"bias": 1}),
            ((4, 6), {"batch_first": 1}),
            ((4, 6), {"proj_size": 2}),
            ((4, 6), {"wrong": 2}),
        ],
    ),
    *rows(
        "LSTM",
        calls=[
            ((4, 6), {"proj_size": 2, "num_layers": 2, "bidirectional": True}),
            ((4, 6), {"proj_size": 2, "bias": False}),
            ((4, 6), {"proj_size": 6}),
            ((4, 6), {"proj_size": -1}),
        ],
    ),
    ("RNN", (4, 6, 1, "relu"), {}),
    ("RNN", (4, 6), {"nonlinearity": "relu"}),
    ("RNN", (4, 6), {"nonlinearity": "gelu"}),
    *rows("RNNBase", calls=[(("GRU", 4, 6), {}), (("LSTM", 4, 6, 2), {}), (("X", 4, 6), {})]),
    *rows("RNNCellBase", calls=[((4, 6, True, 4), {}), ((4, 6, False, 3), {})]),
    *rows(
        "RNNCell",
        "LSTMCell",
        "GRUCell",
        calls=[((4, 6), {}), ((4, 6, False), {}), ((4.0, 6), {}), ((4, -6), {})],
    ),
    ("RNNCell", (4, 6), {"nonlinearity": "relu"}),
    *rows(
        "Embedding",
        "EmbeddingBag",
        calls=[
            ((10, 4), {}),
            ((10, 4), {"padding_idx": 3}),
            ((10, 4), {"padding_idx": -1}),
            ((10, 4), {"padding_idx": -10}),
            ((10, 4), {"padding_idx": 10}),
            ((10, 4), {"padding_idx": -11}),
            ((10, 4), {"max_norm": 1.0, "sparse": True}),
            ((10.0, 4), {}),
            ((10, -4), {}),
        ],
    ),
    ("EmbeddingBag", (10, 4), {"mode": "sum", "include_last_offset": True}),
    *rows(
        "MultiheadAttention",
        calls=[
            ((8, 2), {}),
            ((8, 2), {"bias": False}),
            ((8, 2), {"kdim": 6}),
            ((8, 2), {"kdim": 6, "vdim": 4, "bias": False}),
            ((8, 2), {"kdim": 8, "vdim": 8}),
            ((8, 2), {"add_bias_kv": True, "add_zero_attn": True, "batch_first": True}),
            ((8, 3), {}),
            ((0, 2), {}),
            ((8, 0), {}),
        ],
    ),
    *rows(
        "TransformerEncoderLayer",
        "TransformerDecoderLayer",
        calls=[
            ((8, 2), {}),
            ((8, 2, 16), {"bias": False, "batch_first": True}),
            ((8, 2, 16), {"activation": "gelu", "norm_first": True, "layer_norm_eps": 1e-6}),
            ((8, 2, 16), {"activation": F.gelu}),
            ((8, 2, 16), {"activation": nn.ReLU()}),
            ((8, 2, 16), {"activation": "tanh"}),
            ((8, 3, 16), {}),
            ((8, 2, 16, 1.5), {}),
        ],
    ),
    *rows(
        "Transformer",
        calls=[
            ((8, 2, 2, 1, 16), {}),
            ((8, 2, 1, 1, 16), {"bias": False, "norm_first": True}),
            ((8, 2, 1, 1, 16), {"custom_encoder": nn.Linear(2, 3)}),
            ((8, 3, 1, 1, 16), {"custom_encoder": nn.ReLU(), "custom_decoder": nn.ReLU()}),
            ((8, 3, 1, 1, 16), {}),
        ],
    ),
    ("TransformerEncoder", (nn.TransformerEncoderLayer(8, 2, 16), 3), {}),
    ("TransformerEncoder", (nn.Linear(2, 3), 2, nn.LayerNorm(3)), {"mask_check": False}),
    ("TransformerDecoder", (nn.TransformerDecoderLayer(8, 2, 16), 2), {}),
    ("TransformerDecoder", (nn.Linear(2, 3), 2), {"norm": nn.LayerNorm(3)}),
    ("DataParallel", (nn.Linear(2, 3),), {}),
    *rows(
        *("L1Loss", "MSELoss", "MultiLabelMarginLoss", "SoftMarginLoss", "BCELoss", "KLDivLoss"),
        *("MultiLabelSoftMarginLoss", "CosineEmbeddingLoss", "HingeEmbeddingLoss"),
        *("MarginRankingLoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "MultiMarginLoss"),
        *("NLLLoss", "NLLLoss2d", "PoissonNLLLoss", "SmoothL1Loss", "TripletMarginLoss"),
        calls=[
            ((), {}),
            ((), {"reduction": "sum"}),
            ((), {"size_average": False}),
            ((), {"reduce": False, "reduction": "sum"}),
            ((), {"size_average": True, "reduce": True}),
        ],
    ),
    ("KLDivLoss", (), {"log_target": True}),
    ("CTCLoss", (1,), {"zero_infinity": True}),
    ("CrossEntropyLoss", (), {"label_smoothing": 0.1, "ignore_index": 0}),
    ("GaussianNLLLoss", (), {"full": True}),
    ("HuberLoss", ("sum", 2.0), {}),
    ("HuberLoss", (), {"delta": "2"}),
    ("MultiMarginLoss", (3,), {}),
    ("SmoothL1Loss", (), {"beta": 0.5}),
    ("TripletMarginLoss", (0,), {}),
    ("TripletMarginWithDistanceLoss", (), {"swap": True}),
    ("TripletMarginWithDistanceLoss", (), {"margin": 0.0}),
    ("TripletMarginWithDistanceLoss", (), {"distance_function": F.pairwise_distance}),
    ("TripletMarginWithDistanceLoss", (), {"distance_function": nn.CosineSimilarity()}),
    *rows(
        "LinearCrossEntropyLoss",
        calls=[
            ((4, 6), {}),
            ((4, 6), {"out_features": (2, 3), "bias": True, "reduction": "sum"}),
            ((4, 6), {"label_smoothing": 2}),
            ((4, 6.0), {}),
        ],
    ),
    *rows(
        "AdaptiveLogSoftmaxWithLoss",
        calls=[
            ((16, 20, [5, 10]), {}),
            ((16, 20, (5, 10, 15)), {"div_value": 2, "head_bias": True}),
            ((16, 20, []), {}),
            ((16, 20, [10, 5]), {}),
            ((16, 20, [5, 20]), {}),
            ((16, 20, [0, 5]), {}),
        ],
    ),
]


@pytest.mark.parametrize(
    ("op", "args", "kwargs"),
    [pytest.param(*sample, id=f"{sample[0]}-{n}") for n, sample in enumerate(SAMPLES)],
)
def test_the_row_says_what_torch_builds(same, op, args, kwargs):
    same(op, *args, **kwargs)


def test_every_row_has_a_sample():
    assert {op for op, _, _ in SAMPLES} >= set(LAYERS)


def test_a_module_to_be_built_first_is_described_where_torch_builds_one():
    row = LAYERS["Transformer"]
    encoder = row.children(bind(row, (8, 2), {}).values)[0]
    assert isinstance(encoder.args["encoder_layer"], Child)
    assert encoder.args["encoder_layer"].args["d_model"] == 8


def test_an_unknown_number_of_layers_leaves_the_list_unknown():
    row, unknown = LAYERS["TransformerEncoder"], object()
    values = normalise(row, bind(row, (object(), unknown), {}).values)
    assert row.children(values) == (Child("layers", given=unknown),)
