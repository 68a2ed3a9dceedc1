namespace Fovea.Api.Jobs;

/// <summary>How far the events of a job have come.</summary>
/// <param name="Events">The number of the newest event; events are counted from 1.</param>
/// <param name="HasEnded">Whether the job has ended. No event follows the end.</param>
internal sealed record FeedState(long Events, bool HasEnded);
