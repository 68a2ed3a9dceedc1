using Fovea.Models.Adoption;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Rewrites;
using Microsoft.ML.OnnxRuntime;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;

namespace Fovea.Models.Runtime;

/// <summary>
/// A model file that the service runs: the file itself, or its adopted form. Every session is opened from the same content. For each
/// additional session, the adopted form is read from the cache, or the file is adopted again: keeping it would hold the weights in memory
/// twice.
/// </summary>
internal sealed class ServedFile
{
    /// <summary>For files larger than this, in bytes, only one copy of the weights is held in memory.</summary>
    public const long LargeBytes = 256 << 20;

    private readonly ModelBytes bytes;
    private readonly AdoptedForm? adopted;

    private ServedFile(ModelBytes bytes, Facts facts, long length, AdoptedForm? adopted = null) =>
        (this.bytes, Known, IsLarge, this.adopted) = (bytes, facts, length > LargeBytes, adopted);

    /// <summary>The path of the file.</summary>
    public string Path => bytes.Path;

    /// <summary>The SHA-256 of the file, in hexadecimal.</summary>
    public string Sha256 => bytes.Sha256;

    /// <summary>Whether the file itself is served; if false, its adopted form is served.</summary>
    public bool IsServedAsItIs => adopted is null;

    /// <summary>Whether the served content has more than 256 MiB.</summary>
    public bool IsLarge { get; }

    /// <summary>
    /// Whether the first session runs the rewritten form of the file. For other files, the rewritten form gets a second session.
    /// </summary>
    public bool IsRewritten { get; private init; }

    /// <summary>
    /// The reason why the first session runs the file as it is although its rewritten form was wanted; <c>null</c> if rewriting did not
    /// fail.
    /// </summary>
    public string? RewriteFailure { get; private init; }

    /// <summary>The kind of the first session.</summary>
    public SessionKind FirstKind => IsRewritten ? SessionKind.AllCoresRewritten : SessionKind.AllCores;

    /// <summary>The facts about the model, from the file and its adoption.</summary>
    public Facts Known { get; }

    /// <summary>Reads a file, adopts it if it is not Fovea's own, and opens a session on it.</summary>
    /// <param name="path">The .onnx file.</param>
    /// <param name="overrides">Metadata that replaces the file's own metadata; <c>null</c> for none.</param>
    /// <param name="fallback">Metadata for properties that the file lacks; <c>null</c> for none.</param>
    /// <param name="device">The device of the session; <c>null</c> for the CPU.</param>
    /// <param name="cache">The cache of adopted forms; <c>null</c> for no cache.</param>
    /// <exception cref="FoveaException">
    /// The file cannot be read, is not an image classifier, or adoption needs a missing fact.
    /// </exception>
    public static (ServedFile File, InferenceSession Session) Open(
        string path, ModelMetadata? overrides, ModelMetadata? fallback, Device? device, AdoptionCache? cache)
    {
        if (new FileInfo(path) is { Exists: true, Length: > LargeBytes and var length })
        {
            var outline = OnnxFile.Outline(path);
            if (ModelSource.Of(outline, path, overrides, fallback) is { NeedsAdoption: false } own)
            {
                var facts = new Facts(own.MetadataOf(outline), own.Record);
                var hashed = ModelBytes.Of(path);
                var rewritten = OpenRewritten(path, facts.Metadata.Preprocessing?.Shape, device, out var failure);
                var session = rewritten ?? Sessions.OpenLarge(path, device);
                RequireUnchanged(hashed, session);
                return (new(hashed, facts, length) { IsRewritten = rewritten is not null, RewriteFailure = failure }, session);
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

    /// <summary>Reads the content from which sessions are opened.</summary>
    /// <exception cref="FoveaException">The file, or a file that holds its tensors, has changed.</exception>
    public byte[] Read() => adopted is null ? bytes.Read() : adopted.Read();

    // The file was read several times: for its facts, its hash and its session. A second hash shows whether all came from one content.
    private static void RequireUnchanged(ModelBytes hashed, InferenceSession session)
    {
        try
        {
            hashed.RequireUnchanged();
        }
        catch (FoveaException)
        {
            session.Dispose();
            throw;
        }
    }

    // The weights of a large file are held in memory once, so its two forms cannot be compared while it serves. Null if no rewrite fits, or
    // if rewriting fails.
    private static InferenceSession? OpenRewritten(string path, Shape? image, Device? device, out string? failure)
    {
        failure = null;
        return device is { IsCuda: true } ? null : RewritePass.OrNull(Open, out failure);

        InferenceSession? Open()
        {
            var rewritten = OnnxFile.Changed(
                path,
                graph => RewritePass.ForServing(OpsetConversion.Convert(graph).ForImages(image), Sessions.Threads, sparesMemory: true));
            ProcessMemory.Trim();
            return rewritten is null ? null : Sessions.OpenLarge(path, rewritten);
        }
    }

    private static Opened OpenOriginal(ModelSource source, Device? device, AdoptionCache? cache) => ModelBytes.Load(
        source.Path,
        (content, hash) => AdoptedForm.Open(
            source, OnnxFile.Outline(content, source.Path), content, hash.GetAwaiter().GetResult(), device, cache)).Result;

    /// <summary>The facts about the model, from the file and its adoption.</summary>
    /// <param name="Metadata">The metadata of the model, from the file, model.json and adoption.</param>
    /// <param name="Record">The record of the adoption; <c>null</c> for a file that Fovea wrote.</param>
    public sealed record Facts(ModelMetadata Metadata, AdoptionRecord? Record);

    /// <summary>A session, with facts about the content from which it was opened.</summary>
    /// <param name="Session">The session.</param>
    /// <param name="Facts">The facts about the model, from the file and its adoption.</param>
    /// <param name="Length">The length of the served content in bytes.</param>
    /// <param name="Adopted">The adopted form that is served; <c>null</c> if the file itself is served.</param>
    internal sealed record Opened(InferenceSession Session, Facts Facts, long Length, AdoptedForm? Adopted = null) : IDisposable
    {
        public void Dispose() => Session.Dispose();
    }
}
