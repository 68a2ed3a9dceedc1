using System.Security.Cryptography;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>One image of a data set on disk that was decoded once without complaint.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="Target">Its class.</param>
/// <param name="Sha256">SHA-256 of its bytes.</param>
internal sealed record ImageFile(string Path, int Target, byte[] Sha256)
{
    private Pixels? kept;

    /// <summary>Reads a file, and keeps its pixels where <paramref name="memory"/> has room for them.</summary>
    /// <returns>The file, or why it is no image that can be used.</returns>
    public static (ImageFile? Good, RefusedFile? Bad) Read(string path, int target, Preprocessing preprocessing, PixelMemory memory)
    {
        try
        {
            var bytes = Bytes(path);
            var pixels = Decode(bytes, preprocessing);
            return (new ImageFile(path, target, SHA256.HashData(bytes)) { kept = memory.Take(pixels.Values.Length) ? pixels : null }, null);
        }
        catch (FoveaException e)
        {
            return (null, new RefusedFile(path, e.Message));
        }
    }

    /// <summary>The decoded image.</summary>
    /// <exception cref="FoveaException">The file has gone or changed since, so that it cannot be read any more.</exception>
    public Pixels Pixels(Preprocessing preprocessing)
    {
        try
        {
            return kept ?? Decode(Bytes(Path), preprocessing);
        }
        catch (FoveaException e)
        {
            throw new FoveaException(ErrorCode.BadDataset, $"{Path} cannot be read any more: {e.Message}", e);
        }
    }

    // Ink is searched for once; what is found is as small as the network's input.
    private static Pixels Decode(byte[] file, Preprocessing preprocessing) => preprocessing.Invert == Inversion.Auto
        ? Preprocessor.Fit(file, new ImageLimits(), preprocessing)
        : Preprocessor.Decode(file, new ImageLimits(), preprocessing);

    private static byte[] Bytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.BadDataset, $"The file cannot be read: {e.Message}", e);
        }
    }
}
