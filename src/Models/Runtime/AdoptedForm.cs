using System.Security.Cryptography;
using Fovea.Models.Adoption;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Onnx;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;

namespace Fovea.Models.Runtime;

/// <summary>
/// The adopted form of a model file, for files that the service does not overwrite. It comes from the cache, or the file is adopted again.
/// </summary>
internal sealed class AdoptedForm
{
    private readonly ModelSource source;
    private readonly ModelBytes original;
    private readonly AdoptionCache? cache;
    private readonly string key;
    private readonly byte[] hash;

    private AdoptedForm(ModelSource source, ModelBytes original, AdoptionCache? cache, string key, byte[] content) =>
        (this.source, this.original, this.cache, this.key, hash) = (source, original, cache, key, SHA256.HashData(content));

    /// <summary>Opens a session on the adopted form, or on the file itself if adoption changes only the metadata.</summary>
    /// <param name="source">The file, with the settings of its adoption.</param>
    /// <param name="outline">The content of the file without its weights.</param>
    /// <param name="content">The content of the file.</param>
    /// <param name="original">The SHA-256 of the content.</param>
    /// <param name="device">The device of the session; <c>null</c> for the CPU.</param>
    /// <param name="cache">The cache of adopted forms; <c>null</c> for no cache.</param>
    /// <exception cref="FoveaException">The file is not an image classifier, or adoption needs a missing fact.</exception>
    public static ServedFile.Opened Open(
        ModelSource source, ModelOutline outline, byte[] content, ModelBytes original, Device? device, AdoptionCache? cache)
    {
        var key = KeyOf(source, outline, original);
        var kept = cache?.Find(key);
        if (kept is null)
        {
            kept = Adopt(source, content, original.Sha256);
            if (KeyOf(source, outline, original) == key)
            {
                cache?.Store(key, kept);
            }
        }

        var properties = OwnForm.PropertiesOf(OnnxFile.Outline(kept, source.Path)).ToArray();
        var record = AdoptionRecord.Read(properties)!;
        var facts = new ServedFile.Facts(ModelMetadata.Read(properties), record);
        return record.ServesOriginal
            ? new(Sessions.Open(source.Path, content, device), facts, content.Length)
            : new(Sessions.Open(source.Path, kept, device), facts, kept.Length, new(source, original, cache, key, kept));
    }

    /// <summary>Returns the content of the adopted form.</summary>
    /// <exception cref="FoveaException">The file, or a file that holds its tensors, has changed.</exception>
    public byte[] Read()
    {
        if (cache?.Find(key) is { } kept && IsSame(kept))
        {
            return kept;
        }

        var again = Adopt(source, original.Read(), original.Sha256);
        return IsSame(again) ? again : throw new FoveaException(
            ErrorCode.BadModelFile,
            $"A file beside {original.Path} has changed since the model was loaded; expected the old content. Load the model again.");
    }

    private static byte[] Adopt(ModelSource source, byte[] content, string sha256)
    {
        var adopted = ModelAdoption.Read(content, source.Path, source.Settings).Complete(source.Path);
        return OnnxFile.ToBytes(adopted.WithRecord(sha256, source.Settings, withoutWeights: adopted.ServesOriginal));
    }

    // The cache key depends on the original file, the files beside it that decide about adoption, and the files that hold its tensors.
    private static string KeyOf(ModelSource source, ModelOutline outline, ModelBytes original)
    {
        var own = ModelMetadata.Read(OwnForm.PropertiesOf(outline));
        return AdoptionCache.Key([original.Sha256, source.Settings.HashFor(own), .. ExternalTensors.FilesOf(outline).Select(HashOf)]);

        string HashOf(string file)
        {
            try
            {
                var path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(source.Path))!, file);
                return $"{file}:{(ExternalTensors.IsInside(file) ? ModelBytes.Of(path).Sha256 : "outside")}";
            }
            catch (FoveaException)
            {
                // Here the error only becomes a part of the key. Adoption reads the same file later and gives the error message.
                return $"{file}:unreadable";
            }
        }
    }

    private bool IsSame(byte[] content) => SHA256.HashData(content).AsSpan().SequenceEqual(hash);
}
