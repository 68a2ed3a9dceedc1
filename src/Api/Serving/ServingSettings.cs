using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Fovea.Api.Serving;

/// <summary>The settings for answering requests, under <c>Fovea</c>.</summary>
internal sealed record ServingSettings
{
    /// <summary>
    /// The number of requests that one model admits at the same time, including waiting requests. A further request is refused at once with
    /// 429 and an estimated Retry-After.
    /// </summary>
    [Range(1, 100_000)]
    public int MaxQueue { get; init; } = 256;

    /// <summary>
    /// The largest number of images in one batch. The service measures batches of 1, 2, 4 and so on up to this number, and uses the fastest
    /// sizes. 1 runs every image alone.
    /// </summary>
    [Range(1, 1_024)]
    public int MaxBatch { get; init; } = 32;

    /// <summary>The seconds that an image may take from its arrival to its answer. A slower request is answered with 504.</summary>
    [Range(1, 3_600)]
    public int DeadlineSeconds { get; init; } = 30;

    /// <summary>
    /// The number of explanations that are computed or wait, for all models together. The service computes one at a time, on one core. A
    /// further request for an explanation is refused at once with 429, so that explanations do not slow down classification.
    /// </summary>
    [Range(1, 1_024)]
    public int MaxExplanations { get; init; } = 2;

    /// <summary>The number of images that are decoded at the same time. Further images wait.</summary>
    [Range(1, 1_024)]
    [DefaultValue("the number of processors")]
    public int MaxConcurrency { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// The memory in bytes for all images that are being decoded. An image that does not fit waits. An image that needs more than all of
    /// this memory is decoded alone.
    /// </summary>
    [Range(1L << 20, 1L << 40)]
    public long MaxDecodingBytes { get; init; } = 512L << 20;
}
