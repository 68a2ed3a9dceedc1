namespace Fovea.Benchmarks;

/// <summary>How a job ended.</summary>
/// <param name="Status">Its last status.</param>
/// <param name="Seconds">From its creation to its end.</param>
/// <param name="Trainings">How often training was started.</param>
/// <param name="Takeovers">How often a worker was lost.</param>
/// <param name="IsOrderly">Whether its events have numbers without gaps, and none was saved twice.</param>
internal sealed record JobRun(string Status, double Seconds, int Trainings, int Takeovers, bool IsOrderly);
