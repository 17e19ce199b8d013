import torch.nn as nn


def patch_first_conv(model, new_in_channels, default_in_channels=3):
    """Give the first convolution another number of input channels."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.in_channels == default_in_channels:
            break
    module.in_channels = new_in_channels
    weight = module.weight.detach()
    module.weight = nn.Parameter(weight.new_empty(module.out_channels, new_in_channels // module.groups,
                                                  *module.kernel_size))


def replace_strides_with_dilation(module, dilation_rate):
    for mod in module.modules():
        if isinstance(mod, nn.Conv2d):
            mod.stride = (1, 1)
            mod.dilation = (dilation_rate, dilation_rate)
            kh, kw = mod.kernel_size
            mod.padding = ((kh // 2) * dilation_rate, (kh // 2) * dilation_rate)


class EncoderMixin:
    _out_channels = None
    _depth = 5

    @property
    def out_channels(self):
        return self._out_channels[: self._depth + 1]

    def set_in_channels(self, in_channels):
        self._in_channels = in_channels
        self._out_channels = tuple([in_channels] + list(self._out_channels)[1:])
        patch_first_conv(self, in_channels)

    def get_stages(self):
        raise NotImplementedError

    def make_dilated(self, output_stride):
        if output_stride == 16:
            stage_list, dilation_list = [5], [2]
        elif output_stride == 8:
            stage_list, dilation_list = [4, 5], [2, 4]
        else:
            raise ValueError("Output stride should be 16 or 8 but is {}.".format(output_stride))
        stages = self.get_stages()
        for stage_indx, dilation_rate in zip(stage_list, dilation_list):
            replace_strides_with_dilation(stages[stage_indx], dilation_rate)
