using System.Collections.Frozen;

namespace Fovea.Training;

/// <summary>The learning rate over a run: a linear rise to the highest, then a falling curve with a name.</summary>
internal static class Schedule
{
    /// <summary>What the highest rate is multiplied by, given the share of the run behind the rise that is done, 0 to less than 1.</summary>
    public static readonly FrozenDictionary<string, Func<double, double>> ByName = new Dictionary<string, Func<double, double>>
    {
        ["constant"] = _ => 1,

        // A tenth after each third, as ResNet was trained (He et al., 2015).
        ["step"] = done => Math.Pow(0.1, Math.Floor(3 * done)),

        // Half a cosine, down to zero (Loshchilov and Hutter, 2017: SGDR, without restarts).
        ["cosine"] = done => (1 + Math.Cos(Math.PI * done)) / 2,
    }.ToFrozenDictionary();

    /// <summary>The rate at a step, counted from 1, of a run of so many steps.</summary>
    /// <param name="name">A key of <see cref="ByName"/>.</param>
    /// <param name="highest">The rate at the end of the rise.</param>
    /// <param name="warmUp">The share of the steps that the rise takes, 0 to less than 1.</param>
    /// <param name="step">The step, from 1.</param>
    /// <param name="steps">The steps of the whole run.</param>
    public static double Rate(string name, double highest, double warmUp, long step, long steps)
    {
        long rise = (long)(steps * warmUp);
        return step <= rise ? highest * step / rise : highest * ByName[name]((double)(step - 1 - rise) / (steps - rise));
    }
}
