using System.Globalization;
using System.Numerics.Tensors;
using Fovea.Models.Adoption;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Runtime;

namespace Fovea.Models.Explanations;

/// <summary>
/// Explains the answers of a classifier: which places of an image are evidence for a class. The explainer opens its own sessions at the
/// first use of a method, so it runs independently of the classifier, and each session holds another copy of the weights until <see
/// cref="Free"/>. Several threads may use it at the same time.
/// </summary>
/// <param name="model">The classifier, which must outlive this object. The classifier's own session is not used.</param>
/// <param name="onAllCores">Whether a run uses all cores; if false, it stays on the calling thread. Default true.</param>
public sealed class Explainer(Classifier model, bool onAllCores = true) : IDisposable
{
    // The length of a model file in bytes above which the graph that was read for a session is freed at once. The garbage collector would
    // free its weights much later.
    private const long LeastFreed = 64 << 20;

    private readonly Lock gate = new();
    private readonly Dictionary<string, GradCam> gradCams = [];
    private IntegratedGradients? integrated;
    private ForwardRuns? forward;
    private int running;

    /// <summary>Finds how much each place of an image file speaks for a class.</summary>
    /// <param name="image">The bytes of the image file.</param>
    /// <param name="limits">The limits of the image's size and format.</param>
    /// <param name="options">The class, the method and the layer; <c>null</c> for the defaults.</param>
    /// <param name="stop">Cancels the work between two runs of the network.</param>
    /// <exception cref="FoveaException">
    /// The image cannot be decoded, or one of the errors of <see cref="Explain(float[], ExplanationOptions, CancellationToken)"/>.
    /// </exception>
    public Attribution Explain(
        ReadOnlyMemory<byte> image, ImageLimits limits, ExplanationOptions? options = null, CancellationToken stop = default)
    {
        using var encoded = EncodedImage.Open(image, limits);
        var (fitted, region) = Preprocessor.FitWithRegion(encoded, model.Preprocessing);
        return Explain(fitted, region, options, stop);
    }

    /// <summary>Finds how much each place of an image that was fitted to the network's input speaks for a class.</summary>
    /// <param name="fitted">The pixels, from <see cref="Preprocessor.FitWithRegion(EncodedImage, Preprocessing)"/>.</param>
    /// <param name="region">The part of the image that the pixels show, from the same method.</param>
    /// <param name="options">The class, the method and the layer; <c>null</c> for the defaults.</param>
    /// <param name="stop">Cancels the work between two runs of the network.</param>
    /// <exception cref="FoveaException">
    /// The errors of <see cref="Explain(float[], ExplanationOptions, CancellationToken)"/>.
    /// </exception>
    public Attribution Explain(Pixels fitted, InputRegion region, ExplanationOptions? options = null, CancellationToken stop = default)
    {
        var input = new float[model.Input.Size];
        Preprocessor.Normalize(fitted, model.Preprocessing, input);
        var found = Explain(input, options, stop);
        return found with { Map = found.Map with { Region = region } };
    }

    /// <summary>Finds how much each place of a preprocessed image speaks for a class.</summary>
    /// <param name="input">The network's input, [C, H, W].</param>
    /// <param name="options">The class, the method and the layer; <c>null</c> for the defaults.</param>
    /// <param name="stop">Cancels the work between two runs of the network.</param>
    /// <returns>The explanation. Its map covers the whole input.</returns>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadArgument"/>: the class or the layer does not exist. <see cref="ErrorCode.BadModelFile"/>: the method cannot
    /// explain this network; the message gives the reason. <see cref="ErrorCode.NonFiniteOutput"/>: an output is NaN.
    /// </exception>
    public Attribution Explain(float[] input, ExplanationOptions? options = null, CancellationToken stop = default)
    {
        options ??= new();
        if (options.Class is { } index && (index < 0 || index >= model.Classes))
        {
            throw new FoveaException(ErrorCode.BadArgument, $"The class is {index}; expected 0 to {model.Classes - 1}.");
        }

        if (options.Layer is not null && options.Method != ExplanationMethod.GradCam)
        {
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"The layer is {options.Layer} and the method is {ExplanationMethods.NameOf(options.Method)}, which takes no layer; "
                    + "expected no layer, or grad-cam.");
        }

        return Running(() => ExplainWith(options, input, stop));
    }

    /// <summary>
    /// Measures how well a heat map agrees with the network, by insertion, deletion and average drop. It runs the network on 67 images.
    /// </summary>
    /// <param name="input">The network's input, [C, H, W].</param>
    /// <param name="target">The index of the class that the map explains.</param>
    /// <param name="map">A map of the whole input.</param>
    /// <param name="stop">Cancels the work between two runs of the network.</param>
    public Faithfulness Judge(float[] input, int target, HeatMap map, CancellationToken stop = default) =>
        Running(() => Faithfulness.Of(Forward, input, model.Input, target, map, stop));

    /// <summary>
    /// The index of a class, from its label or its index. If only one label matches in another case (Cat for cat), it is accepted.
    /// </summary>
    /// <param name="labelOrIndex">The label, or the index from 0.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadArgument"/>: no class matches, or several do.</exception>
    public int ClassOf(string labelOrIndex)
    {
        var labels = model.Labels;
        int[] same = [.. Enumerable.Range(0, labels.Count).Where(i => labels[i] == labelOrIndex)];
        same = same.Length > 0
            ? same
            : [.. Enumerable.Range(0, labels.Count).Where(i => labels[i].Equals(labelOrIndex, StringComparison.OrdinalIgnoreCase))];
        if (same is [var only])
        {
            return only;
        }

        if (int.TryParse(labelOrIndex, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < model.Classes)
        {
            return index;
        }

        var near = NearestName.Of(labelOrIndex, labels) is { } name ? $" (did you mean {name}?)" : "";
        throw new FoveaException(
            ErrorCode.BadArgument,
            same.Length > 1
                ? $"The classes {string.Join(" and ", same)} are both called {labelOrIndex}; expected one of these numbers."
                : $"The model has no class {labelOrIndex}{near}; expected one of its labels, or a number from 0 to {model.Classes - 1}.");
    }

    /// <summary>
    /// Closes the sessions, which frees their copies of the weights. The next explanation opens sessions again. Does nothing while another
    /// thread computes an explanation.
    /// </summary>
    /// <returns>Whether the sessions are closed.</returns>
    public bool Free()
    {
        lock (gate)
        {
            if (running > 0)
            {
                return false;
            }

            Close_NeedsLock();
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            Close_NeedsLock();
        }
    }

    /// <summary>Whether a session is open.</summary>
    internal bool HasSessions
    {
        get
        {
            lock (gate)
            {
                return gradCams.Count > 0 || integrated is not null || forward is not null;
            }
        }
    }

    /// <summary>Runs the model without computing explanations.</summary>
    internal ForwardRuns Forward
    {
        get
        {
            lock (gate)
            {
                return forward ??= new(model, onAllCores);
            }
        }
    }

    /// <summary>Returns the network's outputs, and the integrated gradient of each number of the input, [C, H, W].</summary>
    internal (float[] Logits, float[] Values) Attributions(float[] input, int target, CancellationToken stop)
    {
        lock (gate)
        {
            if (integrated is null)
            {
                integrated = OpenIntegrated();
                FreeGraph();
            }
        }

        return integrated.Run(input, target, stop);
    }

    private void Close_NeedsLock()
    {
        foreach (var cam in gradCams.Values)
        {
            cam.Dispose();
        }

        gradCams.Clear();
        integrated?.Dispose();
        forward?.Dispose();
        (integrated, forward) = (null, null);
    }

    // Counts the call, so that the sessions stay open until it is over.
    private T Running<T>(Func<T> explain)
    {
        lock (gate)
        {
            running++;
        }

        try
        {
            return explain();
        }
        finally
        {
            lock (gate)
            {
                running--;
            }
        }
    }

    private Attribution ExplainWith(ExplanationOptions options, float[] input, CancellationToken stop)
    {
        int target = options.Class ?? -1;
        switch (options.Method)
        {
            case ExplanationMethod.GradCam:
                var cam = CamOf(options.Layer);
                var (outputs, map) = cam.Run(input, target);
                return Found(AsLogits(outputs), options, map, cam.Layer);
            case ExplanationMethod.IntegratedGradients:
                var (logits, attributions) = Attributions(input, target, stop);
                return Found(AsLogits(logits), options, MapOf(attributions));
            default:
                var runs = Forward;
                var plain = runs.Logits(input);
                int explained = options.Class ?? TensorPrimitives.IndexOfMax<float>(plain);
                Check(plain);
                return Found(plain, options, Rise.Run(runs, input, model.Input, explained, options.Seed, stop));
        }
    }

    private GradCam CamOf(string? layer)
    {
        lock (gate)
        {
            if (!gradCams.TryGetValue(layer ?? "", out var cam))
            {
                gradCams.Add(layer ?? "", cam = OpenCam(layer));
                FreeGraph();
            }

            return cam;
        }
    }

    // These are methods of their own, so that no variable refers to the graph any more when FreeGraph runs.
    private GradCam OpenCam(string? layer) => new(Network(), model, layer, onAllCores);

    private IntegratedGradients OpenIntegrated() => new(Network(), model, onAllCores);

    private void FreeGraph()
    {
        if (new FileInfo(model.File) is { Exists: true, Length: > LeastFreed })
        {
            ProcessMemory.Trim();
        }
    }

    private Graph Network() => Dequantization.Of(model.ReadGraph());

    // The heat map of the attributions summed over the channels.
    private HeatMap MapOf(float[] attributions)
    {
        var sums = new float[model.Input[1] * model.Input[2]];
        for (int i = 0; i < attributions.Length; i++)
        {
            sums[i % sums.Length] += attributions[i];
        }

        return HeatMap.Of(model.Input[1], model.Input[2], sums);
    }

    private float[] AsLogits(float[] outputs)
    {
        Check(outputs);
        return model.GivesProbabilities ? Array.ConvertAll(outputs, MathF.Log) : outputs;
    }

    private void Check(float[] logits)
    {
        if (logits.Any(float.IsNaN))
        {
            throw new FoveaException(
                ErrorCode.NonFiniteOutput, $"An output of {model.File} is NaN (not a number) for this image; expected finite numbers.");
        }
    }

    private Attribution Found(float[] logits, ExplanationOptions options, HeatMap map, string? layer = null)
    {
        int explained = options.Class ?? TensorPrimitives.IndexOfMax<float>(logits);
        return new(explained, model.Labels[explained], model.Probabilities(logits)[explained], options.Method, layer, map);
    }
}
