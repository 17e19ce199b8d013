"""What a program asks of values that are not known: their attributes, items, calls and turns."""

from hwlint.reader.plain_values import Unknown, Value

__all__ = ["Need", "Needs"]


class Need:
    """What was asked of one value."""

    __slots__ = ("attributes", "called", "items", "iterated", "value")

    def __init__(self, value: Unknown) -> None:
        self.value = value
        self.attributes: dict[str, Need] = {}
        self.items: dict[Value, Need] = {}
        self.called = False
        self.iterated = False


class Needs:
    """Keeps what is asked of the values that it hands out, and of what these have in them."""

    def __init__(self) -> None:
        self._known: dict[int, Need] = {}

    def new(self, name: str) -> Need:
        """Hand out a value that is not known."""
        made = Need(Unknown(name))
        self._known[id(made.value)] = made
        return made

    def attribute(self, value: Unknown, name: str) -> Unknown:
        """Return an attribute of a value that is not known."""
        need = self._known.get(id(value))
        if need is None:
            return value
        if name not in need.attributes:
            need.attributes[name] = self.new(name)
        return need.attributes[name].value

    def item(self, value: Unknown, key: Value) -> Unknown:
        """Return an item of a value that is not known."""
        need = self._known.get(id(value))
        if need is None:
            return value
        if not isinstance(key, str):
            need.iterated = True
            return Unknown(value.reason)
        if key not in need.items:
            need.items[key] = self.new(key)
        return need.items[key].value

    def called(self, value: Unknown) -> None:
        """Note that a value was called."""
        need = self._known.get(id(value))
        if need is not None:
            need.called = True

    def iterated(self, value: Unknown) -> Unknown:
        """Note that a value was gone over; return what stands for its items."""
        need = self._known.get(id(value))
        if need is None:
            return value
        need.iterated = True
        return Unknown(value.reason)
