using System.ComponentModel.DataAnnotations;
using Fovea.Api.Configuration;
using Fovea.Models.Errors;

namespace Fovea.Api.Storage;

/// <summary>The numbers of days after which stored items are deleted, under <c>Fovea:Retention</c>. 0 keeps items for ever.</summary>
internal sealed record RetentionSettings
{
    /// <summary>The prefix of the keys of these settings under <c>Fovea</c>.</summary>
    public const string Prefix = "Retention:";

    /// <summary>
    /// The number of days after which an uploaded data set is deleted, unless a job that has not ended uses it. 0 keeps data sets for ever.
    /// </summary>
    [Range(0, 36_500)]
    public int Datasets { get; init; }

    /// <summary>
    /// The number of days after its end at which a job is deleted, with its events and its report. 0 keeps jobs for ever. Models that jobs
    /// have made are not deleted.
    /// </summary>
    [Range(0, 36_500)]
    public int Jobs { get; init; }

    /// <summary>
    /// The number of days after a job's end at which its checkpoints and all its other files, except the report, are deleted. 0 keeps them
    /// for ever.
    /// </summary>
    [Range(0, 36_500)]
    public int Checkpoints { get; init; } = 30;

    /// <summary>
    /// The number of days after which entries of the audit trail, which says who changed what, are deleted, together with the other entries
    /// of their month. 0 keeps them for ever. In any case the oldest entries are deleted when all have more than 16 MiB.
    /// </summary>
    [Range(0, 36_500)]
    public int Audit { get; init; } = 365;

    /// <summary>Reads the settings and checks their ranges.</summary>
    /// <exception cref="RefusalException">A value has the wrong type, or is out of its range.</exception>
    public static RetentionSettings Read(IConfiguration configuration) => Settings.Bind<RetentionSettings>(configuration, Prefix);

    /// <summary>Returns the time before which items have expired: older items are deleted. Null: all items are kept.</summary>
    /// <param name="days">The setting's number of days; 0: keep all items.</param>
    /// <param name="now">The present time.</param>
    public static DateTimeOffset? Since(int days, DateTimeOffset now) => days == 0 ? null : now - TimeSpan.FromDays(days);
}
