namespace Fovea.Api.Jobs;

/// <summary>
/// The text of a notification of PostgreSQL: the id of a changed job, and the word "waiting" if it waits for a worker and the queue has
/// changed.
/// </summary>
internal static class JobNotice
{
    /// <summary>The name of the channel for LISTEN and NOTIFY.</summary>
    public const string Channel = "fovea_jobs";

    /// <summary>The text that names no job: the queue has new entries.</summary>
    public const string OfQueue = Waiting;

    private const string Waiting = " waiting";

    /// <summary>Returns the text for a job as it is after a change.</summary>
    public static string Of(Job job) => job.IsWaiting ? job.Id + Waiting : job.Id;

    /// <summary>Reads the text back. Other releases of the service may send further words, which are ignored.</summary>
    public static (string Job, bool IsWaiting) Parse(string text) => (text.Split(' ')[0], text.Contains(Waiting, StringComparison.Ordinal));
}
