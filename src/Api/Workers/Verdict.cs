using Fovea.Api.Jobs;

namespace Fovea.Api.Workers;

/// <summary>The result of comparing a trained model with the incumbent.</summary>
/// <param name="IsPublishable">Whether the trained model may serve, because it is not worse than the incumbent or its name is new.</param>
/// <param name="Reason">The result in words, one or more sentences.</param>
/// <param name="Figures">The accuracies in <paramref name="Reason"/>; null: there is no incumbent.</param>
internal sealed record Verdict(bool IsPublishable, string Reason, JobMetrics? Figures);
