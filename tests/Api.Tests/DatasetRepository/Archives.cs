using System.IO.Compression;
using System.Net.Http.Headers;
using SkiaSharp;

namespace Fovea.Api.Tests.DatasetRepository;

/// <summary>Makes zip files to upload.</summary>
internal static class Archives
{
    /// <summary>Makes an image that differs from those of all other numbers.</summary>
    public static byte[] Photo(int number, SKEncodedImageFormat format = SKEncodedImageFormat.Png)
    {
        using var bitmap = new SKBitmap(24, 24);
        bitmap.Erase(new SKColor((byte)(number * 37), (byte)(number * 91), (byte)number));
        using var data = bitmap.Encode(format, 90);
        return data.ToArray();
    }

    /// <summary>Makes two classes with the given number of images each.</summary>
    public static (string Path, byte[] Bytes)[] AntsAndBees(int each, string folder = "") =>
    [
        .. Enumerable.Range(0, each).Select(i => ($"{folder}ants/{i}.png", Photo(i))),
        .. Enumerable.Range(0, each).Select(i => ($"{folder}bees/{i}.png", Photo(100 + i))),
    ];

    public static byte[] Zip(params (string Path, byte[] Bytes)[] files) => Zip(files, (_, _) => { });

    /// <summary>Makes the same archive, after changing each entry.</summary>
    public static byte[] Zip((string Path, byte[] Bytes)[] files, Action<string, ZipArchiveEntry> change)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, bytes) in files)
            {
                var entry = zip.CreateEntry(path);
                change(path, entry);
                using var content = entry.Open();
                content.Write(bytes);
            }
        }

        return stream.ToArray();
    }

    public static ByteArrayContent Content(byte[] zip) =>
        new(zip) { Headers = { ContentType = new MediaTypeHeaderValue("application/zip") } };
}
