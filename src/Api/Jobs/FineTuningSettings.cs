using System.ComponentModel.DataAnnotations;
using Fovea.Api.Configuration;
using Fovea.Models.Errors;

namespace Fovea.Api.Jobs;

/// <summary>The settings of fine-tuning, under <c>Fovea</c>.</summary>
internal sealed record FineTuningSettings
{
    /// <summary>
    /// The work of this process: <c>serve</c> answers requests, <c>train</c> works at jobs, <c>both</c> does both. On the command line also
    /// <c>--role</c>.
    /// </summary>
    [AllowedValues("serve", "train", "both")]
    public string Role { get; init; } = "both";

    /// <summary>
    /// The database of the jobs: a connection string for PostgreSQL, such as <c>Host=db;Database=fovea;Username=fovea;Password=...</c>;
    /// empty: the file <c>fovea.db</c> in the folder <see cref="Settings.Data"/>.
    /// </summary>
    public string Database { get; init; } = "";

    /// <summary>The jobs that a worker runs at the same time. Other jobs wait.</summary>
    [Range(1, 64)]
    public int TrainingJobs { get; init; } = 1;

    /// <summary>The processors that training uses; 0: half of the machine's. A job keeps the number with which it began.</summary>
    [Range(0, 1_024)]
    public int TrainingThreads { get; init; }

    /// <summary>
    /// The most resident memory of a training process, in bytes; 0: no limit. A process with more is killed, and its job fails.
    /// </summary>
    [Range(0, 1L << 50)]
    public long TrainingMemoryBytes { get; init; }

    /// <summary>
    /// The longest time without output of a training process, in seconds. A process that is silent for longer is killed, and its job fails.
    /// </summary>
    [Range(1, 86_400)]
    public int TrainingSilenceSeconds { get; init; } = 1_800;

    /// <summary>The time between two checkpoints within an epoch, in seconds. A lost worker costs at most this much work.</summary>
    [Range(0, 86_400)]
    public int CheckpointSeconds { get; init; } = 60;

    /// <summary>
    /// The length of a worker's lease of a job, in seconds. A worker renews its leases six times in this time. A job whose lease was not
    /// renewed for so long goes to another worker; a worker that cannot reach the database stops training by then.
    /// </summary>
    [Range(5, 3_600)]
    public int TakeoverSeconds { get; init; } = 30;

    /// <summary>The most jobs that have not ended. Further jobs are refused with 429.</summary>
    [Range(1, 100_000)]
    public int MaxJobs { get; init; } = 1_000;

    /// <summary>Whether this process answers requests.</summary>
    public bool Serves => Role is not "train";

    /// <summary>Whether this process works at jobs.</summary>
    public bool Trains => Role is not "serve";

    /// <summary>The processors that a job which begins in this process uses.</summary>
    public int Threads => TrainingThreads > 0 ? TrainingThreads : Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Reads the settings and checks their ranges.</summary>
    /// <exception cref="RefusalException">A value has the wrong type, or is out of its range.</exception>
    public static FineTuningSettings Read(IConfiguration configuration)
    {
        var settings = Settings.Bind<FineTuningSettings>(configuration);
        if (configuration["role"] is not { } role)
        {
            return settings;
        }

        settings = settings with { Role = role };
        Setting.Of(typeof(FineTuningSettings)).Single(setting => setting.Key == nameof(Role)).Check(settings);
        return settings;
    }
}
