using Fovea.Models.Runtime;
using Fovea.Training.Datasets;
using Fovea.Training.Evaluations;

namespace Fovea.Training.Precision;

/// <summary>The float network's answers to some images, with which the answers of quantised networks are compared.</summary>
internal sealed class FloatAnswers
{
    private const int BatchSize = 16;

    private readonly Dataset images;
    private readonly bool hasClasses, isMultiLabel;
    private readonly int classes;
    private readonly float[] logits;

    /// <summary>Runs the float network.</summary>
    /// <param name="model">The float network.</param>
    /// <param name="images">The images, at least one.</param>
    /// <param name="hasClasses">Whether the images' classes are known.</param>
    /// <param name="stop">Cancels the runs.</param>
    /// <exception cref="Models.Errors.FoveaException">An image cannot be read any more.</exception>
    public FloatAnswers(Classifier model, Dataset images, bool hasClasses, CancellationToken stop)
    {
        (this.images, this.hasClasses, isMultiLabel, classes) = (images, hasClasses, model.IsMultiLabel, model.Classes);
        logits = Logits(model.Run, stop);
    }

    /// <summary>Runs a quantised network on the same images.</summary>
    /// <exception cref="Models.Errors.FoveaException">An image cannot be read any more.</exception>
    public Comparison Compare(Forward quantized, CancellationToken stop)
    {
        var others = Logits(quantized, stop);
        double agreement = 0, divergence = 0, right = 0, floatRight = 0;
        for (int i = 0; i < images.Count; i++)
        {
            var (p, q) = (Probabilities(logits, i), Probabilities(others, i));
            var (expected, found) = (Answer(p), Answer(q));
            agreement += expected.SequenceEqual(found) ? 1 : 0;
            divergence += Divergence(p, q);
            if (hasClasses)
            {
                IReadOnlyList<int> target = images.LabelSets?[i] ?? [images.Targets[i]];
                floatRight += expected.SequenceEqual(target) ? 1 : 0;
                right += found.SequenceEqual(target) ? 1 : 0;
            }
        }

        double count = images.Count;
        return new(
            images.Count, agreement / count, divergence / count, (hasClasses ? right : agreement) / count,
            hasClasses ? floatRight / count : 1);
    }

    private float[] Logits(Forward forward, CancellationToken stop)
    {
        var found = new float[images.Count * classes];
        int size = (int)images.Preprocessing.Shape.Size, done = 0;
        foreach (var batch in new BatchLoader(images, BatchSize).InOrder())
        {
            stop.ThrowIfCancellationRequested();
            forward(batch.Images.AsMemory(0, batch.Count * size), batch.Count, found.AsMemory(done * classes, batch.Count * classes));
            done += batch.Count;
        }

        return found;
    }

    private double[] Probabilities(float[] all, int image)
    {
        var own = all.AsSpan(image * classes, classes);
        return isMultiLabel ? Array.ConvertAll(own.ToArray(), logit => 1 / (1 + Math.Exp(-logit))) : ProbabilityRule.Softmax(own);
    }

    private int[] Answer(double[] probabilities) => isMultiLabel
        ? [.. probabilities.Index().Where(label => label.Item >= 0.5).Select(label => label.Index)]
        : [Array.IndexOf(probabilities, probabilities.Max())];

    private double Divergence(double[] p, double[] q)
    {
        return isMultiLabel
            ? p.Zip(q, (a, b) => Term(a, b) + Term(1 - a, 1 - b)).Average()
            : p.Zip(q, Term).Sum();

        static double Term(double a, double b) => a > 0 ? a * Math.Log(a / Math.Max(b, 1e-15)) : 0;
    }
}
