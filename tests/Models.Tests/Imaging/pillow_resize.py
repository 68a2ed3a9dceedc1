#!/usr/bin/python3
"""Writes PillowResize.cs: what Pillow makes of a picture that a formula gives.   python3 pillow_resize.py
   Sizes are [height, width]. The rounding of the crop and of the long side is torchvision's."""
import base64, textwrap
import numpy as np
from PIL import Image

filters = dict(bilinear=Image.BILINEAR, bicubic=Image.BICUBIC, lanczos=Image.LANCZOS, nearest=Image.NEAREST)
cases = [("[12, 20]", (12, 20), (8, 10)), ("[31, 29]", (31, 29), (11, 27)), ("20", None, (10, 17)), ("[9, 40]", (9, 40), (9, 12))]
y, x, c = np.mgrid[0:17, 0:23, 0:3]
picture = Image.fromarray(((x * x * 7 + y * 13 + c * 50 + x * y * 3) % 256).astype(np.uint8))

rows = []
for name, method in filters.items():
    for text, size, (crop_height, crop_width) in cases:
        height, width = size or (20, int(20 * picture.width / picture.height))
        resized = np.asarray(picture.resize((width, height), method))
        top, left = int(round((height - crop_height) / 2.0)), int(round((width - crop_width) / 2.0))
        data = resized[top:top + crop_height, left:left + crop_width].tobytes()
        lines = '"\n                + "'.join(textwrap.wrap(base64.b64encode(data).decode(), 108))
        rows.append(f'        {{\n            """{{"resize": {text}, "crop": [{crop_height}, {crop_width}], "interpolation": "{name}"}}""",\n            "{lines}"\n        }},')
open("PillowResize.cs", "w").write('''namespace Fovea.Models.Tests;

/// <summary>Pillow's results for a picture with the values (7 x x + 13 y + 50 c + 3 x y) mod 256, written by pillow_resize.py.</summary>
internal static class PillowResize
{
    /// <summary>The preprocessing, and the cropped pixels in base64.</summary>
    public static TheoryData<string, string> Cases => new()
    {
''' + "\n".join(rows) + '''
    };
}
''')
