using System.ComponentModel.DataAnnotations;
using Fovea.Api.Configuration;
using Fovea.Models.Errors;

namespace Fovea.Api.ModelRepository;

/// <summary>The settings of the model repository, under <c>Fovea</c>.</summary>
internal sealed record ModelStoreSettings
{
    /// <summary>
    /// The name of the service's only model. The folder `ModelRepository` is then the folder of this model, and a file `model.onnx` in it
    /// is version 1, which is KServe's layout. Empty: the repository has a folder for each model.
    /// </summary>
    public string ModelName { get; init; } = "";

    /// <summary>
    /// The seconds between two polls of the repository for changes; 0 turns polling off. A changed file is loaded once two successive polls
    /// have seen it unchanged.
    /// </summary>
    [Range(0, 3_600)]
    public int PollSeconds { get; init; } = 5;

    /// <summary>
    /// The seconds without a request after which the service frees a version that it loaded only because a request named it.
    /// </summary>
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
    /// The largest size in bytes of the folder `adopted` in the folder `Data`. The folder keeps the adopted forms of files in the
    /// repository that other software made. If it grows too large, the forms that were not used for the longest time are deleted. 0 keeps
    /// no adopted form: each load adopts the file again.
    /// </summary>
    [Range(0, 1L << 40)]
    public long AdoptedBytes { get; init; } = 8L << 30;

    /// <summary>Reads the settings and checks their ranges.</summary>
    /// <exception cref="RefusalException">A value has the wrong type or is out of its range, or a model cannot have the name.</exception>
    public static ModelStoreSettings Read(IConfiguration configuration)
    {
        var settings = Settings.Bind<ModelStoreSettings>(configuration);
        return settings.ModelName.Length == 0 || ModelNames.IsModel(settings.ModelName) ? settings
            : throw new FoveaException(ErrorCode.BadArgument, $"Fovea:ModelName is {settings.ModelName}; expected {ModelNames.Expected}.");
    }
}
