using System.ComponentModel.DataAnnotations;

namespace Fovea.Api.DatasetRepository;

/// <summary>The settings of data sets, under <c>Fovea</c>.</summary>
internal sealed record DatasetSettings
{
    /// <summary>
    /// The largest size in bytes of an uploaded archive, and also of all its unpacked files together. A larger archive is refused with 413.
    /// </summary>
    [Range(1, 1L << 40)]
    public long MaxDatasetBytes { get; init; } = 10L << 30;

    /// <summary>
    /// The largest number of entries of an uploaded archive, including folders. An archive with more entries is refused with 413. An
    /// archive whose central directory, the list of entries at its end, is larger than 64 KiB plus 128 bytes for each allowed entry is
    /// refused with 413 too.
    /// </summary>
    [Range(1, 10_000_000)]
    public int MaxDatasetFiles { get; init; } = 200_000;
}
