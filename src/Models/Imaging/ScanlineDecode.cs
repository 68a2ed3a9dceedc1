using System.Runtime.InteropServices;
using SkiaSharp;

namespace Fovea.Models.Imaging;

/// <summary>
/// Starts to decode some columns of an image row by row. Skia keeps the pointer to the rectangle of columns while it reads rows, but
/// SkiaSharp 2.88 passes the address of a variable whose method has ended by then. Here, the caller owns the rectangle.
/// </summary>
internal static unsafe partial class ScanlineDecode
{
    // The numbers of Rgba8888 and of memory that is not cleared in Skia's C interface.
    private const int Rgba8888 = 4, NotCleared = 1;

    /// <summary>Starts to decode colours as four bytes per pixel, without a conversion of colours.</summary>
    /// <param name="codec">The decoder of the file.</param>
    /// <param name="info">The size of the whole image, and the kind of its transparency.</param>
    /// <param name="columns">
    /// A rectangle of the whole image's height. It must stay in place until the last row has been read.
    /// </param>
    public static SKCodecResult Start(SKCodec codec, SKImageInfo info, SKRectI* columns)
    {
        var image = new ImageInfo { Width = info.Width, Height = info.Height, Color = Rgba8888, Alpha = (int)info.AlphaType };
        var options = new Options { ZeroInitialized = NotCleared, Subset = columns, PriorFrame = -1 };
        return (SKCodecResult)StartScanlines(codec.Handle, &image, &options);
    }

    [LibraryImport("libSkiaSharp", EntryPoint = "sk_codec_start_scanline_decode")]
    private static partial int StartScanlines(nint codec, ImageInfo* info, Options* options);

    // sk_imageinfo_t.
    private struct ImageInfo
    {
        public nint ColorSpace;
        public int Width, Height, Color, Alpha;
    }

    // sk_codec_options_t.
    private struct Options
    {
        public int ZeroInitialized;
        public SKRectI* Subset;
        public int FrameIndex, PriorFrame;
    }
}
