using System.Security.Cryptography;
using System.Text;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>The settings of an adoption that lie outside the model file: model.json, and the label and configuration files of other
/// software.</summary>
internal sealed class AdoptionSettings
{
    private readonly ModelMetadata? overrides, fallback;
    private readonly Lazy<IReadOnlyList<KeyValuePair<string, string>>> files;

    /// <summary>Collects the settings of a model file. The label and configuration files beside it are read at the first use.</summary>
    /// <param name="path">The .onnx file; <c>null</c> if there is no file, so nothing lies beside it.</param>
    /// <param name="overrides">Metadata with the highest priority, such as the version's model.json; <c>null</c> for none.</param>
    /// <param name="fallback">
    /// Metadata with the lowest priority, after the file's own Fovea properties, such as the model's model.json; <c>null</c> for none.
    /// </param>
    public AdoptionSettings(string? path, ModelMetadata? overrides, ModelMetadata? fallback)
    {
        (this.overrides, this.fallback) = (overrides, fallback);
        files = new(() => path is null ? [] : Sidecars.FilesIn(Path.GetDirectoryName(Path.GetFullPath(path))!));
    }

    /// <summary>Settings without any metadata and without files beside the model.</summary>
    public static AdoptionSettings None { get; } = new(null, null, null);

    /// <summary>The labels and preprocessing in the files of other software. The files are read once.</summary>
    public Sidecars Sidecars => Sidecars.Read(files.Value);

    /// <summary>
    /// The SHA-256 of these settings, in hexadecimal. The hash does not depend on where model.json lies, beside the model file or in the
    /// model's folder.
    /// </summary>
    public string Hash() => HashOf((overrides ?? new()).Or(fallback));

    /// <summary>The SHA-256 of these settings combined with a file's own properties, in hexadecimal.</summary>
    /// <param name="own">The Fovea properties of the file.</param>
    public string HashFor(ModelMetadata own) => HashOf(For(own));

    /// <summary>A file's metadata: the overrides first, then the file's own properties, then the fallback.</summary>
    /// <param name="own">The Fovea properties of the file.</param>
    public ModelMetadata For(ModelMetadata own) => (overrides ?? new()).Or(own).Or(fallback);

    private string HashOf(ModelMetadata metadata)
    {
        var properties = new Graph("");
        metadata.WriteTo(properties);
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, text) in properties.Metadata.Concat(files.Value).Append(new("range", $"{metadata.GivesRange}")))
        {
            all.AppendData(Encoding.UTF8.GetBytes($"{name.Length}:{name}{text.Length}:{text}"));
        }

        return Convert.ToHexStringLower(all.GetHashAndReset());
    }
}
