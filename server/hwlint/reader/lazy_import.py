"""What an import at the top of a module binds."""

__all__ = ["LazyImport"]


class LazyImport:
    """`from module import name`, not yet looked up."""

    __slots__ = ("attribute", "module")

    def __init__(self, module: str, attribute: str | None) -> None:
        self.module = module
        self.attribute = attribute
