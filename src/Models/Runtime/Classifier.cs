using System.Globalization;
using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models;

/// <summary>A model file, loaded and ready to classify. May be used from many threads at once.</summary>
public sealed class Classifier : IDisposable
{
    // Weights of more bytes are held once, and what a run of theirs takes beside them is given back after it.
    private const long LargeBytes = 256 << 20;

    private readonly InferenceSession session;
    private readonly RunOptions options = new();
    private volatile SideBySide? sideBySide;

    private Classifier(string file, InferenceSession session, Device device, ModelMetadata metadata, Shape input, int classes)
    {
        (File, this.session, Device) = (file, session, device);
        (InputName, OutputName) = (session.InputNames[0], session.OutputNames[0]);
        FixedBatch = session.InputMetadata.Values.First().Dimensions[0] is > 0 and int batch ? batch : null;
        (Metadata, Input, Classes) = (metadata, input, classes);
        Labels = metadata.Labels ?? [.. Enumerable.Range(0, classes).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        GivesProbabilities = EndsInSoftmax();
    }

    /// <summary>The path that it was loaded from.</summary>
    public string File { get; }

    /// <summary>What it runs on.</summary>
    public Device Device { get; }

    /// <summary>The runs that may go on side by side, each on a processor of its own; 1 until <see cref="RunSideBySide"/>: then a run is spread over all of them.</summary>
    public int Lanes => sideBySide is null ? 1 : Environment.ProcessorCount;

    /// <summary>
    /// Whether runs can go on side by side: not on CUDA, nor with files of more than 256 MiB, since it takes a second session, nor on one processor.
    /// </summary>
    public bool CanRunSideBySide => CanBeSideBySide(File, Device);

    /// <summary>Whether the file has more than 256 MiB: memory is spared then where that costs little time.</summary>
    public bool IsLarge => IsLargeFile(File);

    /// <summary>The one batch size that the file takes; null where it takes any.</summary>
    public int? FixedBatch { get; }

    /// <summary>What the file says about itself.</summary>
    public ModelMetadata Metadata { get; }

    /// <summary>The shape of one image, [C, H, W].</summary>
    public Shape Input { get; }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>The classes' names; their numbers where the file gives none.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Whether the file ends in a softmax, so that its own output is the exponential of what is called logits here.</summary>
    public bool GivesProbabilities { get; }

    /// <summary>What the file calls its input.</summary>
    public string InputName { get; }

    /// <summary>What the file calls its output.</summary>
    public string OutputName { get; }

    /// <summary>How an image becomes the input.</summary>
    public Preprocessing Preprocessing => Metadata.Preprocessing!;

    /// <summary>Whether the weights were learnt; otherwise they are random.</summary>
    public bool Trained => Metadata.Trained;

    /// <summary>Loads a model file.</summary>
    /// <param name="path">The .onnx file.</param>
    /// <param name="overrides">What holds in place of what the file says about itself.</param>
    /// <param name="fallback">What holds where the file says nothing.</param>
    /// <param name="device">What it runs on; null: the CPU.</param>
    /// <param name="atOnce">Whether it is to be ready soon rather than to run fast, until <see cref="RunSideBySide"/>; without effect where runs cannot go on side by side.</param>
    /// <exception cref="FoveaException">It cannot be loaded, or is no image classifier, or lacks its preprocessing; the message says which.</exception>
    public static Classifier Load(string path, ModelMetadata? overrides = null, ModelMetadata? fallback = null, Device? device = null, bool atOnce = false)
    {
        var session = Sessions.Open(path, device, returnsMemory: IsLargeFile(path), asItIs: atOnce && CanBeSideBySide(path, device ?? Device.Cpu));
        try
        {
            var metadata = (overrides ?? new()).Or(ModelMetadata.Read(session.ModelMetadata.CustomMetadataMap)).Or(fallback);
            var input = Single(session.InputMetadata, "input");
            var output = Single(session.OutputMetadata, "output");
            var preprocessing = metadata.Preprocessing ?? throw new FoveaException(ErrorCode.BadModelFile, $"{path} does not say how images become its input; expected the metadata property fovea.preprocessing, or a model.json beside the file.");
            Require(input is [_, 1 or 3, _, _] && input[1] == preprocessing.Channels, $"the input has the shape {Text(input)}; expected [N, {preprocessing.Channels}, H, W]");
            Require(Fits(input[2], preprocessing.Crop[0]) && Fits(input[3], preprocessing.Crop[1]), $"the input has the shape {Text(input)} and images are cropped to {preprocessing.Crop[0]}x{preprocessing.Crop[1]}");
            Require(output is [_, > 1], $"the output has the shape {Text(output)}; expected [N, classes]");
            Require(metadata.Labels is not { } labels || labels.Length == output[1], $"there are {metadata.Labels?.Length} labels for {output[1]} classes");
            return new Classifier(path, session, device ?? Device.Cpu, metadata, preprocessing.Shape, output[1]);
        }
        catch
        {
            session.Dispose();
            throw;
        }

        void Require(bool holds, string otherwise)
        {
            if (!holds)
            {
                throw new FoveaException(ErrorCode.BadModelFile, $"{path} is not an image classifier that can be used: {otherwise}.");
            }
        }

        int[] Single(IReadOnlyDictionary<string, NodeMetadata> values, string kind) => values.Count == 1 && values.Values.First() is { IsTensor: true } tensor && tensor.ElementType == typeof(float)
            ? tensor.Dimensions
            : throw new FoveaException(ErrorCode.BadModelFile, $"{path} is not an image classifier that can be used: expected one {kind} of floats.");

        static bool Fits(int dimension, int size) => dimension == size || dimension == Shape.Free;

        static string Text(int[] dimensions) => new Shape(dimensions).ToString();
    }

    /// <summary>Classifies one image file.</summary>
    /// <param name="image">The bytes of the file.</param>
    /// <param name="limits">What it may ask of the decoder.</param>
    /// <param name="top">How many classes to give, the likeliest first; at least 1.</param>
    /// <exception cref="FoveaException">The image cannot be decoded.</exception>
    public IReadOnlyList<Prediction> Classify(ReadOnlyMemory<byte> image, ImageLimits limits, int top)
    {
        var fitted = Preprocessor.Fit(image, limits, Preprocessing);
        var tensor = new float[Input.Size];
        Preprocessor.Normalize(fitted, Preprocessing, tensor);
        var logits = new float[Classes];
        Run(tensor, 1, logits);
        return Predictions(logits, top);
    }

    /// <summary>Runs the network on a batch.</summary>
    /// <param name="images">[count, C, H, W], preprocessed.</param>
    /// <param name="count">How many images there are.</param>
    /// <param name="logits">[count, classes], written; of a file that ends in a softmax, the logarithms of its probabilities.</param>
    public void Run(Memory<float> images, int count, Memory<float> logits)
    {
        using var input = Tensor(images, [count, .. Input.ToInt64()]);
        using var output = Tensor(logits, [count, Classes]);
        (sideBySide?.Spread ?? sideBySide?.Lane ?? session).Run(options, [InputName], [input], [OutputName], [output]);
        if (GivesProbabilities)
        {
            TensorPrimitives.Log(logits.Span, logits.Span);
        }
    }

    /// <summary>Tensors for batches of images, bound to this model; to be disposed of before it.</summary>
    /// <param name="sizes">The batch sizes that may be run; at least one.</param>
    public Batch CreateBatch(params IEnumerable<int> sizes) =>
        new(sideBySide?.Lane ?? session, sideBySide?.Spread, Input, Classes, GivesProbabilities, Device, FixedBatch is null && !Device.IsCuda, IsLarge, sizes);

    /// <summary>The same file once more, as it runs in one of the ways of <see cref="RunSideBySide"/>. Only where <see cref="CanRunSideBySide"/>.</summary>
    /// <param name="spread">Whether a run is spread over all processors; otherwise it stays on the thread that asks for it.</param>
    /// <param name="rewritten">Whether operators are rewritten in forms that may run faster, in more memory; not for a run that is spread.</param>
    /// <returns>Null where there is nothing to rewrite.</returns>
    /// <exception cref="FoveaException">The file cannot be loaded any more.</exception>
    public Classifier? OpenAgain(bool spread = false, bool rewritten = false) =>
        OpenSession(spread, rewritten) is { } opened ? new(File, opened, Device, Metadata, Input, Classes) : null;

    /// <summary>
    /// Opens the file once more for runs that stay on the thread that asks for them, several of which go on side by side: more images go through, and a lone one takes longer.
    /// Batches that are created from now on run so. Only where <see cref="CanRunSideBySide"/>, and once.
    /// </summary>
    /// <param name="rewritten">Whether operators are rewritten, where there are some, in forms that may run faster, in more memory.</param>
    /// <param name="spreads">Whether it is opened for lone runs as well, spread over all processors.</param>
    /// <exception cref="FoveaException">The file cannot be loaded any more.</exception>
    public void RunSideBySide(bool rewritten, bool spreads)
    {
        var lane = OpenSession(spread: false, rewritten) ?? OpenSession(spread: false, rewritten: false)!;
        try
        {
            sideBySide = new(lane, spreads ? OpenSession(spread: true, rewritten: false) : null);
        }
        catch
        {
            lane.Dispose();
            throw;
        }
    }

    /// <summary>Frees what was loaded first, and has been replaced by <see cref="RunSideBySide"/>; no batch from before may be left.</summary>
    public void FreeReplaced()
    {
        if (sideBySide is not null)
        {
            session.Dispose();
        }
    }

    /// <summary>The likeliest classes, given the logits of one image.</summary>
    public IReadOnlyList<Prediction> Predictions(ReadOnlySpan<float> logits, int top)
    {
        double[] probabilities = Softmax(logits);
        return Array.ConvertAll(Likeliest.Of(probabilities, top), i => new Prediction(Labels[i], i, probabilities[i]));
    }

    /// <summary>Probabilities that add up to 1: each logit's exponential over the sum of all. NaN where a logit is NaN or positive infinity.</summary>
    public static double[] Softmax(ReadOnlySpan<float> logits)
    {
        double highest = double.NegativeInfinity, sum = 0;
        foreach (float logit in logits)
        {
            highest = Math.Max(highest, logit);
        }

        var shares = new double[logits.Length];
        for (int i = 0; i < shares.Length; i++)
        {
            sum += shares[i] = Math.Exp(logits[i] - highest);
        }

        return Array.ConvertAll(shares, share => share / sum);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        sideBySide?.Lane.Dispose();
        sideBySide?.Spread?.Dispose();
        session.Dispose();
        options.Dispose();
        ProcessMemory.Trim();
    }

    private static bool CanBeSideBySide(string path, Device device) => !device.IsCuda && !IsLargeFile(path) && Environment.ProcessorCount > 1;

    private InferenceSession? OpenSession(bool spread, bool rewritten) => !rewritten ? Sessions.Open(File, Device, onOneThread: !spread)
        : Rewritten() is { } graph ? Sessions.Open(graph, Device, onOneThread: !spread)
        : null;

    // What the runtime reads may still be nothing that can be rewritten here.
    private Graph? Rewritten()
    {
        try
        {
            return FasterForms.Of(OpsetConversion.Convert(OnnxFile.Read(File)).ForImages(Input));
        }
        catch (FoveaException)
        {
            return null;
        }
    }

    private static bool IsLargeFile(string path) => new FileInfo(path) is { Exists: true, Length: > LargeBytes };

    // Logits that are all positive and sum to exactly one do not happen by chance.
    private bool EndsInSoftmax()
    {
        int count = FixedBatch ?? 1;
        var outputs = new float[count * Classes];
        Run(new float[count * Input.Size], count, outputs);
        return outputs.All(output => output >= 0) && Math.Abs(outputs.Take(Classes).Sum() - 1) < 1e-3;
    }

    private static OrtValue Tensor(Memory<float> values, long[] shape) => OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, values, shape);

    private sealed record SideBySide(InferenceSession Lane, InferenceSession? Spread);
}
