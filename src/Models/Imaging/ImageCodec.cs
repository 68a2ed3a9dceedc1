using System.Buffers;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace Fovea.Models.Imaging;

/// <summary>
/// Skia's decoder of one image file, used through Skia's C interface. SkiaSharp's own class of this purpose also enters each decoder, the
/// file's bytes and the colour space into a table of all objects of the process, with a lock, a weak reference and a finalizer each, which
/// takes as long as decoding a small image.
/// </summary>
internal sealed unsafe partial class ImageCodec : IDisposable
{
    private readonly MemoryHandle pinned;
    private nint data, codec;

    private ImageCodec(MemoryHandle pinned, nint data, nint codec) => (this.pinned, this.data, this.codec) = (pinned, data, codec);

    ~ImageCodec() => Free();

    /// <summary>The size of the image in pixels.</summary>
    public SKSizeI Size { get; private init; }

    /// <summary>Whether the file has a single channel of 8 bits.</summary>
    public bool IsGray { get; private init; }

    /// <summary>Whether the file has no transparency.</summary>
    public bool IsOpaque { get; private init; }

    /// <summary>The number of frames of an animated image. Reading it scans the whole file.</summary>
    public int FrameCount => CountFrames(codec);

    /// <summary>The order in which the rows of a started decoding come.</summary>
    public SKCodecScanlineOrder ScanlineOrder => (SKCodecScanlineOrder)OrderOf(codec);

    /// <summary>Reads the header of an image file; <c>null</c> if Skia cannot decode the file.</summary>
    /// <param name="file">The whole file. It must not change until the object is disposed.</param>
    public static ImageCodec? Open(ReadOnlyMemory<byte> file)
    {
        var pinned = file.Pin();

        // The decoder holds a reference of its own to the data.
        nint data = NewData((nint)pinned.Pointer, (nuint)file.Length, 0, 0), codec = NewCodec(data);
        if (codec == 0)
        {
            ReleaseData(data);
            pinned.Dispose();
            return null;
        }

        ImageInfo info;
        GetInfo(codec, &info);
        if (info.ColorSpace != 0)
        {
            ReleaseColorSpace(info.ColorSpace);
        }

        return new(pinned, data, codec)
        {
            Size = new(info.Width, info.Height),
            IsGray = info.Color == ImageInfo.Gray8,
            IsOpaque = info.Alpha == (int)SKAlphaType.Opaque,
        };
    }

    /// <summary>The size that the decoder offers near this fraction of the image's size.</summary>
    public SKSizeI ScaledSize(float fraction)
    {
        SKSizeI size;
        GetScaledSize(codec, fraction, &size);
        return size;
    }

    /// <summary>Starts to decode row by row.</summary>
    /// <param name="info">The size to decode to, and the kind of the pixels.</param>
    /// <param name="columns">
    /// A rectangle of the whole image's height, whose columns are decoded. It must stay in place until the last row has been read.
    /// <c>null</c>: all columns.
    /// </param>
    public SKCodecResult StartRows(SKImageInfo info, SKRectI* columns)
    {
        var image = ImageInfo.Of(info);
        var options = Options.Of(columns);
        return (SKCodecResult)StartScanlines(codec, &image, &options);
    }

    /// <summary>Decodes the next rows. Returns the number of rows that could be decoded.</summary>
    public int ReadRows(nint rows, int count, int rowBytes) => GetScanlines(codec, rows, count, (nuint)rowBytes);

    /// <summary>Passes over the next rows. Returns false if there are not as many.</summary>
    public bool SkipRows(int count) => SkipScanlines(codec, count) != 0;

    /// <summary>Decodes the whole image at once.</summary>
    public SKCodecResult ReadAll(SKImageInfo info, nint pixels)
    {
        var image = ImageInfo.Of(info);
        var options = Options.Of(columns: null);
        return (SKCodecResult)GetPixels(codec, &image, pixels, (nuint)info.RowBytes, &options);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (codec != 0)
        {
            ReleaseCodec(codec);
            ReleaseData(data);
            pinned.Dispose();
            (codec, data) = (0, 0);
        }
    }

    [LibraryImport("libSkiaSharp", EntryPoint = "sk_data_new_with_proc")]
    private static partial nint NewData(nint start, nuint length, nint release, nint context);

    [LibraryImport("libSkiaSharp", EntryPoint = "sk_data_unref")]
    private static partial void ReleaseData(nint data);

    [LibraryImport("libSkiaSharp", EntryPoint = "sk_colorspace_unref")]
    private static partial void ReleaseColorSpace(nint space);

    [LibraryImport("libSkiaSharp", EntryPoint = "sk_codec_new_from_data")]
    private static partial nint NewCodec(nint data);

    [LibraryImport("libSkiaSharp", EntryPoint = "sk_codec_destroy")]
    private static partial void ReleaseCodec(nint codec);

    [LibraryImport("libSkiaSharp", EntryPoint = "sk_codec_get_info")]
    private static partial void GetInfo(nint codec, ImageInfo* info);

    [LibraryImport("libSkiaSharp", EntryPoint = "sk_codec_get_frame_count")]
    private static partial int CountFrames(nint codec);

    [LibraryImport("libSkiaSharp", EntryPoint = "sk_codec_get_scanline_order")]
    private static partial int OrderOf(nint codec);

    [LibraryImport("libSkiaSharp", EntryPoint = "sk_codec_get_scaled_dimensions")]
    private static partial void GetScaledSize(nint codec, float scale, SKSizeI* size);

    [LibraryImport("libSkiaSharp", EntryPoint = "sk_codec_start_scanline_decode")]
    private static partial int StartScanlines(nint codec, ImageInfo* info, Options* options);

    [LibraryImport("libSkiaSharp", EntryPoint = "sk_codec_get_scanlines")]
    private static partial int GetScanlines(nint codec, nint rows, int count, nuint rowBytes);

    [LibraryImport("libSkiaSharp", EntryPoint = "sk_codec_skip_scanlines")]
    private static partial byte SkipScanlines(nint codec, int count);

    [LibraryImport("libSkiaSharp", EntryPoint = "sk_codec_get_pixels")]
    private static partial int GetPixels(nint codec, ImageInfo* info, nint pixels, nuint rowBytes, Options* options);

    // sk_imageinfo_t. The numbers of colours in Skia's C interface differ from those of SKColorType.
    private struct ImageInfo
    {
        public const int Rgba8888 = 4, Gray8 = 11;

        public nint ColorSpace;
        public int Width, Height, Color, Alpha;

        public static ImageInfo Of(SKImageInfo info) => new()
        {
            Width = info.Width,
            Height = info.Height,
            Color = info.ColorType == SKColorType.Gray8 ? Gray8 : Rgba8888,
            Alpha = (int)info.AlphaType,
        };
    }

    // sk_codec_options_t.
    private struct Options
    {
        private const int NotCleared = 1;

        public int ZeroInitialized;
        public SKRectI* Subset;
        public int FrameIndex, PriorFrame;

        public static Options Of(SKRectI* columns) => new() { ZeroInitialized = NotCleared, Subset = columns, PriorFrame = -1 };
    }
}
