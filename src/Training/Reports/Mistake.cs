namespace Fovea.Training;

/// <summary>An image that was classified wrongly.</summary>
/// <param name="Image">Its file within the data set, or its number.</param>
/// <param name="Label">What it shows.</param>
/// <param name="Predicted">What it was taken for.</param>
/// <param name="Probability">How sure the network was of that, 0 to 1.</param>
/// <param name="LabelProbability">What was left for the right class, 0 to 1.</param>
/// <param name="Loss">The cross-entropy in nats.</param>
/// <param name="Picture">What the network saw, as a data URI.</param>
internal sealed record Mistake(string Image, string Label, string Predicted, double Probability, double LabelProbability, double Loss, string Picture)
{
    private const int Most = 24;

    /// <summary>A file with its folder: enough to find it in the data set, and nothing about where that lies.</summary>
    public static string ShortPath(string path) => Path.Join(Path.GetFileName(Path.GetDirectoryName(path)), Path.GetFileName(path));

    /// <summary>The mistakes with the highest loss, the worst first, at most 24.</summary>
    public static IReadOnlyList<Mistake> Worst(IReadOnlyList<Outcome> outcomes, Dataset dataset, IReadOnlyList<string> labels)
    {
        var tensor = new float[dataset.Preprocessing.Shape.Size];
        return [.. outcomes.Index().Where(o => !o.Item.Right).OrderByDescending(o => o.Item.Loss).Take(Most).Select(Show)];

        Mistake Show((int Index, Outcome Item) wrong)
        {
            var (index, o) = wrong;
            dataset.Read(index, tensor);
            return new(
                ShortPath(dataset.Source(index)), labels[o.Target], labels[o.Predicted], o.Confidence, o.Probabilities[o.Target], o.Loss, SeenPicture.DataUri(tensor, dataset.Preprocessing));
        }
    }
}
