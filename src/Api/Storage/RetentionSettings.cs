using System.ComponentModel.DataAnnotations;
using Fovea.Api.Configuration;
using Fovea.Models.Errors;

namespace Fovea.Api.Storage;

/// <summary>The times in whole days after which stored items are deleted, under <c>Fovea:Retention</c>. 0 keeps them for ever.</summary>
internal sealed record RetentionSettings
{
    /// <summary>Comes before each key under <c>Fovea</c>.</summary>
    public const string Prefix = "Retention:";

    /// <summary>The days after its upload at which a data set that no job uses is deleted. 0 keeps it for ever.</summary>
    [Range(0, 36_500)]
    public int Datasets { get; init; }

    /// <summary>
    /// The days after its end at which a job is deleted with its events and its report. 0 keeps it for ever. The model that it has
    /// published stays.
    /// </summary>
    [Range(0, 36_500)]
    public int Jobs { get; init; }

    /// <summary>
    /// The days after a job's end at which its checkpoints and all its other files except the report are deleted. 0 keeps them for ever.
    /// </summary>
    [Range(0, 36_500)]
    public int Checkpoints { get; init; } = 30;

    /// <summary>Reads the settings and checks their ranges.</summary>
    /// <exception cref="RefusalException">A value is of the wrong kind, or out of its range.</exception>
    public static RetentionSettings Read(IConfiguration configuration) => Settings.Bind<RetentionSettings>(configuration, Prefix);

    /// <summary>Returns the time before which items are expired. Items older than this are deleted. <c>null</c> keeps everything.</summary>
    public static DateTimeOffset? Since(int days, DateTimeOffset now) => days == 0 ? null : now - TimeSpan.FromDays(days);
}
