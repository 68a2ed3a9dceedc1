using System.Numerics.Tensors;
using Fovea.Training.Datasets;

namespace Fovea.Training.Runs;

/// <summary>Converts a batch's class indices to the targets of the loss: one distribution over the classes for each image.</summary>
internal static class TargetRows
{
    /// <summary>
    /// Writes the targets of a batch. Each image's class gets 1 - <paramref name="smoothing"/>, and <paramref name="smoothing"/> is spread
    /// evenly over all classes. If images can have several labels, each label of an image gets 1 - <paramref name="smoothing"/> / 2, and
    /// every other label gets <paramref name="smoothing"/> / 2. The rows are then mixed with the batch's <see cref="MixUp"/> share, like
    /// its images.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="smoothing">The share that is spread over all classes, 0 to less than 1.</param>
    /// <param name="rows">Receives the targets, [batch.Count, classes].</param>
    /// <param name="classWeights">The factor of each class's rows; null for 1. It has no effect on images of several labels.</param>
    public static void Write(TrainingBatch batch, double smoothing, Span<float> rows, IReadOnlyList<float>? classWeights = null)
    {
        int classes = rows.Length / batch.Count;
        if (batch.LabelSets is { } sets)
        {
            WriteIndependent(sets, batch.Count, (float)smoothing, rows);
            MixUp.Mix(rows, classes, batch.Share);
            return;
        }

        float spread = (float)(smoothing / classes), target = (float)(1 - smoothing);
        rows.Fill(spread);
        for (int i = 0; i < batch.Count; i++)
        {
            rows[i * classes + batch.Targets[i]] += target;
            if (classWeights is not null)
            {
                var row = rows.Slice(i * classes, classes);
                TensorPrimitives.Multiply(row, classWeights[batch.Targets[i]], row);
            }
        }

        MixUp.Mix(rows, classes, batch.Share);
    }

    // Each label is a distribution over yes and no. Smoothing spreads its share evenly over both.
    private static void WriteIndependent(IReadOnlyList<int>[] sets, int count, float smoothing, Span<float> rows)
    {
        int classes = rows.Length / count;
        rows.Fill(smoothing / 2);
        for (int i = 0; i < count; i++)
        {
            foreach (int label in sets[i])
            {
                rows[(i * classes) + label] = 1 - (smoothing / 2);
            }
        }
    }
}
