using Fovea.Models;

namespace Fovea.Api;

/// <summary>How long is kept what grows with use, in whole days, under <c>Fovea:Retention</c>; 0: for ever.</summary>
internal sealed record RetentionSettings
{
    /// <summary>How long a data set is kept that no job uses, from its upload on, 0 to 36,500 days. Default 0, for ever.</summary>
    public int Datasets { get; init; }

    /// <summary>How long a job is kept from its end on, with its events and its report, 0 to 36,500 days. Default 0, for ever. What it has published stays.</summary>
    public int Jobs { get; init; }

    /// <summary>How long a job's checkpoints are kept from its end on, and with them all of its files but the report, 0 to 36,500 days. Default 30.</summary>
    public int Checkpoints { get; init; } = 30;

    /// <summary>Reads the settings and checks their ranges.</summary>
    /// <exception cref="FoveaException">A value is of the wrong kind, or out of its range.</exception>
    public static RetentionSettings Read(IConfiguration configuration)
    {
        const int Century = 36_500;
        var settings = Settings.Bind<Given>(configuration).Retention;
        Settings.Check(settings.Datasets, 0, Century, "Retention:Datasets");
        Settings.Check(settings.Jobs, 0, Century, "Retention:Jobs");
        Settings.Check(settings.Checkpoints, 0, Century, "Retention:Checkpoints");
        return settings;
    }

    /// <summary>When what is kept so long must have come to be kept still; null: whenever.</summary>
    public static DateTimeOffset? Since(int days, DateTimeOffset now) => days == 0 ? null : now - TimeSpan.FromDays(days);

    private sealed record Given
    {
        public RetentionSettings Retention { get; init; } = new();
    }
}
