using Fovea.Models;

namespace Fovea.Api;

/// <summary>The settings of fine-tuning, under <c>Fovea</c>.</summary>
internal sealed record FineTuningSettings
{
    /// <summary>
    /// The work of this process: <c>serve</c> answers requests, <c>train</c> works at jobs, <c>both</c> does both. Default both. On the
    /// command line also <c>--role</c>.
    /// </summary>
    public string Role { get; init; } = "both";

    /// <summary>
    /// The database of the jobs: a connection string for PostgreSQL, such as <c>Host=db;Database=fovea;Username=fovea;Password=...</c>;
    /// empty: the file <c>fovea.db</c> in the folder <see cref="Settings.Data"/>. Default empty.
    /// </summary>
    public string Database { get; init; } = "";

    /// <summary>The jobs that a worker runs at the same time, 1 to 64. Default 1. Other jobs wait.</summary>
    public int TrainingJobs { get; init; } = 1;

    /// <summary>
    /// The processors that training uses, 0 to 1,024; 0: half of the machine's. Default 0. A job keeps the number with which it began.
    /// </summary>
    public int TrainingThreads { get; init; }

    /// <summary>
    /// The most resident memory of a training process, in bytes, 0 to 1 PiB; 0: no limit. Default 0. A process with more is killed, and its
    /// job fails.
    /// </summary>
    public long TrainingMemoryBytes { get; init; }

    /// <summary>
    /// The longest time without output of a training process, in seconds, 1 to 86,400. Default 1,800. A process that is silent for longer
    /// is killed, and its job fails.
    /// </summary>
    public int TrainingSilenceSeconds { get; init; } = 1_800;

    /// <summary>
    /// The time between two checkpoints within an epoch, in seconds, 0 to 86,400. Default 60. A lost worker costs at most this much work.
    /// </summary>
    public int CheckpointSeconds { get; init; } = 60;

    /// <summary>
    /// The length of a worker's lease of a job, in seconds, 5 to 3,600. Default 30. A worker renews its leases six times in this time. A
    /// job whose lease was not renewed for so long goes to another worker; a worker that cannot reach the database stops training by then.
    /// </summary>
    public int TakeoverSeconds { get; init; } = 30;

    /// <summary>The most jobs that have not ended, 1 to 100,000. Default 1,000. Further jobs are refused with 429.</summary>
    public int MaxJobs { get; init; } = 1_000;

    /// <summary>Whether this process answers requests.</summary>
    public bool Serves => Role is not "train";

    /// <summary>Whether this process works at jobs.</summary>
    public bool Trains => Role is not "serve";

    /// <summary>The processors that a job which begins in this process uses.</summary>
    public int Threads => TrainingThreads > 0 ? TrainingThreads : Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Reads the settings and checks their ranges.</summary>
    /// <exception cref="FoveaException">A value has the wrong type, or is out of its range.</exception>
    public static FineTuningSettings Read(IConfiguration configuration)
    {
        var settings = Settings.Bind<FineTuningSettings>(configuration);
        settings = configuration["role"] is { } role ? settings with { Role = role } : settings;
        if (settings.Role is not ("serve" or "train" or "both"))
        {
            throw new FoveaException(ErrorCode.BadArgument, $"The role is {settings.Role}; expected serve, train or both.");
        }

        Settings.Check(settings.TrainingJobs, 1, 64);
        Settings.Check(settings.TrainingThreads, 0, 1_024);
        Settings.Check(settings.TrainingMemoryBytes, 0, 1L << 50);
        Settings.Check(settings.TrainingSilenceSeconds, 1, 86_400);
        Settings.Check(settings.CheckpointSeconds, 0, 86_400);
        Settings.Check(settings.TakeoverSeconds, 5, 3_600);
        Settings.Check(settings.MaxJobs, 1, 100_000);
        return settings;
    }
}
