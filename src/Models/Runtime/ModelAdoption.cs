using Fovea.Models.Adoption;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Microsoft.ML.OnnxRuntime;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;

namespace Fovea.Models.Runtime;

/// <summary>
/// Adopts .onnx files from elsewhere, so that commands and the service read a file alike. A file of Fovea's own needs no adoption.
/// </summary>
public static class ModelAdoption
{
    /// <summary>Whether a file has Fovea's properties and Fovea's form, so that it is served as it is.</summary>
    /// <exception cref="FoveaException">The file cannot be read, is not an ONNX file, or is damaged.</exception>
    public static bool IsOwn(string path) => OwnForm.Holds(OnnxFile.Outline(path));

    /// <summary>Adopts a file.</summary>
    /// <param name="path">The .onnx file. Files beside it are read too, see <see cref="Sidecars.FileNames"/>.</param>
    /// <param name="overrides">The metadata that replaces all other, such as the version's model.json; <c>null</c> for none.</param>
    /// <param name="fallback">
    /// The metadata that counts where the file's own Fovea properties say nothing, such as the model's model.json.
    /// </param>
    /// <exception cref="FoveaException">The file is no classifier of images, or leaves two readings that no line decides.</exception>
    public static AdoptedModel Read(string path, ModelMetadata? overrides = null, ModelMetadata? fallback = null) =>
        Read(path, new AdoptionSettings(path, overrides, fallback));

    /// <summary>
    /// Adopts an uploaded file where it lies: the adopted form takes its place, and the original stays beside it as NAME.original.onnx. A
    /// file of Fovea's own stays as it is, and so does a base that has features and no classes.
    /// </summary>
    /// <param name="path">The .onnx file.</param>
    /// <param name="overrides">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <param name="fallback">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <returns>Whether the file has classes; otherwise it is a base for fine-tuning, with its preprocessing.</returns>
    /// <exception cref="FoveaException">The file is no image classifier, or needs something, or cannot be written.</exception>
    public static bool AdoptUpload(string path, ModelMetadata? overrides, ModelMetadata? fallback)
    {
        if (IsOwn(path))
        {
            return true;
        }

        var settings = new AdoptionSettings(path, overrides, fallback);
        var adopted = Read(path, settings);

        // One output is no row of features: it is a binary classifier whose labels are not known.
        if (adopted is { Classes: 0, Metadata.Preprocessing: not null } && adopted.Graph.Outputs[0].Shape is { Rank: 2 } row && row[1] > 1)
        {
            return false;
        }

        var graph = adopted.Complete(path).WithRecord(ModelBytes.Of(path).Sha256, settings);
        File.Move(path, ModelSource.OriginalOf(path));
        OnnxFile.Write(graph, path);
        return true;
    }

    /// <summary>
    /// Writes a file that is used in the same way without the files beside the original: with all metadata in it, adopted if it is from
    /// elsewhere.
    /// </summary>
    /// <param name="path">The .onnx file. It may be a base that has features and no classes.</param>
    /// <param name="copy">The file to write.</param>
    /// <param name="overrides">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <param name="fallback">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <returns>The metadata in the copy.</returns>
    /// <exception cref="FoveaException">The file is no image classifier, or the copy cannot be written.</exception>
    public static ModelMetadata CopyAlone(string path, string copy, ModelMetadata? overrides, ModelMetadata? fallback)
    {
        var source = ModelSource.Of(path, overrides, fallback);
        if (source.NeedsAdoption)
        {
            var adopted = Read(source.Path, source.Settings);
            OnnxFile.Write(adopted.WithRecord(ModelBytes.Of(source.Path).Sha256, AdoptionSettings.None), copy);
            return adopted.Metadata;
        }

        var own = ModelMetadata.Read(OwnForm.PropertiesOf(OnnxFile.Outline(path)));
        var metadata = source.Settings.For(own);
        if (source.Settings == AdoptionSettings.None || (overrides is null && fallback is null))
        {
            AtomicFile.Copy(path, copy);
            return metadata;
        }

        var graph = OnnxFile.Read(path);
        metadata.WriteTo(graph);
        OnnxFile.Write(graph, copy);
        return metadata;
    }

    /// <summary>The metadata that count for a file.</summary>
    /// <param name="path">The .onnx file.</param>
    /// <param name="overrides">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <param name="fallback">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <exception cref="FoveaException">The file cannot be read, or is no image classifier.</exception>
    public static ModelMetadata MetadataOf(string path, ModelMetadata? overrides, ModelMetadata? fallback)
    {
        var outline = OnnxFile.Outline(path);
        var source = ModelSource.Of(outline, path, overrides, fallback);
        return source.NeedsAdoption ? Read(source.Path, source.Settings).Metadata : source.MetadataOf(outline);
    }

    /// <summary>
    /// The network of a file that is trained for new classes. Its labels may be missing, since it learns others. Quantised weights become
    /// floats, which can be trained.
    /// </summary>
    /// <param name="path">The .onnx file.</param>
    /// <param name="overrides">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <param name="fallback">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <returns>
    /// The graph, its metadata, and the number of classes: 0 if its output is features, null if a file of Fovea's own does not say it.
    /// </returns>
    /// <exception cref="FoveaException">The file cannot be read, or is no image classifier.</exception>
    public static (Graph Network, ModelMetadata Metadata, int? Classes) BaseOf(
        string path, ModelMetadata? overrides, ModelMetadata? fallback)
    {
        var source = ModelSource.Of(path, overrides, fallback);
        if (source.NeedsAdoption)
        {
            var adopted = Read(source.Path, source.Settings);
            return (Dequantization.Of(adopted.Graph), adopted.Metadata, adopted.Classes);
        }

        var network = OpsetConversion.Convert(OnnxFile.Read(path));
        var metadata = source.Settings.For(ModelMetadata.Read(network.Metadata));
        return (Dequantization.Of(network), metadata with { Quantization = null }, source.Record?.Classes);
    }

    /// <summary>
    /// The graph of a file as it is served, to be shown. A file that is no classifier, such as one with several inputs, is shown as it is.
    /// </summary>
    /// <param name="path">The .onnx file.</param>
    /// <param name="overrides">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <param name="fallback">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <exception cref="FoveaException">The file is missing, cannot be read, is not an ONNX file, or is damaged.</exception>
    public static Graph NetworkOf(string path, ModelMetadata? overrides = null, ModelMetadata? fallback = null)
    {
        var image = (overrides ?? new()).Or(fallback).Preprocessing?.Checked().Shape;
        if (!File.Exists(path) || ModelSource.Of(path, overrides, fallback) is not { NeedsAdoption: true } source)
        {
            return OnnxFile.Read(path).ForImages(image);
        }

        try
        {
            var adopted = Read(source.Path, source.Settings);
            return adopted.ServesOriginal
                ? OnnxFile.Read(source.Path).ForImages(adopted.Metadata.Preprocessing?.Shape ?? image)
                : adopted.Graph;
        }
        catch (FoveaException)
        {
            return OnnxFile.Read(path).ForImages(image);
        }
    }

    /// <summary>Adopts a file with what decides beside it.</summary>
    internal static AdoptedModel Read(string path, AdoptionSettings settings) =>
        Adopt(changes => OnnxFile.Read(path, changes), path, settings);

    /// <summary>Adopts the content of a file. Messages name the path, and tensors in other files are looked up beside it.</summary>
    internal static AdoptedModel Read(ReadOnlyMemory<byte> content, string path, AdoptionSettings settings) =>
        Adopt(changes => OnnxFile.Read(content, path, changes), path, settings);

    private static AdoptedModel Adopt(Func<ICollection<string>, Graph> read, string path, AdoptionSettings settings)
    {
        var changes = new List<string>();
        try
        {
            var graph = read(changes);
            return Adopt(graph, changes, path, settings);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or IndexOutOfRangeException or InvalidCastException
            or NullReferenceException or ArithmeticException or KeyNotFoundException)
        {
            // Rules rely on nodes as ONNX describes them, and a damaged file may hold anything.
            throw new FoveaException(
                ErrorCode.BadModelFile, $"{path} is damaged: a node has inputs or attributes that its operator does not allow.", e);
        }
    }

    private static AdoptedModel Adopt(Graph graph, List<string> changes, string path, AdoptionSettings settings)
    {
        try
        {
            var given = settings.For(ModelMetadata.Read(graph.Metadata));
            return Adopter.Adopt(graph, given, settings.Sidecars, changes, Run);
        }
        catch (FoveaException e)
        {
            throw new FoveaException(e.Code, $"{path} is not an image classifier that can be used: {e.Message}", e);
        }
    }

    private static IReadOnlyList<(Shape Shape, float[] Values)>? Run(Graph graph, Shape shape, IReadOnlyList<float[]> batches)
    {
        try
        {
            using var session = Sessions.Open(graph);
            return [.. batches.Select(batch => Run(session, shape.ToInt64(), batch))];
        }
        catch (Exception e) when (e is FoveaException or OnnxRuntimeException)
        {
            return null;
        }
    }

    private static (Shape Shape, float[] Values) Run(InferenceSession session, long[] shape, float[] images)
    {
        // Graphs that cannot be run are among those that are tried, which is no error for users to see.
        using var options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using var input = OrtValue.CreateTensorValueFromMemory(images, shape);
        using var outputs = session.Run(options, session.InputNames, [input], session.OutputNames);
        var dimensions = outputs[0].GetTensorTypeAndShape().Shape.Select(d => (int)d);
        return (new Shape([.. dimensions]), outputs[0].GetTensorDataAsSpan<float>().ToArray());
    }
}
