namespace Fovea.Training;

/// <summary>The weights that fine-tuning trains.</summary>
/// <param name="IsFull">Whether all weights are trained; otherwise only a new head.</param>
/// <param name="Reason">Why this method was selected, as part of a sentence.</param>
internal sealed record FineTuningMethod(bool IsFull, string Reason)
{
    // With fewer images per class than this, training all weights overfits, and a head on frozen features is as accurate.
    private const int EnoughForAll = 500;

    /// <summary>The names on the command line.</summary>
    public static IReadOnlyList<string> Names { get; } = ["head", "full", "auto"];

    /// <summary>The name on the command line.</summary>
    public string Name => IsFull ? "full" : "head";

    /// <summary>The method of a name; <c>auto</c> chooses by the number of images to train on.</summary>
    public static FineTuningMethod Find(string name, int images, int classes)
    {
        int each = images / classes;
        return name switch
        {
            "head" => new(false, "as asked for"),
            "full" => new(true, "as asked for"),
            _ when each < EnoughForAll => new(false, $"{each} images a class are fewer than the {EnoughForAll} from which training everything pays"),
            _ => new(true, $"{each} images a class are at least the {EnoughForAll} from which training everything pays"),
        };
    }
}
