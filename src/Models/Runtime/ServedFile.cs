using Fovea.Models.Adoption;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Microsoft.ML.OnnxRuntime;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;

namespace Fovea.Models.Runtime;

/// <summary>
/// A model file and what is served of it: the file itself, or its adopted form. Every session is opened from the same content. The adopted
/// form is read from the cache for each further session, or made anew, since keeping it would hold the weights once more.
/// </summary>
internal sealed class ServedFile
{
    // The weights of a larger file are held in memory only once.
    private const long LargeBytes = 256 << 20;

    private readonly ModelBytes bytes;
    private readonly AdoptedForm? adopted;

    private ServedFile(ModelBytes bytes, Facts facts, long length, AdoptedForm? adopted = null) =>
        (this.bytes, Known, IsLarge, this.adopted) = (bytes, facts, length > LargeBytes, adopted);

    /// <summary>The path of the file.</summary>
    public string Path => bytes.Path;

    /// <summary>The SHA-256 of the file, in hexadecimal.</summary>
    public string Sha256 => bytes.Sha256;

    /// <summary>Whether the file itself is served, and not its adopted form.</summary>
    public bool IsServedAsItIs => adopted is null;

    /// <summary>Whether more than 256 MiB are served.</summary>
    public bool IsLarge { get; }

    /// <summary>The facts about the model, from the file and its adoption.</summary>
    public Facts Known { get; }

    /// <summary>Reads a file, adopts it if it is not Fovea's own, and opens a session on it.</summary>
    /// <param name="path">The .onnx file.</param>
    /// <param name="overrides">The metadata that replaces the file's.</param>
    /// <param name="fallback">The metadata that counts where the file has none.</param>
    /// <param name="device">The device of the session.</param>
    /// <param name="cache">Keeps adopted forms; <c>null</c> for none.</param>
    /// <exception cref="FoveaException">The file cannot be read, or is no image classifier, or needs something.</exception>
    public static (ServedFile File, InferenceSession Session) Open(
        string path, ModelMetadata? overrides, ModelMetadata? fallback, Device? device, AdoptionCache? cache)
    {
        if (new FileInfo(path) is { Exists: true, Length: > LargeBytes and var length })
        {
            var outline = OnnxFile.Outline(path);
            if (ModelSource.Of(outline, path, overrides, fallback) is { NeedsAdoption: false } own)
            {
                return (new(ModelBytes.Of(path), new(own.MetadataOf(outline), own.Record), length), Sessions.OpenLarge(path, device));
            }
        }

        var (bytes, opened) = ModelBytes.Load(path, (content, hash) =>
        {
            var outline = OnnxFile.Outline(content, path);
            var source = ModelSource.Of(outline, path, overrides, fallback);
            return !source.NeedsAdoption
                ? new Opened(Sessions.Open(path, content, device), new(source.MetadataOf(outline), source.Record), content.Length)
                : source.Path == path ? AdoptedForm.Open(source, outline, content, hash.GetAwaiter().GetResult(), device, cache)
                : OpenOriginal(source, device, cache);
        });
        return (new(bytes, opened.Facts, opened.Length, opened.Adopted), opened.Session);
    }

    /// <summary>The content that sessions are opened on.</summary>
    /// <exception cref="FoveaException">The file, or a file that holds its tensors, has changed.</exception>
    public byte[] Read() => adopted is null ? bytes.Read() : adopted.Read();

    private static Opened OpenOriginal(ModelSource source, Device? device, AdoptionCache? cache) => ModelBytes.Load(
        source.Path,
        (content, hash) => AdoptedForm.Open(
            source, OnnxFile.Outline(content, source.Path), content, hash.GetAwaiter().GetResult(), device, cache)).Result;

    /// <summary>The facts about the model, from the file and its adoption.</summary>
    /// <param name="Metadata">The metadata that are served.</param>
    /// <param name="Record">The facts about the adoption; <c>null</c> for a file of Fovea's own.</param>
    public sealed record Facts(ModelMetadata Metadata, AdoptionRecord? Record);

    /// <summary>A session, and what it was opened from.</summary>
    /// <param name="Session">The session.</param>
    /// <param name="Facts">The facts about the model, from the file and its adoption.</param>
    /// <param name="Length">The number of bytes of the content that is served.</param>
    /// <param name="Adopted">The adopted form that is served; <c>null</c> if the file itself is.</param>
    internal sealed record Opened(InferenceSession Session, Facts Facts, long Length, AdoptedForm? Adopted = null) : IDisposable
    {
        public void Dispose() => Session.Dispose();
    }
}
