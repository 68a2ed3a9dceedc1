using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using Microsoft.ML.Transforms.Onnx;

namespace Fovea.Models.Runtime;

/// <summary>
/// The estimator that <see cref="MlNetPipeline.ClassifyImages"/> returns. Its first step depends on the type of the column with the images.
/// </summary>
internal sealed class ImageColumnEstimator : IEstimator<TransformerChain<ITransformer>>
{
    // The class is recognised by its name, because it is in a package that only applications with such columns need.
    private const string ImageClass = "Microsoft.ML.Data.MLImage";

    private readonly TransformsCatalog transforms;
    private readonly string column, input, output;
    private readonly OnnxOptions onnx;
    private readonly Preprocessing preprocessing;
    private readonly IReadOnlyList<string> labels;
    private readonly ProbabilityRule? rule;

    public ImageColumnEstimator(TransformsCatalog transforms, string modelFile, string column)
    {
        using var model = Classifier.Load(modelFile, fallback: ModelJson.Read(Path.ChangeExtension(modelFile, ".json")));
        (this.transforms, this.column, input, output) = (transforms, column, model.InputName, model.OutputName);
        (preprocessing, labels, rule) = (model.Preprocessing, model.Labels, model.GivesProbabilities ? null : model.Rule);
        onnx = new OnnxOptions
        {
            ModelFile = model.RunsFileItself ? modelFile : AdoptedFile(modelFile),
            InputColumns = [input],
            OutputColumns = [output],
            ShapeDictionary = new Dictionary<string, int[]> { [input] = Shape },
        };
    }

    private int[] Shape => [1, .. preprocessing.Shape.Dimensions];

    /// <inheritdoc/>
    public TransformerChain<ITransformer> Fit(IDataView input) => Chain(input.Schema[column].Type is VectorDataViewType vector
        ? Rows(vector.ItemType, isVector: true)
        : Rows(input.Schema[column].Type, isVector: false)).Fit(input);

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        var images = inputSchema.FirstOrDefault(c => c.Name == column);
        return images.Name is null
            ? throw new FoveaException(ErrorCode.BadArgument, $"There is no column {column}; expected the column of the images.")
            : Chain(Rows(images.ItemType, images.Kind != SchemaShape.Column.VectorKind.Scalar)).GetOutputSchema(inputSchema);
    }

    private IEstimator<ITransformer> Rows(DataViewType type, bool isVector) => (type.RawType.FullName, isVector) switch
    {
        _ when type is TextDataViewType && !isVector => From<ImagePathRow>(
            row => File(row.Path), (nameof(ImagePathRow.Path), column, TextDataViewType.Instance)),
        ("System.Byte", true) => From<ImageBytesRow>(
            row => Fitted(row.File, $"The image in {column}"),
            (nameof(ImageBytesRow.File), column, new VectorDataViewType(NumberDataViewType.Byte))),
        (ImageClass, false) => FromImages(type),
        _ => throw new FoveaException(
            ErrorCode.BadArgument, $"The column {column} is of the type {type}; expected paths as text, files as byte[], or MLImage."),
    };

    // This method alone uses the package with MLImage. If it were inlined, its caller would need the package too.
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SuppressMessage("Performance", "CA1859", Justification = "The concrete type would need the package in the caller.")]
    private IEstimator<ITransformer> FromImages(DataViewType type) => From<MlImageRow>(
        row => Preprocessor.Fit(row.Pixels(column), preprocessing), (nameof(MlImageRow.Image), column, type));

    private CustomMappingEstimator<TRow, ImageTensorRow> From<TRow>(
        Func<TRow, Pixels> fit, params (string Member, string Column, DataViewType Type)[] columns)
        where TRow : class, new() =>
        transforms.CustomMapping<TRow, ImageTensorRow>(
            (row, image) => Preprocessor.Normalize(fit(row), preprocessing, image.Values = new float[preprocessing.Shape.Size]),
            null,
            Columns(typeof(TRow), columns),
            Columns(
                typeof(ImageTensorRow), (nameof(ImageTensorRow.Values), input, new VectorDataViewType(NumberDataViewType.Single, Shape))));

    private EstimatorChain<ITransformer> Chain(IEstimator<ITransformer> rows) => new EstimatorChain<ITransformer>()
        .Append(rows)
        .Append(transforms.ApplyOnnxModel(onnx))
        .Append(transforms.CustomMapping<LogitsRow, AnswerRow>(
            (outputs, answer) => Answer(outputs.Values, answer),
            null,
            Columns(typeof(LogitsRow), (nameof(LogitsRow.Values), output, new VectorDataViewType(NumberDataViewType.Single, labels.Count))),
            Answers()))
        .Append<ITransformer>(transforms.DropColumns(input, output));

    // ML.NET can only read a model from a file, so the adopted form of another software's file is written to the system's temporary folder.
    private static string AdoptedFile(string modelFile)
    {
        var path = Path.Combine(Path.GetTempPath(), $"fovea-{Guid.NewGuid():N}.onnx");
        ModelAdoption.CopyAlone(modelFile, path, overrides: null, fallback: ModelJson.Read(Path.ChangeExtension(modelFile, ".json")));
        return path;
    }

    private Pixels File(string path)
    {
        try
        {
            return Fitted(System.IO.File.ReadAllBytes(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.BadArgument, $"{path} cannot be read: {e.Message.TrimEnd('.')}. Expected an image file.", e);
        }
    }

    private Pixels Fitted(byte[] file, string name)
    {
        try
        {
            return Preprocessor.Fit(file, new ImageLimits(), preprocessing);
        }
        catch (FoveaException e)
        {
            throw new FoveaException(e.Code, $"{name}: {e.Message}", e);
        }
    }

    // Computes the columns of the answer. A null rule means that the outputs are already probabilities.
    private void Answer(float[] outputs, AnswerRow answer)
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

    private SchemaDefinition Answers()
    {
        var scores = new VectorDataViewType(NumberDataViewType.Single, labels.Count);
        var schema = Columns(typeof(AnswerRow), (nameof(AnswerRow.Score), nameof(AnswerRow.Score), scores));
        var names = new VBuffer<ReadOnlyMemory<char>>(labels.Count, [.. labels.Select(label => label.AsMemory())]);
        schema[nameof(AnswerRow.Score)].AddAnnotation("SlotNames", names, new VectorDataViewType(TextDataViewType.Instance, labels.Count));
        return schema;
    }

    private sealed class ImagePathRow
    {
        public string Path { get; set; } = "";
    }

    private sealed class ImageBytesRow
    {
        public byte[] File { get; set; } = [];
    }

    private sealed class ImageTensorRow
    {
        public float[] Values { get; set; } = [];
    }

    private sealed class LogitsRow
    {
        public float[] Values { get; set; } = [];
    }

    private sealed class AnswerRow
    {
        public float[] Score { get; set; } = [];

        public float Probability { get; set; }

        public string PredictedLabel { get; set; } = "";
    }
}
