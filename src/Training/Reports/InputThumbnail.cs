using Fovea.Models.Explanations;
using Fovea.Models.Imaging;

namespace Fovea.Training.Reports;

/// <summary>Converts a network's input back to a small picture.</summary>
internal static class InputThumbnail
{
    /// <summary>Returns a thumbnail as a data URI.</summary>
    /// <param name="tensor">The preprocessed image, [C, H, W].</param>
    /// <param name="preprocessing">The preprocessing to invert.</param>
    /// <param name="map">A heat map to draw over the picture; null for none.</param>
    public static string DataUri(ReadOnlySpan<float> tensor, Preprocessing preprocessing, HeatMap? map = null)
    {
        var picture = Picture(tensor, preprocessing);
        return DataUri(map is null ? picture : HeatMapPicture.Blend(picture, map));
    }

    public static string DataUri(Pixels image)
    {
        var thumbnail = Thumbnail.Of(image);
        return $"data:{thumbnail.MediaType};base64,{Convert.ToBase64String(thumbnail.File)}";
    }

    private static Pixels Picture(ReadOnlySpan<float> tensor, Preprocessing preprocessing)
    {
        var (height, width) = (preprocessing.Crop[0], preprocessing.Crop[1]);
        int[] channels = preprocessing.Color switch { ColorOrder.Gray => [0], ColorOrder.Bgr => [2, 1, 0], _ => [0, 1, 2] };
        byte[] values = new byte[width * height * channels.Length];
        for (int i = 0; i < values.Length; i++)
        {
            int channel = channels[i % channels.Length];
            values[i] = Value(tensor[(channel * width * height) + (i / channels.Length)], channel, preprocessing);
        }

        return new(width, height, channels.Length, values);
    }

    // The inverse of (value x scale - mean) / deviation.
    private static byte Value(float number, int channel, Preprocessing preprocessing)
    {
        float mean = preprocessing.Mean[channel % preprocessing.Mean.Length];
        float deviation = preprocessing.Std[channel % preprocessing.Std.Length];
        return (byte)Math.Clamp(MathF.Round(((number * deviation) + mean) / preprocessing.Scale), byte.MinValue, byte.MaxValue);
    }
}
