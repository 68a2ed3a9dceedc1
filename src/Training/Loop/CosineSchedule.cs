namespace Fovea.Training;

/// <summary>The learning rate over a run: a short linear rise, then half a cosine down to zero (Loshchilov and Hutter, 2017: SGDR, without restarts).</summary>
internal static class CosineSchedule
{
    private const double WarmUp = 0.03;

    /// <summary>The rate at a step, counted from 1, of a run of so many steps.</summary>
    public static double Rate(double highest, long step, long steps)
    {
        double rise = Math.Max(1, steps * WarmUp);
        return step <= rise ? highest * step / rise : highest * (1 + Math.Cos(Math.PI * (step - rise) / (steps - rise + 1))) / 2;
    }
}
