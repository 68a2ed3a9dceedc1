using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Models.Explanations;

// A is the feature map, [K, H, W], and s is the logit of the class.
// a[k] = mean over H and W of ds/dA[k];  map = max(0, sum over k of a[k] A[k]).

/// <summary>
/// Grad-CAM (Selvaraju et al., 2017) as an ONNX graph: the network, the gradient of the layers after the feature map, and the heat map. One
/// run returns the logits and the heat map.
/// </summary>
internal sealed class GradCam : IDisposable
{
    private readonly ScoredRuns runs;
    private readonly int batch, classes, height, width;

    /// <summary>Opens a session.</summary>
    /// <param name="network">The graph that the service runs, in floats.</param>
    /// <param name="model">The model, for its device, activation and batch size.</param>
    /// <param name="layer">The name of the feature map; <c>null</c> for the last feature map.</param>
    /// <param name="spread">Whether a run uses all cores; if false, it stays on the calling thread.</param>
    /// <exception cref="FoveaException">
    /// The feature map does not exist, or an operator after it has no gradient rule.
    /// </exception>
    public GradCam(Graph network, Classifier model, string? layer, bool spread)
    {
        batch = model.FixedBatch ?? 1;
        classes = model.Classes;
        var evidence = new ClassEvidence(network, model.Activation, batch);
        var maps = new FeatureMaps(evidence);
        (Layer, var features) = layer is null ? maps.Last() : maps.Named(layer);
        var (image, channels) = maps.AxesOf(features);
        (height, width) = (features.Shape[image[0]], features.Shape[image[1]]);

        var gradient = GradientPath.Of(evidence, features, ExplanationMethod.GradCam);
        var g = evidence.Graph;
        var weights = g.ReduceMean(gradient, image, keep: true);
        var map = g.Relu(g.ReduceSum(weights * features, [channels]));
        runs = new(evidence, map, model.Device, spread);
    }

    /// <summary>The name of the feature map.</summary>
    public string Layer { get; }

    /// <summary>Explains a class of one image.</summary>
    /// <param name="image">The preprocessed image, [C, H, W].</param>
    /// <param name="target">The index of the class; -1 for the likeliest class.</param>
    /// <returns>The network's outputs, [classes], and the heat map.</returns>
    public (float[] Logits, HeatMap Map) Run(ReadOnlySpan<float> image, int target)
    {
        var images = new float[batch * image.Length];
        for (int i = 0; i < batch; i++)
        {
            image.CopyTo(images.AsSpan(i * image.Length));
        }

        var (logits, map) = runs.Run(images, target);
        return (logits[..classes], HeatMap.Of(height, width, map[..(height * width)]));
    }

    public void Dispose() => runs.Dispose();
}
