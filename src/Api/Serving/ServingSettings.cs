using Fovea.Models;

namespace Fovea.Api;

/// <summary>The settings of serving, under <c>Fovea</c>.</summary>
internal sealed record ServingSettings
{
    /// <summary>The requests that one model takes at the same time, waiting ones included, 1 to 100,000. Default 256. One more is refused at once, with 429 and a computed Retry-After.</summary>
    public int MaxQueue { get; init; } = 256;

    /// <summary>The most images that are run as one batch, 1 to 1,024. Default 32. Of the powers of two up to it those are used that were measured to be faster; 1 runs every image by itself.</summary>
    public int MaxBatch { get; init; } = 32;

    /// <summary>How long an image may take from its arrival to its answer, in seconds, 1 to 3,600. Default 30. Longer: 504.</summary>
    public int DeadlineSeconds { get; init; } = 30;

    /// <summary>The images that are decoded at the same time, 1 to 1,024; the rest wait. Default: the number of processors.</summary>
    public int MaxConcurrency { get; init; } = Environment.ProcessorCount;

    /// <summary>The memory of all images that are being decoded, in bytes, 1 MiB to 1 TiB. Default 512 MiB. Images that do not fit wait; one that never would is decoded alone.</summary>
    public long MaxDecodingBytes { get; init; } = 512L << 20;

    /// <summary>Reads the settings and checks their ranges.</summary>
    /// <exception cref="FoveaException">A value is of the wrong kind, or out of its range.</exception>
    public static ServingSettings Read(IConfiguration configuration)
    {
        var settings = Settings.Bind<ServingSettings>(configuration);
        Settings.Check(settings.MaxQueue, 1, 100_000);
        Settings.Check(settings.MaxBatch, 1, 1_024);
        Settings.Check(settings.DeadlineSeconds, 1, 3_600);
        Settings.Check(settings.MaxConcurrency, 1, 1_024);
        Settings.Check(settings.MaxDecodingBytes, 1L << 20, 1L << 40);
        return settings;
    }
}
