using Fovea.Models.Graphs;
using Fovea.Models.Layers;

namespace Fovea.Models.Explanations;

/// <summary>
/// Measures of how well a heat map agrees with the network. The image's pixels are inserted or deleted in the order of the map, the highest
/// values first, in 32 equal steps; the network gives the probability of the class after each step (Petsiuk, Das and Saenko, 2018).
/// </summary>
/// <param name="Insertion">
/// The mean probability while the image's pixels replace the pixels of a blurred image, 0 to 1; higher is better.
/// </param>
/// <param name="Deletion">
/// The mean probability while the image's mean colour replaces the pixels, 0 to 1; lower is better.
/// </param>
/// <param name="AverageDrop">
/// The share of the probability that is lost when the image is blended with its mean colour where the map is low (Chattopadhay et al.,
/// 2018), 0 to 1; lower is better.
/// </param>
public sealed record Faithfulness(double Insertion, double Deletion, double AverageDrop)
{
    /// <summary>The number of steps in which pixels are inserted or deleted.</summary>
    public const int Steps = 32;

    /// <summary>Measures the map of one image.</summary>
    /// <param name="runs">Runs the model.</param>
    /// <param name="image">The preprocessed image, [C, H, W].</param>
    /// <param name="shape">The shape of the image, [C, H, W].</param>
    /// <param name="target">The index of the class.</param>
    /// <param name="map">A map of the whole input.</param>
    /// <param name="stop">Cancels the work between two runs.</param>
    internal static Faithfulness Of(
        ForwardRuns runs, float[] image, Shape shape, int target, HeatMap map, CancellationToken stop)
    {
        var values = map.Resized(shape[1], shape[2]);
        int[] rank = RankOf(values);
        var masked = new MaskedImage(image, shape);
        var blurred = masked.Blurred();
        var mask = new float[rank.Length];
        var deleted = runs.Probabilities(Steps + 1, (i, place) => Draw(i, isDeletion: true, masked.Grey, place), target, stop);
        var inserted = runs.Probabilities(Steps + 1, (i, place) => Draw(i, isDeletion: false, blurred, place), target, stop);
        double seen = runs.Probabilities(1, (_, place) => masked.Blend(values, masked.Grey, place), target, stop)[0], whole = deleted[0];
        return new(Mean(inserted), Mean(deleted), Math.Max(0, whole - seen) / Math.Max(whole, double.Epsilon));

        void Draw(int step, bool isDeletion, float[] other, Span<float> place)
        {
            long changed = (long)rank.Length * step / Steps;
            for (int i = 0; i < mask.Length; i++)
            {
                mask[i] = rank[i] < changed == isDeletion ? 0 : 1;
            }

            masked.Blend(mask, other, place);
        }
    }

    /// <summary>A heat map of random numbers, for comparison with real heat maps.</summary>
    internal static HeatMap RandomMap(int height, int width, long seed)
    {
        var random = new SeededRandom(seed);
        return HeatMap.Of(height, width, [.. Enumerable.Range(0, height * width).Select(_ => random.Uniform(0, 1))]);
    }

    /// <summary>
    /// A map with a round Gaussian blob in the middle, for comparison: photographed objects are often in the middle. The standard deviation
    /// is a quarter of the side.
    /// </summary>
    internal static HeatMap CentredMap(int height, int width) => HeatMap.Of(
        height,
        width,
        [.. Enumerable.Range(0, height * width).Select(i => Bell((i % width) + 0.5f, width) * Bell((i / width) + 0.5f, height))]);

    private static float Bell(float place, int side) => MathF.Exp(-8 * MathF.Pow((place / side) - 0.5f, 2));

    // The rank of each pixel when the values are sorted from high to low. Equal values are in random order: otherwise the top rows would
    // come first.
    private static int[] RankOf(float[] values)
    {
        int[] shuffled = new SeededRandom(1).Permutation(values.Length);
        int[] order = [.. shuffled.OrderByDescending(i => values[i])];
        var rank = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            rank[order[i]] = i;
        }

        return rank;
    }

    // The mean of the probabilities as a function of the step, by the trapezoidal rule.
    private static double Mean(double[] probabilities) =>
        (probabilities.Sum() - ((probabilities[0] + probabilities[^1]) / 2)) / (probabilities.Length - 1);
}
