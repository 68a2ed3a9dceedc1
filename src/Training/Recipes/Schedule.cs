using System.Collections.Frozen;

namespace Fovea.Training.Recipes;

/// <summary>The learning rate over a run: a linear warm-up to the highest rate, followed by a decay.</summary>
internal static class Schedule
{
    /// <summary>
    /// The decays by their names on the command line. Each maps the completed share of the steps after the warm-up, 0 to less than 1, to
    /// the factor of the highest rate.
    /// </summary>
    public static readonly FrozenDictionary<string, Func<double, double>> ByName = new Dictionary<string, Func<double, double>>
    {
        ["constant"] = _ => 1,

        // A factor of 0.1 after each third, as in the training of ResNet (He et al., 2015).
        ["step"] = done => Math.Pow(0.1, Math.Floor(3 * done)),

        // Half a cosine, down to zero (SGDR without restarts; Loshchilov and Hutter, 2017).
        ["cosine"] = done => (1 + Math.Cos(Math.PI * done)) / 2,
    }.ToFrozenDictionary();

    /// <summary>Returns the learning rate of a step.</summary>
    /// <param name="name">A key of <see cref="ByName"/>.</param>
    /// <param name="highest">The rate at the end of the warm-up.</param>
    /// <param name="warmUp">The share of the steps that the warm-up takes, 0 to less than 1.</param>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="steps">The number of steps in the whole run.</param>
    public static double Rate(string name, double highest, double warmUp, long step, long steps)
    {
        long warmUpSteps = (long)(steps * warmUp);
        return step <= warmUpSteps
            ? highest * step / warmUpSteps
            : highest * ByName[name]((double)(step - 1 - warmUpSteps) / (steps - warmUpSteps));
    }
}
