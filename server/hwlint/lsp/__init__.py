"""The language server: what the engine knows, in any editor."""

__all__: list[str] = []
