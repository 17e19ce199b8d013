"""Measuring on the device itself: the one part of hwlint that runs the code that it reads.

It runs there only in a process of its own: `runners/` holds what is run, `transports/` how it gets
to a device and how its result comes back. Nothing else in here imports torch, onnx or numpy.
"""
