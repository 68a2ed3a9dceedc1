using System.ComponentModel.DataAnnotations;

namespace Fovea.Api.ModelRepository;

/// <summary>The settings of the model repository, under <c>Fovea</c>.</summary>
internal sealed record ModelStoreSettings
{
    /// <summary>
    /// The seconds between two polls of the repository for changes; 0 turns polling off. Changed files are loaded once they are the same in
    /// two successive polls.
    /// </summary>
    [Range(0, 3_600)]
    public int PollSeconds { get; init; } = 5;

    /// <summary>The seconds after which an unused version is freed that does not serve and was loaded because a request named it.</summary>
    [Range(1, 86_400)]
    public int IdleVersionSeconds { get; init; } = 600;

    /// <summary>The largest size of an uploaded model in bytes. A larger model is refused with 413.</summary>
    [Range(1, int.MaxValue)]
    public int MaxModelBytes { get; init; } = int.MaxValue;

    /// <summary>The seconds that loading and trying an uploaded model may take. A slower model is refused with 422.</summary>
    [Range(1, 3_600)]
    public int CheckSeconds { get; init; } = 120;

    /// <summary>
    /// The memory in bytes that serving an uploaded model may need. The service tries the model with runs on all processors, in batches of
    /// up to MaxBatch images, and refuses it with 422 if it needs more. The limit works only on Linux.
    /// </summary>
    [Range(64L << 20, 1L << 40)]
    public long CheckMemoryBytes { get; init; } = 4L << 30;

    /// <summary>
    /// The most bytes in the folder `adopted` of `Data`, which keeps the adopted forms of files that other software made and that lie in
    /// the repository. Those that were not used for the longest time are deleted. 0 keeps none: each load adopts the file again.
    /// </summary>
    [Range(0, 1L << 40)]
    public long AdoptedBytes { get; init; } = 8L << 30;
}
