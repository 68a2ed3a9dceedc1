using Fovea.Models.Errors;
using Fovea.Models.Imaging;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Fovea.Models.Runtime;

/// <summary>A row of an ML.NET data view with an image in memory.</summary>
internal sealed class MlImageRow
{
    /// <summary>
    /// The image, of any size. The attribute must give a size, but the type of the data view's column replaces it.
    /// </summary>
    [ImageType(1, 1)]
    public MLImage? Image { get; set; }

    /// <summary>Returns the image's pixels in red, green and blue, composed over a white background.</summary>
    /// <param name="column">The column's name, for the error.</param>
    /// <exception cref="FoveaException">The row has no image.</exception>
    public Pixels Pixels(string column)
    {
        if (Image is not { } image)
        {
            throw new FoveaException(
                ErrorCode.BadArgument, $"The column {column} has a row without an image; expected an MLImage in each.");
        }

        // A pixel has four bytes: blue, green, red and opacity, or red, green, blue and opacity. The colours are already multiplied by the
        // opacity.
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
