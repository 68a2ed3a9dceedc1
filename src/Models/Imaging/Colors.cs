namespace Fovea.Models.Imaging;

/// <summary>Converts the channels of images.</summary>
internal static class Colors
{
    /// <summary>
    /// The brightness of each pixel by ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B, rounded. For an image of one channel, returns the same
    /// object.
    /// </summary>
    public static Pixels Gray(Pixels image)
    {
        if (image.Channels == 1)
        {
            return image;
        }

        byte[] gray = GC.AllocateUninitializedArray<byte>(image.Width * image.Height);
        var values = image.Values.AsSpan(0, gray.Length * 3);
        for (int i = 0, from = 0; i < gray.Length; i++, from += 3)
        {
            gray[i] = Luma(values[from], values[from + 1], values[from + 2]);
        }

        return image with { Channels = 1, Values = gray };
    }

    /// <summary>
    /// Three channels in the given order, RGB or BGR. A gray value is copied to all three channels. For an RGB image and the order RGB,
    /// returns the same object.
    /// </summary>
    public static Pixels Ordered(Pixels image, ColorOrder order)
    {
        if (image.Channels == 3 && order == ColorOrder.Rgb)
        {
            return image;
        }

        int pixels = image.Width * image.Height;
        byte[] values = GC.AllocateUninitializedArray<byte>(pixels * 3);
        // The distance between pixels of the input, and the offsets in a pixel from which the three output channels are copied.
        var (step, first, second, third) = image.Channels == 1 ? (1, 0, 0, 0) : (3, 2, 1, 0);
        for (int i = 0, from = 0; i < values.Length; i += 3, from += step)
        {
            values[i] = image.Values[from + first];
            values[i + 1] = image.Values[from + second];
            values[i + 2] = image.Values[from + third];
        }

        return image with { Channels = 3, Values = values };
    }

    // Fixed-point arithmetic: the weights are multiplied by 65,536, and 0x8000 is one half.
    private static byte Luma(int red, int green, int blue) => (byte)(((red * 19595) + (green * 38470) + (blue * 7471) + 0x8000) >> 16);
}
