namespace Fovea.Api.Scheduling;

/// <summary>The times of one <see cref="Trial"/>'s runs so far. Not for several threads at once.</summary>
internal sealed class TrialResults
{
    // Short runs are added up to a sample of this length, since a single one is too short to be timed well.
    private const double SampleSeconds = 0.02;

    // Samples that agree this well are enough when there are a few of them; others are taken until there are many.
    private const double Agreement = 1.03;

    private const int Few = 3, Many = 7;

    private readonly List<double> samples = [];
    private double seconds;
    private int images;
    private bool isWarm;

    /// <summary>The samples so far.</summary>
    public int Count => samples.Count;

    /// <summary>Whether enough is known.</summary>
    public bool IsDone => samples.Count >= Many || (samples.Count >= Few && samples[^1] <= Agreement * samples[0]);

    /// <summary>
    /// Seconds an image, the median of the samples; infinity without any. A median does not follow the few samples that other work
    /// disturbed.
    /// </summary>
    public double SecondsPerImage => samples.Count == 0 ? double.PositiveInfinity : samples[(samples.Count - 1) / 2];

    /// <summary>Notes a run. The first one is left out: it allocates the memory of those that follow.</summary>
    /// <returns>Whether a sample is complete with it.</returns>
    public bool Add(int runImages, double runSeconds)
    {
        if (!isWarm)
        {
            isWarm = true;
            return false;
        }

        (images, seconds) = (images + runImages, seconds + runSeconds);
        if (seconds < SampleSeconds)
        {
            return false;
        }

        double sample = seconds / images;
        int place = samples.BinarySearch(sample);
        samples.Insert(place < 0 ? ~place : place, sample);
        (images, seconds) = (0, 0);
        return true;
    }
}
