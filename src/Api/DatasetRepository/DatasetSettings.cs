using System.ComponentModel.DataAnnotations;

namespace Fovea.Api.DatasetRepository;

/// <summary>The settings of data sets, under <c>Fovea</c>.</summary>
internal sealed record DatasetSettings
{
    /// <summary>
    /// The bytes of an uploaded archive, and likewise of its files once unpacked. A larger archive is refused with 413.
    /// </summary>
    [Range(1, 1L << 40)]
    public long MaxDatasetBytes { get; init; } = 10L << 30;

    /// <summary>
    /// The entries of an uploaded archive, folders included. An archive with more is refused with 413; so is one whose directory has more
    /// than 128 bytes for each of these entries, and 64 KiB.
    /// </summary>
    [Range(1, 10_000_000)]
    public int MaxDatasetFiles { get; init; } = 200_000;
}
