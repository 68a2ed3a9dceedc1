namespace Fovea.Api.Jobs;

/// <summary>The number of a job's newest event, and whether the job has ended.</summary>
/// <param name="Events">The number of the newest event; events are counted from 1.</param>
/// <param name="HasEnded">Whether the job has ended. No event follows the end.</param>
internal sealed record FeedState(long Events, bool HasEnded);
