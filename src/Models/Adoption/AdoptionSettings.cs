using System.Security.Cryptography;
using System.Text;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>The settings of an adoption beside the file itself: model.json, and the files of other software.</summary>
internal sealed class AdoptionSettings
{
    private readonly ModelMetadata? overrides, fallback;
    private readonly Lazy<IReadOnlyList<KeyValuePair<string, string>>> files;

    /// <summary>The settings of a file, with what lies beside it now.</summary>
    /// <param name="path">The .onnx file; <c>null</c> for none.</param>
    /// <param name="overrides">The metadata that replaces all other, such as the version's model.json; <c>null</c> for none.</param>
    /// <param name="fallback">
    /// The metadata that counts where the file's own Fovea properties say nothing, such as the model's model.json; <c>null</c> for none.
    /// </param>
    public AdoptionSettings(string? path, ModelMetadata? overrides, ModelMetadata? fallback)
    {
        (this.overrides, this.fallback) = (overrides, fallback);
        files = new(() => path is null ? [] : Sidecars.FilesIn(Path.GetDirectoryName(Path.GetFullPath(path))!));
    }

    /// <summary>Settings that say nothing.</summary>
    public static AdoptionSettings None { get; } = new(null, null, null);

    /// <summary>The labels and preprocessing in the files of other software. The files are read once.</summary>
    public Sidecars Sidecars => Sidecars.Read(files.Value);

    /// <summary>
    /// The SHA-256 of all that is given, in hexadecimal. It is the same wherever the same model.json lies: beside the file or in the
    /// model's folder.
    /// </summary>
    public string Hash() => HashOf((overrides ?? new()).Or(fallback));

    /// <summary>The SHA-256 of all that counts for a file, in hexadecimal.</summary>
    /// <param name="own">The Fovea properties of the file.</param>
    public string HashFor(ModelMetadata own) => HashOf(For(own));

    /// <summary>The metadata that count for a file.</summary>
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
