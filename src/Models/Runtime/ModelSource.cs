using System.Security.Cryptography;
using Fovea.Models.Adoption;
using Fovea.Models.Graphs;
using Fovea.Models.Onnx;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;

namespace Fovea.Models.Runtime;

/// <summary>
/// Decides which file is read for a model, and whether it must be adopted. A file that Fovea wrote is read unchanged, and model.json
/// overrides its metadata. An adopted file is also read unchanged; model.json is ignored, because the adoption already used it. If
/// model.json has changed since the adoption, the original file beside the adopted file is adopted again.
/// </summary>
/// <param name="Path">The path of the file to read.</param>
/// <param name="Settings">The metadata from model.json and from the files beside the model.</param>
/// <param name="NeedsAdoption">Whether the file must be adopted, because other software wrote it.</param>
/// <param name="Record">The record of an adopted file's adoption; <c>null</c> for other files.</param>
internal sealed record ModelSource(string Path, AdoptionSettings Settings, bool NeedsAdoption, AdoptionRecord? Record = null)
{
    private const string OriginalEnding = ".original.onnx";

    /// <summary>The path of the original file beside an uploaded and adopted file, such as model.original.onnx.</summary>
    /// <param name="path">The path of the adopted file.</param>
    public static string OriginalOf(string path) => System.IO.Path.ChangeExtension(path, OriginalEnding);

    /// <summary>Decides which file is read for a model, and whether it must be adopted.</summary>
    /// <param name="outline">The content of the file without its weights.</param>
    /// <param name="path">The path of the file.</param>
    /// <param name="overrides">Metadata that replaces the file's own metadata; <c>null</c> for none.</param>
    /// <param name="fallback">Metadata for properties that the file lacks; <c>null</c> for none.</param>
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

    /// <summary>
    /// The same as <see cref="Of(ModelOutline, string, ModelMetadata, ModelMetadata)"/>, but reads the file itself.
    /// </summary>
    /// <exception cref="Errors.FoveaException">The file cannot be read, is not an ONNX file, or is damaged.</exception>
    public static ModelSource Of(string path, ModelMetadata? overrides, ModelMetadata? fallback) =>
        Of(OnnxFile.Outline(path), path, overrides, fallback);

    /// <summary>The metadata of the file, combined with those of model.json.</summary>
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
