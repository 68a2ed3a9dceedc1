using Fovea.Models;

namespace Fovea.Api;

/// <summary>The settings of data sets, under <c>Fovea</c>.</summary>
internal sealed record DatasetSettings
{
    /// <summary>
    /// The bytes of an uploaded archive, and the bytes of its files once unpacked, each 1 to 1 TiB. Default 10 GiB. A larger archive is
    /// refused with 413.
    /// </summary>
    public long MaxDatasetBytes { get; init; } = 10L << 30;

    /// <summary>
    /// The entries of an uploaded archive, folders included, 1 to 10 million. Default 200,000. An archive with more is refused with 413;
    /// so is one whose directory has more than 128 bytes for each of these entries, and 64 KiB.
    /// </summary>
    public int MaxDatasetFiles { get; init; } = 200_000;

    /// <summary>Reads the settings and checks their ranges.</summary>
    /// <exception cref="FoveaException">A value is of the wrong kind, or out of its range.</exception>
    public static DatasetSettings Read(IConfiguration configuration)
    {
        var settings = Settings.Bind<DatasetSettings>(configuration);
        Settings.Check(settings.MaxDatasetBytes, 1, 1L << 40);
        Settings.Check(settings.MaxDatasetFiles, 1, 10_000_000);
        return settings;
    }
}
