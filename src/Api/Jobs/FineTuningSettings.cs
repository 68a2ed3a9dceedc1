using System.ComponentModel.DataAnnotations;
using Fovea.Api.Configuration;
using Fovea.Models.Errors;

namespace Fovea.Api.Jobs;

/// <summary>The settings of fine-tuning, under <c>Fovea</c>.</summary>
internal sealed record FineTuningSettings
{
    /// <summary>
    /// The work of this process: <c>serve</c> answers requests, <c>train</c> runs fine-tuning jobs, <c>both</c> does both. The option
    /// <c>--role</c> of the command line sets the same.
    /// </summary>
    [AllowedValues("serve", "train", "both")]
    public string Role { get; init; } = "both";

    /// <summary>
    /// The database of the jobs: a connection string for PostgreSQL, such as <c>Host=db;Database=fovea;Username=fovea;Password=...</c>.
    /// Empty: the SQLite file <c>fovea.db</c> in the folder <see cref="Settings.Data"/>.
    /// </summary>
    public string Database { get; init; } = "";

    /// <summary>
    /// <see cref="Database"/> with a setting that saves a statement each time a connection of the pool is used again: no code here changes
    /// the state of a session, so it need not be reset. Hangfire's installation scripts change search_path and reset it themselves: check
    /// this when Hangfire's version changes. Empty if <see cref="Database"/> is empty.
    /// </summary>
    public string PooledDatabase => Database.Length == 0 ? "" : $"{Database};No Reset On Close=true";

    /// <summary>The number of jobs that this process runs at the same time. Further jobs wait.</summary>
    [Range(1, 64)]
    public int TrainingJobs { get; init; } = 1;

    /// <summary>
    /// The number of processors that training uses; 0: half of the machine's processors. A job keeps the number with which it began.
    /// </summary>
    [Range(0, 1_024)]
    public int TrainingThreads { get; init; }

    /// <summary>
    /// The largest resident memory of a training process, in bytes; 0: no limit. A process that uses more is killed, and its job fails.
    /// </summary>
    [Range(0, 1L << 50)]
    public long TrainingMemoryBytes { get; init; }

    /// <summary>
    /// The longest time in seconds without output of a training process. A process that prints nothing for longer is killed, and its job
    /// fails.
    /// </summary>
    [Range(1, 86_400)]
    public int TrainingSilenceSeconds { get; init; } = 1_800;

    /// <summary>
    /// The time between two checkpoints within an epoch, in seconds. If a worker is lost, at most the training of this time is repeated.
    /// </summary>
    [Range(0, 86_400)]
    public int CheckpointSeconds { get; init; } = 60;

    /// <summary>
    /// The length of a worker's lease of a job, in seconds. A worker renews its lease six times in this time. If a lease is not renewed for
    /// this time, another worker takes the job. A worker that cannot reach the database stops training before that.
    /// </summary>
    [Range(5, 3_600)]
    public int TakeoverSeconds { get; init; } = 30;

    /// <summary>The largest number of jobs that have not ended. A further job is refused with 429.</summary>
    [Range(1, 100_000)]
    public int MaxJobs { get; init; } = 1_000;

    /// <summary>Whether this process answers requests.</summary>
    public bool Serves => Role is not "train";

    /// <summary>Whether this process runs fine-tuning jobs.</summary>
    public bool Trains => Role is not "serve";

    /// <summary>The number of processors for a job that begins in this process, at least 1.</summary>
    public int Threads => TrainingThreads > 0 ? TrainingThreads : Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Reads the settings and checks their ranges. The option <c>--role</c> overrides <see cref="Role"/>.</summary>
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
