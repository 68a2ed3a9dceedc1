using System.Globalization;
using System.Numerics.Tensors;
using Fovea.Models.Adoption;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Rewrites;
using Microsoft.ML.OnnxRuntime;
using ModelCalibration = Fovea.Models.Metadata.ModelCalibration;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;

namespace Fovea.Models.Runtime;

/// <summary>A loaded model file that classifies images. Several threads may use it at the same time.</summary>
public sealed class Classifier : IDisposable
{
    private static readonly ModelCalibration Uncalibrated = new();

    private readonly ServedFile file;
    private readonly RunOptions options = new();
    private readonly Lazy<IReadOnlyList<QuantizedTwin>> twins;
    private ModelSession? session;

    private Classifier(ServedFile file, InferenceSession session, Device device, ModelMetadata metadata, Shape input, int classes)
    {
        (this.file, this.session, Device) = (file, new(session, file.FirstKind), device);
        (IsLarge, RewriteFailure) = (file.IsLarge, file.RewriteFailure);
        (InputName, OutputName) = (session.InputNames[0], session.OutputNames[0]);
        FixedBatch = session.InputMetadata.Values.First().Dimensions[0] is > 0 and int batch ? batch : null;
        (Metadata, Input, Classes) = (metadata, input, classes);
        Labels = metadata.Labels ?? [.. Enumerable.Range(0, classes).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        Activation = metadata.Activation ?? Activation.Softmax;
        Rule = new(Activation, Calibration);
        twins = new(() => QuantizedTwin.Beside(this));
    }

    /// <summary>
    /// The names and versions of the rewrites that sessions of a <see cref="SessionKind.Rewritten"/> kind apply. A stored speed measurement
    /// is valid only for the rewrites with which it was made.
    /// </summary>
    public static string RewritesVersion { get; } = RewriteTable.Versions(RewriteUses.ServingOnCpu);

    /// <summary>The path of the file.</summary>
    public string File => file.Path;

    /// <summary>
    /// The SHA-256 of the file's content, 64 lower-case hexadecimal digits. Every session runs this content, even if the file has changed
    /// since.
    /// </summary>
    public string Sha256 => file.Sha256;

    /// <summary>
    /// The quantised forms of the file in the same folder, such as model.int8.onnx and model.fp16.onnx beside model.onnx; mostly none. The
    /// first call reads them.
    /// </summary>
    public IReadOnlyList<QuantizedTwin> Twins => twins.Value;

    /// <summary>Whether sessions run the graph in the file; if false, they run the adopted form.</summary>
    internal bool RunsFileItself => file.IsServedAsItIs;

    /// <summary>The device that the network runs on.</summary>
    public Device Device { get; }

    /// <summary>
    /// Whether sessions of <see cref="SessionKind.OneCore"/> can be opened. False on CUDA, on a machine with one core, and for a file of
    /// more than 256 MiB, since each session holds its own copy of the weights.
    /// </summary>
    public bool CanRunSideBySide => !Device.IsCuda && !IsLarge && Environment.ProcessorCount > 1;

    /// <summary>Whether a session of a kind is useful. A large file in rewritten form gets no second session on all cores.</summary>
    public bool Runs(SessionKind kind) => !kind.Spread ? CanRunSideBySide
        : kind.Rewritten ? !Device.IsCuda && !IsLarge
        : Device.IsCuda || (kind == SessionKind.AllCores && !file.IsRewritten);

    /// <summary>Whether the file has more than 256 MiB. If so, sessions save memory where this costs little time.</summary>
    public bool IsLarge { get; }

    /// <summary>The reason why rewriting the network failed, so that it runs unchanged; <c>null</c> if it has not failed.</summary>
    public string? RewriteFailure { get; private set; }

    /// <summary>The only batch size that the network accepts; <c>null</c> if it accepts any batch size.</summary>
    public int? FixedBatch { get; }

    /// <summary>The metadata of the model: labels, preprocessing and so on.</summary>
    public ModelMetadata Metadata { get; }

    /// <summary>The shape of one image, [C, H, W].</summary>
    public Shape Input { get; }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>The names of the classes, or the classes' numbers if the file has no labels.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The activation that turns the outputs into probabilities.</summary>
    public Activation Activation { get; }

    /// <summary>The temperature of the probabilities and the threshold for outliers.</summary>
    public ModelCalibration Calibration => Metadata.Calibration ?? Uncalibrated;

    /// <summary>The computation of probabilities from logits.</summary>
    internal ProbabilityRule Rule { get; }

    /// <summary>
    /// Whether the network's outputs are already probabilities. The logits of this class are then the logarithms of the outputs.
    /// </summary>
    public bool GivesProbabilities => Activation == Activation.None;

    /// <summary>Whether the labels are independent: each has its own probability, and an image may have several labels.</summary>
    public bool IsMultiLabel => Activation == Activation.Sigmoid;

    /// <summary>The findings of adoption; <c>null</c> for a file that Fovea wrote, which needs no adoption.</summary>
    public Findings? Findings => file.Known.Record?.Findings;

    /// <summary>The original input and output of an adopted file; <c>null</c> for a file that Fovea wrote.</summary>
    public OriginalForm? Original => file.Known.Record?.Original;

    /// <summary>The name of the served graph's input: the name in the file, or <c>input</c> if the adopted form is served.</summary>
    public string InputName { get; }

    /// <summary>The name of the served graph's output: the name in the file, or <c>logits</c> if the adopted form is served.</summary>
    public string OutputName { get; }

    /// <summary>The preprocessing that turns an image into the input.</summary>
    public Preprocessing Preprocessing => Metadata.Preprocessing!;

    /// <summary>Whether the weights are trained; false if they are random.</summary>
    public bool Trained => Metadata.Trained;

    /// <summary>Loads a model file.</summary>
    /// <param name="path">The path of the .onnx file.</param>
    /// <param name="overrides">Metadata that replaces the file's own metadata; <c>null</c> for none.</param>
    /// <param name="fallback">Metadata for properties that the file lacks; <c>null</c> for none.</param>
    /// <param name="device">The device that the network runs on; <c>null</c> for the CPU.</param>
    /// <param name="cache">
    /// The cache of the adopted forms of other software's files; <c>null</c> to adopt such a file at each load.
    /// </param>
    /// <exception cref="FoveaException">
    /// The file cannot be loaded, is not an image classifier, or has no preprocessing. The message names the problem.
    /// </exception>
    public static Classifier Load(
        string path, ModelMetadata? overrides = null, ModelMetadata? fallback = null, Device? device = null, AdoptionCache? cache = null)
    {
        var (file, session) = ServedFile.Open(path, overrides, fallback, device, cache);
        try
        {
            var metadata = file.Known.Metadata;
            var input = Single(session.InputMetadata, "input");
            var output = Single(session.OutputMetadata, "output");
            var preprocessing = metadata.Preprocessing ?? throw new FoveaException(
                ErrorCode.BadModelFile,
                    $"{path} has no preprocessing, so images cannot become its input; expected the metadata property "
                    + "fovea.preprocessing, or a model.json with preprocessing beside the file.");
            Require(input is [_, _, _, _] && Fits(input[1], preprocessing.Channels),
                $"the input has the shape {Text(input)}; expected [N, {preprocessing.Channels}, H, W]");
            Require(Fits(input[2], preprocessing.Crop[0]) && Fits(input[3], preprocessing.Crop[1]),
                $"the preprocessing crops images to {preprocessing.Crop[0]}x{preprocessing.Crop[1]}; expected the size of the input, "
                    + $"{Text(input)}");
            int classes = file.Known.Record?.Classes ?? (output is [_, var columns] ? columns : 0);
            Require(
                output.Length == 2 && (classes > 1 || (classes == 1 && metadata.Activation == Activation.Sigmoid)),
                $"the output has the shape {Text(output)}; expected [N, classes]");
            Require(
                metadata.Labels is not { } labels || labels.Length == classes,
                $"there are {metadata.Labels?.Length} labels for {classes} classes; expected one label per class");
            return new Classifier(file, session, device ?? Device.Cpu, metadata, preprocessing.Shape, classes);
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

        int[] Single(IReadOnlyDictionary<string, NodeMetadata> values, string kind) =>
            values.Count == 1 && values.Values.First() is { IsTensor: true } tensor && tensor.ElementType == typeof(float)
            ? tensor.Dimensions
            : throw new FoveaException(
                ErrorCode.BadModelFile, $"{path} is not an image classifier that can be used: expected one {kind} of floats.");

        static bool Fits(int dimension, int size) => dimension == size || dimension == Shape.Free;

        static string Text(int[] dimensions) => new Shape(dimensions).ToString();
    }

    /// <summary>Classifies one image file.</summary>
    /// <param name="image">The bytes of the image file.</param>
    /// <param name="limits">The limits of the image's size and format.</param>
    /// <param name="top">The number of classes to return, the likeliest first; at least 1.</param>
    /// <exception cref="FoveaException">The image cannot be decoded, or the network's output is not finite.</exception>
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
    /// <param name="images">The preprocessed images, [count, C, H, W].</param>
    /// <param name="count">The number of images.</param>
    /// <param name="logits">
    /// Receives the logits, [count, classes]. If the network outputs probabilities, receives their logarithms.
    /// </param>
    /// <exception cref="FoveaException"><see cref="Errors.ErrorCode.NonFiniteOutput"/>: an output is NaN.</exception>
    public void Run(Memory<float> images, int count, Memory<float> logits)
    {
        if (FixedBatch is { } batch && batch != count)
        {
            RunInParts(images, count, logits, batch);
            return;
        }

        using var input = Tensor(images, [count, .. Input.ToInt64()]);
        using var output = Tensor(logits, [count, Classes]);
        Session.Inner.Run(options, [InputName], [input], [OutputName], [output]);
        if (logits.Span.Contains(float.NaN))
        {
            throw new FoveaException(
                ErrorCode.NonFiniteOutput, $"An output of {File} is NaN (not a number) for an image; expected finite numbers.");
        }

        if (GivesProbabilities)
        {
            TensorPrimitives.Log(logits.Span, logits.Span);
        }
    }

    /// <summary>Runs the network on a batch and divides the logits by the temperature.</summary>
    /// <inheritdoc cref="Run"/>
    public void RunCalibrated(Memory<float> images, int count, Memory<float> logits)
    {
        Run(images, count, logits);
        Rule.Cool(logits.Span[..(count * Classes)]);
    }

    /// <summary>
    /// Allocates memory for batches of images. The caller disposes it before it disposes the sessions that ran it.
    /// </summary>
    /// <param name="session">
    /// A session of this model. On CUDA, its allocator gives page-locked memory, from which images are copied to the GPU faster.
    /// </param>
    /// <param name="sizes">The batch sizes that may be run; at least one size.</param>
    public InferenceBatch CreateBatch(ModelSession session, params IEnumerable<int> sizes) =>
        new(session, Input, Classes, GivesProbabilities, Device, FixedBatch is null && !Device.IsCuda, IsLarge, sizes);

    /// <summary>
    /// Opens an additional session on the same content, of a kind for which <see cref="Runs"/> is true.
    /// </summary>
    /// <returns>
    /// The session, which the caller disposes. <c>null</c> for a rewritten kind if no rewrite fits the graph or rewriting fails, and for a
    /// quantised kind if the quantised twin cannot be used.
    /// </returns>
    /// <exception cref="FoveaException">The file cannot be read, or has changed since it was loaded.</exception>
    public ModelSession? Open(SessionKind kind)
    {
        if (kind.Quantized is { } numbers)
        {
            return Twins.FirstOrDefault(twin => twin.Numbers == numbers)?.Open(kind);
        }

        var content = file.Read();
        return kind.Rewritten ? OpenRewritten(content, kind) : new(Sessions.Open(File, content, Device, onOneThread: !kind.Spread), kind);
    }

    /// <summary>
    /// Returns the session that <see cref="Load"/> opened, which runs on all cores; the caller disposes it. Call this once;
    /// <see cref="Run"/> and <see cref="Classify"/> cannot be called afterwards.
    /// </summary>
    public ModelSession TakeSession()
    {
        var taken = Session;
        session = null;
        return taken;
    }

    /// <summary>The likeliest classes of one image, computed from its logits, the likeliest first.</summary>
    public IReadOnlyList<Prediction> Predictions(ReadOnlySpan<float> logits, int top)
    {
        double[] probabilities = Probabilities(logits);
        return Array.ConvertAll(Likeliest.Of(probabilities, top), i => new Prediction(Labels[i], i, probabilities[i]));
    }

    /// <summary>The probability of each class for one image, computed from its logits by <see cref="ProbabilityRule"/>.</summary>
    /// <param name="logits">The logits, as <see cref="Run"/> writes them.</param>
    public double[] Probabilities(ReadOnlySpan<float> logits) => Rule.Probabilities(logits);

    /// <summary>
    /// The outlier score of an image, computed from its logits; <c>null</c> if the model file has no rule for outliers.
    /// </summary>
    /// <param name="logits">The logits, as <see cref="Run"/> writes them.</param>
    public OutlierScore? Outlier(ReadOnlySpan<float> logits) => Rule.Outlier(logits);

    /// <inheritdoc/>
    public void Dispose()
    {
        session?.Dispose();
        options.Dispose();
        ProcessMemory.Trim();
    }

    /// <summary>The graph that is served, converted to operator set 17, with the height and width of the preprocessing.</summary>
    /// <exception cref="FoveaException">
    /// The file has changed since it was loaded, or contains an operator that Fovea cannot convert.
    /// </exception>
    internal Graph ReadGraph() => GraphOf(file.Read());

    private ModelSession Session => session ?? throw new InvalidOperationException("The session of this classifier was handed over.");

    private Graph GraphOf(byte[] content) => OpsetConversion.Convert(OnnxFile.Read(content, File)).ForImages(Input);

    // Returns null too if Fovea's reader or converter refuses a file that ONNX Runtime accepts.
    private ModelSession? OpenRewritten(byte[] content, SessionKind kind)
    {
        var rewritten = RewritePass.OrNull(() => RewritePass.ForServing(GraphOf(content), kind.Spread ? Sessions.Threads : 1) is { } graph
            ? new ModelSession(Sessions.Open(graph, Device, onOneThread: !kind.Spread), kind) : null, out var failure);
        RewriteFailure ??= failure;
        return rewritten;
    }

    // Runs a network with a fixed batch size several times. The last batch is filled up with zeros.
    private void RunInParts(Memory<float> images, int count, Memory<float> logits, int batch)
    {
        int size = (int)Input.Size;
        for (int first = 0; first < count; first += batch)
        {
            int taken = Math.Min(batch, count - first);
            var (part, found) = (new float[batch * size], new float[batch * Classes]);
            images.Slice(first * size, taken * size).CopyTo(part);
            Run(part, batch, found);
            found.AsMemory(0, taken * Classes).CopyTo(logits[(first * Classes)..]);
        }
    }

    private static OrtValue Tensor(Memory<float> values, long[] shape) =>
        OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, values, shape);
}
