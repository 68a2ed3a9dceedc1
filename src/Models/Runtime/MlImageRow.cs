using Fovea.Models.Errors;
using Fovea.Models.Imaging;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Fovea.Models.Runtime;

/// <summary>A row of ML.NET with an image in memory.</summary>
internal sealed class MlImageRow
{
    /// <summary>The image, of any size. The column's own type takes the place of the attribute, which has to name some size.</summary>
    [ImageType(1, 1)]
    public MLImage? Image { get; set; }

    /// <summary>The image's pixels in red, green and blue, over a white background.</summary>
    /// <param name="column">The column's name, for the error.</param>
    /// <exception cref="FoveaException">There is no image in the row.</exception>
    public Pixels Pixels(string column)
    {
        if (Image is not { } image)
        {
            throw new FoveaException(
                ErrorCode.BadArgument, $"The column {column} has a row without an image; expected an MLImage in each.");
        }

        // Bytes of blue or red, green, red or blue, and opacity. The colours are multiplied by the opacity already.
        var source = image.Pixels;
        var (red, blue) = image.PixelFormat == MLPixelFormat.Rgba32 ? (0, 2) : (2, 0);
        byte[] values = new byte[3 * image.Width * image.Height];
        for (int from = 0, to = 0; to < values.Length; from += 4, to += 3)
        {
            int white = byte.MaxValue - source[from + 3];
            values[to] = (byte)Math.Min(byte.MaxValue, source[from + red] + white);
            values[to + 1] = (byte)Math.Min(byte.MaxValue, source[from + 1] + white);
            values[to + 2] = (byte)Math.Min(byte.MaxValue, source[from + blue] + white);
        }

        return new(image.Width, image.Height, 3, values);
    }
}
