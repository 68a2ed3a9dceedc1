using Fovea.Models.Adoption;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Microsoft.ML.OnnxRuntime;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;

namespace Fovea.Models.Runtime;

/// <summary>
/// Adopts .onnx files of other software, in the same way for all commands and the service. A file that Fovea wrote needs no adoption.
/// </summary>
public static class ModelAdoption
{
    /// <summary>Whether a file has Fovea's metadata properties and Fovea's form, so that it needs no adoption.</summary>
    /// <exception cref="FoveaException">The file cannot be read, is not an ONNX file, or is damaged.</exception>
    public static bool IsOwn(string path) => OwnForm.Holds(OnnxFile.Outline(path));

    /// <summary>Adopts a file.</summary>
    /// <param name="path">The .onnx file. Files beside it are read too, see <see cref="Sidecars.FileNames"/>.</param>
    /// <param name="overrides">Metadata with the highest priority, such as the version's model.json; <c>null</c> for none.</param>
    /// <param name="fallback">
    /// Metadata with the lowest priority, after the file's own Fovea properties, such as the model's model.json; <c>null</c> for none.
    /// </param>
    /// <exception cref="FoveaException">
    /// The file is not an image classifier, or it can be understood in two ways and no line of model.json can decide.
    /// </exception>
    public static AdoptedModel Read(string path, ModelMetadata? overrides = null, ModelMetadata? fallback = null) =>
        Read(path, new AdoptionSettings(path, overrides, fallback));

    /// <summary>
    /// Adopts an uploaded file in its folder: the adopted form replaces the file, and the original is renamed to NAME.original.onnx. Does
    /// not change a file that needs no adoption, or a base whose outputs are features.
    /// </summary>
    /// <param name="path">The .onnx file.</param>
    /// <param name="overrides">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <param name="fallback">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <returns>Whether the file has classes; false if it is a base for fine-tuning, with known preprocessing.</returns>
    /// <exception cref="FoveaException">
    /// The file is not an image classifier, adoption needs a missing fact, or the adopted file cannot be written.
    /// </exception>
    public static bool AdoptUpload(string path, ModelMetadata? overrides, ModelMetadata? fallback)
    {
        if (IsOwn(path))
        {
            return true;
        }

        var settings = new AdoptionSettings(path, overrides, fallback);
        var adopted = Read(path, settings);

        // A network with a single output is not a base: it is a binary classifier whose labels are unknown.
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
    /// Writes a copy of a model file that works without the files beside the original: the copy contains all metadata. If the file is from
    /// other software, the copy is its adopted form.
    /// </summary>
    /// <param name="path">The .onnx file. It may be a base whose outputs are features.</param>
    /// <param name="copy">The path of the copy.</param>
    /// <param name="overrides">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <param name="fallback">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <returns>The metadata in the copy.</returns>
    /// <exception cref="FoveaException">The file is not an image classifier, or the copy cannot be written.</exception>
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

    /// <summary>The metadata of a model file, combined with model.json and with the findings of adoption.</summary>
    /// <param name="path">The .onnx file.</param>
    /// <param name="overrides">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <param name="fallback">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <exception cref="FoveaException">The file cannot be read, or is not an image classifier.</exception>
    public static ModelMetadata MetadataOf(string path, ModelMetadata? overrides, ModelMetadata? fallback)
    {
        var outline = OnnxFile.Outline(path);
        var source = ModelSource.Of(outline, path, overrides, fallback);
        return source.NeedsAdoption ? Read(source.Path, source.Settings).Metadata : source.MetadataOf(outline);
    }

    /// <summary>
    /// The network of a model file, as the base of fine-tuning. Its labels may be missing, since fine-tuning replaces them. Quantised
    /// weights become floats, which can be trained.
    /// </summary>
    /// <param name="path">The .onnx file.</param>
    /// <param name="overrides">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <param name="fallback">As for <see cref="Read(string, ModelMetadata, ModelMetadata)"/>.</param>
    /// <returns>
    /// The graph, its metadata, and the number of classes: 0 if the outputs are features, <c>null</c> for a file that needed no adoption.
    /// </returns>
    /// <exception cref="FoveaException">The file cannot be read, or is not an image classifier.</exception>
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
    /// The graph that the service runs for a model file, for display. For a file that is not a classifier, for example because it has
    /// several inputs, the graph in the file.
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

    /// <summary>Adopts a file, with the settings of its adoption.</summary>
    internal static AdoptedModel Read(string path, AdoptionSettings settings) =>
        Adopt(changes => OnnxFile.Read(path, changes), path, settings);

    /// <summary>Adopts a file from its content. The path is for messages, and for tensors in other files beside it.</summary>
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
            // The rules for operators assume valid nodes, so the invalid nodes of a damaged file can cause any of these exceptions.
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
        // Adoption also tries graphs that ONNX Runtime cannot run. These failures are expected, so ONNX Runtime logs nothing.
        using var options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using var input = OrtValue.CreateTensorValueFromMemory(images, shape);
        using var outputs = session.Run(options, session.InputNames, [input], session.OutputNames);
        var dimensions = outputs[0].GetTensorTypeAndShape().Shape.Select(d => (int)d);
        return (new Shape([.. dimensions]), outputs[0].GetTensorDataAsSpan<float>().ToArray());
    }
}
