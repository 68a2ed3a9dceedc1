namespace Fovea.Benchmarks.FineTuning;

/// <summary>The end of a job.</summary>
/// <param name="Status">The last status of the job.</param>
/// <param name="Seconds">The seconds from its creation to its end.</param>
/// <param name="Trainings">The number of times that training was started.</param>
/// <param name="Takeovers">The number of times that a worker was lost.</param>
/// <param name="IsOrderly">
/// Whether its events have numbers without gaps, no event was saved twice, and each epoch has one event.
/// </param>
internal sealed record JobRun(string Status, double Seconds, int Trainings, int Takeovers, bool IsOrderly);
