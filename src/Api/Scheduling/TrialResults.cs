namespace Fovea.Api.Scheduling;

/// <summary>The times of the runs of one <see cref="Trial"/> so far. Not thread-safe.</summary>
internal sealed class TrialResults
{
    // A sample has at least this length. A single short run cannot be timed well, so the times of several are added up.
    private const double SampleSeconds = 0.02;

    // Three samples are enough if the slowest is at most 3 % slower than the fastest. Otherwise seven samples are taken.
    private const double Agreement = 1.03;

    private const int Few = 3, Many = 7;

    private readonly List<double> samples = [];
    private double seconds;
    private int images;
    private bool isWarm;

    /// <summary>The number of samples so far.</summary>
    public int Count => samples.Count;

    /// <summary>Whether there are enough samples.</summary>
    public bool IsDone => samples.Count >= Many || (samples.Count >= Few && samples[^1] <= Agreement * samples[0]);

    /// <summary>
    /// The seconds per image: the median of the samples, which a few disturbed samples do not change; infinity if there are none.
    /// </summary>
    public double SecondsPerImage => samples.Count == 0 ? double.PositiveInfinity : samples[(samples.Count - 1) / 2];

    /// <summary>Adds the time of a run. The first run is left out, because it also allocates memory for the later runs.</summary>
    /// <returns>True if the run completes a sample.</returns>
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
