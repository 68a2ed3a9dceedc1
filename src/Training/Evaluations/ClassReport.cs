namespace Fovea.Training.Evaluations;

/// <summary>The metrics of one class. A metric whose denominator is 0 is 0.</summary>
/// <param name="Label">The class name.</param>
/// <param name="Precision">The share of the images predicted as this class that belong to it, 0 to 1.</param>
/// <param name="Recall">The share of this class's images that are predicted as it, 0 to 1.</param>
/// <param name="F1">The harmonic mean of precision and recall, 0 to 1.</param>
/// <param name="Support">The number of this class's images.</param>
internal sealed record ClassReport(string Label, double Precision, double Recall, double F1, int Support)
{
    /// <summary>Computes the metrics of a class from the confusion matrix.</summary>
    /// <param name="label">The class name.</param>
    /// <param name="index">The class index.</param>
    /// <param name="confusion">The number of images by true class (row) and predicted class (column).</param>
    public static ClassReport Of(string label, int index, int[][] confusion)
    {
        int correct = confusion[index][index], support = confusion[index].Sum(), predicted = confusion.Sum(row => row[index]);
        return new(label, Share(correct, predicted), Share(correct, support), Share(2.0 * correct, predicted + support), support);
    }

    private static double Share(double part, int whole) => whole == 0 ? 0 : part / whole;
}
