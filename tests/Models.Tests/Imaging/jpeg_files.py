#!/usr/bin/python3
"""Writes JpegFiles.cs: small JPEG files of several kinds, made by Pillow (libjpeg).   python3 jpeg_files.py"""
import base64, io, textwrap
import numpy as np
from PIL import Image

noise = np.random.default_rng(1).integers(0, 256, (5, 7, 3), dtype=np.uint8)
picture = Image.fromarray(noise).resize((53, 37), Image.BICUBIC)
kinds = {
    "base": (picture, dict(quality=80)),
    "gray": (picture.convert("L"), dict(quality=80, optimize=True)),
    "progressive": (picture, dict(quality=80, progressive=True)),
}

rows = []
for name, (image, options) in kinds.items():
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    data = file.getvalue()
    text = '"\n            + "'.join(textwrap.wrap(base64.b64encode(data).decode(), 110))
    rows.append(f'        "{name}" => "{text}",')
open("JpegFiles.cs", "w").write('''namespace Fovea.Models.Tests;

/// <summary>Small JPEG files of several kinds in base64, written by jpeg_files.py.</summary>
internal static class JpegFiles
{
    public static string Of(string kind) => kind switch
    {
''' + "\n".join(rows) + '''
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
''')
