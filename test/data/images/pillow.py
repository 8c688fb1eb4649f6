"""Makes pillow.json: the results of Pillow's Image.resize, for test/data/images/resample.test.ts.

python3 test/data/images/pillow.py (needs Pillow; made with 12.3.0). Pixel i of an input is byte i of mix(i) below.
"""
import base64
import json
import pathlib

from PIL import Image


def mix(i):
    x = (i * 2654435761 + 12345) & 0xFFFFFFFF
    return (x ^ (x >> 15)) & 0xFF


def image(width, height):
    return Image.frombytes("RGB", (width, height), bytes(mix(i) for i in range(width * height * 3)))


FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
CASES = [
    # input, box, output
    ((37, 23), (0, 0, 37, 23), (13, 11)),
    ((37, 23), (0, 0, 37, 23), (8, 19)),
    ((37, 23), (0, 0, 37, 23), (50, 41)),
    ((37, 23), (0, 0, 37, 23), (37, 7)),
    ((37, 23), (0, 0, 37, 23), (9, 23)),
    ((37, 23), (5, 3, 30, 20), (16, 16)),
    ((2, 3), (0, 0, 2, 3), (7, 5)),
    ((61, 1), (0, 0, 61, 1), (5, 4)),
]

cases = []
for size, box, out in CASES:
    for name, filter in FILTERS.items():
        got = image(*size).crop(box).resize(out, filter)
        cases.append(
            {"size": size, "box": box, "out": out, "filter": name, "rgb": base64.b64encode(got.tobytes()).decode()}
        )
path = pathlib.Path(__file__).with_name("pillow.json")
path.write_text(json.dumps({"pillow": Image.__version__ if hasattr(Image, "__version__") else "", "cases": cases}, indent=1))
