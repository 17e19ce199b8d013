"""Draw the extension's icon: a chip with a gauge. `python3 media/icon.py` writes media/icon.png."""

import math
import struct
import zlib
from pathlib import Path

SIZE, SAMPLES = 128, 2
BODY, PIN, LIGHT = (22, 38, 62), (90, 110, 140), (240, 244, 250)
GREEN, AMBER, RED = (64, 196, 140), (245, 190, 65), (235, 87, 87)
CLEAR = (0, 0, 0, 0)


def colour(x: float, y: float) -> tuple[int, int, int, int]:
    """Return the colour of a point of a 256 x 256 canvas."""
    if _rounded(x, y) <= 0:
        return (*_face(x, y), 255)
    pins = any(
        abs(a - 128 - k) <= 7 and (24 <= b <= 48 or 208 <= b <= 232)
        for k in (-48, -16, 16, 48)
        for a, b in ((x, y), (y, x))
    )
    return (*PIN, 255) if pins else CLEAR


def _rounded(x: float, y: float) -> float:
    """Distance to a square with round corners, below 0 inside."""
    across, along = abs(x - 128) - 62, abs(y - 128) - 62
    outside = math.hypot(max(across, 0), max(along, 0))
    return outside + min(max(across, along), 0) - 22


def _face(x: float, y: float) -> tuple[int, int, int]:
    radius, angle = math.hypot(x - 128, y - 150), math.degrees(math.atan2(150 - y, x - 128))
    along = (x - 128) * math.cos(math.radians(52)) + (150 - y) * math.sin(math.radians(52))
    across = (x - 128) * math.sin(math.radians(52)) - (150 - y) * math.cos(math.radians(52))
    if radius <= 9 or (0 <= along <= 50 and abs(across) <= 4.5 - along * 0.05):
        return LIGHT
    if 44 <= radius <= 58 and 0 <= angle <= 180:
        return GREEN if angle > 90 else AMBER if angle > 40 else RED
    return BODY


def _pixel(x: int, y: int) -> bytes:
    step = 256 / SIZE / SAMPLES
    points = [
        colour((x * SAMPLES + i + 0.5) * step, (y * SAMPLES + j + 0.5) * step)
        for i in range(SAMPLES)
        for j in range(SAMPLES)
    ]
    weight = sum(p[3] for p in points)
    mixed = [sum(p[k] * p[3] for p in points) // weight if weight else 0 for k in range(3)]
    return bytes([*mixed, weight // len(points)])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def main() -> None:
    """Write the picture."""
    lines = (b"\0" + b"".join(_pixel(x, y) for x in range(SIZE)) for y in range(SIZE))
    head = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)
    data = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(b"".join(lines), 9))
    target = Path(__file__).with_name("icon.png")
    target.write_bytes(b"\x89PNG\r\n\x1a\n" + data + _chunk(b"IEND", b""))


if __name__ == "__main__":
    main()
