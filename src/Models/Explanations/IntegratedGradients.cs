using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Models.Explanations;

// x is the image, b is a black image, and s is the logit of the class.
// attribution = (x - b) mean over t in (0, 1) of ds/dx at b + t (x - b).  The sum of all attributions is s(x) - s(b).

/// <summary>
/// Integrated gradients (Sundararajan, Taly and Yan, 2017): how much each number of the input adds to the logit of a class, compared with a
/// black image. The mean gradient is taken at the midpoints of 32 equal steps from black to the image.
/// </summary>
internal sealed class IntegratedGradients : IDisposable
{
    private const int Steps = 32, BatchSize = 4;

    private readonly Classifier model;
    private readonly ScoredRuns runs;
    private readonly float[] black;
    private readonly int batch;

    /// <summary>Opens a session.</summary>
    /// <param name="network">The graph that the service runs, in floats.</param>
    /// <param name="model">The model, for its device, activation, preprocessing and batch size.</param>
    /// <param name="spread">Whether a run uses all cores; if false, it stays on the calling thread.</param>
    /// <exception cref="Errors.FoveaException">An operator of the network has no gradient rule.</exception>
    public IntegratedGradients(Graph network, Classifier model, bool spread)
    {
        (this.model, batch) = (model, model.FixedBatch ?? BatchSize);
        var evidence = new ClassEvidence(network, model.Activation, batch);
        var gradient = GradientPath.Of(evidence, evidence.Images, ExplanationMethod.IntegratedGradients);
        runs = new(evidence, gradient, model.Device, spread);
        int plane = model.Input[1] * model.Input[2];
        black = [.. Enumerable.Range(0, (int)model.Input.Size).Select(i => model.Preprocessing.Normalized(0, i / plane))];
    }

    /// <summary>Explains a class of one image.</summary>
    /// <param name="image">The preprocessed image, [C, H, W].</param>
    /// <param name="target">The index of the class; -1 for the likeliest class.</param>
    /// <param name="stop">Cancels the work between two runs.</param>
    /// <returns>The network's outputs, [classes], and the attributions, [C, H, W].</returns>
    public (float[] Logits, float[] Attributions) Run(float[] image, int target, CancellationToken stop)
    {
        var images = new float[batch * image.Length];
        Fill(images, image, _ => 1);
        var logits = runs.Run(images, target).Logits[..model.Classes];
        target = target < 0 ? Array.IndexOf(logits, logits.Max()) : target;
        var sum = new float[image.Length];
        for (int first = 0; first < Steps; first += batch)
        {
            stop.ThrowIfCancellationRequested();
            Fill(images, image, i => Math.Min(first + i + 0.5f, Steps) / Steps);
            var gradients = runs.Run(images, target).Result;
            for (int i = 0; i < Math.Min(batch, Steps - first) * image.Length; i++)
            {
                sum[i % image.Length] += gradients[i];
            }
        }

        return (logits, [.. sum.Select((total, i) => (image[i] - black[i]) * total / Steps)]);
    }

    public void Dispose() => runs.Dispose();

    // Writes black + t (image - black) to each image of the batch. share returns t for the image's index.
    private void Fill(float[] images, float[] image, Func<int, float> share)
    {
        for (int n = 0; n < batch; n++)
        {
            float t = share(n);
            for (int i = 0; i < image.Length; i++)
            {
                images[(n * image.Length) + i] = black[i] + (t * (image[i] - black[i]));
            }
        }
    }
}
