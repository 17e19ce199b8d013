from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("tabnets")
except PackageNotFoundError:
    __version__ = "unknown"
