using System.Numerics.Tensors;

namespace Fovea.Training;

/// <summary>Runs a network on a batch: images [count, C, H, W] in, logits [count, classes] out.</summary>
internal delegate void Forward(Memory<float> images, int count, Memory<float> logits);

/// <summary>How well a network does on a data set.</summary>
/// <param name="Accuracy">Share of the images whose likeliest class is the right one, 0 to 1.</param>
/// <param name="Top5">Share of the images whose class is among the five likeliest, 0 to 1.</param>
/// <param name="Loss">Mean cross-entropy in nats.</param>
/// <param name="Confusion">Images by true class (row) and likeliest class (column).</param>
internal sealed record Evaluation(double Accuracy, double Top5, double Loss, int[][] Confusion)
{
    private const int BatchSize = 64;

    /// <summary>Evaluates a network. <paramref name="done"/> is told the number of images seen.</summary>
    public static Evaluation Of(Forward forward, Dataset dataset, int classes, Action<int>? done = null, CancellationToken stop = default)
    {
        int correct = 0, amongFive = 0, seen = 0;
        double loss = 0;
        var confusion = Enumerable.Range(0, classes).Select(_ => new int[classes]).ToArray();
        var logits = new float[BatchSize * classes];
        foreach (var batch in new BatchLoader(dataset, BatchSize).InOrder())
        {
            stop.ThrowIfCancellationRequested();
            forward(batch.Images.AsMemory(0, batch.Count * (int)dataset.Preprocessing.Shape.Size), batch.Count, logits.AsMemory(0, batch.Count * classes));
            for (int i = 0; i < batch.Count; i++)
            {
                var scores = logits.AsSpan(i * classes, classes);
                int target = batch.Targets[i], likeliest = TensorPrimitives.IndexOfMax(scores);
                confusion[target][likeliest]++;
                correct += likeliest == target ? 1 : 0;
                amongFive += Above(scores, scores[target]) < 5 ? 1 : 0;
                loss += LogSumExp(scores) - scores[target];
            }

            done?.Invoke(seen += batch.Count);
        }

        return new((double)correct / dataset.Count, (double)amongFive / dataset.Count, loss / dataset.Count, confusion);
    }

    private static int Above(ReadOnlySpan<float> scores, float score)
    {
        int above = 0;
        foreach (float other in scores)
        {
            above += other > score ? 1 : 0;
        }

        return above;
    }

    private static double LogSumExp(ReadOnlySpan<float> scores)
    {
        double highest = TensorPrimitives.Max(scores), sum = 0;
        foreach (float score in scores)
        {
            sum += Math.Exp(score - highest);
        }

        return highest + Math.Log(sum);
    }
}
