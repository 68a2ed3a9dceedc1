using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Onnx;

namespace Fovea.Models.Runtime;

/// <summary>
/// Model files in ML.NET. Applications bring the packages Microsoft.ML and Microsoft.ML.OnnxTransformer themselves; nothing else in this
/// assembly
/// needs them.
/// </summary>
public static class MlNetPipeline
{
    /// <summary>
    /// A pipeline that classifies image files as <see cref="Classifier"/> does: images decoded, fitted and normalised as the model file
    /// says, the file
    /// itself run by ApplyOnnxModel, its answer as a softmax with labels. A .json file beside the model supplies what it does not say about
    /// itself.
    /// </summary>
    /// <remarks>
    /// ML.NET's own LoadImages and ResizeImages cannot give the same answers: they ignore EXIF's orientation, take truncated files, and
    /// pick pixels
    /// without averaging them. A fitted pipeline is not saved by ML.NET; it is made again from the model file.
    /// </remarks>
    /// <param name="transforms">The catalog of an MLContext.</param>
    /// <param name="modelFile">The .onnx file.</param>
    /// <param name="imagePathColumn">The column with the images' paths, as text. JPEG, PNG, WebP, BMP and GIF are read.</param>
    /// <returns>
    /// A pipeline that adds <c>Score</c> (probabilities in the order of the classes, float, its slots named after the labels),
    /// <c>Probability</c> (of the
    /// likeliest class, 0 to 1, float) and <c>PredictedLabel</c> (that class's label, text).
    /// </returns>
    /// <exception cref="FoveaException">The file is no image classifier; an image that cannot be read fails when its row is.</exception>
    public static EstimatorChain<ITransformer> ClassifyImages(
        this TransformsCatalog transforms, string modelFile, string imagePathColumn = "ImagePath")
    {
        using var model = Classifier.Load(modelFile, fallback: ModelJson.Read(Path.ChangeExtension(modelFile, ".json")));
        var (preprocessing, labels) = (model.Preprocessing, model.Labels);
        var rule = model.GivesProbabilities ? null : model.Rule;
        var served = model.RunsFileItself ? modelFile : AdoptedFile(modelFile);
        var (input, output) = (model.InputName, model.OutputName);
        int[] shape = [1, .. preprocessing.Shape.Dimensions];
        var onnx = new OnnxOptions
        {
            ModelFile = served,
            InputColumns = [input],
            OutputColumns = [output],
            ShapeDictionary = new Dictionary<string, int[]> { [input] = shape }
        };
        return transforms.CustomMapping<ImageFile, ImageTensor>(
                (file, image) => Read(file.Path, preprocessing, image.Values = new float[preprocessing.Shape.Size]), null,
                Columns(typeof(ImageFile), (nameof(ImageFile.Path), imagePathColumn, TextDataViewType.Instance)),
                Columns(typeof(ImageTensor), (nameof(ImageTensor.Values), input, new VectorDataViewType(NumberDataViewType.Single, shape))))
            .Append(transforms.ApplyOnnxModel(onnx))
            .Append(transforms.CustomMapping<Logits, Answer>(
                (outputs, answer) => Explain(rule, outputs.Values, labels, answer), null,
                Columns(typeof(Logits), (nameof(Logits.Values), output, new VectorDataViewType(NumberDataViewType.Single, labels.Count))),
                Answers(labels)))
            .Append<ITransformer>(transforms.DropColumns(input, output));
    }

    // ML.NET reads a file, so the adopted form of a file from elsewhere becomes one. It lies where the system keeps temporary files.
    private static string AdoptedFile(string modelFile)
    {
        var path = Path.Combine(Path.GetTempPath(), $"fovea-{Guid.NewGuid():N}.onnx");
        ModelAdoption.CopyAlone(modelFile, path, overrides: null, fallback: ModelJson.Read(Path.ChangeExtension(modelFile, ".json")));
        return path;
    }

    private static void Read(string path, Preprocessing preprocessing, float[] tensor)
    {
        try
        {
            Preprocessor.Normalize(Preprocessor.Fit(File.ReadAllBytes(path), new ImageLimits(), preprocessing), preprocessing, tensor);
        }
        catch (FoveaException e)
        {
            throw new FoveaException(e.Code, $"{path}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.BadArgument, $"{path} cannot be read: {e.Message.TrimEnd('.')}. Expected an image file.", e);
        }
    }

    // Without a rule the outputs are probabilities already.
    private static void Explain(ProbabilityRule? rule, float[] outputs, IReadOnlyList<string> labels, Answer answer)
    {
        answer.Score = rule is null ? outputs : Array.ConvertAll(rule.Probabilities(outputs), p => (float)p);
        answer.Probability = answer.Score.Max();
        answer.PredictedLabel = labels[Array.IndexOf(answer.Score, answer.Probability)];
    }

    private static SchemaDefinition Columns(Type row, params ReadOnlySpan<(string Member, string Column, DataViewType Type)> columns)
    {
        var schema = SchemaDefinition.Create(row);
        foreach (var (member, column, type) in columns)
        {
            (schema[member].ColumnName, schema[member].ColumnType) = (column, type);
        }

        return schema;
    }

    private static SchemaDefinition Answers(IReadOnlyList<string> labels)
    {
        var schema = Columns(
            typeof(Answer), (nameof(Answer.Score), nameof(Answer.Score), new VectorDataViewType(NumberDataViewType.Single, labels.Count)));
        var names = new VBuffer<ReadOnlyMemory<char>>(labels.Count, [.. labels.Select(label => label.AsMemory())]);
        schema[nameof(Answer.Score)].AddAnnotation("SlotNames", names, new VectorDataViewType(TextDataViewType.Instance, labels.Count));
        return schema;
    }

    private sealed class ImageFile
    {
        public string Path { get; set; } = "";
    }

    private sealed class ImageTensor
    {
        public float[] Values { get; set; } = [];
    }

    private sealed class Logits
    {
        public float[] Values { get; set; } = [];
    }

    private sealed class Answer
    {
        public float[] Score { get; set; } = [];

        public float Probability { get; set; }

        public string PredictedLabel { get; set; } = "";
    }
}
