namespace Fovea.Client;

/// <summary>An image file to send: JPEG, PNG, WebP, BMP or GIF. It is read when it is sent.</summary>
public sealed class ImageUpload
{
    private readonly Func<CancellationToken, Task<ReadOnlyMemory<byte>>> read;

    private ImageUpload(string name, Func<CancellationToken, Task<ReadOnlyMemory<byte>>> read) => (Name, this.read) = (name, read);

    /// <summary>The image's name. In a request with several images, the description of an image's problem begins with this name.</summary>
    public string Name { get; }

    /// <summary>An image that is a file on disk.</summary>
    /// <param name="path">The path.</param>
    public static ImageUpload FromFile(string path) =>
        new(Path.GetFileName(path), async stop => await File.ReadAllBytesAsync(path, stop));

    /// <summary>An image whose file is in memory.</summary>
    /// <param name="bytes">The bytes of the file.</param>
    /// <param name="name">The image's name in descriptions of problems.</param>
    public static ImageUpload FromBytes(ReadOnlyMemory<byte> bytes, string name = "image") => new(name, _ => Task.FromResult(bytes));

    /// <summary>An image from a stream. The stream is read once, from its position to its end, and stays open.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="name">The image's name in descriptions of problems.</param>
    public static ImageUpload FromStream(Stream stream, string name = "image") => new(name, async stop =>
    {
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, stop);
        return copy.ToArray();
    });

    /// <summary>An image whose file is in memory, as <see cref="FromBytes"/>.</summary>
    /// <param name="bytes">The bytes of the file.</param>
    public static implicit operator ImageUpload(byte[] bytes) => FromBytes(bytes);

    /// <summary>Reads the image as the body of a request, which can be sent several times.</summary>
    internal async Task<HttpContent> Read(CancellationToken stop) => new ReadOnlyMemoryContent(await read(stop));
}
