using System.Security.Cryptography;
using Fovea.Models.Adoption;
using Fovea.Models.Graphs;
using Fovea.Models.Onnx;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;

namespace Fovea.Models.Runtime;

/// <summary>
/// Which file is used for a model file, and how. A file of Fovea's own is used as it is, with model.json over its metadata. So is an
/// adopted file that keeps the facts about its adoption, but model.json decided about its adoption and counts no more. If model.json has
/// changed since, the original beside it is adopted again.
/// </summary>
/// <param name="Path">The file.</param>
/// <param name="Settings">The settings of the adoption beside the file.</param>
/// <param name="NeedsAdoption">Whether the file is from elsewhere.</param>
/// <param name="Record">The facts that an adopted file keeps; otherwise <c>null</c>.</param>
internal sealed record ModelSource(string Path, AdoptionSettings Settings, bool NeedsAdoption, AdoptionRecord? Record = null)
{
    private const string OriginalEnding = ".original.onnx";

    /// <summary>The path of the original file that an upload keeps beside its adopted form, such as model.original.onnx.</summary>
    /// <param name="path">The adopted file.</param>
    public static string OriginalOf(string path) => System.IO.Path.ChangeExtension(path, OriginalEnding);

    /// <summary>Decides about a file.</summary>
    /// <param name="outline">The content of the file without its weights.</param>
    /// <param name="path">The path of the file.</param>
    /// <param name="overrides">The metadata that replaces the file's.</param>
    /// <param name="fallback">The metadata that counts where the file has none.</param>
    public static ModelSource Of(ModelOutline outline, string path, ModelMetadata? overrides, ModelMetadata? fallback)
    {
        var settings = new AdoptionSettings(path, overrides, fallback);
        if (!OwnForm.Holds(outline))
        {
            return new(path, settings, NeedsAdoption: true);
        }

        var record = OwnForm.RecordOf(outline);
        return record is null ? new(path, settings, NeedsAdoption: false)
            : record.Settings == settings.Hash() ? new(path, AdoptionSettings.None, NeedsAdoption: false, record)
            : HasHash(OriginalOf(path), record.Sha256) ? new(OriginalOf(path), settings, NeedsAdoption: true)
            : new(path, settings, NeedsAdoption: false, record);
    }

    /// <summary>As <see cref="Of(ModelOutline, string, ModelMetadata, ModelMetadata)"/>, for a file that is read here.</summary>
    /// <exception cref="Errors.FoveaException">The file cannot be read, is not an ONNX file, or is damaged.</exception>
    public static ModelSource Of(string path, ModelMetadata? overrides, ModelMetadata? fallback) =>
        Of(OnnxFile.Outline(path), path, overrides, fallback);

    /// <summary>The metadata of the file, and those that model.json gives.</summary>
    /// <param name="outline">The content of the file without its weights.</param>
    public ModelMetadata MetadataOf(ModelOutline outline) => Settings.For(ModelMetadata.Read(OwnForm.PropertiesOf(outline)));

    private static bool HasHash(string path, string sha256)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(stream)) == sha256;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
