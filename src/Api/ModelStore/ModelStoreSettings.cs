using Fovea.Models;

namespace Fovea.Api;

/// <summary>The settings of the model repository, under <c>Fovea</c>.</summary>
internal sealed record ModelStoreSettings
{
    /// <summary>
    /// How often the repository is looked through for changes, in seconds, 0 to 3,600; 0: never. Default 5. Changed files are loaded once
    /// they are the same in two looks one after the other.
    /// </summary>
    public int PollSeconds { get; init; } = 5;

    /// <summary>
    /// How long a version stays in memory unused that does not serve and was loaded because a request named it, in seconds, 1 to 86,400.
    /// Default 600.
    /// </summary>
    public int IdleVersionSeconds { get; init; } = 600;

    /// <summary>
    /// The size of an uploaded model in bytes, 1 to 2,147,483,647, which is the most that an ONNX file can have. Default: that. A larger
    /// one is refused with 413.
    /// </summary>
    public int MaxModelBytes { get; init; } = int.MaxValue;

    /// <summary>
    /// How long an uploaded model may take to be loaded and tried, in seconds, 1 to 3,600. Default 120. A slower one is refused with 422.
    /// </summary>
    public int CheckSeconds { get; init; } = 120;

    /// <summary>
    /// How much memory an uploaded model may need to be served, in bytes, 64 MiB to 1 TiB. Default 4 GiB. It is tried with runs on all
    /// processors, in batches of up to MaxBatch images, and refused with 422 if it needs more. Only Linux can hold to this limit.
    /// </summary>
    public long CheckMemoryBytes { get; init; } = 4L << 30;

    /// <summary>Reads the settings and checks their ranges.</summary>
    /// <exception cref="FoveaException">A value is of the wrong kind, or out of its range.</exception>
    public static ModelStoreSettings Read(IConfiguration configuration)
    {
        var settings = Settings.Bind<ModelStoreSettings>(configuration);
        Settings.Check(settings.PollSeconds, 0, 3_600);
        Settings.Check(settings.IdleVersionSeconds, 1, 86_400);
        Settings.Check(settings.MaxModelBytes, 1, int.MaxValue);
        Settings.Check(settings.CheckSeconds, 1, 3_600);
        Settings.Check(settings.CheckMemoryBytes, 64L << 20, 1L << 40);
        return settings;
    }
}
