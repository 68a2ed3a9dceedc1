using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Fovea.Api.Serving;

/// <summary>The settings of serving, under <c>Fovea</c>.</summary>
internal sealed record ServingSettings
{
    /// <summary>
    /// The number of requests that one model admits at the same time, including waiting ones. A further request is refused at once with 429
    /// and a computed Retry-After.
    /// </summary>
    [Range(1, 100_000)]
    public int MaxQueue { get; init; } = 256;

    /// <summary>
    /// The largest number of images in one batch. The service uses those powers of two up to it that it has measured to be faster; 1 runs
    /// every image alone.
    /// </summary>
    [Range(1, 1_024)]
    public int MaxBatch { get; init; } = 32;

    /// <summary>The seconds that an image may take from its arrival to its answer. A later answer is replaced by 504.</summary>
    [Range(1, 3_600)]
    public int DeadlineSeconds { get; init; } = 30;

    /// <summary>
    /// The number of explanations that run at the same time, of all models together. A further request for one is refused at once with 429,
    /// so that in overload explanations give way to classifying.
    /// </summary>
    [Range(1, 1_024)]
    public int MaxExplanations { get; init; } = 2;

    /// <summary>The number of images that are decoded at the same time; the rest wait.</summary>
    [Range(1, 1_024)]
    [DefaultValue("the number of processors")]
    public int MaxConcurrency { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// The memory in bytes for all images that are being decoded. Images that do not fit wait. An image that needs more is decoded alone.
    /// </summary>
    [Range(1L << 20, 1L << 40)]
    public long MaxDecodingBytes { get; init; } = 512L << 20;
}
