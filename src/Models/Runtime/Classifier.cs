using System.Globalization;
using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models;

/// <summary>A model file, loaded and ready to classify. May be used from many threads at once.</summary>
public sealed class Classifier : IDisposable
{
    // The weights of a larger file are held in memory only once, and each run gives back the memory that it took beside them.
    private const long LargeBytes = 256 << 20;

    private readonly ModelBytes bytes;
    private readonly RunOptions options = new();
    private ModelSession? session;

    private Classifier(ModelBytes bytes, InferenceSession session, Device device, ModelMetadata metadata, Shape input, int classes)
    {
        (this.bytes, this.session, Device) = (bytes, new(session, SessionKind.AllCores), device);
        IsLarge = IsLargeFile(bytes.Path);
        (InputName, OutputName) = (session.InputNames[0], session.OutputNames[0]);
        FixedBatch = session.InputMetadata.Values.First().Dimensions[0] is > 0 and int batch ? batch : null;
        (Metadata, Input, Classes) = (metadata, input, classes);
        Labels = metadata.Labels ?? [.. Enumerable.Range(0, classes).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        GivesProbabilities = EndsInSoftmax();
    }

    /// <summary>The version of the rewrites of <see cref="SessionKind.Rewritten"/>; measurements of another version do not count.</summary>
    public static int RewritesVersion => FasterForms.Version;

    /// <summary>The path of the file.</summary>
    public string File => bytes.Path;

    /// <summary>
    /// The SHA-256 of the file's content, 64 lower-case hexadecimal digits. Every session runs this content, whatever the file holds by
    /// now.
    /// </summary>
    public string Sha256 => bytes.Sha256;

    /// <summary>What it runs on.</summary>
    public Device Device { get; }

    /// <summary>
    /// Whether sessions of <see cref="SessionKind.OneCore"/> can be opened. Not on CUDA, not on a machine with one core, and not for a file
    /// of more than 256 MiB, since another session holds the weights once more.
    /// </summary>
    public bool CanRunSideBySide => !Device.IsCuda && !IsLarge && Environment.ProcessorCount > 1;

    /// <summary>Whether the file has more than 256 MiB. Memory is spared then where that costs little time.</summary>
    public bool IsLarge { get; }

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
    /// <param name="overrides">Metadata that replaces the file's own.</param>
    /// <param name="fallback">Metadata for fields that the file leaves out.</param>
    /// <param name="device">What it runs on; null: the CPU.</param>
    /// <exception cref="FoveaException">
    /// It cannot be loaded, or is no image classifier, or lacks its preprocessing; the message says which.
    /// </exception>
    public static Classifier Load(string path, ModelMetadata? overrides = null, ModelMetadata? fallback = null, Device? device = null)
    {
        var (bytes, session) = IsLargeFile(path)
            ? (ModelBytes.Of(path), Sessions.OpenLarge(path, device))
            : ModelBytes.Load(path, content => Sessions.Open(path, content, device));
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
            return new Classifier(bytes, session, device ?? Device.Cpu, metadata, preprocessing.Shape, output[1]);
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
        Session.Inner.Run(options, [InputName], [input], [OutputName], [output]);
        if (GivesProbabilities)
        {
            TensorPrimitives.Log(logits.Span, logits.Span);
        }
    }

    /// <summary>Memory for batches of images; to be disposed of before the sessions that run it.</summary>
    /// <param name="session">
    /// A session of this model. On CUDA its allocator gives page-locked memory, from which images are copied to the GPU faster.
    /// </param>
    /// <param name="sizes">The batch sizes that may be run; at least one.</param>
    public Batch CreateBatch(ModelSession session, params IEnumerable<int> sizes) =>
        new(session, Input, Classes, GivesProbabilities, Device, FixedBatch is null && !Device.IsCuda, IsLarge, sizes);

    /// <summary>Opens a further session on the content that was loaded. Only where <see cref="CanRunSideBySide"/>.</summary>
    /// <returns>The session, the caller's to dispose; null where the graph has nothing to rewrite.</returns>
    /// <exception cref="FoveaException">The file cannot be read, or has changed since it was loaded.</exception>
    public ModelSession? Open(SessionKind kind)
    {
        var content = bytes.Read();
        return kind.Rewritten ? OpenRewritten(content, kind) : new(Sessions.Open(File, content, Device, onOneThread: !kind.Spread), kind);
    }

    /// <summary>
    /// Hands over the session that was opened by <see cref="Load"/>, of <see cref="SessionKind.AllCores"/>; it is the caller's to dispose.
    /// <see cref="Run"/> and <see cref="Classify"/> cannot be called any more. To be called once.
    /// </summary>
    public ModelSession TakeSession()
    {
        var taken = Session;
        session = null;
        return taken;
    }

    /// <summary>The likeliest classes, given the logits of one image.</summary>
    public IReadOnlyList<Prediction> Predictions(ReadOnlySpan<float> logits, int top)
    {
        double[] probabilities = Softmax(logits);
        return Array.ConvertAll(Likeliest.Of(probabilities, top), i => new Prediction(Labels[i], i, probabilities[i]));
    }

    /// <summary>
    /// Probabilities that add up to 1: each logit's exponential over the sum of all. NaN where a logit is NaN or positive infinity.
    /// </summary>
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
        session?.Dispose();
        options.Dispose();
        ProcessMemory.Trim();
    }

    private ModelSession Session => session ?? throw new InvalidOperationException("The session of this classifier was handed over.");

    // ONNX Runtime reads some files that Fovea's own reader and converter refuse; those run as they are. An exception of another type would
    // be a defect of the rewrites, which must not cost the model.
    private ModelSession? OpenRewritten(byte[] content, SessionKind kind)
    {
        try
        {
            var rewritten = FasterForms.Of(OpsetConversion.Convert(OnnxFile.Read(content, File)).ForImages(Input));
            return rewritten is null ? null : new(Sessions.Open(rewritten, Device, onOneThread: !kind.Spread), kind);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
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
}
